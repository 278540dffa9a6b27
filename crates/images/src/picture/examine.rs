//! Is it an image, is all of it there, and is it within its bounds? Answered from the bytes.

use image::DynamicImage;
use image::metadata::Orientation;
use serde::{Deserialize, Serialize};

use crate::picture::decode::{decode, jpeg_header};
use crate::picture::exif::Exif;
use crate::picture::jpeg::{self, Checked};
use crate::picture::kind::looks_like;
use crate::picture::walk::{Walk, walk};
use crate::picture::{Bounds, Kind, Refusal};

/// How much is checked before a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// The container is walked to its end, and what is in it decoded: every frame of an animation, of a JPEG every
    /// coefficient. AVIF, HEIC and JPEG XL are not decoded, nor are further pages of a TIFF and sizes of an icon.
    Decode,
    /// The container is walked to its end, checksums included. Damaged pixels are not found, but in a PNG.
    Structure,
    /// Only lengths and markers of the container are followed. Damage in the middle is not found.
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

/// Makes sure that the bytes are a whole picture within its bounds. [`Verify::Decode`] gives its pixels, too.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn examine(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Examined, Refusal> {
    let (kind, walk) = walked(bytes, how, bounds)?;
    let mut pixels = None;
    if how == Verify::Decode {
        if kind == Kind::Jpeg {
            // the decoder would paint what is missing
            jpeg::check(bytes)?;
        }
        pixels = decode(kind, bytes, &walk, bounds)?;
    }
    Ok(Examined { picture: picture(kind, bytes, &walk), pixels })
}

/// The same for who does not want the pixels: a JPEG is checked to its last coefficient, at a fraction of the price of
/// its pixels.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn check(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Picture, Refusal> {
    let (kind, walk) = walked(bytes, how, bounds)?;
    match (how, kind) {
        (Verify::Decode, Kind::Jpeg) => match jpeg::check(bytes)? {
            Checked::Whole => jpeg_header(bytes, bounds)?,
            Checked::UnknownProcess => drop(decode(kind, bytes, &walk, bounds)?),
        },
        (Verify::Decode, _) => drop(decode(kind, bytes, &walk, bounds)?),
        (Verify::Structure | Verify::Header, _) => {}
    }
    Ok(picture(kind, bytes, &walk))
}

fn walked<'a>(bytes: &'a [u8], how: Verify, bounds: &Bounds) -> Result<(Kind, Walk<'a>), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let kind = Kind::of(bytes).filter(|kind| *kind != Kind::Svg);
    let kind = kind.ok_or_else(|| Refusal::NotAnImage { what: looks_like(bytes).to_owned() })?;
    Ok((kind, walk(kind, bytes, how, bounds)?))
}

fn picture(kind: Kind, bytes: &[u8], walk: &Walk<'_>) -> Picture {
    let exif = walk.exif.and_then(Exif::of);
    Picture {
        kind,
        width: walk.width,
        height: walk.height,
        frames: walk.frames,
        orientation: exif.map_or(Orientation::NoTransforms, Exif::orientation),
        trailing: (bytes.len() - walk.end) as u64,
        taken: exif.and_then(Exif::taken),
    }
}
