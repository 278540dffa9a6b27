//! A hash of what a picture looks like, for finding the same picture in other bytes.

use image::{DynamicImage, GrayImage};

use crate::picture::Refusal;
use crate::render::Color;
use crate::render::background::flatten;
use crate::render::scale::sample;

/// Differences of brightness from left to right: 8 rows of 8 bits, the first in the highest bit. A bit is 1 where a
/// place of the picture, shrunk to 9 x 8, is brighter than its neighbour on the right.
///
/// It is of the pixels alone, over white, whatever their size and depth. Re-encoding and resizing change few bits or
/// none: up to 4 of 64 mean the same picture in all likelihood, over 12 another one. A picture of one colour is 0.
/// Orientation is not applied: hand over upright pixels, such as those of a thumbnail.
#[must_use]
pub fn perceptual_hash(pixels: &DynamicImage) -> u64 {
    let small = small(pixels).unwrap_or_else(|_| DynamicImage::ImageLuma8(GrayImage::new(9, 8))).into_luma8();
    let bits = small.rows().flat_map(|row| row.clone().zip(row.skip(1)));
    bits.fold(0, |hash, (left, right)| hash << 1 | u64::from(left.0[0] > right.0[0]))
}

fn small(pixels: &DynamicImage) -> Result<DynamicImage, Refusal> {
    sample(pixels, (9, 8)).map(|small| flatten(small, Color::WHITE))
}
