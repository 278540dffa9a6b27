//! ICO and CUR: a directory of pictures, each a PNG or a bitmap without its file header.

use crate::picture::walk::bmp::Bitmap;
use crate::picture::walk::input::{broken, offset, sum};
use crate::picture::walk::{Input, Tally, Walk, png};
use crate::picture::{Refusal, Verify};

/// Some icons have a picture in their directory twice; to walk through one a thousand times would be too much.
const MOST_SHARED: usize = 4;

/// A picture of the directory.
struct Entry {
    width: u32,
    height: u32,
    bits: u16,
    at: usize,
    length: usize,
}

fn entry(input: Input<'_>, index: u16) -> Result<Entry, Refusal> {
    let at = 6 + 16 * usize::from(index);
    // 0 stands for 256
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let (width, height) = (side(input.byte(at)?), side(input.byte(at + 1)?));
    let (length, offset_) = (input.little_32(at + 8)?, input.little_32(at + 12)?);
    // a pointer has the place of its tip where an icon has its bits
    let bits = if input.little_16(2)? == 1 { input.little_16(at + 6)? } else { 0 };
    Ok(Entry { width, height, bits, at: offset(offset_)?, length: offset(length)? })
}

/// The picture that is decoded: with the most colours, and of those the largest, as the decoder has it.
fn best(input: Input<'_>) -> Result<Entry, Refusal> {
    let count = input.little_16(4)?;
    let mut best = entry(input, count.checked_sub(1).ok_or_else(|| broken("an icon without pictures"))?)?;
    for index in 0..count - 1 {
        let other = entry(input, index)?;
        if (other.bits, other.width * other.height) > (best.bits, best.width * best.height) {
            best = other;
        }
    }
    Ok(best)
}

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    best(input).map(|best| (best.width, best.height))
}

/// The picture that is decoded, if it is a PNG.
pub(crate) fn best_png(bytes: &[u8]) -> Option<&[u8]> {
    let input = Input(bytes);
    let best = best(input).ok()?;
    input.slice(best.at, best.length).ok().filter(|picture| picture.starts_with(b"\x89PNG"))
}

pub(crate) fn walk<'a>(input: Input<'a>, how: Verify, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (mut end, mut walked) = (0, 0_usize);
    for index in 0..input.little_16(4)? {
        let Entry { width, height, at, length, .. } = entry(input, index)?;
        let picture = Input(input.slice(at, length)?);
        tally.frame(width, height)?;
        walked = sum(walked, length)?;
        if walked > MOST_SHARED.saturating_mul(input.len()) {
            return Err(broken("its pictures are the same bytes over and over"));
        }
        if picture.0.starts_with(b"\x89PNG") {
            png::walk(picture, how, &mut tally.afresh())?;
        } else {
            bitmap(picture, tally)?;
        }
        end = end.max(sum(at, length)?);
    }
    let best = best(input)?;
    let picture = Input(input.slice(best.at, best.length)?);
    let (width, height) = if picture.0.starts_with(b"\x89PNG") {
        png::size(picture)?
    } else {
        let bitmap = Bitmap::of(picture, 0)?;
        (bitmap.width, bitmap.height / 2)
    };
    Ok(Walk { width, height, frames: tally.frames(), end, scans: 0, exif: None })
}

/// Colours, and below them a mask, which some leave out.
fn bitmap(picture: Input<'_>, tally: &Tally<'_>) -> Result<(), Refusal> {
    let bitmap = Bitmap::of(picture, 0)?;
    // both are counted in its height
    let height = bitmap.height / 2;
    tally.size(bitmap.width, height)?;
    let header = offset(picture.little_32(0)?)?;
    let colors = match bitmap.bits {
        bits @ 1..=8 => match picture.little_32(32).unwrap_or(0) {
            0 => 4 << bits,
            used => offset(used)?.min(256) * 4,
        },
        _ => 0,
    };
    picture.slice(0, sum(header + colors, bitmap.rows(height)?)?).map(drop)
}
