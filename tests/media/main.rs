//! The pipelines `images` and `files` against a server of files: names, changes, filters, later runs, candidates.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod changes;
mod files;
mod later_runs;
mod names;
mod places;
mod resumed;

use std::io::Cursor;
use std::path::Path;

use dragline_tests::Ended;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;
use sha1::{Digest, Sha1};

/// A picture that is its seed's own.
fn picture(format: ImageFormat, width: u32, height: u32, seed: u8) -> Vec<u8> {
    let pixel = |x: u32, y: u32| Rgb([seed.wrapping_add(x as u8), (y * 3) as u8, 77]);
    encoded(&DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel)), format)
}

fn jpeg(width: u32, height: u32, seed: u8) -> Vec<u8> {
    picture(ImageFormat::Jpeg, width, height, seed)
}

/// A picture that nobody sees, for it is wholly transparent; the colour behind that is red.
fn transparent(width: u32, height: u32) -> Vec<u8> {
    let pixels = RgbaImage::from_pixel(width, height, Rgba([255, 0, 0, 0]));
    encoded(&DynamicImage::ImageRgba8(pixels), ImageFormat::Png)
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn sha1(bytes: impl AsRef<[u8]>) -> String {
    Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The entries of all items, in the order of the feed.
fn entries(ended: &Ended) -> Vec<Value> {
    let of_item = |item: &Value| item["images"].as_array().or(item["files"].as_array()).cloned().unwrap_or_default();
    ended.items.iter().flat_map(of_item).collect()
}

/// One field of all entries, as text; `-` where there is none.
fn all(ended: &Ended, field: &str) -> Vec<String> {
    let text = |entry: Value| entry[field].as_str().map_or_else(|| "-".to_owned(), str::to_owned);
    entries(ended).into_iter().map(text).collect()
}

/// The files below a folder, but for those of the store itself, in order.
fn stored(folder: &Path) -> Vec<String> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match path.is_dir() {
                true => walk(root, &path, found),
                false => found.push(path.strip_prefix(root).expect("below").to_string_lossy().into_owned()),
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}
