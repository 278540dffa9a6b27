//! What goes along with the pixels into another form: the colour profile, and EXIF data.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use crate::picture::exif;
use crate::picture::walk::walk;
use crate::picture::{Bounds, Kind, Verify};

/// What is written beside the pixels.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) exif: Option<Vec<u8>>,
}

impl Metadata {
    /// That of the original, for pixels that are upright.
    pub(crate) fn of(kind: Kind, original: &[u8]) -> Self {
        Self { profile: profile(kind, original), exif: exif_of(kind, original) }
    }

    /// Without a profile for colours that the pixels do not have: that of a CMYK picture does not fit what it became.
    pub(crate) fn fitting(mut self, pixels: &DynamicImage) -> Self {
        let wanted: &[u8] = if pixels.color().has_color() { b"RGB " } else { b"GRAY" };
        // the colours of the data stand in the profile's header (ICC.1, section 7.2.6)
        self.profile = self.profile.filter(|profile| profile.get(16..20) == Some(wanted));
        self
    }
}

fn profile(kind: Kind, original: &[u8]) -> Option<Vec<u8>> {
    let mut reader = ImageReader::with_format(Cursor::new(original), kind.decoder()?);
    reader.limits(Limits::default());
    reader.into_decoder().ok()?.icc_profile().ok()?.filter(|profile| !profile.is_empty())
}

/// A TIFF's directory is the file itself, and no block that could be put elsewhere.
fn exif_of(kind: Kind, original: &[u8]) -> Option<Vec<u8>> {
    if !matches!(kind, Kind::Jpeg | Kind::Png | Kind::WebP) {
        return None;
    }
    let walk = walk(kind, original, Verify::Header, &Bounds::default()).ok()?;
    exif::upright(walk.exif?.to_vec())
}

/// The colours as they are without a profile: sRGB. Pixels whose profile is none, or is not understood, stay.
pub(crate) fn without_profile(kind: Kind, original: &[u8], pixels: DynamicImage) -> DynamicImage {
    let Some(profile) = profile(kind, original) else { return pixels };
    let Ok(profile) = ColorProfile::new_from_slice(&profile) else { return pixels };
    let layout = match (&pixels, profile.color_space) {
        (DynamicImage::ImageRgb8(_), DataColorSpace::Rgb) => Layout::Rgb,
        (DynamicImage::ImageRgba8(_), DataColorSpace::Rgb) => Layout::Rgba,
        _ => return pixels,
    };
    let srgb = ColorProfile::new_srgb();
    let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()) else {
        return pixels;
    };
    let mut converted = pixels.clone();
    let target = match &mut converted {
        DynamicImage::ImageRgb8(target) => &mut **target,
        DynamicImage::ImageRgba8(target) => &mut **target,
        _ => return pixels,
    };
    if transform.transform(pixels.as_bytes(), target).is_ok() { converted } else { pixels }
}
