//! JPEG: segments and scans to the EOI marker (ITU-T T.81, annex B).

use crate::picture::walk::input::broken;
use crate::picture::walk::{Input, Tally, Walk};
use crate::picture::{Refusal, Verify};

pub(crate) const SOI: u8 = 0xD8;
pub(crate) const EOI: u8 = 0xD9;
pub(crate) const SOS: u8 = 0xDA;
pub(crate) const DHT: u8 = 0xC4;
pub(crate) const DRI: u8 = 0xDD;
const APP_0: u8 = 0xE0;
const APP_1: u8 = 0xE1;
const APP_15: u8 = 0xEF;
const COM: u8 = 0xFE;

/// No encoder writes more, and each costs as much as all blocks: what decoders hold to as well.
const MOST_SCANS: u32 = 100;

/// A marker and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) marker: u8,
    /// Behind the length.
    pub(crate) data: Input<'a>,
    /// Behind an SOS: the entropy-coded data, restart markers included.
    pub(crate) scan: &'a [u8],
}

/// The segments of a file, one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segments<'a> {
    input: Input<'a>,
    at: usize,
}

impl<'a> Segments<'a> {
    pub(crate) fn new(input: Input<'a>) -> Self {
        Self { input, at: 0 }
    }

    /// The next segment, up to EOI.
    pub(crate) fn next(&mut self) -> Result<Segment<'a>, Refusal> {
        let input = self.input;
        loop {
            // a marker, with any number of fill bytes before it; what else stands there is passed over, as decoders do
            let rest = input.0.get(self.at..).ok_or(Refusal::Truncated)?;
            self.at += memchr::memchr(0xFF, rest).ok_or(Refusal::Truncated)?;
            while input.byte(self.at)? == 0xFF {
                self.at += 1;
            }
            let marker = input.byte(self.at)?;
            self.at += 1;
            match marker {
                0x00 | 0x01 | 0xD0..=0xD7 | SOI => continue,
                EOI => return Ok(Segment { marker, data: Input(&[]), scan: &[] }),
                _ => {}
            }
            let length = usize::from(input.big_16(self.at)?).max(2);
            let data = Input(input.slice(self.at + 2, length - 2)?);
            self.at += length;
            let scan = if marker == SOS { self.scan()? } else { &[] };
            return Ok(Segment { marker, data, scan });
        }
    }

    /// Up to the first marker: `FF 00` is data, and `FF D0` to `FF D7` restart it.
    fn scan(&mut self) -> Result<&'a [u8], Refusal> {
        let start = self.at;
        loop {
            let rest = self.input.0.get(self.at..).ok_or(Refusal::Truncated)?;
            self.at += memchr::memchr(0xFF, rest).ok_or(Refusal::Truncated)?;
            match self.input.byte(self.at + 1)? {
                0x00 | 0xD0..=0xD7 => self.at += 2,
                0xFF => self.at += 1,
                _ => return self.input.slice(start, self.at - start),
            }
        }
    }
}

/// A frame header (section B.2.2).
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) marker: u8,
    pub(crate) precision: u8,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) components: Vec<Component>,
}

/// A component of a frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Component {
    pub(crate) id: u8,
    pub(crate) horizontal: usize,
    pub(crate) vertical: usize,
}

impl Frame {
    pub(crate) fn is_marker(marker: u8) -> bool {
        matches!(marker, 0xC0..=0xCF) && !matches!(marker, DHT | 0xC8 | 0xCC)
    }

    pub(crate) fn of(segment: Segment<'_>) -> Result<Self, Refusal> {
        let data = segment.data;
        let components = (0..usize::from(data.byte(5)?)).map(|index| {
            let at = 6 + 3 * index;
            let sampling = data.byte(at + 1)?;
            Ok(Component {
                id: data.byte(at)?,
                horizontal: usize::from(sampling >> 4),
                vertical: usize::from(sampling & 15),
            })
        });
        Ok(Self {
            marker: segment.marker,
            precision: data.byte(0)?,
            height: data.big_16(1)?.into(),
            width: data.big_16(3)?.into(),
            components: components.collect::<Result<_, Refusal>>()?,
        })
    }

    pub(crate) fn is_progressive(&self) -> bool {
        matches!(self.marker, 0xC2 | 0xC6 | 0xCA | 0xCE)
    }
}

/// A scan header (section B.2.3).
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// The place of each component in the frame, and its tables for DC and AC.
    pub(crate) components: Vec<(usize, usize, usize)>,
    /// The first and the last coefficient.
    pub(crate) band: (u8, u8),
    /// The bit that earlier scans came to, and the one that this comes to.
    pub(crate) bits: (u8, u8),
}

impl Scan {
    pub(crate) fn of(frame: &Frame, data: Input<'_>) -> Result<Self, Refusal> {
        let count = usize::from(data.byte(0)?);
        let components = (0..count).map(|index| {
            let (id, tables) = (data.byte(1 + 2 * index)?, data.byte(2 + 2 * index)?);
            let place = frame.components.iter().position(|component| component.id == id);
            let place = place.ok_or_else(|| broken("a scan is of a component that the frame does not have"))?;
            Ok((place, usize::from(tables >> 4 & 3), usize::from(tables & 3)))
        });
        let components = components.collect::<Result<Vec<_>, Refusal>>()?;
        let at = 1 + 2 * count;
        let (first, last, bits) = (data.byte(at)?, data.byte(at + 1)?.min(63), data.byte(at + 2)?);
        if components.is_empty() || first > last {
            return Err(broken("a scan is of nothing"));
        }
        Ok(Self { components, band: (first, last), bits: (bits >> 4, bits & 15) })
    }
}

/// Which coefficients of which component came, and to which bit.
#[derive(Debug)]
pub(crate) struct Coverage {
    bits: Vec<[u8; 64]>,
    is_progressive: bool,
}

const NEVER: u8 = u8::MAX;

impl Coverage {
    pub(crate) fn new(frame: &Frame) -> Self {
        Self { bits: vec![[NEVER; 64]; frame.components.len()], is_progressive: frame.is_progressive() }
    }

    pub(crate) fn add(&mut self, scan: &Scan) {
        let (band, bit) = if self.is_progressive { (scan.band, scan.bits.1) } else { ((0, 63), 0) };
        for (place, ..) in &scan.components {
            self.bits[*place][usize::from(band.0)..=usize::from(band.1)].fill(bit);
        }
    }

    /// Whether every coefficient came, to its last bit.
    pub(crate) fn is_full(&self) -> bool {
        self.bits.iter().flatten().all(|bit| *bit == 0)
    }
}

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    let mut segments = Segments::new(input);
    loop {
        let segment = segments.next()?;
        if Frame::is_marker(segment.marker) {
            let frame = Frame::of(segment)?;
            return Ok((frame.width, frame.height));
        }
        if matches!(segment.marker, SOS | EOI) {
            return Err(broken("it has no frame"));
        }
    }
}

pub(crate) fn walk<'a>(input: Input<'a>, how: Verify, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let mut segments = Segments::new(input);
    let (mut frame, mut coverage, mut exif, mut scans) = (None, None, None, 0);
    loop {
        let segment = segments.next()?;
        match segment.marker {
            EOI => break,
            marker if Frame::is_marker(marker) => {
                if frame.is_some() {
                    return Err(broken("it has two frames"));
                }
                let found = Frame::of(segment)?;
                tally.size(found.width, found.height)?;
                coverage = Some(Coverage::new(&found));
                frame = Some(found);
            }
            SOS => {
                let (Some(frame), Some(coverage)) = (&frame, &mut coverage) else {
                    return Err(broken("a scan stands before the frame"));
                };
                coverage.add(&Scan::of(frame, segment.data)?);
                scans += 1;
                if scans > MOST_SCANS {
                    return Err(broken("it has more than 100 scans"));
                }
            }
            marker @ (APP_0..=APP_15 | COM) => {
                tally.metadata(segment.data.len())?;
                if marker == APP_1 {
                    exif = exif.or(segment.data.0.strip_prefix(b"Exif\0\0"));
                }
            }
            _ => {}
        }
    }
    let (Some(frame), Some(coverage)) = (frame, coverage) else { return Err(broken("it has no frame")) };
    if how != Verify::Header && !coverage.is_full() {
        return Err(Refusal::Truncated);
    }
    let (width, height) = (frame.width, frame.height);
    tally.frame(width, height)?;
    Ok(Walk { width, height, frames: 1, end: segments.at, scans, exif })
}
