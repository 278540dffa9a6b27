//! What a picture is made into.

use image::DynamicImage;

use crate::picture::{Kind, Picture, Refusal};
use crate::render::metadata::Metadata;
use crate::render::scale::{fit, is_on_its_side, shrink};
use crate::render::write::write;
use crate::render::{Color, Encoding};

/// What is to be done with a picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe {
    /// The form that it is written in; none keeps the original's kind, and where that is not written (GIF, BMP, TIFF,
    /// ICO) makes it a PNG.
    pub encoding: Option<Encoding>,
    /// It is made smaller until no side is longer, and never larger.
    pub max_side: Option<u32>,
    /// What stands behind transparent pixels in a JPEG. PNG and WebP stay transparent.
    pub background: Color,
    /// Whether the colour profile and EXIF data are left out. XMP and IPTC are not carried over in any case.
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

/// Makes a picture of the original by a recipe: upright, and of an animation the first frame. The pixels are those that
/// [`examine`](crate::picture::examine) decoded.
///
/// # Errors
/// If it cannot be written in that form.
pub fn render(
    original: &[u8],
    mut pixels: DynamicImage,
    picture: &Picture,
    recipe: &Recipe,
) -> Result<Rendered, Refusal> {
    if let Some(side) = recipe.max_side {
        pixels = smaller(pixels, picture, (side.max(1), side.max(1)))?;
    }
    pixels.apply_orientation(picture.orientation);
    let metadata = if recipe.strip { Metadata::default() } else { Metadata::of(picture.kind, original) };
    let encoding = recipe.encoding.unwrap_or(match picture.kind {
        Kind::Jpeg => Encoding::default(),
        Kind::WebP => Encoding::WebP,
        _ => Encoding::Png,
    });
    write(pixels, encoding, recipe.background, metadata)
}

/// The pixels, still as stored, made to fit a box once they are upright.
fn smaller(pixels: DynamicImage, picture: &Picture, size: (u32, u32)) -> Result<DynamicImage, Refusal> {
    let size = size_as_stored(&pixels, picture, size);
    if size == (pixels.width(), pixels.height()) { Ok(pixels) } else { shrink(&pixels, size) }
}

/// The size that fits a box when the picture is upright, as it is before that.
pub(crate) fn size_as_stored(pixels: &DynamicImage, picture: &Picture, size: (u32, u32)) -> (u32, u32) {
    let turn = |(width, height)| if is_on_its_side(picture.orientation) { (height, width) } else { (width, height) };
    turn(fit(turn((pixels.width(), pixels.height())), size))
}

#[cfg(test)]
mod tests {
    use image::metadata::Orientation;
    use image::{ImageDecoder as _, ImageFormat, Rgb, RgbImage};

    use super::*;
    use crate::picture::{Bounds, Examined, Verify, examine, samples};
    use crate::render::{perceptual_hash, thumbnail, thumbnail_of};

    fn examined(bytes: &[u8]) -> (DynamicImage, Picture) {
        let Examined { picture, pixels } = examine(bytes, Verify::Decode, &Bounds::default()).expect("whole");
        (pixels.expect("decoded"), picture)
    }

    fn rendered(bytes: &[u8], recipe: &Recipe) -> DynamicImage {
        let (pixels, picture) = examined(bytes);
        let rendered = render(bytes, pixels, &picture, recipe).expect("written");
        let (pixels, picture) = examined(&rendered.bytes);
        assert_eq!((rendered.kind, rendered.width, rendered.height), (picture.kind, picture.width, picture.height));
        assert_eq!((picture.orientation, picture.trailing), (Orientation::NoTransforms, 0));
        pixels
    }

    const FORMS: [Encoding; 3] = [Encoding::Jpeg { quality: 100 }, Encoding::Png, Encoding::WebP];

    /// Nine pixels of one colour, and what is to be seen of it over `#ffaa00`.
    fn modes() -> Vec<(&'static str, Vec<u8>, [u8; 3])> {
        let size = (3, 3);
        let rows = |row: &'static [u8]| [row, row, row];
        let palette: (&[u8; 4], &[u8]) = (b"PLTE", &[200, 10, 10, 10, 60, 200]);
        let over = |channel: u8, behind: u8, alpha: u32| {
            ((u32::from(channel) * alpha + u32::from(behind) * (255 - alpha)) as f64 / 255.0).round() as u8
        };
        let half = |color: [u8; 3]| [over(color[0], 255, 128), over(color[1], 170, 128), over(color[2], 0, 128)];
        const BEHIND: [u8; 3] = [255, 170, 0];
        vec![
            ("1, black", samples::png(size, (1, 0), &rows(&[0]), &[]), [0; 3]),
            ("1, white", samples::png(size, (1, 0), &rows(&[0xFF]), &[]), [255; 3]),
            ("2", samples::png(size, (2, 0), &rows(&[0b0101_0100]), &[]), [85; 3]),
            ("4", samples::png(size, (4, 0), &rows(&[0x77, 0x70]), &[]), [119; 3]),
            ("L", samples::png(size, (8, 0), &rows(&[77; 3]), &[]), [77; 3]),
            ("L, 16 bits", samples::png(size, (16, 0), &rows(&[77; 6]), &[]), [77; 3]),
            ("L with a key", samples::png(size, (8, 0), &rows(&[77; 3]), &[(b"tRNS", &[0, 77])]), BEHIND),
            ("LA, hidden", samples::png(size, (8, 4), &rows(&[77, 0, 77, 0, 77, 0]), &[]), BEHIND),
            ("LA, half", samples::png(size, (8, 4), &rows(&[77, 128, 77, 128, 77, 128]), &[]), half([77; 3])),
            (
                "LA, 16 bits, hidden",
                samples::png(size, (16, 4), &rows(&[9, 9, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0]), &[]),
                BEHIND,
            ),
            ("P", samples::png(size, (8, 3), &rows(&[1; 3]), &[palette]), [10, 60, 200]),
            ("P, hidden", samples::png(size, (8, 3), &rows(&[1; 3]), &[palette, (b"tRNS", &[255, 0])]), BEHIND),
            (
                "P, half",
                samples::png(size, (4, 3), &rows(&[0x11, 0x10]), &[palette, (b"tRNS", &[9, 128])]),
                half([10, 60, 200]),
            ),
            ("RGB", samples::png(size, (8, 2), &rows(&[9, 80, 200, 9, 80, 200, 9, 80, 200]), &[]), [9, 80, 200]),
            (
                "RGB, 16 bits",
                samples::png(
                    size,
                    (16, 2),
                    &rows(&[9, 9, 80, 80, 200, 200, 9, 9, 80, 80, 200, 200, 9, 9, 80, 80, 200, 200]),
                    &[],
                ),
                [9, 80, 200],
            ),
            (
                "RGB with a key",
                samples::png(
                    size,
                    (8, 2),
                    &rows(&[9, 80, 200, 9, 80, 200, 9, 80, 200]),
                    &[(b"tRNS", &[0, 9, 0, 80, 0, 200])],
                ),
                BEHIND,
            ),
            (
                "RGBA, hidden",
                samples::png(size, (8, 6), &rows(&[255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0]), &[]),
                BEHIND,
            ),
            (
                "RGBA, half",
                samples::png(size, (8, 6), &rows(&[9, 80, 200, 128, 9, 80, 200, 128, 9, 80, 200, 128]), &[]),
                half([9, 80, 200]),
            ),
        ]
    }

    #[test]
    fn every_colour_mode_is_over_the_background_exactly_in_every_form_and_size() {
        let background: Color = "#ffaa00".parse().expect("a colour");
        for (mode, bytes, seen) in modes() {
            for encoding in FORMS {
                for max_side in [None, Some(2), Some(1)] {
                    let recipe = Recipe { encoding: Some(encoding), max_side, background, strip: false };
                    let pixels = rendered(&bytes, &recipe);
                    assert_eq!(pixels.width(), max_side.unwrap_or(3));
                    // what kept its transparency is looked at over the same background
                    let flat = crate::render::background::flatten(pixels, background).into_rgb8();
                    for pixel in flat.pixels() {
                        let off = pixel.0.iter().zip(seen).map(|(got, wanted)| got.abs_diff(wanted)).max().unwrap_or(0);
                        assert!(off <= 3, "{mode} as {encoding}, {max_side:?}: {:?} instead of {seen:?}", pixel.0);
                    }
                }
            }
            let (pixels, picture) = examined(&bytes);
            let small = thumbnail(&bytes, &pixels, &picture, (2, 2), FORMS[0], background).expect("written");
            let pixel = examined(&small.bytes).0.into_rgb8().get_pixel(1, 1).0;
            assert!(pixel.iter().zip(seen).all(|(got, wanted)| got.abs_diff(wanted) <= 3), "{mode}: {pixel:?}");
        }
    }

    #[test]
    fn what_is_transparent_lends_no_colour_to_its_neighbours() {
        // white, and beside it red that nobody sees
        let mut pixels = image::RgbaImage::from_pixel(64, 64, image::Rgba([255, 255, 255, 255]));
        for (x, _, pixel) in pixels.enumerate_pixels_mut() {
            if x % 9 > 3 {
                *pixel = image::Rgba([255, 0, 0, 0]);
            }
        }
        let mut file = std::io::Cursor::new(Vec::new());
        pixels.write_to(&mut file, ImageFormat::Png).expect("written");
        let recipe = Recipe { encoding: Some(FORMS[0]), max_side: Some(20), ..Recipe::default() };
        for pixel in rendered(file.get_ref(), &recipe).into_rgb8().pixels() {
            assert!(pixel.0.iter().all(|channel| *channel >= 250), "{:?}", pixel.0);
        }
    }

    /// A JPEG of two halves, red on the left and blue on the right, twice as wide as high, with EXIF data and a profile.
    fn photograph(orientation: u16, profile: &[u8]) -> Vec<u8> {
        let pixels = RgbImage::from_fn(64, 32, |x, _| if x < 32 { Rgb([220, 10, 10]) } else { Rgb([10, 10, 220]) });
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
        let exif = samples::exif(orientation, "2009:07:04 18:30:00", true);
        encoder.add_exif_metadata(&exif).expect("short");
        encoder.add_icc_profile(profile).expect("short");
        encoder.encode(&pixels, 64, 32, jpeg_encoder::ColorType::Rgb).expect("encoded");
        bytes
    }

    #[test]
    fn all_orientations_are_applied_and_not_written_again() {
        for value in 1..=8 {
            let original = photograph(value, &[]);
            for (max_side, side) in [(None, 64), (Some(16), 16)] {
                for encoding in FORMS {
                    let recipe = Recipe { encoding: Some(encoding), max_side, ..Recipe::default() };
                    let upright = rendered(&original, &recipe).into_rgb8();
                    let is_on_its_side = value > 4;
                    let size = if is_on_its_side { (side / 2, side) } else { (side, side / 2) };
                    assert_eq!(upright.dimensions(), size, "orientation {value}");
                    // where the first of the stored columns has gone (CIPA DC-008, section 4.6.4)
                    let first = match value {
                        1 | 4 => (1, side / 4),
                        2 | 3 => (side - 2, side / 4),
                        5 | 6 => (side / 4, 1),
                        _ => (side / 4, side - 2),
                    };
                    assert!(upright.get_pixel(first.0, first.1).0[0] > 180, "orientation {value}: {encoding}");
                }
            }
            let small = thumbnail_of(&original, &Bounds::default(), (8, 8), Encoding::default(), Color::WHITE);
            let small = small.expect("written");
            assert_eq!(small.width < small.height, value > 4);
        }
    }

    #[test]
    fn profile_and_exif_come_along_unless_they_are_stripped() {
        let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
        let original = photograph(6, &profile);
        let (pixels, picture) = examined(&original);
        for encoding in FORMS {
            let recipe = Recipe { encoding: Some(encoding), ..Recipe::default() };
            let kept = render(&original, pixels.clone(), &picture, &recipe).expect("written");
            let mut decoder = image::ImageReader::with_format(
                std::io::Cursor::new(&kept.bytes),
                kept.kind.decoder().expect("decoded"),
            )
            .into_decoder()
            .expect("whole");
            assert_eq!(decoder.icc_profile().expect("readable").as_ref(), Some(&profile), "{encoding}");
            assert_eq!(examined(&kept.bytes).1.taken.as_deref(), Some("2009-07-04T18:30:00"), "{encoding}");

            let recipe = Recipe { strip: true, ..recipe };
            let stripped = render(&original, pixels.clone(), &picture, &recipe).expect("written");
            assert_eq!(examined(&stripped.bytes).1.taken, None);
            assert!(memchr::memmem::find(&stripped.bytes, b"mntrRGB").is_none(), "{encoding}");
        }
    }

    #[test]
    fn i09_thumbnails_carry_no_metadata_and_are_in_srgb() {
        let profile = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
        let original = photograph(1, &profile);
        for encoding in FORMS {
            let small = thumbnail_of(&original, &Bounds::default(), (32, 32), encoding, Color::WHITE).expect("written");
            for word in [&b"Exif"[..], b"EXIF", b"eXIf", b"ICC_PROFILE", b"iCCP", b"ICCP", b"2009"] {
                assert!(memchr::memmem::find(&small.bytes, word).is_none(), "{encoding}: {word:?}");
            }
            // red of Display P3 is redder than sRGB can show: what can be shown of it is brighter
            let red = examined(&small.bytes).0.into_rgb8().get_pixel(3, 8).0;
            assert!(red[0] > 230 && red[1] < 10, "{red:?}");
        }
    }

    #[test]
    fn cmyk_becomes_what_it_looks_like() {
        let ink = [100, 140, 90, 30_u8];
        for colors in [jpeg_encoder::ColorType::Cmyk, jpeg_encoder::ColorType::CmykAsYcck] {
            let mut bytes = Vec::new();
            let pixels = ink.repeat(256);
            jpeg_encoder::Encoder::new(&mut bytes, 100).encode(&pixels, 16, 16, colors).expect("encoded");
            let recipe = Recipe { encoding: Some(Encoding::Png), ..Recipe::default() };
            let seen = rendered(&bytes, &recipe).into_rgb8().get_pixel(8, 8).0;
            for (seen, ink_of) in seen.iter().zip(ink) {
                let wanted = (255.0 - f64::from(ink_of)) * (255.0 - 30.0) / 255.0;
                assert!((f64::from(*seen) - wanted).abs() < 4.0, "{seen} instead of {wanted}");
            }
        }
    }

    #[test]
    fn nothing_is_made_larger_and_the_kind_stays_where_it_can() {
        let recipe = Recipe { max_side: Some(1000), ..Recipe::default() };
        for (kind, bytes) in samples::all() {
            if !kind.is_decoded() {
                continue;
            }
            let (pixels, picture) = examined(&bytes);
            let made = render(&bytes, pixels.clone(), &picture, &recipe).expect("written");
            assert_eq!((made.width, made.height), (picture.width, picture.height));
            let kept = matches!(kind, Kind::Jpeg | Kind::WebP);
            assert_eq!(made.kind, if kept { kind } else { Kind::Png });
            let small = thumbnail(&bytes, &pixels, &picture, (500, 500), Encoding::Png, Color::WHITE).expect("written");
            assert_eq!((small.width, small.height), (picture.width, picture.height));
        }
    }

    #[test]
    fn the_hash_outlives_another_encoding_and_size_and_tells_pictures_apart() {
        let scene = |seed: u32| {
            DynamicImage::ImageRgb8(RgbImage::from_fn(320, 240, |x, y| {
                let wave = |per: f32, at: u32| ((at as f32 / per + seed as f32).sin() * 60.0 + 120.0) as u8;
                Rgb([wave(40.0 + seed as f32 * 9.0, x), wave(30.0, y + x / 2), wave(55.0, x + 2 * y)])
            }))
        };
        let mut file = std::io::Cursor::new(Vec::new());
        scene(1).write_to(&mut file, ImageFormat::Png).expect("written");
        let (pixels, picture) = examined(file.get_ref());
        let hash = perceptual_hash(&pixels);
        for (encoding, side) in
            [(Encoding::Jpeg { quality: 30 }, 320), (Encoding::Jpeg { quality: 80 }, 100), (Encoding::WebP, 64)]
        {
            let made =
                thumbnail(file.get_ref(), &pixels, &picture, (side, side), encoding, Color::WHITE).expect("written");
            let distance = (perceptual_hash(&examined(&made.bytes).0) ^ hash).count_ones();
            assert!(distance <= 4, "{distance} bits for {encoding} at {side}");
        }
        for other in [2, 3, 5] {
            assert!((perceptual_hash(&scene(other)) ^ hash).count_ones() > 12, "scene {other}");
        }
        assert_eq!(perceptual_hash(&DynamicImage::new_rgb8(5, 5)), 0);
        assert_eq!(perceptual_hash(&DynamicImage::new_rgba16(1, 1)), 0);
    }
}
