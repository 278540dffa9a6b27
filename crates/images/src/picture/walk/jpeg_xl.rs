//! JPEG XL: the size in the head of the codestream (ISO/IEC 18181-1, section D.1), bare or in boxes (18181-2).

use crate::picture::walk::boxes::boxed;
use crate::picture::walk::input::broken;
use crate::picture::walk::{Input, Tally, Walk};
use crate::picture::{Refusal, Verify};

const BARE: [u8; 2] = [0xFF, 0x0A];

pub(crate) fn size(input: Input<'_>) -> Result<(u32, u32), Refusal> {
    if input.0.starts_with(&BARE) {
        return size_of_codestream(input.0);
    }
    let mut at = 0;
    loop {
        let found = boxed(input, at)?;
        let start = found.contents.start;
        match &found.kind {
            b"jxlc" => return size_of_codestream(input.from(start)?.0),
            // its parts are numbered
            b"jxlp" => return size_of_codestream(input.from(start + 4)?.0),
            _ => at = found.contents.end,
        }
        if at >= input.len() {
            return Err(Refusal::Truncated);
        }
    }
}

pub(crate) fn walk<'a>(input: Input<'a>, how: Verify, tally: &mut Tally<'_>) -> Result<Walk<'a>, Refusal> {
    let (width, height) = size(input)?;
    tally.size(width, height)?;
    tally.frame(width, height)?;
    let mut is_open = input.0.starts_with(&BARE);
    let (mut at, mut is_whole) = if is_open { (input.len(), true) } else { (0, false) };
    while at < input.len() {
        let found = match boxed(input, at) {
            Ok(found) if found.contents.end <= input.len() => found,
            // what is no whole box and stands behind the picture
            _ if is_whole => break,
            _ => return Err(Refusal::Truncated),
        };
        // the last part has the highest bit of its number set
        is_whole |= match &found.kind {
            b"jxlc" => true,
            b"jxlp" => input.big_32(found.contents.start)? >> 31 == 1,
            _ => false,
        };
        is_open |= found.is_open;
        at = found.contents.end;
    }
    if !is_whole {
        return Err(Refusal::Truncated);
    }
    // the codestream has no end mark, and its frames are as long as their decoder finds them
    if is_open && how != Verify::Header {
        return Err(broken("it does not say where it ends, and is not decoded: only `verify = \"header\"` keeps it"));
    }
    Ok(Walk { width, height, frames: 1, end: at, scans: 0, exif: None })
}

fn size_of_codestream(bytes: &[u8]) -> Result<(u32, u32), Refusal> {
    if !bytes.starts_with(&BARE) {
        return Err(broken("its codestream does not begin as one"));
    }
    let mut bits = Bits { bytes: &bytes[2..], at: 0 };
    let is_small = bits.take(1)? == 1;
    let height = bits.side(is_small)?;
    let ratio = bits.take(3)?;
    let by =
        |over: u64, under: u64| u32::try_from(u64::from(height) * over / under).map_err(|_| broken("it is too wide"));
    let width = match ratio {
        0 => bits.side(is_small),
        1 => Ok(height),
        2 => by(12, 10),
        3 => by(4, 3),
        4 => by(3, 2),
        5 => by(16, 9),
        6 => by(5, 4),
        _ => by(2, 1),
    }?;
    Ok((width, height))
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Result<u32, Refusal> {
        let mut number = 0;
        for place in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Refusal::Truncated)?;
            number |= u32::from(byte >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(number)
    }

    fn side(&mut self, is_small: bool) -> Result<u32, Refusal> {
        if is_small {
            return Ok((self.take(5)? + 1) * 8);
        }
        let count = [9, 13, 18, 30][self.take(2)? as usize];
        Ok(self.take(count)? + 1)
    }
}
