//! Is a file whole? A walk over its container to the end marker: decoders fill in what is missing and say nothing.

use crate::picture::Kind;

/// Whether the file has all that its own structure promises. Bytes after the end are no fault: cameras append things.
pub(crate) fn is_whole(kind: Kind, bytes: &[u8]) -> bool {
    let whole = match kind {
        Kind::Jpeg => jpeg(bytes),
        Kind::Png => png(bytes),
        Kind::Gif => gif(bytes),
        Kind::WebP => declared(bytes, 4).map(|size| size + 8 <= bytes.len()),
        Kind::Bmp => bmp(bytes),
        // TIFF and ICO have no end; what is missing shows when they are decoded
        _ => Some(true),
    };
    whole.unwrap_or(false)
}

/// To the EOI marker (ITU T.81, annex B).
fn jpeg(bytes: &[u8]) -> Option<bool> {
    const SOI: u8 = 0xD8;
    const EOI: u8 = 0xD9;
    const SOS: u8 = 0xDA;
    let mut at = 0;
    loop {
        // a marker, with any number of fill bytes before it; what else stands there is passed over, as decoders do
        at += memchr::memchr(0xFF, bytes.get(at..)?)?;
        while *bytes.get(at)? == 0xFF {
            at += 1;
        }
        let marker = bytes[at];
        if marker == 0x00 {
            continue;
        }
        at += 1;
        match marker {
            EOI => return Some(true),
            SOI | 0x01 | 0xD0..=0xD7 => continue,
            _ => at += usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])).max(2),
        }
        if marker == SOS {
            at = end_of_scan(bytes, at)?;
        }
    }
}

/// The first marker after entropy-coded data: `FF 00` is data, and `FF D0` to `FF D7` restart it.
fn end_of_scan(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(0xFF, bytes.get(at..)?)?;
        match bytes.get(at + 1)? {
            0x00 | 0xD0..=0xD7 => at += 2,
            0xFF => at += 1,
            _ => return Some(at),
        }
    }
}

/// To the end of the IEND chunk (PNG, section 11.2.5).
fn png(bytes: &[u8]) -> Option<bool> {
    let mut at = 8;
    loop {
        let length = usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let kind = bytes.get(at + 4..at + 8)?;
        // length, type, data, checksum
        let end = at.checked_add(12)?.checked_add(length)?;
        if end > bytes.len() {
            return Some(false);
        }
        if kind == b"IEND" {
            return Some(true);
        }
        at = end;
    }
}

/// To the trailer (GIF89a, section 27).
fn gif(bytes: &[u8]) -> Option<bool> {
    let color_table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + color_table(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            0x3B => return Some(true),
            // an empty block too many
            0x00 => {
                at += 1;
                continue;
            }
            0x21 => at += 2,
            // an image: its descriptor, its own colours, the size of its codes
            0x2C => at += 11 + color_table(*bytes.get(at + 9)?),
            _ => return Some(false),
        }
        // data in blocks, each behind its length, up to an empty one
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
    }
}

/// All rows there, by the declared size or, where that is wrong, by the dimensions (BITMAPINFOHEADER).
fn bmp(bytes: &[u8]) -> Option<bool> {
    let size = declared(bytes, 2)?;
    if size > 54 && size <= bytes.len() {
        return Some(true);
    }
    let (pixels, width) = (declared(bytes, 10)?, declared(bytes, 18)?);
    let height = i32::from_le_bytes(bytes.get(22..26)?.try_into().ok()?).unsigned_abs();
    let bits = usize::from(u16::from_le_bytes(bytes.get(28..30)?.try_into().ok()?));
    let row = width.checked_mul(bits)?.div_ceil(32).checked_mul(4)?;
    let rows = row.checked_mul(usize::try_from(height).ok()?)?;
    Some(rows > 0 && pixels.checked_add(rows)? <= bytes.len())
}

/// A little-endian size at an offset.
fn declared(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()
}
