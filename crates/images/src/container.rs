//! Is a file whole? A walk over its container to the end marker: decoders fill in what is missing and say nothing.

use image::ImageFormat;

/// Whether the file has all that its own structure promises. Bytes after the end are no fault: cameras append things.
pub(crate) fn is_whole(format: ImageFormat, bytes: &[u8]) -> bool {
    let whole = match format {
        ImageFormat::Jpeg => jpeg(bytes),
        ImageFormat::Png => png(bytes),
        ImageFormat::Gif => gif(bytes),
        ImageFormat::WebP => declared(bytes, 4).map(|size| size + 8 <= bytes.len()),
        ImageFormat::Bmp => bmp(bytes),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::tests::sample;

    const FORMATS: [ImageFormat; 5] =
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp];

    #[test]
    fn a_whole_file_is_whole_and_no_part_of_it_is() {
        for format in FORMATS {
            let bytes = sample(format);
            assert!(is_whole(format, &bytes), "{format:?}");
            for cut in 1..bytes.len() {
                assert!(!is_whole(format, &bytes[..cut]), "{format:?} cut at {cut} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn what_stands_behind_the_end_is_no_fault() {
        for format in FORMATS {
            let mut bytes = sample(format);
            bytes.extend_from_slice(b"appended by a camera");
            assert!(is_whole(format, &bytes), "{format:?}");
        }
    }

    #[test]
    fn what_decoders_pass_over_is_no_fault() {
        let jpeg = sample(ImageFormat::Jpeg);
        let first_segment = 2 + 2 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
        let padded = [&jpeg[..first_segment], &[0, 0, 0, 0xFF, 0x00, 7], &jpeg[first_segment..]].concat();
        assert!(is_whole(ImageFormat::Jpeg, &padded));
        let mut bmp = sample(ImageFormat::Bmp);
        let size = u32::try_from(bmp.len()).expect("small") + 1000;
        bmp[2..6].copy_from_slice(&size.to_le_bytes());
        assert!(is_whole(ImageFormat::Bmp, &bmp));
        assert!(!is_whole(ImageFormat::Bmp, &bmp[..bmp.len() - 1]));
    }

    #[test]
    fn noise_is_not_whole() {
        for format in FORMATS {
            for seed in 0..64_u8 {
                let noise: Vec<u8> = (0..=255).map(|byte: u8| byte.wrapping_mul(31).wrapping_add(seed)).collect();
                // must end, and not panic
                is_whole(format, &noise);
                is_whole(format, &[seed; 64]);
            }
            assert!(!is_whole(format, &[]));
        }
    }
}
