//! AVIF and HEIC: boxes, and the places of the items in them (ISO/IEC 14496-12, section 8.11, and 23008-12).

use std::ops::Range;

use crate::picture::Refusal;
use crate::picture::walk::input::{broken, offset, sum};
use crate::picture::walk::{Input, Tally, Walk};

/// A box: its type, and where its contents stand.
#[derive(Debug, Clone)]
pub(crate) struct Boxed {
    pub(crate) kind: [u8; 4],
    pub(crate) contents: Range<usize>,
    /// It says that it goes on to the end of the file, wherever that is.
    pub(crate) is_open: bool,
}

/// The box at an offset, whether all of it is there or not.
pub(crate) fn boxed(input: Input<'_>, at: usize) -> Result<Boxed, Refusal> {
    let (length, kind) = (input.big_32(at)?, input.four(at + 4)?);
    let (head, length) = match length {
        0 => return Ok(Boxed { kind, contents: at + 8..input.len(), is_open: true }),
        1 => (16, offset(input.big_64(at + 8)?)?),
        length => (8, offset(length)?),
    };
    if length < head {
        return Err(broken("a box is shorter than its head"));
    }
    Ok(Boxed { kind, contents: at + head..sum(at, length)?, is_open: false })
}

/// The boxes in a box, all of which are there.
fn children(input: Input<'_>, mut range: Range<usize>) -> impl Iterator<Item = Boxed> {
    std::iter::from_fn(move || {
        let child = boxed(input, range.start).ok().filter(|child| child.contents.end <= range.end)?;
        range.start = child.contents.end;
        Some(child)
    })
}

fn child(input: Input<'_>, range: Range<usize>, kind: &[u8; 4]) -> Option<Range<usize>> {
    children(input, range).find(|child| child.kind == *kind).map(|child| child.contents)
}

/// The largest of the sizes that items have: that of the picture, and not those of its tiles and thumbnails.
fn size_of_items(input: Input<'_>, meta: &Range<usize>) -> Option<(u32, u32)> {
    // four bytes of version and flags
    let properties = child(input, child(input, meta.start + 4..meta.end, b"iprp")?, b"ipco")?;
    let sizes = children(input, properties).filter(|property| property.kind == *b"ispe");
    let sizes = sizes.filter_map(|size| {
        Some((input.big_32(size.contents.start + 4).ok()?, input.big_32(size.contents.start + 8).ok()?))
    });
    sizes.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))
}

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    let meta = child(input, 0..input.len(), b"meta").ok_or(Refusal::Truncated)?;
    size_of_items(input, &meta).ok_or_else(|| broken("it has no size"))
}

pub(crate) fn walk<'a>(input: Input<'a>, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (mut at, mut meta, mut data, mut is_open) = (0, None, false, false);
    while at < input.len() {
        let found = match boxed(input, at) {
            Ok(found) if found.contents.end <= input.len() => found,
            // what is no whole box and stands behind the picture; whether all of that is there, its items tell
            _ if meta.is_some() && data => {
                is_open = true;
                break;
            }
            Err(refusal) => return Err(refusal),
            Ok(_) => return Err(Refusal::Truncated),
        };
        at = found.contents.end;
        is_open |= found.is_open;
        match &found.kind {
            b"meta" => meta = meta.or(Some(found.contents)),
            b"mdat" | b"idat" => data = true,
            _ => {}
        }
    }
    let meta = meta.ok_or(Refusal::Truncated)?;
    let (width, height) = size_of_items(input, &meta).ok_or_else(|| broken("it has no size"))?;
    tally.size(width, height)?;
    tally.frame(width, height)?;
    let inner = meta.start + 4..meta.end;
    match child(input, inner, b"iloc") {
        Some(places) => items_are_there(input, places)?,
        None if is_open => return Err(broken("it does not say where it ends")),
        None => {}
    }
    Ok(Walk { width, height, frames: 1, end: at, scans: 0, exif: None })
}

/// Every extent of every item lies within the file (ISO/IEC 14496-12, section 8.11.3).
fn items_are_there(input: Input<'_>, places: Range<usize>) -> Result<(), Refusal> {
    let places = Input(input.slice(0, places.end)?).from(places.start)?;
    let version = places.byte(0)?;
    let sizes = places.big_16(4)?;
    let [offsets, lengths, bases, indices] = [12, 8, 4, 0].map(|shift| usize::from(sizes >> shift & 15));
    let indices = if version == 0 { 0 } else { indices };
    let number = |at: usize, size: usize| match size {
        0 => Ok(0),
        4 => places.big_32(at).map(u64::from),
        8 => places.big_64(at),
        _ => Err(broken("a number has an odd size")),
    };
    let wide = version >= 2;
    let (count, mut at) = if wide { (places.big_32(6)?, 10) } else { (places.big_16(6)?.into(), 8) };
    for _ in 0..count {
        at += if wide { 4 } else { 2 };
        let is_in_file = version == 0 || places.big_16(at)? & 15 == 0;
        at += if version == 0 { 0 } else { 2 };
        let is_in_file = is_in_file && places.big_16(at)? == 0;
        let base = number(at + 2, bases)?;
        let extents = places.big_16(at + 2 + bases)?;
        at += 4 + bases;
        // extents of no size take turns and no bytes
        let extents = if indices + offsets + lengths == 0 { 0 } else { extents };
        for _ in 0..extents {
            at += indices;
            let (start, length) = (number(at, offsets)?, number(at + offsets, lengths)?);
            let end = base.checked_add(start).and_then(|start| start.checked_add(length)).ok_or(Refusal::Truncated)?;
            if is_in_file && end > input.len() as u64 {
                return Err(Refusal::Truncated);
            }
            at += offsets + lengths;
        }
    }
    Ok(())
}
