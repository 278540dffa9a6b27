//! Pixels into a file.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, ImageError};
use jpeg_encoder::{ColorType, Encoder, EncodingError};

use crate::picture::Refusal;
use crate::render::background::flatten;
use crate::render::metadata::Metadata;
use crate::render::{Color, Encoding, Rendered};

/// The most EXIF data that a segment of a JPEG holds.
const MOST_EXIF: usize = 65_527;

/// Writes upright pixels, with what goes along with them.
pub(crate) fn write(
    pixels: DynamicImage,
    encoding: Encoding,
    background: Color,
    metadata: Metadata,
) -> Result<Rendered, Refusal> {
    let (width, height) = (pixels.width(), pixels.height());
    let unwritable = |why: String| Refusal::Unwritable { kind: encoding.kind().mime(), why };
    let bytes = match encoding {
        Encoding::Jpeg { quality } => {
            let flat = flatten(pixels, background);
            jpeg(&flat, quality, &metadata.fitting(&flat)).map_err(|error| unwritable(error.to_string()))
        }
        Encoding::Png => {
            let pixels = writable(pixels);
            let mut bytes = Vec::new();
            let encoder = PngEncoder::new(&mut bytes);
            put(encoder, &pixels, metadata.fitting(&pixels)).map_err(|error| unwritable(error.to_string()))?;
            Ok(bytes)
        }
        Encoding::WebP => {
            let colored = if pixels.color().has_alpha() {
                DynamicImage::ImageRgba8(pixels.into_rgba8())
            } else {
                DynamicImage::ImageRgb8(pixels.into_rgb8())
            };
            let mut bytes = Cursor::new(Vec::new());
            let encoder = WebPEncoder::new_lossless(&mut bytes);
            put(encoder, &colored, metadata.fitting(&colored)).map_err(|error| unwritable(error.to_string()))?;
            Ok(bytes.into_inner())
        }
    }?;
    Ok(Rendered { bytes, kind: encoding.kind(), width, height })
}

/// PNG has 8 and 16 bits, and no floating point.
fn writable(pixels: DynamicImage) -> DynamicImage {
    match pixels {
        DynamicImage::ImageRgb32F(_) => DynamicImage::ImageRgb16(pixels.into_rgb16()),
        DynamicImage::ImageRgba32F(_) => DynamicImage::ImageRgba16(pixels.into_rgba16()),
        other => other,
    }
}

fn jpeg(flat: &DynamicImage, quality: u8, metadata: &Metadata) -> Result<Vec<u8>, EncodingError> {
    let too_long = |_| EncodingError::ZeroImageDimensions { width: 0, height: 0 };
    let (width, height) =
        (u16::try_from(flat.width()).map_err(too_long)?, u16::try_from(flat.height()).map_err(too_long)?);
    let mut bytes = Vec::with_capacity(flat.as_bytes().len() / 8);
    // below a quality of 90 it halves the resolution of colours by itself
    let mut encoder = Encoder::new(&mut bytes, quality);
    if let Some(exif) = metadata.exif.as_ref().filter(|exif| exif.len() <= MOST_EXIF) {
        encoder.add_exif_metadata(exif)?;
    }
    if let Some(profile) = &metadata.profile {
        encoder.add_icc_profile(profile)?;
    }
    let colors = if flat.color().has_color() { ColorType::Rgb } else { ColorType::Luma };
    encoder.encode(flat.as_bytes(), width, height, colors)?;
    Ok(bytes)
}

fn put(mut encoder: impl ImageEncoder, pixels: &DynamicImage, metadata: Metadata) -> Result<(), ImageError> {
    // an encoder that cannot hold one of them leaves it out
    let _ = metadata.profile.map(|profile| encoder.set_icc_profile(profile));
    let _ = metadata.exif.map(|exif| encoder.set_exif_metadata(exif));
    pixels.write_with_encoder(encoder)
}
