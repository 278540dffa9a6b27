//! Walks over containers to their end: decoders fill in what is missing and say nothing.

mod bmp;
mod boxes;
mod gif;
pub(crate) mod ico;
pub(crate) mod input;
pub(crate) mod jpeg;
mod jpeg_xl;
mod png;
mod riff;
mod tally;
mod tiff;

pub(crate) use input::Input;
pub(crate) use tally::Tally;

use crate::picture::{Bounds, Kind, Refusal, Verify};

/// What a walk has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Walk<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Frames, pages, sizes.
    pub(crate) frames: u32,
    /// The picture ends before this byte.
    pub(crate) end: usize,
    /// Scans of a JPEG; 0 for others.
    pub(crate) scans: u32,
    /// EXIF data, from the byte order on.
    pub(crate) exif: Option<&'a [u8]>,
}

/// Walks to the end of a picture. Limits are held to on the way.
pub(crate) fn walk<'a>(kind: Kind, bytes: &'a [u8], how: Verify, bounds: &Bounds) -> Result<Walk<'a>, Refusal> {
    let input = Input(bytes);
    let mut tally = Tally::new(bounds);
    let walk = match kind {
        Kind::Jpeg => jpeg::walk(input, how, &mut tally),
        Kind::Png => png::walk(input, how, &mut tally),
        Kind::Gif => gif::walk(input, &mut tally),
        Kind::WebP => riff::walk(input, &mut tally),
        Kind::Bmp => bmp::walk(input, &mut tally),
        Kind::Tiff => tiff::walk(input, &mut tally),
        Kind::Ico => ico::walk(input, how, &mut tally),
        Kind::Avif | Kind::Heic => boxes::walk(input, &mut tally),
        Kind::JpegXl => jpeg_xl::walk(input, how, &mut tally),
        Kind::Svg => Err(Refusal::NotAnImage { what: "an SVG".to_owned() }),
    }?;
    debug_assert!(walk.end <= bytes.len(), "a walk ends within the file");
    Ok(walk)
}

/// The size of a picture, if it stands in these first bytes.
pub(crate) fn size(kind: Kind, head: &[u8]) -> Option<(u32, u32)> {
    let input = Input(head);
    let (width, height) = match kind {
        Kind::Jpeg => jpeg::size(input),
        Kind::Png => png::size(input),
        Kind::Gif => gif::size(input),
        Kind::WebP => riff::size(input),
        Kind::Bmp => bmp::size(input),
        Kind::Tiff => tiff::size(input),
        Kind::Ico => ico::size(input),
        Kind::Avif | Kind::Heic => boxes::size(input),
        Kind::JpegXl => jpeg_xl::size(input),
        Kind::Svg => return None,
    }
    .ok()?;
    (width > 0 && height > 0).then_some((width, height))
}
