//! BMP: a header and rows, or runs of pixels to their end mark (`BITMAPINFOHEADER` and its kin).

use crate::picture::Refusal;
use crate::picture::walk::input::{broken, offset};
use crate::picture::walk::{Input, Tally, Walk};

/// What a bitmap's header tells.
pub(crate) struct Bitmap {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bits: u16,
    pub(crate) compression: u32,
}

const RUNS_OF_8: u32 = 1;
const RUNS_OF_4: u32 = 2;
const BIT_FIELDS: u32 = 3;
const BIT_FIELDS_WITH_ALPHA: u32 = 6;

impl Bitmap {
    /// The header that stands at an offset.
    pub(crate) fn of(input: Input<'_>, at: usize) -> Result<Self, Refusal> {
        if input.little_32(at)? == 12 {
            let (width, height) = (input.little_16(at + 4)?.into(), input.little_16(at + 6)?.into());
            return Ok(Self { width, height, bits: input.little_16(at + 10)?, compression: 0 });
        }
        // a negative height counts from the top
        let (width, height) = (input.little_32(at + 4)?, input.little_32(at + 8)?.cast_signed().unsigned_abs());
        Ok(Self { width, height, bits: input.little_16(at + 14)?, compression: input.little_32(at + 16)? })
    }

    /// Bytes of so many rows, each padded to four.
    pub(crate) fn rows(&self, height: u32) -> Result<usize, Refusal> {
        let row = (u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4;
        offset(row.checked_mul(u64::from(height)).ok_or(Refusal::Truncated)?)
    }
}

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    Bitmap::of(input, 14).map(|bitmap| (bitmap.width, bitmap.height))
}

pub(crate) fn walk<'a>(input: Input<'a>, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let bitmap = Bitmap::of(input, 14)?;
    let (width, height) = (bitmap.width, bitmap.height);
    tally.size(width, height)?;
    tally.frame(width, height)?;
    let pixels = offset(input.little_32(10)?)?;
    let end = match bitmap.compression {
        0 | BIT_FIELDS | BIT_FIELDS_WITH_ALPHA if bitmap.bits > 0 => {
            pixels.checked_add(bitmap.rows(height)?).filter(|end| *end <= input.len()).ok_or(Refusal::Truncated)?
        }
        RUNS_OF_8 => end_of_runs(input, pixels, 1)?,
        RUNS_OF_4 => end_of_runs(input, pixels, 2)?,
        other => return Err(broken(&format!("compression {other} of a BMP is not known"))),
    };
    // the file's own word about its length, where it is to be believed: a colour profile stands behind the rows
    let declared = offset(input.little_32(2)?)?;
    let end = if (end..=input.len()).contains(&declared) { declared } else { end };
    Ok(Walk { width, height, frames: 1, end, scans: 0, exif: None })
}

/// To the mark `00 01`.
fn end_of_runs(input: Input<'_>, mut at: usize, pixels_in_a_byte: usize) -> Result<usize, Refusal> {
    loop {
        at += match (input.byte(at)?, input.byte(at + 1)?) {
            (0, 1) => return Ok(at + 2),
            (0, 0) => 2,
            // a move, to the right and up
            (0, 2) => 4,
            // pixels as they are, padded to two bytes
            (0, count) => 2 + usize::from(count).div_ceil(pixels_in_a_byte).next_multiple_of(2),
            _ => 2,
        };
    }
}
