//! Small pictures of every kind, for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::picture::Kind;

fn photo(width: u32, height: u32) -> RgbImage {
    // smooth in places, busy in others
    RgbImage::from_fn(width, height, |x, y| {
        let busy = if x > width / 2 { (x * 37 ^ y * 91) % 61 } else { 0 };
        Rgb([(x * 9 + busy) as u8, (y * 13 + busy) as u8, (77 + busy) as u8])
    })
}

/// A small picture of a kind that `image` encodes.
pub(crate) fn sample(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    // an icon holds a PNG with transparency
    let picture = DynamicImage::ImageRgb8(photo(24, 16));
    let picture = if format == ImageFormat::Ico { DynamicImage::ImageRgba8(picture.to_rgba8()) } else { picture };
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// One of each kind that is decoded.
pub(crate) fn one_of_each() -> Vec<(Kind, Vec<u8>)> {
    Kind::KEPT.into_iter().filter_map(|kind| Some((kind, sample(kind.decoder()?)))).collect()
}

/// JPEGs of all processes and colours: baseline and progressive, restarted, sampled down, grey, CMYK, YCCK.
pub(crate) fn jpegs() -> Vec<Vec<u8>> {
    let (width, height) = (45, 35);
    let pixels = photo(width, height);
    let grey: Vec<u8> = pixels.pixels().map(|pixel| pixel.0[1]).collect();
    let cmyk: Vec<u8> = pixels.pixels().flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2], 30]).collect();
    let forms = [
        (pixels.as_raw(), ColorType::Rgb),
        (&grey, ColorType::Luma),
        (&cmyk, ColorType::Cmyk),
        (&cmyk, ColorType::CmykAsYcck),
    ];
    let mut jpegs = Vec::new();
    for (data, colors) in forms {
        for is_progressive in [false, true] {
            for sampling in [SamplingFactor::F_1_1, SamplingFactor::F_2_2, SamplingFactor::F_2_1] {
                for interval in [0, 2] {
                    let mut bytes = Vec::new();
                    let mut encoder = Encoder::new(&mut bytes, 85);
                    encoder.set_progressive(is_progressive);
                    encoder.set_sampling_factor(sampling);
                    if interval > 0 {
                        encoder.set_restart_interval(interval);
                    }
                    encoder.set_optimized_huffman_tables(interval == 0 && matches!(colors, ColorType::Rgb));
                    encoder.encode(data, width as u16, height as u16, colors).expect("encoded");
                    jpegs.push(bytes);
                }
            }
        }
    }
    jpegs
}

/// EXIF data with an orientation and a date.
pub(crate) fn exif(orientation: u16, taken: &str, is_little: bool) -> Vec<u8> {
    let short = |number: u16| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let long = |number: u32| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut bytes = if is_little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    bytes.extend(long(8));
    bytes.extend(short(2));
    let field = |bytes: &mut Vec<u8>, tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        bytes.extend(short(tag));
        bytes.extend(short(kind));
        bytes.extend(long(count));
        bytes.extend(value);
    };
    let [high, low] = short(orientation);
    field(&mut bytes, 0x0112, 3, 1, [high, low, 0, 0]);
    field(&mut bytes, 0x8769, 4, 1, long(38));
    // where a thumbnail would be
    bytes.extend(long(0x7777));
    bytes.extend(short(1));
    field(&mut bytes, 0x9003, 2, 20, long(56));
    bytes.extend(long(0));
    bytes.extend(taken.as_bytes());
    bytes.push(0);
    bytes
}
