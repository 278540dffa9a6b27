//! A page that shows pictures: every one small, each a link to the whole.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::entry::Entry;

/// What stands for itself in the path of a URL; a colon could be a scheme's.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A picture on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Where it leads, as a URL.
    pub(crate) link: String,
    /// What is shown, as a URL; none of what is no picture.
    pub(crate) source: Option<String>,
    /// What it is, for those who do not see it.
    pub(crate) alt: String,
    /// What is said of it.
    pub(crate) label: String,
    /// Pixels from left to right; 0 if that is not known.
    pub(crate) width: u32,
    /// Pixels from top to bottom; 0 if that is not known.
    pub(crate) height: u32,
}

/// Writes an HTML page with a tile for each entry that has a file, and says how many those are. `folder` leads from
/// the page to the store.
///
/// # Errors
/// If the page cannot be written.
pub fn contact_sheet<'a>(
    page: &Path,
    title: &str,
    folder: &str,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> io::Result<usize> {
    let (mut tiles, mut bytes) = (Vec::new(), 0_u64);
    for entry in entries {
        let Some(path) = &entry.path else { continue };
        let (width, height) = (entry.width.unwrap_or(0), entry.height.unwrap_or(0));
        let link = path_in_url(&if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") });
        let label = format!("{width} × {height}, {} KB", entry.size.unwrap_or(0) / 1000);
        let alt = format!("Photograph {}", tiles.len() + 1);
        bytes += entry.size.unwrap_or(0);
        tiles.push(Tile { source: Some(link.clone()), link, alt, label, width, height });
    }
    let summary = format!("{} photographs, {} MB", tiles.len(), bytes / 1_000_000);
    std::fs::write(page, sheet(title, &summary, &tiles, &[], 0))?;
    Ok(tiles.len())
}

/// A page of tiles; `pages` are the files of all pages, and `here` is which of them this is.
pub(crate) fn sheet(title: &str, summary: &str, tiles: &[Tile], pages: &[String], here: usize) -> String {
    let (title, summary) = (escape(title), escape(summary));
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n<header><h1>{title}</h1><p>{summary}</p></header>\n<main>\n"
    );
    for tile in tiles {
        html.push_str(&tile.html());
    }
    html.push_str("</main>\n");
    if pages.len() > 1 {
        html.push_str("<nav aria-label=\"Pages\">\n");
        for (number, page) in pages.iter().enumerate() {
            let current = if number == here { " aria-current=\"page\"" } else { "" };
            // writing to a String cannot fail
            let _ = writeln!(html, "<a href=\"{}\"{current}>{}</a>", escape(page), number + 1);
        }
        html.push_str("</nav>\n");
    }
    html.push_str("</html>\n");
    html
}

impl Tile {
    fn html(&self) -> String {
        let (link, label, alt) = (escape(&self.link), escape(&self.label), escape(&self.alt));
        let size = match (self.width, self.height) {
            (0, _) | (_, 0) => String::new(),
            (width, height) => format!(" width=\"{width}\" height=\"{height}\""),
        };
        match &self.source {
            Some(source) => format!(
                "<a href=\"{link}\" title=\"{label}\"><img src=\"{}\" alt=\"{alt}\" loading=\"lazy\"{size}></a>\n",
                escape(source)
            ),
            None => format!("<a href=\"{link}\" title=\"{label}\"><span>{alt}</span></a>\n"),
        }
    }
}

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1rem 1.25rem .5rem; flex-wrap: wrap; }
h1 { font-size: 1.25rem; margin: 0; } p { margin: 0; opacity: .7; }
main { display: grid; gap: 4px; padding: .5rem 1.25rem 2rem; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
main a { display: block; border-radius: 4px; overflow: hidden; } a:focus-visible { outline: 3px solid Highlight; }
img { display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: cover; background: #8884; }
span { display: block; padding: .75rem; overflow-wrap: anywhere; background: #8884; }
nav { display: flex; gap: .75rem; flex-wrap: wrap; padding: 0 1.25rem 2rem; } [aria-current] { font-weight: bold; }
";

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// A path as it stands in a URL.
pub(crate) fn path_in_url(path: &str) -> String {
    utf8_percent_encode(path, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_shows_what_is_there_and_trusts_no_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let page = folder.path().join("index.html");
        let entry = |path: Option<&str>| -> Entry {
            let json = serde_json::json!({"url": "http://a.example/1", "path": path, "status": "downloaded"});
            serde_json::from_value(json).expect("an entry")
        };
        let entries = [entry(Some("full/\"><script>.jpg")), entry(Some("javascript:alert(1)#?%41")), entry(None)];
        assert_eq!(contact_sheet(&page, "A & B", "", &entries).expect("written"), 2);
        let html = std::fs::read_to_string(page).expect("text");
        assert!(html.contains("src=\"full/%22%3E%3Cscript%3E.jpg\"") && html.contains("A &amp; B"), "{html}");
        assert!(html.contains("href=\"javascript%3Aalert%281%29%23%3F%2541\""), "{html}");
        assert!(!html.contains("<script>"));
    }

    #[test]
    fn pages_lead_to_each_other_and_what_is_said_is_escaped() {
        let tile = Tile {
            link: "a".to_owned(),
            source: None,
            alt: "<b>'\"".to_owned(),
            label: "\" onload=\"x".to_owned(),
            width: 0,
            height: 0,
        };
        let html = sheet("t", "s", &[tile], &["index.html".to_owned(), "page-2.html".to_owned()], 1);
        assert!(html.contains("<span>&lt;b&gt;&#39;&quot;</span>") && html.contains("title=\"&quot; onload=&quot;x\""));
        assert!(html.contains("<a href=\"page-2.html\" aria-current=\"page\">2</a>"), "{html}");
    }
}
