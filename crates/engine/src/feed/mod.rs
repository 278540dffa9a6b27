//! Records kept: drained from the frontier's outbox in sequence, written to every feed.

mod jsonl;
mod writer;

use std::fmt::Display;
use std::path::{Component, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use jsonl::JsonLines;
pub(crate) use writer::Writer;

use crate::error::{Error, Result};
use crate::frontier::Position;
use crate::message::Record;

/// The formats that there are: each name, and the file extensions that mean it.
const FORMATS: &[(&str, &[&str])] = &[("jsonl", &["jsonl", "jl", "jsonlines", "ndjson"])];

/// `[[feeds]]`, and `-o`: one place that records go to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A path, or `-` for the standard output.
    pub uri: String,
    /// The format; taken from the path's extension if it is not given.
    #[serde(default)]
    pub format: Option<String>,
    /// Begin anew instead of appending to what is there.
    #[serde(default)]
    pub overwrite: bool,
}

/// Something that records are written to.
#[async_trait]
pub trait Feed: Display + Send {
    /// Writes records; they are with the operating system when this returns. The position names the place after them.
    ///
    /// # Errors
    /// Stop the crawl: a record that cannot be kept is not to be fetched.
    async fn write(&mut self, batch: &[Record]) -> Result<Position>;

    /// Cuts the feed back to a position that it gave: after a crash, what came later is forgotten.
    ///
    /// # Errors
    /// If the feed cannot take back what it was given.
    async fn rewind(&mut self, to: &Position) -> Result<()>;

    /// No more records will come.
    ///
    /// # Errors
    /// If what was written cannot be completed.
    async fn finish(self: Box<Self>) -> Result<()>;
}

impl Settings {
    /// `-o FILE` or `-o FILE:FORMAT`; `-` is the standard output.
    #[must_use]
    pub fn from_flag(flag: &str, overwrite: bool) -> Self {
        let (uri, format) = match flag.rsplit_once(':') {
            Some((uri, format)) if !format.is_empty() && format.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                (uri, Some(format.to_owned()))
            }
            _ => (flag, None),
        };
        Self { uri: uri.to_owned(), format, overwrite }
    }

    /// The place, in one spelling of its path.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        PathBuf::from(&self.uri).components().filter(|part| *part != Component::CurDir).collect()
    }

    /// The format's name.
    ///
    /// # Errors
    /// If there is no such format, or the path does not tell one.
    pub fn format(&self) -> Result<&'static str> {
        let extension = PathBuf::from(&self.uri).extension().and_then(|text| text.to_str()).map(str::to_lowercase);
        let named = match (&self.format, extension) {
            (Some(format), _) => format.to_lowercase(),
            (None, Some(extension)) => extension,
            (None, None) => "jsonl".to_owned(),
        };
        let known = FORMATS.iter().find(|(name, extensions)| *name == named || extensions.contains(&named.as_str()));
        known.map(|(name, _)| *name).ok_or_else(|| Error::Unknown {
            what: "feed format",
            name: named,
            known: FORMATS.iter().map(|(name, _)| (*name).to_owned()).collect(),
        })
    }

    /// Opens the feed.
    ///
    /// # Errors
    /// If the place cannot be written to.
    pub(crate) async fn open(&self) -> Result<Box<dyn Feed>> {
        match self.format()? {
            _ if self.uri == "-" => Ok(Box::new(JsonLines::stdout())),
            _ => Ok(Box::new(JsonLines::open(self.uri.clone().into(), self.overwrite).await?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_names_place_and_format() {
        let format = |flag: &str| Settings::from_flag(flag, false).format().map_err(|error| error.to_string());
        assert_eq!(format("photos.jsonl"), Ok("jsonl"));
        assert_eq!(format("photos.JL"), Ok("jsonl"));
        assert_eq!(format("photos.txt:jsonlines"), Ok("jsonl"));
        assert_eq!(format("-"), Ok("jsonl"));
        let unknown = "no feed format is called `jsonk` (known: jsonl; did you mean `jsonl`?)";
        assert_eq!(format("photos.jsonk"), Err(unknown.to_owned()));
    }
}
