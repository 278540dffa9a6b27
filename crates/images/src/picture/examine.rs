//! Is it an image, is all of it there, and is it within its bounds? Answered from the bytes.

use image::DynamicImage;
use image::metadata::Orientation;
use serde::{Deserialize, Serialize};

use crate::picture::decode::{decode, jpeg_header};
use crate::picture::exif::Exif;
use crate::picture::jpeg::{self, Checked};
use crate::picture::kind::looks_like;
use crate::picture::walk::{Walk, walk};
use crate::picture::{Bounds, Kind, Refusal};

/// How much is checked before a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verify {
    /// The container is walked to its end, and what is in it decoded: every frame of an animation, of a JPEG every
    /// coefficient. AVIF, HEIC and JPEG XL are not decoded, nor are further pages of a TIFF and sizes of an icon, nor what
    /// has colours or a compression that the decoder does not know (a TIFF in CIELab).
    Decode,
    /// The container is walked to its end, checksums included. Damaged pixels are not found, but in a PNG.
    Structure,
    /// Only lengths and markers of the container are followed. Damage in the middle is not found.
    Header,
}

/// What the bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The kind.
    pub kind: Kind,
    /// Pixels from left to right, as stored.
    pub width: u32,
    /// Pixels from top to bottom, as stored.
    pub height: u32,
    /// Frames of an animation, pages of a TIFF, sizes in an icon; 1 for most.
    pub frames: u32,
    /// How the pixels are to be turned to be upright.
    pub orientation: Orientation,
    /// Bytes behind the end of the picture.
    pub trailing: u64,
    /// When it was taken, as the camera had it: `2009-07-04T18:30:00`, without a zone.
    pub taken: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What the bytes are.
    pub picture: Picture,
    /// The (first) picture's pixels, if they were decoded.
    pub pixels: Option<DynamicImage>,
}

/// Makes sure that the bytes are a whole picture within its bounds. [`Verify::Decode`] gives its pixels, too.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn examine(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Examined, Refusal> {
    let (kind, walk) = walked(bytes, how, bounds)?;
    let mut pixels = None;
    if how == Verify::Decode {
        if kind == Kind::Jpeg {
            // the decoder would paint what is missing
            jpeg::check(bytes)?;
        }
        pixels = decode(kind, bytes, &walk, bounds)?;
    }
    Ok(Examined { picture: picture(kind, bytes, &walk), pixels })
}

/// The same for who does not want the pixels: a JPEG is checked to its last coefficient, at a fraction of the price of
/// its pixels.
///
/// # Errors
/// The reason why they are not to be kept.
pub fn check(bytes: &[u8], how: Verify, bounds: &Bounds) -> Result<Picture, Refusal> {
    let (kind, walk) = walked(bytes, how, bounds)?;
    match (how, kind) {
        (Verify::Decode, Kind::Jpeg) => match jpeg::check(bytes)? {
            Checked::Whole => jpeg_header(bytes, bounds)?,
            Checked::UnknownProcess => drop(decode(kind, bytes, &walk, bounds)?),
        },
        (Verify::Decode, _) => drop(decode(kind, bytes, &walk, bounds)?),
        (Verify::Structure | Verify::Header, _) => {}
    }
    Ok(picture(kind, bytes, &walk))
}

fn walked<'a>(bytes: &'a [u8], how: Verify, bounds: &Bounds) -> Result<(Kind, Walk<'a>), Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let kind = Kind::of(bytes).filter(|kind| *kind != Kind::Svg);
    let kind = kind.ok_or_else(|| Refusal::NotAnImage { what: looks_like(bytes).to_owned() })?;
    Ok((kind, walk(kind, bytes, how, bounds)?))
}

fn picture(kind: Kind, bytes: &[u8], walk: &Walk<'_>) -> Picture {
    let exif = walk.exif.and_then(Exif::of);
    Picture {
        kind,
        width: walk.width,
        height: walk.height,
        frames: walk.frames,
        orientation: exif.map_or(Orientation::NoTransforms, Exif::orientation),
        trailing: (bytes.len() - walk.end) as u64,
        taken: exif.and_then(Exif::taken),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples;

    const LEVELS: [Verify; 3] = [Verify::Decode, Verify::Structure, Verify::Header];
    const BOUNDS: Bounds = Bounds {
        max_side: 16_384,
        max_pixels: 100_000_000,
        max_alloc: 512 << 20,
        max_frames: 1000,
        max_total_pixels: 1_000_000_000,
        max_metadata: 1 << 20,
        max_blocks: 1000,
    };

    fn refused(bytes: &[u8], how: Verify) -> &'static str {
        examine(bytes, how, &BOUNDS).map(|_| ()).expect_err("refused").name()
    }

    #[test]
    fn whole_pictures_are_known_by_their_bytes_at_every_level() {
        assert_eq!(Bounds::default(), BOUNDS);
        for (kind, bytes) in samples::all() {
            for how in LEVELS {
                let Examined { picture, pixels } = examine(&bytes, how, &BOUNDS).expect("whole");
                assert_eq!((picture.kind, picture.trailing), (kind, 0), "{how:?}");
                assert_eq!(check(&bytes, how, &BOUNDS).as_ref(), Ok(&picture));
                assert_eq!(pixels.is_some(), how == Verify::Decode && kind.is_decoded());
                if let Some(pixels) = pixels {
                    assert_eq!((pixels.width(), pixels.height()), (picture.width, picture.height));
                }
            }
        }
        let size = |bytes: &[u8]| {
            let picture = check(bytes, Verify::Structure, &BOUNDS).expect("whole");
            (picture.width, picture.height, picture.frames)
        };
        assert_eq!(size(&samples::boxes(b"avif", 640, 480)), (640, 480, 1));
        assert_eq!(size(&samples::jpeg_xl()), (24, 16, 1));
        assert_eq!(size(&samples::apng(5)), (2, 2, 5));
        assert_eq!(size(&samples::gif(7)), (4, 3, 7));
        assert_eq!(size(&samples::webp(9)), (24, 16, 9));
    }

    #[test]
    fn i01_a_picture_cut_anywhere_is_refused_at_every_level() {
        for (kind, bytes) in samples::all() {
            for how in LEVELS {
                for cut in 0..bytes.len() {
                    let refused = check(&bytes[..cut], how, &BOUNDS);
                    assert!(refused.is_err(), "{kind:?} cut at {cut} of {}: {how:?}", bytes.len());
                    if how == Verify::Decode && cut % 16 == 0 {
                        assert!(examine(&bytes[..cut], how, &BOUNDS).is_err());
                    }
                }
            }
        }
    }

    #[test]
    fn i07_bytes_behind_the_end_are_counted_and_no_fault() {
        let appended = b"<script>alert(1)</script> PK\x03\x04 \x01\x02\x03";
        for (kind, bytes) in samples::all() {
            let long = [&bytes[..], appended].concat();
            for how in LEVELS {
                let picture = check(&long, how, &BOUNDS).unwrap_or_else(|refusal| panic!("{kind:?}: {refusal}"));
                assert_eq!((picture.kind, picture.trailing), (kind, appended.len() as u64), "{how:?}");
            }
        }
    }

    #[test]
    fn a_png_with_a_damaged_byte_is_found_by_its_checksums() {
        let png = samples::sample(image::ImageFormat::Png);
        for at in 16..png.len() - 12 {
            let mut damaged = png.clone();
            damaged[at] ^= 1;
            for how in [Verify::Decode, Verify::Structure] {
                assert!(check(&damaged, how, &BOUNDS).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn an_icon_may_hold_a_png_of_any_colours() {
        let png = samples::png((3, 2), (8, 2), &[&[7; 9], &[9; 9]], &[]);
        let length = u32::try_from(png.len()).expect("small").to_le_bytes();
        let directory = [&[0, 0, 1, 0, 1, 0, 3, 2, 0, 0, 1, 0, 24, 0][..], &length, &22_u32.to_le_bytes()].concat();
        let pixels = examine(&[directory, png].concat(), Verify::Decode, &BOUNDS).expect("whole").pixels;
        assert_eq!(pixels.map(|pixels| pixels.to_rgb8().get_pixel(2, 1).0), Some([9, 9, 9]));
    }

    #[test]
    fn a_tiff_in_colours_that_nobody_decodes_is_kept_by_its_structure() {
        let mut tiff = samples::sample(image::ImageFormat::Tiff);
        let directory = u32::from_le_bytes(tiff[4..8].try_into().expect("four")) as usize;
        let count = usize::from(u16::from_le_bytes(tiff[directory..directory + 2].try_into().expect("two")));
        let fields = (0..count).map(|index| directory + 2 + 12 * index);
        // PhotometricInterpretation: CIELab
        let photometric = fields.into_iter().find(|at| tiff[*at..*at + 2] == [6, 1]).expect("a field");
        tiff[photometric + 8] = 8;
        let examined = examine(&tiff, Verify::Decode, &BOUNDS).expect("whole");
        assert!(examined.pixels.is_none() && examined.picture.width == 24);
        assert!(check(&tiff[..tiff.len() - 1], Verify::Decode, &BOUNDS).is_err());
    }

    #[test]
    fn a_jpeg_without_its_last_scan_is_not_whole() {
        for bytes in samples::jpegs() {
            let scans: Vec<_> = memchr::memmem::find_iter(&bytes, &[0xFF, 0xDA]).collect();
            for scan in &scans[1..] {
                let ended = [&bytes[..*scan], &[0xFF, 0xD9]].concat();
                assert_eq!(refused(&ended, Verify::Structure), "image_truncated");
            }
        }
    }

    #[test]
    fn i02_claims_are_refused_by_the_header() {
        let mut bmp = samples::sample(image::ImageFormat::Bmp);
        bmp[18..22].copy_from_slice(&50_000_u32.to_le_bytes());
        let mut gif = samples::gif(1);
        gif[6..10].copy_from_slice(&[0xFF; 4]);
        let mut jpeg = samples::sample(image::ImageFormat::Jpeg);
        let frame = memchr::memmem::find(&jpeg, &[0xFF, 0xC0]).expect("a frame");
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
        let mut tiff = samples::sample(image::ImageFormat::Tiff);
        let directory = u32::from_le_bytes(tiff[4..8].try_into().expect("four")) as usize;
        tiff[directory + 10..directory + 14].copy_from_slice(&60_000_u32.to_le_bytes());
        let png = samples::png((50_000, 50_000), (8, 6), &[&[0; 4]], &[]);
        let avif = samples::boxes(b"avif", 50_000, 50_000);
        for bomb in [bmp, gif, jpeg, tiff, png, avif] {
            for how in LEVELS {
                assert_eq!(refused(&bomb, how), "image_too_large");
            }
        }
        let tight = Bounds { max_pixels: 100, ..BOUNDS };
        let png = samples::sample(image::ImageFormat::Png);
        let refusal = check(&png, Verify::Structure, &tight).expect_err("refused");
        assert_eq!(refusal.to_string(), "24 x 16 pixels are over `max_pixels` = 100");
        let tight = Bounds { max_alloc: 100, ..BOUNDS };
        assert_eq!(check(&png, Verify::Decode, &tight).expect_err("refused").name(), "image_too_large");
    }

    #[test]
    fn i03_too_many_frames_are_counted_and_not_decoded() {
        for bomb in [samples::gif(1001), samples::apng(1001), samples::webp(1001)] {
            for how in LEVELS {
                assert_eq!(refused(&bomb, how), "image_too_many_frames");
            }
        }
        let tight = Bounds { max_total_pixels: 24, ..BOUNDS };
        assert!(check(&samples::gif(2), Verify::Decode, &tight).is_ok());
        let refusal = check(&samples::gif(3), Verify::Decode, &tight).expect_err("refused");
        assert_eq!(refusal.to_string(), "3 frames are over `max_total_pixels` = 24");
    }

    #[test]
    fn i04_metadata_is_bounded_unpacked_and_counted() {
        use std::io::Write as _;

        let pack = |length: usize| {
            let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            packer.write_all(&vec![b'a'; length]).expect("a Vec takes all");
            packer.finish().expect("a Vec takes all")
        };
        let with = |chunks: &[(&[u8; 4], &[u8])]| samples::png((1, 1), (8, 0), &[&[7]], chunks);
        let (fits, bomb) = (pack(1 << 20), pack(64 << 20));
        for (kind, head) in [(b"zTXt", &b"Comment\0\0"[..]), (b"iCCP", b"x\0\0"), (b"iTXt", b"x\0\x01\0\0\0")] {
            assert!(check(&with(&[(kind, &[head, &fits].concat())]), Verify::Structure, &BOUNDS).is_ok());
            assert_eq!(refused(&with(&[(kind, &[head, &bomb].concat())]), Verify::Structure), "image_metadata");
        }
        let text: (&[u8; 4], &[u8]) = (b"tEXt", b"a\0b");
        assert!(check(&with(&[text; 1000]), Verify::Header, &BOUNDS).is_ok());
        assert_eq!(refused(&with(&[text; 1001]), Verify::Header), "image_metadata");
        let long = vec![b'a'; (1 << 20) + 1];
        assert_eq!(refused(&with(&[(b"tEXt", &long)]), Verify::Header), "image_metadata");
    }

    #[test]
    fn i04_directories_that_form_a_loop_end() {
        let mut tiff = samples::sample(image::ImageFormat::Tiff);
        let directory = u32::from_le_bytes(tiff[4..8].try_into().expect("four")) as usize;
        let count = usize::from(u16::from_le_bytes(tiff[directory..directory + 2].try_into().expect("two")));
        let next = directory + 2 + 12 * count;
        tiff[next..next + 4].copy_from_slice(&u32::try_from(directory).expect("small").to_le_bytes());
        let picture = check(&tiff, Verify::Structure, &BOUNDS).expect("its one page is whole");
        assert_eq!((picture.width, picture.frames), (24, 1));
    }

    #[test]
    fn i08_what_is_no_picture_is_named() {
        let refusal = |bytes: &[u8]| check(bytes, Verify::Decode, &BOUNDS).expect_err("refused");
        assert_eq!(refusal(b"").name(), "empty_content");
        assert_eq!(refusal(b"<!DOCTYPE html><p>Not found").to_string(), "it is not an image: an HTML page");
        assert_eq!(refusal(b"<svg onload=alert(1)>").name(), "not_an_image");
        assert_eq!(refusal(&[0xFF, 0xD8, 0xFF, 0xE0]).name(), "image_truncated");
    }

    #[test]
    fn what_decoders_pass_over_is_no_fault() {
        let jpeg = samples::sample(image::ImageFormat::Jpeg);
        let first_segment = 2 + 2 + usize::from(u16::from_be_bytes([jpeg[4], jpeg[5]]));
        let padded = [&jpeg[..first_segment], &[0, 0, 0, 0xFF, 0x00, 7, 0xFF, 0xFF], &jpeg[first_segment..]].concat();
        let end = jpeg.len() - 2;
        let filled = [&jpeg[..end], &[0, 0, 0, 0xFF, 0xFF], &jpeg[end..]].concat();
        // a length that is too long is corrected by the rows
        let mut bmp = samples::sample(image::ImageFormat::Bmp);
        let size = u32::try_from(bmp.len()).expect("small") + 1000;
        bmp[2..6].copy_from_slice(&size.to_le_bytes());
        for odd in [padded, filled, bmp] {
            let examined = examine(&odd, Verify::Decode, &BOUNDS).expect("whole");
            assert_eq!(examined.picture.trailing, 0);
        }
    }

    #[test]
    fn orientation_and_date_come_along() {
        let exif = samples::exif(6, "2009:07:04 18:30:00", false);
        let png = samples::png((2, 1), (8, 0), &[&[1, 2]], &[(b"eXIf", &exif)]);
        let picture = check(&png, Verify::Header, &BOUNDS).expect("whole");
        assert_eq!(picture.orientation, Orientation::Rotate90);
        assert_eq!(picture.taken.as_deref(), Some("2009-07-04T18:30:00"));
    }

    #[test]
    fn noise_ends_and_does_not_panic() {
        let mut random = 0x9E37_79B9_u32;
        for (_, bytes) in samples::all() {
            for _ in 0..200 {
                let mut noisy = bytes.clone();
                for _ in 0..3 {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let at = random as usize / 256 % noisy.len();
                    noisy[at] = (random >> 3) as u8;
                }
                for how in LEVELS {
                    let _ = examine(&noisy, how, &BOUNDS);
                }
            }
        }
    }
}
