//! Something behind transparent pixels, for forms that have no transparency.

use image::{DynamicImage, GrayImage, RgbImage};

use crate::render::Color;

/// The picture without transparency, with 8 bits to a channel; grey if nothing in it has a colour.
pub(crate) fn flatten(pixels: DynamicImage, background: Color) -> DynamicImage {
    // 16 bits and floating point are scaled, not clipped
    match pixels {
        DynamicImage::ImageLuma8(_) | DynamicImage::ImageRgb8(_) => pixels,
        DynamicImage::ImageLuma16(_) => DynamicImage::ImageLuma8(pixels.into_luma8()),
        DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLumaA16(_) if background.is_grey() => {
            let grey = pixels.into_luma_alpha8();
            let flat = grey.pixels().map(|pixel| over(pixel.0[0], pixel.0[1], background.red)).collect();
            let (width, height) = grey.dimensions();
            DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, flat).expect("a pixel for each pixel"))
        }
        other if !other.color().has_alpha() => DynamicImage::ImageRgb8(other.into_rgb8()),
        other => {
            let (width, height) = (other.width(), other.height());
            let behind = background.channels();
            let transparent = other.into_rgba8();
            let mut flat = Vec::with_capacity(3 * width as usize * height as usize);
            for pixel in transparent.pixels() {
                let [red, green, blue, alpha] = pixel.0;
                for (channel, behind) in [red, green, blue].into_iter().zip(behind) {
                    flat.push(over(channel, alpha, behind));
                }
            }
            DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, flat).expect("a pixel for each pixel"))
        }
    }
}

/// A channel over what is behind it, rounded.
fn over(channel: u8, alpha: u8, behind: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(channel) * alpha + u32::from(behind) * (255 - alpha) + 127) / 255) as u8
}

#[cfg(test)]
mod tests {
    use image::{LumaA, Rgba, Rgba32FImage};

    use super::*;

    #[test]
    fn nothing_of_a_transparent_pixel_is_left() {
        let orange: Color = "#fa0".parse().expect("a colour");
        for alpha in 0..=255 {
            let pixel = Rgba([255, 0, 10, alpha]);
            let flat = flatten(DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(1, 1, pixel)), orange).into_rgb8();
            let share = f64::from(alpha) / 255.0;
            for (channel, (over, behind)) in [(255, 255), (0, 170), (10, 0)].into_iter().enumerate() {
                let expected = (f64::from(over) * share + f64::from(behind) * (1.0 - share)).round() as u8;
                assert_eq!(flat.get_pixel(0, 0).0[channel], expected);
            }
        }
        let grey = image::GrayAlphaImage::from_pixel(1, 1, LumaA([77, 0]));
        let white = flatten(DynamicImage::ImageLumaA8(grey.clone()), Color::WHITE);
        assert_eq!(white, DynamicImage::ImageLuma8(GrayImage::from_pixel(1, 1, image::Luma([255]))));
        assert_eq!(flatten(DynamicImage::ImageLumaA8(grey), orange).into_rgb8().get_pixel(0, 0).0, [255, 170, 0]);
    }

    #[test]
    fn more_than_eight_bits_are_scaled() {
        let deep = image::ImageBuffer::from_pixel(1, 1, image::Luma([0x4D4D_u16]));
        assert_eq!(flatten(DynamicImage::ImageLuma16(deep), Color::WHITE).into_luma8().get_pixel(0, 0).0, [0x4D]);
        let deep = image::ImageBuffer::from_pixel(1, 1, Rgba([0xFFFF_u16, 0x8080, 0, 0x8080]));
        let flat = flatten(DynamicImage::ImageRgba16(deep), Color::WHITE).into_rgb8();
        assert_eq!(flat.get_pixel(0, 0).0, [255, 191, 127]);
        let floating = Rgba32FImage::from_pixel(1, 1, Rgba([0.5, 2.0, -1.0, 1.0]));
        let flat = flatten(DynamicImage::ImageRgba32F(floating), Color::WHITE).into_rgb8();
        assert_eq!(flat.get_pixel(0, 0).0, [128, 255, 0]);
    }
}
