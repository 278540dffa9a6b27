//! Is it an image, and is all of it there? Answered from the bytes; name and `Content-Type` do not count.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::container::is_whole;

/// How much is checked before a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// The container is walked to its end, and the (first) picture in it decoded. A decoder is lenient: pixels that are
    /// damaged in the middle of a file are not found.
    Decode,
    /// The container is walked to its end, and the header read. TIFF and ICO have no end to walk to.
    Structure,
}

/// What the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// The format.
    pub format: ImageFormat,
    /// Pixels from left to right, as stored.
    pub width: u32,
    /// Pixels from top to bottom, as stored.
    pub height: u32,
}

/// Why bytes are not kept. [`Refusal::name`] is the stable name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There are none.
    #[error("the body is empty")]
    Empty,
    /// Not of a kind that is kept: an HTML page under a picture's name, a PDF.
    #[error("it is not an image: {what}")]
    NotAnImage {
        /// What it looks like.
        what: String,
    },
    /// The end is missing.
    #[error("it ends before it is whole")]
    Truncated,
    /// More pixels than a picture may have.
    #[error("{width} x {height} pixels are over {limit}")]
    TooLarge {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// The setting and its value.
        limit: String,
    },
    /// The pixels cannot be decoded.
    #[error("it cannot be decoded: {0}")]
    Broken(String),
}

/// The most that a picture may claim; read from its header before anything is allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pixels on a side.
    pub max_side: u32,
    /// Pixels in all.
    pub max_pixels: u64,
    /// Bytes that the decoder may allocate.
    pub max_alloc: u64,
}

impl Refusal {
    /// The stable name, as it stands in stats and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty_content",
            Self::NotAnImage { .. } => "not_an_image",
            Self::Truncated => "image_truncated",
            Self::TooLarge { .. } => "image_too_large",
            Self::Broken(_) => "image_broken",
        }
    }
}

impl Picture {
    /// The extension of the file's name, by the format.
    #[must_use]
    pub fn extension(&self) -> &'static str {
        extension(self.format)
    }

    /// The media type.
    #[must_use]
    pub fn mime(&self) -> &'static str {
        self.format.to_mime_type()
    }

    /// Reads the header only.
    ///
    /// # Errors
    /// If it is none of an image that is kept.
    pub fn of_header(bytes: &[u8]) -> Result<Self, Refusal> {
        let format = format_of(bytes)?;
        let reader = ImageReader::with_format(Cursor::new(bytes), format);
        let (width, height) = reader.into_dimensions().map_err(|error| Refusal::Broken(error.to_string()))?;
        Ok(Self { format, width, height })
    }
}

/// Makes sure that the bytes are a whole picture within its bounds.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn verify(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Picture, Refusal> {
    let format = format_of(bytes)?;
    if !is_whole(format, bytes) {
        return Err(Refusal::Truncated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(bounds.max_alloc);
    reader.limits(limits);
    let broken = |error: image::ImageError| Refusal::Broken(error.to_string());
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    let limit = if width.max(height) > bounds.max_side {
        Some(format!("`pipelines.images.max_side` = {}", bounds.max_side))
    } else if pixels > bounds.max_pixels {
        Some(format!("`pipelines.images.max_pixels` = {}", bounds.max_pixels))
    } else if decoder.total_bytes() > bounds.max_alloc {
        Some(format!("`pipelines.images.max_alloc` = {}", bounds.max_alloc))
    } else {
        None
    };
    if let Some(limit) = limit {
        return Err(Refusal::TooLarge { width, height, limit });
    }
    if how == Verify::Decode {
        drop(DynamicImage::from_decoder(decoder).map_err(broken)?);
    }
    Ok(Picture { format, width, height })
}

/// The formats that are kept, in the order in which a store is searched for them.
pub(crate) const FORMATS: [ImageFormat; 7] = [
    ImageFormat::Jpeg,
    ImageFormat::Png,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::Tiff,
    ImageFormat::Ico,
];

/// The extension of files of a format.
pub(crate) fn extension(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "jpg",
        other => other.extensions_str().first().copied().unwrap_or("bin"),
    }
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let format = image::guess_format(bytes).ok().filter(|format| FORMATS.contains(format));
    format.ok_or_else(|| Refusal::NotAnImage { what: looks_like(bytes).to_owned() })
}

fn looks_like(bytes: &[u8]) -> &'static str {
    let start = bytes.trim_ascii_start();
    let start = &start[..start.len().min(512)];
    let has = |what: &[u8]| start.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what));
    if start.starts_with(b"%PDF") {
        "a PDF"
    } else if has(b"<svg") {
        "an SVG, which is a program and not kept"
    } else if has(b"<html") || has(b"<!doctype html") || has(b"<body") {
        "an HTML page"
    } else if start.first().is_some_and(|byte| b"{[".contains(byte)) {
        "JSON"
    } else if std::str::from_utf8(start).is_ok() {
        "text"
    } else {
        "of an unknown kind"
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    const BOUNDS: Bounds = Bounds { max_side: 16_384, max_pixels: 100_000_000, max_alloc: 512 * 1024 * 1024 };

    /// A small picture in a format.
    pub(crate) fn sample(format: ImageFormat) -> Vec<u8> {
        let pixels = RgbImage::from_fn(24, 16, |x, y| Rgb([(x * 10) as u8, (y * 15) as u8, 77]));
        let mut bytes = Cursor::new(Vec::new());
        // an icon holds a PNG with transparency
        let picture = DynamicImage::ImageRgb8(pixels);
        let picture = if format == ImageFormat::Ico { DynamicImage::ImageRgba8(picture.to_rgba8()) } else { picture };
        picture.write_to(&mut bytes, format).expect("encoded");
        bytes.into_inner()
    }

    #[test]
    fn every_kept_format_is_known_by_its_bytes() {
        for format in FORMATS {
            let picture = verify(&sample(format), Verify::Decode, &BOUNDS).expect("a whole picture");
            assert_eq!((picture.format, picture.width, picture.height), (format, 24, 16));
        }
        assert_eq!(extension(ImageFormat::Jpeg), "jpg");
    }

    #[test]
    fn a_picture_cut_anywhere_is_refused() {
        for format in FORMATS {
            let bytes = sample(format);
            for tenth in 0..10 {
                let cut = bytes.len() * tenth / 10;
                assert!(verify(&bytes[..cut], Verify::Decode, &BOUNDS).is_err(), "{format:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_named() {
        let name = |bytes: &[u8]| verify(bytes, Verify::Decode, &BOUNDS).expect_err("refused");
        assert_eq!(name(b"").name(), "empty_content");
        assert_eq!(name(b"<!DOCTYPE html><p>Not found").to_string(), "it is not an image: an HTML page");
        assert_eq!(name(b"<svg onload=alert(1)>").name(), "not_an_image");
        assert_eq!(name(&[0xFF, 0xD8, 0xFF, 0xE0]).name(), "image_truncated");
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        // a BMP that claims 50,000 x 50,000 pixels
        let mut bomb = sample(ImageFormat::Bmp);
        bomb[18..22].copy_from_slice(&50_000_u32.to_le_bytes());
        bomb[22..26].copy_from_slice(&50_000_u32.to_le_bytes());
        assert_eq!(verify(&bomb, Verify::Decode, &BOUNDS).expect_err("refused").name(), "image_too_large");
        let tight = Bounds { max_pixels: 100, ..BOUNDS };
        let error = verify(&sample(ImageFormat::Png), Verify::Structure, &tight).expect_err("refused");
        assert_eq!(error.to_string(), "24 x 16 pixels are over `pipelines.images.max_pixels` = 100");
    }
}
