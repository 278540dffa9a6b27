//! Makes a store of small pictures for `tests/bench/keeping`: `bench-store FOLDER COUNT`. Of ten pictures one is a copy of
//! the one before it, and one differs from it in its brightness alone.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use sha1::{Digest, Sha1};

/// A thumbnail's.
const SIZE: (u32, u32) = (160, 120);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("give the folder")?;
    let count: u32 = arguments.next().context("give how many pictures")?.parse()?;
    let full = Path::new(&folder).join("full");
    fs::create_dir_all(&full)?;
    for number in 0..count {
        let (seed, shade) = match number % 10 {
            8 => (number - 1, 0),
            9 => (number - 2, 3),
            _ => (number, 0),
        };
        let name: String = Sha1::digest(number.to_le_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(full.join(name + ".jpg"), picture(seed, shade)?)?;
    }
    Ok(())
}

/// A few soft patches, and grain.
fn picture(seed: u32, shade: u8) -> anyhow::Result<Vec<u8>> {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 56).unwrap_or_default()
    };
    let patches: Vec<u8> = (0..8 * 6).map(|_| next() / 2 + 32).collect();
    let picture = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let patch = patches[(y / 20 * 8 + x / 20) as usize];
        let grain = next() % 16;
        Rgb([patch + grain + shade, patch + grain / 2 + shade, 200 - patch + shade])
    });
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 75).encode_image(&picture)?;
    Ok(bytes.into_inner())
}
