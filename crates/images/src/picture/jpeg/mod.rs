//! JPEG's entropy-coded data, read to the last coefficient: a decoder paints what is missing grey and says nothing.
//!
//! All that a decoder could find wrong is found here, at a tenth of its price: what follows is arithmetic that cannot
//! fail.

mod bits;
mod blocks;
mod huffman;

use bits::Bits;
use blocks::Band;
use huffman::Huffman;

use crate::picture::Refusal;
use crate::picture::walk::Input;
use crate::picture::walk::jpeg::{Component, DHT, DRI, EOI, Frame, SOS, Scan, Segments};

/// What a check has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// Each block of each scan is there.
    Whole,
    /// Arithmetic coding, lossless or 12 bits: few write such files, and few read them.
    UnknownProcess,
}

/// Makes sure that each block of each scan is there.
pub(crate) fn check(bytes: &[u8]) -> Result<Checked, Refusal> {
    let mut segments = Segments::new(Input(bytes));
    let (mut dc, mut ac) = ([const { None }; 4], [const { None }; 4]);
    let (mut picture, mut interval, mut bits) = (None, 0, Bits::default());
    loop {
        let segment = segments.next()?;
        match segment.marker {
            EOI => return Ok(Checked::Whole),
            DHT => Huffman::read(segment.data, &mut dc, &mut ac)?,
            DRI => interval = usize::from(segment.data.big_16(0)?),
            SOS => {
                let Some(picture) = &mut picture else {
                    return Err(Refusal::Broken("a scan stands before the frame".to_owned()));
                };
                scan(picture, &Scan::of(&picture.frame, segment.data)?, (&dc, &ac), interval, segment.scan, &mut bits)?;
            }
            0xC0..=0xC2 => {
                let frame = Frame::of(segment)?;
                if frame.precision != 8 {
                    return Ok(Checked::UnknownProcess);
                }
                picture = Some(Coefficients::of(frame)?);
            }
            marker if Frame::is_marker(marker) => return Ok(Checked::UnknownProcess),
            _ => {}
        }
    }
}

/// What is known of a picture's coefficients.
struct Coefficients {
    frame: Frame,
    /// Units of the coding from left to right and from top to bottom, where a scan has several components.
    units: (usize, usize),
    grids: Vec<Grid>,
}

/// The blocks of a component.
struct Grid {
    /// From left to right and from top to bottom, where a scan has this component alone.
    alone: (usize, usize),
    /// Blocks in a row, with those that fill up the last unit.
    stride: usize,
    /// For each block the coefficients that are not zero, for scans that refine them; none where no scan does.
    filled: Vec<u64>,
}

impl Coefficients {
    fn of(frame: Frame) -> Result<Self, Refusal> {
        let sampling = |component: fn(&Component) -> usize| frame.components.iter().map(component).max().unwrap_or(0);
        let (most_across, most_down) =
            (sampling(|component| component.horizontal), sampling(|component| component.vertical));
        if frame
            .components
            .iter()
            .any(|component| !(1..=4).contains(&component.horizontal) || !(1..=4).contains(&component.vertical))
        {
            return Err(Refusal::Broken("a component has an impossible sampling".to_owned()));
        }
        let (width, height) = (frame.width as usize, frame.height as usize);
        let units = (width.div_ceil(8 * most_across.max(1)), height.div_ceil(8 * most_down.max(1)));
        let grids = frame.components.iter().map(|component| {
            let across = (width * component.horizontal).div_ceil(most_across).div_ceil(8);
            let down = (height * component.vertical).div_ceil(most_down).div_ceil(8);
            let stride = units.0 * component.horizontal;
            let blocks = if frame.is_progressive() { stride * units.1 * component.vertical } else { 0 };
            Grid { alone: (across, down), stride, filled: vec![0; blocks] }
        });
        Ok(Self { units, grids: grids.collect(), frame })
    }
}

type Tables<'a> = (&'a [Option<Huffman>; 4], &'a [Option<Huffman>; 4]);

/// Reads a scan, interval by interval.
fn scan(
    picture: &mut Coefficients,
    scan: &Scan,
    (dc, ac): Tables<'_>,
    interval: usize,
    mut data: &[u8],
    bits: &mut Bits,
) -> Result<(), Refusal> {
    let is_progressive = picture.frame.is_progressive();
    let band = Band::of(scan, is_progressive)?;
    let missing = || Refusal::Broken("a scan names a table that is not there".to_owned());
    let mut parts = Vec::with_capacity(scan.components.len());
    for (place, dc_table, ac_table) in &scan.components {
        let dc = if band.needs_dc() { Some(dc[*dc_table].as_ref().ok_or_else(missing)?) } else { None };
        let ac = if band.needs_ac() { Some(ac[*ac_table].as_ref().ok_or_else(missing)?) } else { None };
        parts.push((*place, dc, ac));
    }
    let alone = (parts.len() == 1).then(|| parts[0].0);
    let (across, down) = alone.map_or(picture.units, |place| picture.grids[place].alone);
    let count = across * down;
    let mut unit = 0;
    while unit < count {
        let end = if interval == 0 { count } else { count.min(unit + interval) };
        data = bits.load(data)?;
        let mut run = 0;
        for unit in unit..end {
            let (column, row) = (unit % across, unit / across);
            for (place, dc, ac) in &parts {
                let component = picture.frame.components[*place];
                let grid = &mut picture.grids[*place];
                let (wide, high) = if alone.is_some() { (1, 1) } else { (component.horizontal, component.vertical) };
                for block in 0..wide * high {
                    let at = (row * high + block / wide) * grid.stride + column * wide + block % wide;
                    let filled = grid.filled.get_mut(at);
                    band.block(bits, *dc, *ac, filled, &mut run)?;
                }
            }
        }
        unit = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use image::ImageFormat;

    use super::*;
    use crate::picture::samples;

    #[test]
    fn a_jpeg_that_was_cut_and_given_an_end_is_found() {
        for bytes in samples::jpegs() {
            check(&bytes).expect("whole");
            let start = memchr::memmem::find(&bytes, &[0xFF, SOS]).expect("a scan") + 20;
            let mut cuts = 0;
            for cut in (start..bytes.len() - 3).step_by(5) {
                let patched = [&bytes[..cut], &[0xFF, EOI]].concat();
                let is_whole = check(&patched).is_ok() && walk_is_whole(&patched);
                assert!(!is_whole, "cut at {cut} of {}", bytes.len());
                cuts += 1;
            }
            assert!(cuts > 10);
        }
        assert!(check(&samples::sample(ImageFormat::Jpeg)).is_ok());
    }

    fn walk_is_whole(bytes: &[u8]) -> bool {
        let bounds = crate::picture::Bounds::default();
        crate::picture::walk::walk(crate::picture::Kind::Jpeg, bytes, crate::picture::Verify::Structure, &bounds)
            .is_ok()
    }
}
