//! Smaller pictures: how large they become, and how.

use fast_image_resize::{FilterType, IntoImageView as _, ResizeAlg, ResizeOptions, Resizer};
use image::DynamicImage;
use image::metadata::Orientation;

use crate::picture::Refusal;

/// The largest size within a box that has a picture's proportions; the picture's own if it fits. Rounds as Pillow does,
/// so that thumbnails have the sizes that they have there.
pub(crate) fn fit((width, height): (u32, u32), (most_width, most_height): (u32, u32)) -> (u32, u32) {
    if width <= most_width && height <= most_height {
        return (width, height);
    }
    let aspect = f64::from(width) / f64::from(height);
    let (box_width, box_height) = (f64::from(most_width), f64::from(most_height));
    if box_width / box_height >= aspect {
        (rounded(box_height * aspect, |side| (aspect - side / box_height).abs()).min(most_width), most_height)
    } else {
        let wrong = |side: f64| if side == 0.0 { 0.0 } else { (aspect - box_width / side).abs() };
        (most_width, rounded(box_width / aspect, wrong).min(most_height))
    }
}

/// The whole number on either side that changes the proportions less; at least 1.
fn rounded(side: f64, wrong: impl Fn(f64) -> f64) -> u32 {
    let side = if wrong(side.floor()) <= wrong(side.ceil()) { side.floor() } else { side.ceil() };
    (side as u32).max(1)
}

/// Whether this orientation swaps width and height.
pub(crate) fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

/// A smaller picture; each pixel counts with its opacity, so that what is transparent lends its colour to nothing.
pub(crate) fn shrink(pixels: &DynamicImage, size: (u32, u32)) -> Result<DynamicImage, Refusal> {
    resize(pixels, size, ResizeAlg::Convolution(FilterType::Lanczos3))
}

/// The mean of 256 pixels for each one, from all over the place that it stands for: not to be looked at, and cheap
/// whatever the size of the picture.
pub(crate) fn sample(pixels: &DynamicImage, size: (u32, u32)) -> Result<DynamicImage, Refusal> {
    resize(pixels, size, ResizeAlg::SuperSampling(FilterType::Box, 16))
}

fn resize(pixels: &DynamicImage, (width, height): (u32, u32), way: ResizeAlg) -> Result<DynamicImage, Refusal> {
    if pixels.pixel_type().is_none() {
        // floating point
        let deep = if pixels.color().has_alpha() {
            DynamicImage::ImageRgba16(pixels.to_rgba16())
        } else {
            DynamicImage::ImageRgb16(pixels.to_rgb16())
        };
        return resize(&deep, (width, height), way);
    }
    let mut small = DynamicImage::new(width, height, pixels.color());
    let options = ResizeOptions::new().resize_alg(way);
    let done = Resizer::new().resize(pixels, &mut small, &options);
    done.map_err(|error| Refusal::Broken(format!("it cannot be made smaller: {error}")))?;
    Ok(small)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_filled_as_pillow_fills_them() {
        for (size, limit, wanted) in [
            ((100, 30), (1, 1), (1, 1)),
            ((100, 30), (10, 25), (10, 3)),
            ((30, 100), (10, 25), (7, 25)),
            ((333, 500), (99, 100), (67, 100)),
            ((333, 500), (270, 270), (180, 270)),
            ((333, 500), (1, 100), (1, 2)),
            ((640, 480), (50, 50), (50, 38)),
            ((640, 480), (99, 100), (99, 74)),
            ((1000, 3), (128, 128), (128, 1)),
            ((7, 1999), (99, 100), (1, 100)),
            ((50, 50), (99, 100), (50, 50)),
        ] {
            assert_eq!(fit(size, limit), wanted, "{size:?} in {limit:?}");
        }
    }

    #[test]
    fn all_pixels_can_be_made_smaller() {
        use image::ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgb32F, Rgba8, Rgba16, Rgba32F};

        for color in [L8, La8, Rgb8, Rgba8, L16, La16, Rgb16, Rgba16, Rgb32F, Rgba32F] {
            let small = shrink(&DynamicImage::new(40, 30, color), (4, 3)).expect("smaller");
            assert_eq!((small.width(), small.height(), small.color().has_alpha()), (4, 3, color.has_alpha()));
        }
    }
}
