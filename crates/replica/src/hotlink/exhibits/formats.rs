//! The formats of pictures beside JPEG and WebP, written by hand in their simplest form.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// Width and height in pixels.
type Size = (u16, u16);

/// A file of 96 by 72 pixels: there is no small encoder of AVIF.
pub(super) const AVIF: &[u8] = include_bytes!("sun.avif");

/// A landscape in vectors, 160 by 120.
pub(super) const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120" viewBox="0 0 160 120">
<rect width="160" height="120" fill="#8fc7e8"/><circle cx="116" cy="34" r="16" fill="#ffd75e"/>
<path d="M0 84 L44 40 L84 84 Z" fill="#5b7f95"/><rect y="84" width="160" height="36" fill="#3f7d4e"/></svg>
"##;

/// RGB pixels as a PNG.
pub(super) fn png(pixels: &[u8], size: Size) -> Vec<u8> {
    png_of(pixels, size, Colors::Rgb)
}

/// The parts of a pixel, under the number that PNG has for them.
#[derive(Debug, Clone, Copy)]
enum Colors {
    Rgb = 2,
    Rgba = 6,
}

/// A PNG (W3C, Portable Network Graphics, third edition), each line with the filter "none".
fn png_of(pixels: &[u8], (width, height): Size, colors: Colors) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    for line in pixels.chunks_exact(pixels.len() / usize::from(height)) {
        packed.write_all(&[0]).and_then(|()| packed.write_all(line)).expect("a Vec takes all");
    }
    let packed = packed.finish().expect("a Vec takes all");
    let [width, height] = [width, height].map(|side| u32::from(side).to_be_bytes());
    let head = [&width[..], &height[..], &[8, colors as u8, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &head), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        let mut sum = Crc::new();
        sum.update(kind);
        sum.update(data);
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(kind);
        png.extend(data);
        png.extend(sum.sum().to_be_bytes());
    }
    png
}

/// RGB pixels as a bitmap with the header of Windows 3, its lines from the bottom to the top.
pub(super) fn bmp(pixels: &[u8], (width, height): Size) -> Vec<u8> {
    const HEAD: u32 = 14 + 40;
    let line = usize::from(width) * 3;
    let padding = vec![0; line.next_multiple_of(4) - line];
    let lines = pixels.chunks_exact(line).rev();
    let body: Vec<u8> = lines
        .flat_map(|line| line.chunks_exact(3).flat_map(|rgb| [rgb[2], rgb[1], rgb[0]]).chain(padding.iter().copied()))
        .collect();
    let mut bmp = b"BM".to_vec();
    for long in [HEAD + body.len() as u32, 0, HEAD, 40, width.into(), height.into(), 1 | 24 << 16, 0] {
        bmp.extend(long.to_le_bytes());
    }
    for long in [body.len() as u32, 2835, 2835, 0, 0] {
        bmp.extend(long.to_le_bytes());
    }
    bmp.extend(body);
    bmp
}

/// RGB pixels, at most 255 a side, as an icon: a PNG that has to have an alpha channel.
pub(super) fn ico(pixels: &[u8], (width, height): Size) -> Vec<u8> {
    let opaque: Vec<u8> = pixels.chunks_exact(3).flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255]).collect();
    let png = png_of(&opaque, (width, height), Colors::Rgba);
    let mut ico = vec![0, 0, 1, 0, 1, 0, width as u8, height as u8, 0, 0, 1, 0, 32, 0];
    ico.extend((png.len() as u32).to_le_bytes());
    ico.extend(22_u32.to_le_bytes());
    ico.extend(png);
    ico
}

/// Frames of RGB pixels as a GIF that plays for ever, in 8 × 8 × 4 colours (CompuServe, GIF89a).
pub(super) fn gif(frames: &[Vec<u8>], (width, height): Size) -> Vec<u8> {
    let mut gif = b"GIF89a".to_vec();
    gif.extend([width, height].map(u16::to_le_bytes).concat());
    gif.extend([0xF7, 0, 0]);
    gif.extend((0..=255_u8).flat_map(|color| [color & 0xE0, color << 3 & 0xE0, color << 6]));
    gif.extend(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0");
    for frame in frames {
        // a fifth of a second
        gif.extend([0x21, 0xF9, 4, 0, 20, 0, 0, 0, 0x2C, 0, 0, 0, 0]);
        gif.extend([width, height].map(u16::to_le_bytes).concat());
        gif.extend([0, 8]);
        for block in unpacked(frame).chunks(255) {
            gif.push(block.len() as u8);
            gif.extend(block);
        }
        gif.push(0);
    }
    gif.push(0x3B);
    gif
}

/// The pixels as LZW codes of nine bits that stand for one pixel each. The decoder's table is cleared before it has so many
/// entries that codes would need ten bits.
fn unpacked(frame: &[u8]) -> Vec<u8> {
    const CLEAR: u16 = 256;
    const END: u16 = 257;
    let pixels = frame.chunks_exact(3).map(|rgb| u16::from(rgb[0] & 0xE0 | rgb[1] >> 3 & 0x1C | rgb[2] >> 6));
    let mut codes = Vec::new();
    for (number, pixel) in pixels.enumerate() {
        if number % 200 == 0 {
            codes.push(CLEAR);
        }
        codes.push(pixel);
    }
    codes.push(END);
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for code in codes {
        held |= u32::from(code) << bits;
        bits += 9;
        while bits >= 8 {
            bytes.push(held as u8);
            held >>= 8;
            bits -= 8;
        }
    }
    bytes.push(held as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use image::AnimationDecoder as _;

    use super::*;
    use crate::hotlink::exhibits::mosaic::Mosaic;

    #[test]
    fn what_is_written_is_what_others_read() {
        let size = (50, 40);
        let pixels = Mosaic(7).pixels(size);
        for bytes in [png(&pixels, size), bmp(&pixels, size), ico(&pixels, size)] {
            let read = image::load_from_memory(&bytes).expect("a whole picture").to_rgb8();
            assert_eq!((read.width(), read.height()), (50, 40));
            assert!(read.into_raw() == pixels);
        }
    }

    #[test]
    fn a_gif_has_its_frames_in_few_colours() {
        let size = (50, 40);
        let frames: Vec<_> = (0..3).map(|number| Mosaic(number).pixels(size)).collect();
        let bytes = gif(&frames, size);
        let decoder = image::codecs::gif::GifDecoder::new(std::io::Cursor::new(bytes)).expect("a GIF");
        let read = decoder.into_frames().collect_frames().expect("whole frames");
        assert_eq!(read.len(), 3);
        for (frame, read) in frames.iter().zip(read) {
            for (rgb, read) in frame.chunks_exact(3).zip(read.buffer().pixels()) {
                let near = rgb.iter().zip(read.0).all(|(part, read)| part.abs_diff(read) < 64);
                assert!(near, "{rgb:?} became {read:?}");
            }
        }
    }
}
