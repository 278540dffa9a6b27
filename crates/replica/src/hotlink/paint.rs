//! Pictures that are no photographs: what is shown in the place of one, and one in other bytes.

use crate::pictures::{THUMBNAIL_SIZE, jpeg, thumbnail_pixels};

/// Grey with dark stripes.
pub(crate) fn stripes(width: u16, height: u16) -> Vec<u8> {
    let shade = |x: u16, y: u16| if ((x + y) / 40).is_multiple_of(2) { 0xB0 } else { 0x30 };
    let pixels: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| [shade(x, y); 3])).collect();
    jpeg(&pixels, (width, height))
}

/// The JPEG with a comment behind its first marker (ITU-T T.81, section B.2.4.5).
pub(crate) fn with_comment(jpeg: &[u8], text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len() + 2).expect("a short text");
    with_segment(jpeg, &[&[0xFF, 0xFE], &length.to_be_bytes()[..], text.as_bytes()].concat())
}

/// The JPEG with one more segment behind its first marker.
pub(crate) fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    let (start, rest) = jpeg.split_at(2);
    [start, segment, rest].concat()
}

/// A thumbnail as a lossless WebP.
pub(crate) fn webp(index: usize) -> Vec<u8> {
    webp_of(&thumbnail_pixels(index), THUMBNAIL_SIZE)
}

/// RGB pixels as a lossless WebP.
pub(crate) fn webp_of(pixels: &[u8], (width, height): (u16, u16)) -> Vec<u8> {
    let mut bytes = Vec::new();
    image_webp::WebPEncoder::new(&mut bytes)
        .encode(pixels, width.into(), height.into(), image_webp::ColorType::Rgb8)
        .expect("the size is that of the pixels, and a Vec takes all");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::thumbnail;

    #[test]
    fn all_of_them_are_whole_pictures() {
        let size = |bytes: &[u8]| {
            let picture = image::load_from_memory(bytes).expect("a whole picture");
            (picture.width(), picture.height())
        };
        assert_eq!(size(&stripes(300, 200)), (300, 200));
        assert_eq!(size(&webp(3)), (128, 96));
        let noisy = with_comment(&thumbnail(3), "7");
        assert_eq!(size(&noisy), (128, 96));
        assert_ne!(noisy, with_comment(&thumbnail(3), "8"));
    }
}
