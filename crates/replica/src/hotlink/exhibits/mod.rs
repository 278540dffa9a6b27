//! Pages with pictures of every manner on the start page's host, for whoever scans pages: a [table](EXHIBITS) of them.

use http::{StatusCode, header};

mod files;
mod formats;
mod hostile;
mod mosaic;
mod pages;

pub use hostile::PAYLOADS;

use crate::answer::{Answer, Asked};

/// A page to scan.
#[derive(Debug)]
pub struct Exhibit {
    /// Its path, without the slash.
    pub name: &'static str,
    /// What is on it, in one line.
    pub about: &'static str,
    /// How many pictures it shows, in however many files each; without those of pages and sheets that it links to, unless
    /// they are its own.
    pub pictures: usize,
    play: fn(&Wall) -> Answer,
}

/// What a page may depend on.
struct Wall<'a> {
    asked: &'a Asked,
    /// `:8000`; empty on the port that needs no name.
    port: &'a str,
}

/// All pages to scan, beside that of all kinds.
pub const EXHIBITS: &[Exhibit] = &[
    row("plain", 7, "pictures in `src`, one of them of another host", pages::plain),
    row("lazy", 8, "pictures that a script would load", pages::lazy),
    row("srcset", 4, "pictures in several resolutions", pages::srcset),
    row("picture", 3, "pictures in several formats and for several screens", pages::picture),
    row("styles", 7, "pictures of style attributes, of a style element and of a sheet", pages::styles),
    row("many", 100, "as many small pictures as `?n=500` says, 100 if it says nothing", pages::many),
    row("twins", 8, "three pictures, two of them again in other sizes and formats", pages::twins),
    row("exif", 3, "a picture with a place in its EXIF data, one with a camera, one without", pages::exif),
    row("links", 1, "a picture, and links to two pages with three more", pages::links),
    row("kinds", 8, "a picture of each format: JPEG, PNG, moving GIF, WebP, SVG, BMP, ICO, AVIF", pages::kinds),
    row("seaside", 12, "pretty pictures, most of them open, some of them guarded", pages::seaside),
    row("hostile", PAYLOADS.len() + 6, "texts, names, headers and pictures that would run as scripts", hostile::page),
    row("empty", 0, "no picture at all", pages::empty),
    row("closed", 0, "403 for everybody", |_| Answer::bare(StatusCode::FORBIDDEN)),
];

const fn row(name: &'static str, pictures: usize, about: &'static str, play: fn(&Wall) -> Answer) -> Exhibit {
    Exhibit { name, about, pictures, play }
}

/// The answer, if the path is that of a page to scan, or below one.
pub(super) fn answer(asked: &Asked, port: &str) -> Option<Answer> {
    let path = asked.path().strip_prefix('/')?;
    if path == "pwned" {
        let script = Answer::new(StatusCode::OK, "text/javascript", "window.__pwned = 'a file';");
        return Some(script.with(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*")));
    }
    let (name, file) = path.split_once('/').unwrap_or((path, ""));
    let place = EXHIBITS.iter().position(|exhibit| exhibit.name == name)?;
    let wall = Wall { asked, port };
    Some(match (name, file) {
        (_, "") => (EXHIBITS[place].play)(&wall),
        ("links", "one" | "two") => pages::linked(file),
        ("styles", "sheet.css") => pages::sheet(),
        ("hostile", _) => hostile::file(&wall, file),
        _ => files::answer(place, file).unwrap_or_else(Answer::not_found),
    })
}
