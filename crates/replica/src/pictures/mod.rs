//! Photographs: real JPEGs, each different in bytes and in pixels, put together at the price of a copy.
//!
//! A dozen seascapes are painted and encoded once. A JPEG with a restart marker after each row of blocks can be cut at
//! those markers (ITU-T T.81, section B.2.1), and rows that were encoded with the same tables can be joined again: so a
//! photograph is the sky of one scene, the water of a second and the shore of a third.

use std::ops::Range;
use std::sync::OnceLock;

use jpeg_encoder::{ColorType, Encoder};

pub(crate) mod exif;
mod noise;
mod scene;
mod strips;
mod taken;

use crate::random::{draw, scramble};
use scene::{SCENES, SHORE_ROWS, SKY_ROWS, WATER_ROWS, WIDTH};
use strips::Strips;
pub(crate) use taken::Taken;

/// Height of a photograph in rows of blocks of 16 pixels.
const PHOTO_ROWS: usize = 48;
/// Rows of sky and of water in a photograph; the shore has the rest.
const SKY: Range<usize> = 18..SKY_ROWS + 1;
const WATER: Range<usize> = 10..WATER_ROWS + 1;

/// A thumbnail pixel stands for a square of this many pixels, half of the 16 that a row of blocks is high.
const SHRINK: usize = 8;
const THUMBNAIL_QUALITY: u8 = 80;
const QUALITY: u8 = 80;

/// A photograph of 1024 by 768 pixels with EXIF data, about 125 KB.
pub(crate) fn photograph(index: usize, unique_id: &str, taken: Taken) -> Vec<u8> {
    let exif = exif::segment(unique_id, taken);
    let picture = Composition::of(index);
    let scenes = scenes();
    let rows = picture.rows().map(|(scene, row)| scenes[scene].strips.row(row));
    scenes[0].strips.join((PHOTO_ROWS * 16) as u16, &exif, rows)
}

/// The same picture as the photograph, 128 by 96 pixels, about 4 KB.
pub(crate) fn thumbnail(index: usize) -> Vec<u8> {
    jpeg(&thumbnail_pixels(index), THUMBNAIL_SIZE)
}

/// Left to right and top to bottom.
pub(crate) const THUMBNAIL_SIZE: (u16, u16) = ((WIDTH / SHRINK) as u16, (PHOTO_ROWS * 16 / SHRINK) as u16);

/// Its pixels as RGB.
pub(crate) fn thumbnail_pixels(index: usize) -> Vec<u8> {
    let scenes = scenes();
    let row_bytes = 16 / SHRINK * (WIDTH / SHRINK) * 3;
    let mut pixels = Vec::with_capacity(PHOTO_ROWS * row_bytes);
    for (scene, row) in Composition::of(index).rows() {
        pixels.extend_from_slice(&scenes[scene].small[row * row_bytes..(row + 1) * row_bytes]);
    }
    pixels
}

/// RGB pixels as a JPEG.
pub(crate) fn jpeg(pixels: &[u8], (width, height): (u16, u16)) -> Vec<u8> {
    let mut jpeg = Vec::with_capacity(8 * 1024);
    Encoder::new(&mut jpeg, THUMBNAIL_QUALITY)
        .encode(pixels, width, height, ColorType::Rgb)
        .expect("the size is that of the pixels, and a Vec takes all");
    jpeg
}

/// Paints the scenes if that has not been done yet, so that no request waits for it.
pub(crate) fn prepare() {
    scenes();
}

struct Scene {
    strips: Strips,
    /// The scene as RGB pixels, shrunk by [`SHRINK`].
    small: Vec<u8>,
}

fn scenes() -> &'static [Scene] {
    static SCENES_PAINTED: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES_PAINTED.get_or_init(|| {
        let noise = noise::Noise::new();
        (0..SCENES).map(|scene| develop(&scene::paint(scene, &noise))).collect()
    })
}

fn develop(pixels: &[u8]) -> Scene {
    let mut jpeg = Vec::with_capacity(256 * 1024);
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_restart_interval((WIDTH / 16) as u16);
    encoder
        .encode(pixels, WIDTH as u16, (pixels.len() / 3 / WIDTH) as u16, ColorType::Rgb)
        .expect("the size is that of the pixels, and a Vec takes all");
    let small = pixels
        .chunks_exact(WIDTH * 3)
        .step_by(SHRINK)
        .flat_map(|line| line.chunks_exact(3).step_by(SHRINK))
        .flatten()
        .copied()
        .collect();
    Scene { strips: Strips::cut(jpeg), small }
}

/// Which scenes a photograph shows, and how much of each.
struct Composition {
    sky: usize,
    water: usize,
    shore: usize,
    sky_rows: usize,
    water_rows: usize,
}

impl Composition {
    /// No two of the first 1,728 photographs show the same three scenes, and none of the first 77,760 is the same.
    fn of(index: usize) -> Self {
        const MIXTURES: usize = SCENES * SCENES * SCENES;
        // A factor prime to the number of mixtures: neighbours in the album have nothing in common.
        let mixture = index % MIXTURES * 1_117 % MIXTURES;
        let cuts = SKY.len() * WATER.len();
        let cut = (scramble(mixture as u64) as usize % cuts + index / MIXTURES) % cuts;
        Self {
            sky: mixture / SCENES / SCENES,
            water: mixture / SCENES % SCENES,
            shore: mixture % SCENES,
            sky_rows: SKY.start + cut / WATER.len(),
            water_rows: WATER.start + cut % WATER.len(),
        }
    }

    /// Scene and row of each row from the top. The sky is cut at its top, for the horizon is at its bottom.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let shore_rows = PHOTO_ROWS - self.sky_rows - self.water_rows;
        let shore_start = SKY_ROWS + WATER_ROWS;
        let sky = (SKY_ROWS - self.sky_rows..SKY_ROWS).map(|row| (self.sky, row));
        let water = (SKY_ROWS..SKY_ROWS + self.water_rows).map(|row| (self.water, row));
        let shore = (shore_start..shore_start + shore_rows).map(|row| (self.shore, row));
        sky.chain(water).chain(shore)
    }
}

/// When the album's photographs were taken: one every few hours from the summer of 2010 on.
pub(crate) fn taken(index: usize) -> Taken {
    const START: u64 = 63_411_292_800; // 2010-06-05 00:00:00 in seconds since 0001-01-01
    const APART: u64 = 9_000;
    const STREAM: u64 = 0x007A_4E57;
    let noise = draw(STREAM, index);
    Taken::from_ticks((START + index as u64 * APART + noise % APART) * 10_000_000 + (noise >> 32) % 10_000_000)
}

const _: () = assert!(SKY.end + WATER.end - 2 <= PHOTO_ROWS && PHOTO_ROWS - SKY.start - WATER.start <= SHORE_ROWS);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn photo(index: usize) -> Vec<u8> {
        photograph(index, &format!("{index:032x}"), taken(index))
    }

    #[test]
    fn a_photograph_decodes_to_the_scenes_it_was_put_together_from() {
        for index in [0, 1, 700, 1_373] {
            let jpeg = image::load_from_memory(&photo(index)).expect("a whole photograph").to_rgb8();
            assert_eq!((jpeg.width(), jpeg.height()), (1024, 768));
            let small = image::load_from_memory(&thumbnail(index)).expect("a whole thumbnail").to_rgb8();
            assert_eq!((small.width(), small.height()), (128, 96));
            let difference: u32 = small
                .enumerate_pixels()
                .map(|(x, y, pixel)| pixel.0[1].abs_diff(jpeg.get_pixel(x * 8, y * 8).0[1]) as u32)
                .sum();
            assert!(difference / (128 * 96) < 16, "photograph {index} is not what its thumbnail shows");
        }
    }

    #[test]
    fn no_two_photographs_of_the_album_are_the_same() {
        let photos: HashSet<Vec<u8>> = (0..1_374).map(photo).collect();
        assert_eq!(photos.len(), 1_374);
        let mixtures: HashSet<_> = (0..1_374).map(Composition::of).map(|c| (c.sky, c.water, c.shore)).collect();
        assert_eq!(mixtures.len(), 1_374);
    }

    #[test]
    fn a_photograph_has_about_125_kilobytes() {
        let sizes: Vec<usize> = (0..1_374).map(|index| photo(index).len()).collect();
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        let (least, most) = (sizes.iter().min().copied(), sizes.iter().max().copied());
        assert!((118_000..132_000).contains(&mean), "mean {mean}, from {least:?} to {most:?}");
        assert!(least > Some(90_000) && most < Some(165_000), "from {least:?} to {most:?}");
        let thumbnails = (0..50).map(|index| thumbnail(index).len()).sum::<usize>() / 50;
        assert!((3_000..6_000).contains(&thumbnails), "a thumbnail has {thumbnails} bytes");
    }

    #[test]
    fn the_album_begins_in_june_2010() {
        assert_eq!(taken(0).exif()[..7], *"2010:06");
    }
}
