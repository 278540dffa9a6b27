//! GIF: blocks to the trailer (GIF89a, sections 17 to 27).

use crate::picture::Refusal;
use crate::picture::walk::input::{broken, sum};
use crate::picture::walk::{Input, Tally, Walk};

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;
const GRAPHIC_CONTROL: u8 = 0xF9;

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    Ok((input.little_16(6)?.into(), input.little_16(8)?.into()))
}

pub(crate) fn walk<'a>(input: Input<'a>, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (width, height) = size(input)?;
    tally.size(width, height)?;
    let mut at = 13 + color_table(input.byte(10)?);
    loop {
        match input.byte(at)? {
            TRAILER if tally.frames() > 0 => break,
            TRAILER => return Err(Refusal::Truncated),
            // an empty block too many
            0x00 => at += 1,
            EXTENSION => {
                let label = input.byte(at + 1)?;
                let end = end_of_blocks(input, at + 2)?;
                if label != GRAPHIC_CONTROL {
                    tally.metadata(end - at)?;
                }
                at = end;
            }
            IMAGE => {
                // a frame is put onto the whole picture
                tally.frame(width, height)?;
                // its place, its own colours, the size of its codes
                at = end_of_blocks(input, at + 11 + color_table(input.byte(at + 9)?))?;
            }
            other => return Err(broken(&format!("a block of kind {other:#04x} is unknown"))),
        }
    }
    Ok(Walk { width, height, frames: tally.frames(), end: at + 1, scans: 0, exif: None })
}

fn color_table(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Data in blocks, each behind its length, up to an empty one.
fn end_of_blocks(input: Input<'_>, mut at: usize) -> Result<usize, Refusal> {
    loop {
        let length = usize::from(input.byte(at)?);
        at = sum(at, 1 + length)?;
        if length == 0 {
            return Ok(at);
        }
    }
}
