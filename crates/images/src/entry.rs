//! What an item learns of each of its files: one entry per element of its field, in order, failures included.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What became of one element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The URL as the item has it: the one that was taken, or the last that was tried.
    pub url: String,
    /// The URL that answered, after redirects; none if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_url: Option<String>,
    /// The file, relative to the store.
    pub path: Option<String>,
    /// The hash of the file's bytes, in hex, by the setting `checksum`.
    pub checksum: Option<String>,
    /// What became of it.
    pub status: Status,
    /// The status of the answer; none if there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// The file's size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The type, by the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Pixels from left to right, as stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels from top to bottom, as stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// The hash of what it looks like, 16 hexadecimal digits, where the setting `perceptual` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perceptual: Option<String>,
    /// The thumbnails, relative to the store, by their names in the settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thumbs: BTreeMap<String, String>,
    /// When its server last said that this is the file; none if nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time")]
    pub fetched_at: Option<Timestamp>,
    /// Which of several URLs it is, from 0; none if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<usize>,
    /// The URLs that were tried before it and came to nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<Missed>,
    /// What the server says against its use: `noai`, `tdm-reservation`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opt_outs: Vec<String>,
    /// The headers of the answer that the setting `headers` names, in their order, without secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// What is odd about it, and no reason to refuse it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// Why there is no file: a stable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fetched and kept.
    Downloaded,
    /// Taken from the HTTP cache, and kept.
    Cached,
    /// There already: not fetched, or unchanged.
    Uptodate,
    /// Not kept: `reason` says why.
    Failed,
}

/// Something odd about a file that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Note {
    /// Its `Content-Type`, or its URL's extension, is that of another type.
    TypeMismatch,
    /// There are bytes behind its end. They are kept.
    TrailingBytes,
    /// It was to be made into something else, and stays as it came: nothing here decodes its kind.
    Unconverted,
}

/// A URL that came to nothing before another one was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// The URL as the item has it.
    pub url: String,
    /// Why there is no file: a stable name.
    pub reason: String,
    /// The same for people.
    pub detail: String,
}

impl Status {
    /// The word in stats and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Downloaded => "downloaded",
            Self::Cached => "cached",
            Self::Uptodate => "uptodate",
            Self::Failed => "failed",
        }
    }
}

impl Entry {
    /// A URL of which nothing is known yet.
    pub(crate) fn new(url: String, status: Status) -> Self {
        Self {
            url,
            final_url: None,
            path: None,
            checksum: None,
            status,
            http_status: None,
            size: None,
            mime: None,
            width: None,
            height: None,
            perceptual: None,
            thumbs: BTreeMap::new(),
            fetched_at: None,
            candidate: None,
            before: Vec::new(),
            opt_outs: Vec::new(),
            headers: Vec::new(),
            notes: Vec::new(),
            reason: None,
            detail: None,
        }
    }

    /// A file that is not there, and why.
    #[must_use]
    pub fn failed(url: String, reason: &str, detail: String) -> Self {
        Self { reason: Some(reason.to_owned()), detail: Some(detail), ..Self::new(url, Status::Failed) }
    }
}

/// A time as text, RFC 3339.
mod time {
    use jiff::Timestamp;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => serializer.collect_str(at),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written_and_leaves_out_what_is_empty() {
        let failed = Entry::failed("http://a.example/1".to_owned(), "dns.nxdomain", "no such name".to_owned());
        let json = serde_json::to_string(&failed).expect("JSON");
        assert_eq!(
            json,
            r#"{"url":"http://a.example/1","path":null,"checksum":null,"status":"failed","reason":"dns.nxdomain","detail":"no such name"}"#
        );
        let whole = Entry {
            path: Some("full/1.jpg".to_owned()),
            size: Some(7),
            fetched_at: Some("2026-11-21T10:00:00Z".parse().expect("a time")),
            notes: vec![Note::TypeMismatch],
            before: vec![Missed { url: "x".to_owned(), reason: "http_status".to_owned(), detail: "404".to_owned() }],
            ..Entry::new("http://a.example/1".to_owned(), Status::Downloaded)
        };
        let json = serde_json::to_string(&whole).expect("JSON");
        assert!(json.contains(r#""fetched_at":"2026-11-21T10:00:00Z""#) && json.contains("type_mismatch"), "{json}");
        assert_eq!(serde_json::from_str::<Entry>(&json).expect("an entry"), whole);
    }
}
