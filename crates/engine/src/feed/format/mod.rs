//! Formats: how records become text, and how a file that is there is gone on with.

mod csv;
mod json;
mod xml;

use std::io;

use super::charset::Missing;
use super::fields::Choice;
use super::settings::Settings;
use super::volume::Existing;
use crate::message::Record;

pub(super) use csv::{Csv, other_header};
pub(super) use json::{Array, Lines};
pub(super) use xml::{Xml, element_name};

/// How records become text. What a format writes is UTF-8; the encoding of the file comes after it.
pub(super) trait Text: Send + Sync {
    /// What stands before the first record, when the file is made.
    fn head(&self) -> String {
        String::new()
    }

    /// The fields that the spider has declared, in order.
    fn declare(&mut self, _fields: &[&str]) {}

    /// One record, with what separates it from the one before.
    ///
    /// # Errors
    /// If the format cannot hold it; nothing of it is in `out` that counts.
    fn record(&mut self, record: &Record, is_first: bool, out: &mut String) -> Result<(), Unfit>;

    /// What has to stand after the last record, so that the file is whole.
    fn tail(&self, _is_empty: bool) -> String {
        String::new()
    }

    /// What becomes of characters that the encoding lacks.
    fn missing(&self) -> Missing {
        Missing::JsonEscape
    }

    /// Looks at a file that is to be appended to, and says where the records end.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is something else; it is left as it is.
    fn go_on(&mut self, existing: &mut Existing) -> io::Result<End>;

    /// What has to be known to go on after a rewind; null for most.
    fn state(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes back what [`Text::state`] gave.
    fn restore(&mut self, _state: &serde_json::Value) {}

    /// Fields that were left out since the last time, because the format has no place for them.
    fn left_out(&mut self) -> u64 {
        0
    }
}

/// Where the records of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// In bytes; what comes later is the tail, or half a record.
    pub(super) at: u64,
    /// There is no record.
    pub(super) is_empty: bool,
    /// A line end is missing.
    pub(super) wants_line_end: bool,
}

/// A record that a format cannot take: why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unfit {
    /// The item is left out.
    #[error("{0}")]
    Item(String),
    /// No item can go into this file, whose header is another one.
    #[error("the file has the header `{found}`, and not `{wanted}`")]
    Header {
        /// That of the items.
        wanted: String,
        /// That of the file.
        found: String,
    },
}

impl From<crate::message::RecordError> for Unfit {
    fn from(error: crate::message::RecordError) -> Self {
        Self::Item(error.to_string())
    }
}

/// The formats that come with the engine: each name, and the extensions that mean it.
pub(super) const NAMES: [(&str, &[&str]); 4] =
    [("jsonl", &["jl", "jsonlines", "ndjson"]), ("json", &[]), ("csv", &[]), ("xml", &[])];

/// One of [`NAMES`], made of its settings.
pub(super) fn text(name: &str, settings: &Settings) -> Box<dyn Text> {
    let choice = Choice { fields: settings.fields.clone(), names: settings.names.clone() };
    match name {
        "json" => Box::new(Array::new(choice, settings.indent)),
        "csv" => Box::new(Csv::new(choice, settings)),
        "xml" => Box::new(Xml::new(choice, settings)),
        _ => Box::new(Lines::new(choice)),
    }
}

/// It is there, and is something else.
pub(super) fn stranger(what: &str) -> io::Error {
    let cure = "give another name, or `-O` and `mode = \"overwrite\"` to begin anew";
    io::Error::new(io::ErrorKind::InvalidData, format!("it is there, and does not hold {what}: {cure}"))
}
