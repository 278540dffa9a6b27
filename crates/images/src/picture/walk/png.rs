//! PNG: chunks, each with a checksum, to `IEND` (PNG, third edition, sections 5 and 11), and the frames of APNG.

use crate::picture::walk::input::{broken, offset, sum};
use crate::picture::walk::{Input, Tally, Walk};
use crate::picture::{Refusal, Verify};

/// Length, type and checksum of a chunk.
const FRAME: usize = 12;

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    if &input.four(12)? != b"IHDR" {
        return Err(broken("it does not begin with `IHDR`"));
    }
    Ok((input.big_32(16)?, input.big_32(20)?))
}

pub(crate) fn walk<'a>(input: Input<'a>, how: Verify, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (width, height) = size(input)?;
    tally.size(width, height)?;
    let (mut at, mut exif, mut has_pixels) = (8, None, false);
    loop {
        let length = offset(input.big_32(at)?)?;
        let kind = input.four(at + 4)?;
        let chunk = input.slice(at, sum(FRAME, length)?)?;
        let data = &chunk[8..8 + length];
        if how != Verify::Header && crc32fast::hash(&chunk[4..8 + length]) != input.big_32(at + 8 + length)? {
            return Err(Refusal::Broken(format!("the checksum of `{}` does not match", kind.escape_ascii())));
        }
        at += chunk.len();
        match &kind {
            b"IEND" if has_pixels => break,
            b"IEND" => return Err(Refusal::Truncated),
            b"IDAT" => has_pixels = true,
            // a frame is put onto the whole picture
            b"fcTL" => tally.frame(width, height)?,
            b"fdAT" => {}
            b"eXIf" => {
                tally.metadata(length)?;
                exif = exif.or(Some(data));
            }
            b"zTXt" | b"iCCP" | b"iTXt" => {
                tally.metadata(length)?;
                if how != Verify::Header {
                    packed(&kind, data).map_or(Ok(()), |packed| tally.packed(packed))?;
                }
            }
            // ancillary
            [first, ..] if first.is_ascii_lowercase() => tally.metadata(length)?,
            _ => {}
        }
    }
    if tally.frames() == 0 {
        tally.frame(width, height)?;
    }
    Ok(Walk { width, height, frames: tally.frames(), end: at, scans: 0, exif })
}

/// The part of a chunk that is packed with zlib.
fn packed<'a>(kind: &[u8; 4], data: &'a [u8]) -> Option<&'a [u8]> {
    let keyword = memchr::memchr(0, data)?;
    match kind {
        // keyword, 0, method
        b"zTXt" | b"iCCP" => data.get(keyword + 2..),
        // keyword, 0, is it packed, method, language, 0, translated keyword, 0
        _ if *data.get(keyword + 1)? == 1 => {
            let rest = data.get(keyword + 3..)?;
            let rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
            rest.get(memchr::memchr(0, rest)? + 1..)
        }
        _ => None,
    }
}
