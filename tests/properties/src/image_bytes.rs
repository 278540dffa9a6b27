//! Pictures: whatever the bytes, they are refused or they are what they were said to be.

use std::time::{Duration, Instant};

use dragline_images::picture::{Bounds, Glance, Kind, Verify, check, examine, glance};
use dragline_images::render::{Color, Encoding, Recipe, perceptual_hash, render, thumbnail};

/// Small pictures do not take longer, whatever they claim.
const LONG: Duration = Duration::from_secs(10);

/// The input is a picture, in hexadecimal digits or as it is. What is held is held within its bounds; each level finds
/// no less than the one below it; and what was decoded can be written in every form.
pub fn image_bytes(input: &[u8]) {
    let start = Instant::now();
    picture(&from_digits(input));
    picture(input);
    assert!(start.elapsed() < LONG, "it took {:?}", start.elapsed());
}

fn picture(bytes: &[u8]) {
    let bounds = Bounds {
        max_side: 2000,
        max_pixels: 100_000,
        max_alloc: 8 << 20,
        max_frames: 16,
        max_total_pixels: 400_000,
        max_metadata: 4096,
        max_blocks: 32,
    };
    let header = check(bytes, Verify::Header, &bounds);
    let structure = check(bytes, Verify::Structure, &bounds);
    let decoded = examine(bytes, Verify::Decode, &bounds);
    assert!(structure.is_err() || header.is_ok(), "a structure without a header");
    assert!(decoded.is_err() || structure.is_ok(), "pixels without a structure");
    if let Ok(picture) = &header {
        assert_eq!(Kind::of(bytes), Some(picture.kind), "the kind is that of the first bytes");
        assert!(picture.width.max(picture.height) <= bounds.max_side, "{picture:?}");
        assert!(picture.frames <= bounds.max_frames && picture.trailing <= bytes.len() as u64, "{picture:?}");
        assert!(!matches!(glance(bytes), Glance::NotAnImage { .. } | Glance::Unknown), "{picture:?}");
    }
    let Ok(decoded) = decoded else { return };
    let Some(pixels) = decoded.pixels else { return };
    let picture = decoded.picture;
    assert_eq!(check(bytes, Verify::Decode, &bounds).as_ref(), Ok(&picture), "with pixels and without");
    for encoding in [Encoding::Jpeg { quality: 50 }, Encoding::Png, Encoding::WebP] {
        let recipe = Recipe { encoding: Some(encoding), max_side: Some(40), ..Recipe::default() };
        let rendered = render(bytes, pixels.clone(), &picture, &recipe).expect("written");
        assert!(rendered.width.max(rendered.height) <= 40, "{rendered:?}");
        let again = examine(&rendered.bytes, Verify::Decode, &Bounds::default()).expect("what was written is whole");
        assert_eq!((again.picture.kind, again.picture.width), (rendered.kind, rendered.width), "what was said");
        assert_eq!(again.picture.orientation.to_exif(), 1, "upright");
    }
    let small = thumbnail(bytes, &pixels, &picture, (9, 9), Encoding::default(), Color::WHITE).expect("written");
    assert!(small.width.max(small.height) <= 9, "{small:?}");
    assert_eq!(perceptual_hash(&pixels), perceptual_hash(&pixels), "the same again");
}

/// Pairs of digits; what is none is passed over.
fn from_digits(input: &[u8]) -> Vec<u8> {
    let digits = input.iter().filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u8> = digits.filter_map(|digit| u8::try_from(digit).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
