//! The pictures of the pages: what the name of a file says.

use http::StatusCode;

use crate::answer::Answer;
use crate::hotlink::exhibits::formats;
use crate::hotlink::exhibits::mosaic::Mosaic;
use crate::hotlink::paint;
use crate::pictures::exif::{Caption, captioned};
use crate::pictures::{self, photograph, taken};

/// Pictures of a page that no other page has.
const APART: usize = 10_000;
/// Width of a mosaic that names none.
const WIDTH: u16 = 240;
/// Widest mosaic.
const WIDEST: u16 = 2048;

/// The picture of a name on the page at a place of the table: `scene-3.jpg`, `scene-3-small.webp`, `mosaic-3-640.png`.
pub(super) fn answer(place: usize, name: &str) -> Option<Answer> {
    match name {
        "sun.avif" => return Some(of("image/avif", formats::AVIF)),
        "land.svg" => return Some(of("image/svg+xml", formats::SVG)),
        _ => {}
    }
    let (stem, extension) = name.rsplit_once('.')?;
    let mut parts = stem.split('-');
    let (look, number, variant) = (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next());
    // the first ones are those of the kinds
    let index = (number < APART && parts.next().is_none()).then(|| (place + 1) * APART + number)?;
    match (look, variant, extension) {
        ("scene", None, "jpg") => Some(jpeg(scene(index))),
        ("scene", Some("small"), "jpg") => Some(jpeg(pictures::thumbnail(index))),
        ("scene", Some("small"), "webp") => Some(of("image/webp", paint::webp(index))),
        // other bytes, the same pixels
        ("scene", Some("again"), "jpg") => Some(jpeg(paint::with_comment(&scene(index), "saved again"))),
        ("place", None, "jpg") => Some(jpeg(harbour(index))),
        ("moving", None, "gif") => {
            let frames: Vec<_> = (0..4).map(|frame| Mosaic(index + frame).pixels((120, 90))).collect();
            Some(of("image/gif", formats::gif(&frames, (120, 90))))
        }
        ("mosaic", _, _) => mosaic(index, variant, extension),
        _ => None,
    }
}

fn mosaic(index: usize, width: Option<&str>, extension: &str) -> Option<Answer> {
    let width = width.map_or(Some(WIDTH), |width| width.parse().ok())?;
    let size = (1..=WIDEST).contains(&width).then(|| (width, (width * 3 / 4).max(1)))?;
    let pixels = Mosaic(index).pixels(size);
    match extension {
        "jpg" => Some(jpeg(pictures::jpeg(&pixels, size))),
        "png" => Some(of("image/png", formats::png(&pixels, size))),
        "webp" => Some(of("image/webp", paint::webp_of(&pixels, size))),
        "bmp" => Some(of("image/bmp", formats::bmp(&pixels, size))),
        "ico" if width < 256 => Some(of("image/x-icon", formats::ico(&pixels, size))),
        _ => None,
    }
}

fn scene(index: usize) -> Vec<u8> {
    photograph(index, &format!("{index:032x}"), taken(index))
}

/// A picture that says where it was taken.
fn harbour(index: usize) -> Vec<u8> {
    let caption = Caption {
        description: "Boats in the harbour",
        make: "Dragline",
        model: "Camera of paper",
        artist: "The replica",
        copyright: "Nobody",
        place: Some(([54, 19, 7], [10, 8, 22])),
    };
    let size = (640, 480);
    let picture = pictures::jpeg(&Mosaic(index).pixels(size), size);
    paint::with_segment(&picture, &captioned(&caption, taken(index)))
}

pub(super) fn jpeg(bytes: Vec<u8>) -> Answer {
    of("image/jpeg", bytes)
}

pub(super) fn of(mime: &'static str, bytes: impl Into<bytes::Bytes>) -> Answer {
    Answer::new(StatusCode::OK, mime, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_picture_is() {
        for name in ["scene-0.jpg", "scene-9-small.webp", "mosaic-1.png", "mosaic-1-64.ico", "moving-2.gif", "sun.avif"]
        {
            assert!(answer(0, name).is_some(), "{name}");
        }
        for name in ["scene.jpg", "scene-0.png", "scene-99999999.jpg", "mosaic-1-0.png", "mosaic-1-9999.png", "x", ""] {
            assert!(answer(0, name).is_none(), "{name}");
        }
    }
}
