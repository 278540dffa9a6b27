//! Is it an image, is all of it there, and is it within its bounds? Answered from the bytes.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use serde::{Deserialize, Serialize};

use crate::picture::container::is_whole;
use crate::picture::kind::looks_like;
use crate::picture::{Bounds, Kind, Refusal};

/// How much is checked before a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// The container is walked to its end, and all pixels are decoded.
    Decode,
    /// The container is walked to its end.
    Structure,
    /// The header is read, and the end looked at.
    Header,
}

/// What the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The kind.
    pub kind: Kind,
    /// Pixels from left to right, as stored.
    pub width: u32,
    /// Pixels from top to bottom, as stored.
    pub height: u32,
    /// Frames of an animation, pages of a TIFF, sizes in an icon; 1 for most.
    pub frames: u32,
    /// How the pixels are to be turned to be upright.
    pub orientation: Orientation,
    /// Bytes behind the end of the picture.
    pub trailing: u64,
    /// When it was taken, as the camera had it: `2009-07-04T18:30:00`, without a zone.
    pub taken: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What the bytes are.
    pub picture: Picture,
    /// The (first) picture's pixels, if they were decoded.
    pub pixels: Option<DynamicImage>,
}

/// Makes sure that the bytes are a whole picture within its bounds.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn examine(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Examined, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let not_an_image = || Refusal::NotAnImage { what: looks_like(bytes).to_owned() };
    let kind = Kind::of(bytes).filter(|kind| *kind != Kind::Svg).ok_or_else(not_an_image)?;
    let format = kind.decoder().ok_or_else(not_an_image)?;
    if !is_whole(kind, bytes) {
        return Err(Refusal::Truncated);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(bounds.max_alloc);
    reader.limits(limits);
    let broken = |error: image::ImageError| Refusal::Broken(error.to_string());
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    bounds.size(width, height)?;
    if decoder.total_bytes() > bounds.max_alloc {
        return Err(Refusal::TooLarge { width, height, limit: format!("`max_alloc` = {}", bounds.max_alloc) });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = Picture { kind, width, height, frames: 1, orientation, trailing: 0, taken: None };
    let pixels = match how {
        Verify::Decode => Some(DynamicImage::from_decoder(decoder).map_err(broken)?),
        Verify::Structure | Verify::Header => None,
    };
    Ok(Examined { picture, pixels })
}
