//! Thumbnails: small, upright, in sRGB, and without any metadata, so that they can be shown to everyone.

use image::DynamicImage;

use crate::picture::{Bounds, Picture, Refusal, Verify, examine};
use crate::render::background::flatten;
use crate::render::metadata::{Metadata, without_profile};
use crate::render::recipe::size_as_stored;
use crate::render::scale::shrink;
use crate::render::write::write;
use crate::render::{Color, Encoding, Rendered};

/// A small picture that fits into a box; of an animation the first frame. The pixels are those that
/// [`examine`] decoded.
///
/// # Errors
/// If it cannot be written in that form.
pub fn thumbnail(
    original: &[u8],
    pixels: &DynamicImage,
    picture: &Picture,
    size: (u32, u32),
    encoding: Encoding,
    background: Color,
) -> Result<Rendered, Refusal> {
    let stored = size_as_stored(pixels, picture, (size.0.max(1), size.1.max(1)));
    let small = if stored == (pixels.width(), pixels.height()) { pixels.clone() } else { shrink(pixels, stored)? };
    let mut small = without_profile(picture.kind, original, eight_bits(small));
    small.apply_orientation(picture.orientation);
    write(small, encoding, background, Metadata::default())
}

/// A small picture of an original that is known to be whole.
///
/// # Errors
/// If it is no picture within the bounds, or cannot be written in that form.
pub fn thumbnail_of(
    original: &[u8],
    bounds: &Bounds,
    size: (u32, u32),
    encoding: Encoding,
    background: Color,
) -> Result<Rendered, Refusal> {
    let examined = examine(original, Verify::Decode, bounds)?;
    let pixels = examined.pixels.ok_or_else(|| Refusal::Broken("pictures of its kind are not decoded".to_owned()))?;
    thumbnail(original, &pixels, &examined.picture, size, encoding, background)
}

fn eight_bits(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageLumaA16(_) => DynamicImage::ImageLumaA8(pixels.into_luma_alpha8()),
        DynamicImage::ImageRgba16(_) | DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba8(pixels.into_rgba8()),
        other if other.color().has_alpha() => other,
        other => flatten(other, Color::default()),
    }
}
