//! Records become the bytes of a file: the format's text in the feed's character encoding.

use std::io;

use super::charset::Charset;
use super::format::{self, Text, Unfit, other_header};
use super::settings::Settings;
use crate::error::Result;
use crate::message::mask::Shown;
use crate::message::{ItemType, Record};
use crate::stats::{Name, Stats};

/// What makes bytes of records, for one file.
pub struct Encoder {
    pub(super) text: Box<dyn Text>,
    charset: Charset,
    /// No record is in the file.
    pub(super) is_empty: bool,
    /// The text of the record at hand.
    scratch: String,
}

impl Encoder {
    /// For one of the engine's own formats: `jsonl`, `json`, `csv`, `xml`.
    ///
    /// # Errors
    /// If the character encoding is unknown.
    pub fn new(format: &str, settings: &Settings) -> Result<Self> {
        let charset = Charset::parse(&settings.encoding)?;
        Ok(Self { text: format::text(format, settings), charset, is_empty: true, scratch: String::new() })
    }

    /// The same, knowing what the items are going to be: their fields are the columns of CSV, before there is an item.
    #[must_use]
    pub fn declaring<'i>(mut self, items: impl Iterator<Item = &'i ItemType>) -> Self {
        let mut names: Vec<&'static str> = Vec::new();
        for field in items.flat_map(|item| item.fields) {
            if !names.contains(&field.name) {
                names.push(field.name);
            }
        }
        self.text.declare(&names);
        self
    }

    /// What stands before the first record.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        self.text.head().into_bytes()
    }

    /// What makes the file whole after the last record.
    #[must_use]
    pub fn tail(&self) -> Vec<u8> {
        self.text.tail(self.is_empty).into_bytes()
    }

    /// Appends a record. One that the format cannot take is counted as `item_error_count` and logged; false says so.
    ///
    /// # Errors
    /// If no record can go on this file: its CSV header is another one.
    pub fn encode(&mut self, record: &Record, stats: &Stats, out: &mut Vec<u8>) -> io::Result<bool> {
        let whole = out.len();
        match self.append(record, out) {
            Ok(()) => {}
            Err(Unfit::Header { wanted, found }) => return Err(other_header(&wanted, &found)),
            Err(why) => {
                out.truncate(whole);
                stats.add("item_error_count", 1);
                tracing::warn!(item = %record.kind, page = %Shown(&record.page), detail = %why, "an item does not fit into a feed");
                return Ok(false);
            }
        }
        self.is_empty = false;
        let left_out = self.text.left_out();
        if left_out > 0 {
            stats.add(Name::from("feedexport/fields_left_out_count"), left_out);
        }
        Ok(true)
    }

    fn append(&mut self, record: &Record, out: &mut Vec<u8>) -> Result<(), Unfit> {
        self.scratch.clear();
        self.text.record(record, self.is_empty, &mut self.scratch)?;
        self.charset.encode(&self.scratch, self.text.missing(), out)
    }
}
