//! Whether two pictures look the same, whatever their bytes are.
//!
//! Both are shrunk to a few places and these are held against each other. A hash of 64 bits would do for photographs, and
//! take one flat picture for another.

use image::{DynamicImage, imageops};

/// Places on a side.
const SIDE: u32 = 16;
/// The most by which the places may differ on average, of 255: formats and qualities stay below 3.
const MEAN: u32 = 6;
/// The most by which any place may differ: what is written across a picture is seen here.
const MOST: u32 = 28;

/// What a picture looks like: red, green, blue and how opaque it is, place by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Likeness(Vec<u8>);

impl Likeness {
    pub(super) fn of(pixels: &DynamicImage) -> Self {
        let mut pixels = pixels.to_rgba8();
        for pixel in pixels.pixels_mut() {
            let [red, green, blue, alpha] = pixel.0;
            // what nobody sees may be of any colour
            let seen = |value: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
            pixel.0 = [seen(red), seen(green), seen(blue), alpha];
        }
        Self(imageops::thumbnail(&pixels, SIDE, SIDE).into_raw())
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        let differences = || self.0.iter().zip(&other.0).map(|(one, other)| u32::from(one.abs_diff(*other)));
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        differences().sum::<u32>() <= MEAN * count && differences().max().unwrap_or(0) <= MOST
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::codecs::jpeg::JpegEncoder;
    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn photograph(shift: u32) -> RgbImage {
        RgbImage::from_fn(320, 200, |x, y| {
            let wave = ((x + shift) as f32 / 23.0).sin() * 60.0 + (y as f32 / 17.0).cos() * 50.0;
            Rgb([(128.0 + wave) as u8, (110.0 - wave / 2.0) as u8, (y % 256) as u8])
        })
    }

    fn again(pixels: &RgbImage, quality: u8) -> DynamicImage {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(pixels).expect("encoded");
        image::load_from_memory(&bytes).expect("decoded")
    }

    #[test]
    fn a_picture_is_like_itself_in_other_formats_and_qualities() {
        let pixels = photograph(0);
        let original = Likeness::of(&DynamicImage::ImageRgb8(pixels.clone()));
        for quality in [30, 60, 90] {
            assert!(original.is_like(&Likeness::of(&again(&pixels, quality))), "{quality}");
        }
        let mut webp = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(pixels).write_to(&mut webp, ImageFormat::WebP).expect("encoded");
        let webp = image::load_from_memory(webp.get_ref()).expect("decoded");
        assert!(original.is_like(&Likeness::of(&webp)));
    }

    #[test]
    fn another_picture_is_not_like_it_and_neither_is_one_that_was_written_on() {
        let original = Likeness::of(&again(&photograph(0), 80));
        assert!(!original.is_like(&Likeness::of(&again(&photograph(70), 80))));
        let flat = |shade| Likeness::of(&DynamicImage::ImageRgb8(RgbImage::from_pixel(320, 200, Rgb([shade; 3]))));
        assert!(!flat(90).is_like(&flat(128)) && flat(90).is_like(&flat(92)));
        let mut stamped = photograph(0);
        for (x, y, pixel) in stamped.enumerate_pixels_mut() {
            if (80..240).contains(&x) && (80..120).contains(&y) {
                *pixel = Rgb([255; 3]);
            }
        }
        assert!(!original.is_like(&Likeness::of(&again(&stamped, 80))));
    }

    #[test]
    fn what_nobody_sees_does_not_count() {
        let clear = |colour: [u8; 3]| {
            let [red, green, blue] = colour;
            Likeness::of(&DynamicImage::ImageRgba8(RgbaImage::from_pixel(40, 40, Rgba([red, green, blue, 0]))))
        };
        assert!(clear([255, 0, 0]).is_like(&clear([0, 0, 0])));
    }
}
