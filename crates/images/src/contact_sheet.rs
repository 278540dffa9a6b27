//! A page that shows a store: every picture small, each a link to the whole.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::entry::Entry;

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
    let (mut tiles, mut count, mut bytes) = (String::new(), 0_usize, 0_u64);
    for entry in entries {
        let Some(path) = &entry.path else { continue };
        let (width, height) = (entry.width.unwrap_or(0), entry.height.unwrap_or(0));
        let source = escape(&if folder.is_empty() { path.clone() } else { format!("{folder}/{path}") });
        let label = escape(&format!("{width} × {height}, {} KB", entry.size.unwrap_or(0) / 1000));
        count += 1;
        bytes += entry.size.unwrap_or(0);
        // writing to a String cannot fail
        let _ = writeln!(
            tiles,
            "<a href=\"{source}\" title=\"{label}\"><img src=\"{source}\" alt=\"Photograph {count}\" loading=\"lazy\" width=\"{width}\" height=\"{height}\"></a>"
        );
    }
    let title = escape(title);
    let megabytes = bytes / 1_000_000;
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n<header><h1>{title}</h1><p>{count} photographs, {megabytes} MB</p></header>\n\
         <main>\n{tiles}</main>\n</html>\n"
    );
    std::fs::write(page, html)?;
    Ok(count)
}

const STYLE: &str = "\
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 0; background: Canvas; color: CanvasText; }
header { display: flex; gap: 1rem; align-items: baseline; padding: 1rem 1.25rem .5rem; flex-wrap: wrap; }
h1 { font-size: 1.25rem; margin: 0; } p { margin: 0; opacity: .7; }
main { display: grid; gap: 4px; padding: .5rem 1.25rem 2rem; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); }
a { display: block; border-radius: 4px; overflow: hidden; } a:focus-visible { outline: 3px solid Highlight; }
img { display: block; width: 100%; height: auto; aspect-ratio: 4 / 3; object-fit: cover; background: #8884; }
";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_shows_what_is_there_and_trusts_no_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let page = folder.path().join("index.html");
        let mut there = Entry::failed("http://a.example/1".to_owned(), "", String::new());
        there.path = Some("full/\"><script>.jpg".to_owned());
        let missing = Entry::failed("http://a.example/2".to_owned(), "dns", String::new());
        let count = contact_sheet(&page, "A & B", "photos", [&there, &missing]).expect("written");
        let html = std::fs::read_to_string(page).expect("text");
        assert_eq!(count, 1);
        assert!(html.contains("src=\"photos/full/&quot;&gt;&lt;script&gt;.jpg\"") && html.contains("A &amp; B"));
        assert!(!html.contains("<script>"));
    }
}
