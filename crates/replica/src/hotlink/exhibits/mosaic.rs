//! Pictures of squares, any number of them at any size, no two alike: what a page with hundreds of pictures shows.

use crate::random::draw;

/// Squares on a side.
const SQUARES: usize = 8;

/// A mosaic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mosaic(pub(super) usize);

impl Mosaic {
    /// Its RGB pixels.
    pub(super) fn pixels(self, (width, height): (u16, u16)) -> Vec<u8> {
        let (width, height) = (usize::from(width), usize::from(height));
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                pixels.extend(self.color(x * SQUARES / width, y * SQUARES / height));
            }
        }
        pixels
    }

    /// The colour of a square: one of the mosaic's two tones, as light as chance will have it.
    fn color(self, column: usize, row: usize) -> [u8; 3] {
        const TONES: u64 = 0x70_0E5;
        const SHADES: u64 = 0x5_4ADE5;
        let chance = draw(SHADES ^ self.0 as u64, row * SQUARES + column);
        let tone = draw(TONES + (chance >> 32 & 1), self.0).to_le_bytes();
        let light = 90 + (chance % 166) as u16;
        [tone[0], tone[1], tone[2]].map(|part| (u16::from(part) * light / 255) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mosaic_is_the_same_at_every_size_and_like_no_other() {
        let corner = |mosaic: usize, side: u16| Mosaic(mosaic).pixels((side, side))[..3].to_vec();
        assert_eq!(corner(3, 96), corner(3, 640));
        let all: std::collections::HashSet<Vec<u8>> = (0..600).map(|number| Mosaic(number).pixels((8, 8))).collect();
        assert_eq!(all.len(), 600);
    }
}
