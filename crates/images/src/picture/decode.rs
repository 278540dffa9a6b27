//! Pixels out of bytes that were walked through.

use std::io::{Cursor, ErrorKind};

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{
    AnimationDecoder, DynamicImage, Frames, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits,
    RgbImage,
};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::picture::walk::{Walk, ico};
use crate::picture::{Bounds, Kind, Refusal};

/// Decodes every frame and gives back the first; none of what nobody decodes: a kind of picture, colours (CIELab), a
/// compression. That is whole as far as its structure tells.
pub(crate) fn decode(
    kind: Kind,
    bytes: &[u8],
    walk: &Walk<'_>,
    bounds: &Bounds,
) -> Result<Option<DynamicImage>, Refusal> {
    let Some(format) = kind.decoder() else { return Ok(None) };
    if kind == Kind::Jpeg {
        return jpeg(bytes, walk, bounds).map(Some);
    }
    match decoded(kind, format, bytes, walk, bounds) {
        Ok(pixels) => Ok(Some(pixels)),
        Err(Undecoded::Unknown) => Ok(None),
        Err(Undecoded::Refused(refusal)) => Err(refusal),
    }
}

/// Why there are no pixels.
enum Undecoded {
    /// The decoder does not know how.
    Unknown,
    Refused(Refusal),
}

impl From<ImageError> for Undecoded {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Unsupported(_) => Self::Unknown,
            other => Self::Refused(refusal(other)),
        }
    }
}

impl From<Refusal> for Undecoded {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

fn decoded(
    kind: Kind,
    format: ImageFormat,
    bytes: &[u8],
    walk: &Walk<'_>,
    bounds: &Bounds,
) -> Result<DynamicImage, Undecoded> {
    if kind == Kind::Ico
        && let Some(png) = ico::best_png(bytes)
    {
        // the decoder of icons takes PNG with transparency alone
        let decoder = PngDecoder::with_limits(Cursor::new(png), limits(bounds))?;
        room(walk.width, walk.height, decoder.total_bytes(), bounds)?;
        return Ok(DynamicImage::from_decoder(decoder)?);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(bounds));
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    bounds.size(width, height)?;
    room(width, height, decoder.total_bytes(), bounds)?;
    if walk.frames > 1 {
        // the picture as it stands, the one before it, and the frame
        room(width, height, 3 * 4 * u64::from(width) * u64::from(height), bounds)?;
        match kind {
            Kind::Gif => {
                drop(decoder);
                return frames(GifDecoder::new(Cursor::new(bytes))?.into_frames());
            }
            Kind::WebP => {
                drop(decoder);
                return frames(WebPDecoder::new(Cursor::new(bytes))?.into_frames());
            }
            Kind::Png => {
                let png = PngDecoder::with_limits(Cursor::new(bytes), limits(bounds))?;
                frames(png.apng()?.into_frames())?;
            }
            // pages and sizes are not shown one after the other: the first, or the best, is the picture
            _ => {}
        }
    }
    Ok(DynamicImage::from_decoder(decoder)?)
}

fn limits(bounds: &Bounds) -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(bounds.max_alloc);
    limits.max_image_width = Some(bounds.max_side);
    limits.max_image_height = Some(bounds.max_side);
    limits
}

/// All frames one after the other, so that only one is held.
fn frames(mut frames: Frames<'_>) -> Result<DynamicImage, Undecoded> {
    let first = frames.next().ok_or(Refusal::Truncated)??;
    for frame in frames {
        frame?;
    }
    Ok(DynamicImage::ImageRgba8(first.into_buffer()))
}

fn room(width: u32, height: u32, bytes: u64, bounds: &Bounds) -> Result<(), Refusal> {
    if bytes > bounds.max_alloc {
        return Err(Refusal::TooLarge { width, height, limit: format!("`max_alloc` = {}", bounds.max_alloc) });
    }
    Ok(())
}

/// What stands in a JPEG's header is such that it can be decoded.
pub(crate) fn jpeg_header(bytes: &[u8], bounds: &Bounds) -> Result<(), Refusal> {
    jpeg_decoder(bytes, bounds).map(drop)
}

fn jpeg_decoder<'a>(bytes: &'a [u8], bounds: &Bounds) -> Result<JpegDecoder<ZCursor<&'a [u8]>>, Refusal> {
    let side = usize::try_from(bounds.max_side).unwrap_or(usize::MAX);
    let options = DecoderOptions::default().set_max_width(side).set_max_height(side);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| Refusal::Broken(error.to_string()))?;
    let colors = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colors));
    Ok(decoder)
}

/// Straight from the decoder: `image` would copy the file first.
fn jpeg(bytes: &[u8], walk: &Walk<'_>, bounds: &Bounds) -> Result<DynamicImage, Refusal> {
    let mut decoder = jpeg_decoder(bytes, bounds)?;
    let (width, height) = (walk.width, walk.height);
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let channels = if is_grey { 1 } else { 3 };
    let size = u64::from(width) * u64::from(height) * channels;
    // coefficients of all scans are held, of 16 bits each
    room(width, height, size + if walk.scans > 1 { 2 * size } else { 0 }, bounds)?;
    let pixels = decoder.decode().map_err(|error| Refusal::Broken(error.to_string()))?;
    let picture = if is_grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    picture.ok_or_else(|| Refusal::Broken("there are fewer pixels than its header says".to_owned()))
}

fn refusal(error: ImageError) -> Refusal {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => Refusal::Truncated,
        other => Refusal::Broken(other.to_string()),
    }
}
