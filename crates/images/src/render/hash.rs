//! A hash of what a picture looks like.

use image::DynamicImage;
use image::imageops::FilterType;

/// Each bit says whether a place is brighter than its neighbour on the right: 8 rows of 8.
#[must_use]
pub fn perceptual_hash(pixels: &DynamicImage) -> u64 {
    let small = pixels.resize_exact(9, 8, FilterType::Triangle).to_luma8();
    let bits = small.rows().flat_map(|row| {
        let row: Vec<u8> = row.map(|pixel| pixel.0[0]).collect();
        row.windows(2).map(|pair| pair[0] > pair[1]).collect::<Vec<_>>()
    });
    bits.fold(0, |hash, bit| hash << 1 | u64::from(bit))
}
