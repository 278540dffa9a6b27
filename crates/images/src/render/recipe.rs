//! What a picture is made into.

use std::io::Cursor;

use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};
use jpeg_encoder::{ColorType, Encoder};

use crate::picture::{Bounds, Kind, Picture, Refusal, Verify, examine};
use crate::render::{Color, Encoding};

/// What is to be done with a picture. The default leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// The form that it is written in; none leaves the original's, where that can be written.
    pub encoding: Option<Encoding>,
    /// It is made smaller until no side is longer.
    pub max_side: Option<u32>,
    /// What stands behind transparent pixels in a form that has none.
    pub background: Color,
    /// Whether EXIF data and colour profile are left out.
    pub strip: bool,
}

/// A picture in its new form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its kind.
    pub kind: Kind,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// Makes a picture of the original by a recipe. The pixels are those that [`examine`] decoded.
///
/// # Errors
/// If it cannot be written in that form.
pub fn render(
    original: &[u8],
    mut pixels: DynamicImage,
    picture: &Picture,
    recipe: &Recipe,
) -> Result<Rendered, Refusal> {
    let _ = original;
    pixels.apply_orientation(picture.orientation);
    if let Some(side) = recipe.max_side.filter(|side| pixels.width().max(pixels.height()) > *side) {
        pixels = pixels.resize(side, side, FilterType::Lanczos3);
    }
    encode(&pixels, recipe.encoding.unwrap_or_default(), recipe.background)
}

/// A small picture that fits into a box. It carries no EXIF data.
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
    let _ = original;
    let mut pixels = pixels.clone();
    pixels.apply_orientation(picture.orientation);
    if pixels.width() > size.0 || pixels.height() > size.1 {
        pixels = pixels.resize(size.0, size.1, FilterType::Lanczos3);
    }
    encode(&pixels, encoding, background)
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
    let pixels = examined.pixels.ok_or_else(|| Refusal::Broken("its kind is not decoded".to_owned()))?;
    thumbnail(original, &pixels, &examined.picture, size, encoding, background)
}

fn encode(pixels: &DynamicImage, encoding: Encoding, background: Color) -> Result<Rendered, Refusal> {
    let (width, height) = (pixels.width(), pixels.height());
    let unwritable = |why: String| Refusal::Unwritable { kind: encoding.kind().mime(), why };
    let mut bytes = Vec::new();
    match encoding {
        Encoding::Jpeg { quality } => {
            let side = |side| u16::try_from(side).map_err(|_| unwritable(format!("a side of {side} is too long")));
            let mut flat = pixels.to_rgba8();
            for pixel in flat.pixels_mut() {
                let alpha = u32::from(pixel.0[3]);
                for (channel, behind) in pixel.0.iter_mut().zip(background.channels()) {
                    *channel = ((u32::from(*channel) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8;
                }
            }
            Encoder::new(&mut bytes, quality)
                .encode(&flat, side(width)?, side(height)?, ColorType::Rgba)
                .map_err(|error| unwritable(error.to_string()))?;
        }
        Encoding::WebP | Encoding::Png => {
            let format = if encoding == Encoding::Png { ImageFormat::Png } else { ImageFormat::WebP };
            let mut file = Cursor::new(&mut bytes);
            pixels.write_to(&mut file, format).map_err(|error| unwritable(error.to_string()))?;
        }
    }
    Ok(Rendered { bytes, kind: encoding.kind(), width, height })
}
