//! Small pictures of every kind, for tests.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use crate::picture::Kind;

/// A small picture of a kind that `image` encodes.
pub(crate) fn sample(format: ImageFormat) -> Vec<u8> {
    let pixels = RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 10) as u8, (y * 15) as u8, 77]));
    let mut bytes = Cursor::new(Vec::new());
    // an icon holds a PNG with transparency
    let picture = DynamicImage::ImageRgb8(pixels);
    let picture = if format == ImageFormat::Ico { DynamicImage::ImageRgba8(picture.to_rgba8()) } else { picture };
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// One of each kind that is decoded.
pub(crate) fn one_of_each() -> Vec<(Kind, Vec<u8>)> {
    Kind::KEPT.into_iter().filter_map(|kind| Some((kind, sample(kind.decoder()?)))).collect()
}
