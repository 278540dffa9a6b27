//! WebP: a RIFF file whose chunks are its frames and metadata (RFC 9649).

use crate::picture::Refusal;
use crate::picture::walk::input::{broken, offset, sum};
use crate::picture::walk::{Input, Tally, Walk};

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    match &input.four(12)? {
        b"VP8X" => Ok((input.little_24(24)? + 1, input.little_24(27)? + 1)),
        chunk => size_of_frame(chunk, input, 20),
    }
}

/// The size in a frame's own data.
fn size_of_frame(chunk: &[u8; 4], input: Input<'_>, data: usize) -> Result<(u32, u32), Refusal> {
    match chunk {
        // behind three bytes of a tag, and three of a start code (RFC 6386, section 9.1)
        b"VP8 " => Ok((u32::from(input.little_16(data + 6)? & 0x3FFF), u32::from(input.little_16(data + 8)? & 0x3FFF))),
        // behind a signature, in 14 bits each
        b"VP8L" => {
            let bits = input.little_32(data + 1)?;
            Ok(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        other => Err(Refusal::Broken(format!("it does not begin with a frame but with `{}`", other.escape_ascii()))),
    }
}

pub(crate) fn walk<'a>(input: Input<'a>, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (width, height) = size(input)?;
    tally.size(width, height)?;
    let end = sum(offset(input.little_32(4)?)?, 8)?;
    let file = Input(input.slice(0, end)?);
    let (mut at, mut exif) = (12, None);
    while at + 8 <= file.len() {
        let (kind, length) = (file.four(at)?, offset(file.little_32(at + 4)?)?);
        let data = file.slice(at + 8, length)?;
        match &kind {
            b"ANMF" => {
                // place, size; then chunks of its own
                let size = (file.little_24(at + 14)? + 1, file.little_24(at + 17)? + 1);
                if size.0 > width || size.1 > height {
                    return Err(broken("a frame is larger than the picture"));
                }
                tally.frame(width, height)?;
                frame(data.get(16..).ok_or(Refusal::Truncated)?)?;
            }
            b"VP8 " | b"VP8L" => tally.frame(width, height)?,
            b"EXIF" => {
                tally.metadata(length)?;
                // some put the head of a JPEG's segment before it
                exif = exif.or(Some(data.strip_prefix(b"Exif\0\0").unwrap_or(data)));
            }
            b"VP8X" | b"ANIM" | b"ALPH" => {}
            _ => tally.metadata(length)?,
        }
        at = sum(at + 8, length + length % 2)?;
    }
    if tally.frames() == 0 {
        return Err(Refusal::Truncated);
    }
    Ok(Walk { width, height, frames: tally.frames(), end: file.len(), scans: 0, exif })
}

/// The chunks of a frame of an animation: one is its picture.
fn frame(data: &[u8]) -> Result<(), Refusal> {
    let (input, mut at) = (Input(data), 0);
    while at + 8 <= data.len() {
        let (kind, length) = (input.four(at)?, offset(input.little_32(at + 4)?)?);
        input.slice(at + 8, length)?;
        if matches!(&kind, b"VP8 " | b"VP8L") {
            return Ok(());
        }
        at = sum(at + 8, length + length % 2)?;
    }
    Err(Refusal::Truncated)
}
