//! The files that a feed's items name: every object of their JSON that has a `path`, wherever it stands.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::keeping::shelf::KeepingError;

/// No line of a feed is longer.
const LONGEST: u64 = 256 << 20;

/// A file that an item names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name in the store.
    pub path: String,
    /// The URL that it is of.
    pub url: Option<String>,
    /// The URL that answered.
    pub final_url: Option<String>,
    /// When.
    pub fetched_at: Option<Timestamp>,
    /// The names of its thumbnails.
    pub thumbs: Vec<String>,
}

/// What the items of a feed name, in order. JSON lines are read line by line; a JSON array is read whole.
///
/// # Errors
/// If the feed cannot be opened. An item that is no JSON is an error in its place.
pub fn named_by(feed: &Path) -> Result<impl Iterator<Item = Result<Named, KeepingError>> + use<>, KeepingError> {
    let path = feed.to_owned();
    let file = File::open(feed).map_err(KeepingError::file(feed))?;
    let mut reader = BufReader::new(file);
    let starts = reader.fill_buf().map_err(KeepingError::file(feed))?.trim_ascii_start().first().copied();
    let is_array = starts == Some(b'[');
    let (mut number, mut is_over) = (0_u64, false);
    let items = std::iter::from_fn(move || {
        let mut text = Vec::new();
        while !is_over {
            text.clear();
            let read = match is_array {
                true => reader.read_to_end(&mut text),
                false => reader.by_ref().take(LONGEST).read_until(b'\n', &mut text),
            };
            number += 1;
            match read {
                Ok(0) => is_over = true,
                Ok(_) if text.trim_ascii().is_empty() => {}
                Ok(_) => {
                    is_over = is_array;
                    let what = |error| format!("line {number} of `{}` is no item: {error}", path.display());
                    return Some(serde_json::from_slice(&text).map_err(|error| KeepingError::Refused(what(error))));
                }
                Err(error) => {
                    is_over = true;
                    return Some(Err(KeepingError::file(&path)(error)));
                }
            }
        }
        None
    });
    Ok(items.flat_map(|item: Result<Value, KeepingError>| match item {
        Ok(item) => {
            let mut found = Vec::new();
            collect(item, &mut found);
            found.into_iter().map(Ok).collect()
        }
        Err(error) => vec![Err(error)],
    }))
}

/// `serde_json` bounds the depth.
fn collect(value: Value, found: &mut Vec<Named>) {
    match value {
        Value::Array(values) => values.into_iter().for_each(|value| collect(value, found)),
        Value::Object(mut fields) => {
            let mut text = |name: &str| match fields.get_mut(name) {
                Some(Value::String(text)) => Some(std::mem::take(text)),
                _ => None,
            };
            if let Some(path) = text("path") {
                let (url, final_url) = (text("url"), text("final_url"));
                let fetched_at = text("fetched_at").and_then(|at| at.parse().ok());
                let thumbs = match fields.get("thumbs") {
                    Some(Value::Object(thumbs)) => {
                        thumbs.values().filter_map(Value::as_str).map(str::to_owned).collect()
                    }
                    _ => Vec::new(),
                };
                found.push(Named { path, url, final_url, fetched_at, thumbs });
            }
            fields.into_iter().for_each(|(_, value)| collect(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<Result<String, String>> {
        let feed = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(feed.path(), text).expect("written");
        let found = named_by(feed.path()).expect("opened");
        found.map(|named| named.map(|named| named.path).map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn files_are_found_wherever_an_item_has_them() {
        let lines =
            "{\"images\":[{\"path\":\"a\",\"url\":\"u\"},{\"path\":null}]}\n\n{\"x\":{\"y\":[{\"path\":\"b\"}]}}\n";
        assert_eq!(named(lines), [Ok("a".to_owned()), Ok("b".to_owned())]);
        assert_eq!(named(" [{\"path\":\"a\"},\n{\"path\":\"b\"}]"), [Ok("a".to_owned()), Ok("b".to_owned())]);
        assert_eq!(named(""), []);
    }

    #[test]
    fn a_line_that_is_no_item_is_named_by_its_number() {
        let found = named("{\"path\":\"a\"}\n{\"path\":\n");
        assert!(found[1].as_ref().expect_err("torn").starts_with("line 2 of"), "{found:?}");
    }
}
