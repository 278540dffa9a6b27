//! `[[feeds]]`, and `-o`: one place that records go to.

use std::collections::BTreeMap;
use std::path::{Component, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use super::charset::Charset;
use super::compression::Compression;
use super::name::Name;
use crate::error::{Error, Result};
use crate::frontier::FeedId;

/// One place that records go to. `config/default.toml` is the manual of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A path, `-` for the standard output, or a URI such as `s3://bucket/items.jsonl`.
    pub uri: String,
    /// The format; taken from the extension if it is not given.
    #[serde(default)]
    pub format: Option<String>,
    /// What to do with what is there.
    #[serde(default)]
    pub mode: Mode,
    /// The compression; taken from the extension if it is not given.
    #[serde(default)]
    pub compression: Option<Compression>,
    /// The fields and their order; all of them if it is not given.
    #[serde(default)]
    pub fields: Option<Vec<String>>,
    /// Other names for fields.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// The kinds of items; all of them if it is empty.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Items in a batch; 0 means no limit.
    #[serde(default)]
    pub batch_items: u64,
    /// Bytes in a batch, before compression; none means no limit.
    #[serde(default)]
    pub batch_bytes: Option<ByteSize>,
    /// How long a batch stays open after its first item; none means no limit.
    #[serde(default, with = "humantime_serde")]
    pub batch_time: Option<Duration>,
    /// JSON and XML: -1 is all on one line, 0 each item on a line of its own, more are the spaces of a level.
    #[serde(default)]
    pub indent: i8,
    /// The character encoding.
    #[serde(default = "utf8")]
    pub encoding: String,
    /// CSV: begin with the fields' names.
    #[serde(default = "yes")]
    pub header: bool,
    /// CSV: what stands between two cells.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// CSV: what stands between the values of a list.
    #[serde(default = "comma_text")]
    pub join: String,
    /// CSV: leave cells that a spreadsheet takes for formulas as they are.
    #[serde(default)]
    pub raw: bool,
    /// XML: the name of the outermost element.
    #[serde(default = "items")]
    pub root: String,
    /// XML: the name of an item's element.
    #[serde(default = "item")]
    pub item: String,
    /// SQLite: the name of the table.
    #[serde(default = "items")]
    pub table: String,
}

/// What to do with what is there when a feed is first opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Go on after it.
    #[default]
    Append,
    /// Begin anew.
    Overwrite,
    /// Refuse to begin.
    Fail,
}

fn utf8() -> String {
    "utf-8".to_owned()
}
fn yes() -> bool {
    true
}
fn comma() -> char {
    ','
}
fn comma_text() -> String {
    ",".to_owned()
}
fn items() -> String {
    "items".to_owned()
}
fn item() -> String {
    "item".to_owned()
}

impl Settings {
    /// A feed at a place, the rest by default.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            format: None,
            mode: Mode::Append,
            compression: None,
            fields: None,
            names: BTreeMap::new(),
            kinds: Vec::new(),
            batch_items: 0,
            batch_bytes: None,
            batch_time: None,
            indent: 0,
            encoding: utf8(),
            header: true,
            delimiter: comma(),
            join: comma_text(),
            raw: false,
            root: items(),
            item: item(),
            table: items(),
        }
    }

    /// `-o URI` or `-o URI:FORMAT`; `-` is the standard output.
    #[must_use]
    pub fn from_flag(flag: &str, mode: Mode) -> Self {
        let (uri, format) = match flag.rsplit_once(':') {
            Some((uri, format)) if !format.is_empty() && format.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                (uri, Some(format.to_owned()))
            }
            _ => (flag, None),
        };
        Self { format, mode, ..Self::new(uri) }
    }

    /// What the frontier knows the feed by: its place, without what may be a password.
    #[must_use]
    pub fn id(&self) -> FeedId {
        match self.scheme() {
            Some(scheme) if scheme != "file" => FeedId(self.shown()),
            _ => FeedId(self.place().to_string_lossy().into_owned()),
        }
    }

    /// The place, in one spelling of its path.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        let path = self.uri.strip_prefix("file://").unwrap_or(&self.uri);
        PathBuf::from(path).components().filter(|part| *part != Component::CurDir).collect()
    }

    /// The URI's scheme: `s3` of `s3://bucket/key`; none for a path.
    #[must_use]
    pub fn scheme(&self) -> Option<&str> {
        self.uri.split_once("://").map(|(scheme, _)| scheme)
    }

    /// The URI without what may be a password.
    #[must_use]
    pub fn shown(&self) -> String {
        let Some((scheme, rest)) = self.uri.split_once("://") else { return self.uri.clone() };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest[..end].rfind('@') {
            Some(at) => format!("{scheme}://***{}", &rest[at..]),
            None => self.uri.clone(),
        }
    }

    /// The compression: as set, or as the extension says.
    #[must_use]
    pub fn compression(&self) -> Option<Compression> {
        self.compression.or_else(|| self.extensions().first().and_then(|last| Compression::of_extension(last)))
    }

    /// The format and the compression, in a word each.
    #[must_use]
    pub fn format(&self) -> String {
        let compression = self.compression().map(|compression| format!(", {compression:?}").to_lowercase());
        format!("{}{}", self.asked_format(), compression.unwrap_or_default())
    }

    /// The name of the format as it was asked for: a setting, or the extension before that of a compression.
    pub(super) fn asked_format(&self) -> String {
        let extensions = self.extensions();
        let extension = extensions.iter().find(|extension| Compression::of_extension(extension).is_none());
        self.format.as_ref().or(extension).map_or_else(|| "jsonl".to_owned(), |name| name.to_lowercase())
    }

    /// The last two extensions, the last first, in lower case. What stands in braces is none.
    fn extensions(&self) -> Vec<String> {
        let name = self.uri.rsplit(['/', '\\']).next().unwrap_or_default();
        let mut parts: Vec<&str> = name.split('.').skip(1).collect();
        parts.reverse();
        parts.truncate(2);
        let is_compressed = parts.first().is_some_and(|last| Compression::of_extension(&last.to_lowercase()).is_some());
        parts.truncate(if is_compressed { 2 } else { 1 });
        parts.into_iter().map(str::to_lowercase).collect()
    }

    /// Whether there is a limit to a batch.
    #[must_use]
    pub fn has_batches(&self) -> bool {
        self.batch_items > 0 || self.batch_bytes.is_some() || self.batch_time.is_some()
    }

    /// What no feed can be made of.
    ///
    /// # Errors
    /// Names the key and the cure.
    pub fn check(&self) -> Result<()> {
        let name = Name::parse(&self.uri)?;
        if self.uri.is_empty() {
            return Err(Error::setting("feeds.uri", "is empty: give a path, or `-` for the standard output"));
        }
        if self.has_batches() && !name.has_batch() {
            let what = format!("= `{}` needs `{{batch}}` in the name, for each batch is a file of its own", self.uri);
            return Err(Error::setting("feeds.uri", what));
        }
        if self.batch_bytes.is_some_and(|bytes| bytes.as_u64() == 0) {
            return Err(Error::setting("feeds.batch_bytes", "= 0 leaves room for nothing: leave it out for no limit"));
        }
        if self.batch_time.is_some_and(|time| time.is_zero()) {
            return Err(Error::setting("feeds.batch_time", "= 0 leaves no time: leave it out for no limit"));
        }
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\r' | '\n') {
            let what = format!("= {:?} cannot stand between cells: take `,`, `;` or a tab", self.delimiter);
            return Err(Error::setting("feeds.delimiter", what));
        }
        for (key, name) in [("feeds.root", &self.root), ("feeds.item", &self.item)] {
            if super::format::element_name(name, false) != *name {
                return Err(Error::setting(key, format!("= `{name}` is no name of an XML element")));
            }
        }
        let fields = self.fields.as_deref().unwrap_or_default();
        let columns: Vec<&String> = fields.iter().map(|field| self.names.get(field).unwrap_or(field)).collect();
        if let Some((_, twice)) = columns.iter().enumerate().find(|(at, column)| columns[..*at].contains(column)) {
            return Err(Error::setting("feeds.fields", format!("gives two columns the name `{twice}`")));
        }
        if self.table.to_lowercase().starts_with("sqlite_") {
            return Err(Error::setting(
                "feeds.table",
                format!("= `{}`: SQLite keeps such names for itself", self.table),
            ));
        }
        if !(-1..=16).contains(&self.indent) {
            return Err(Error::setting("feeds.indent", format!("= {} is not from -1 to 16", self.indent)));
        }
        Charset::parse(&self.encoding).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(toml: &str) -> String {
        let settings: Settings = toml::from_str(toml).expect("settings");
        settings.check().expect_err("refused").to_string()
    }

    #[test]
    fn what_cannot_be_is_refused_before_anything_is_written() {
        let refused = |toml: &str| {
            let settings: Settings = toml::from_str(&format!("uri = 'x.csv'\n{toml}")).expect("settings");
            settings.check().expect_err(toml).to_string()
        };
        assert_eq!(refused("fields = ['a', 'a']"), "`feeds.fields` gives two columns the name `a`");
        let renamed = "fields = ['url', 'title']\nnames = { url = 'title' }";
        assert_eq!(refused(renamed), "`feeds.fields` gives two columns the name `title`");
        assert!(refused("table = 'sqlite_master'").contains("SQLite keeps such names for itself"));
    }

    #[test]
    fn a_flag_names_place_format_and_compression() {
        let read = |flag: &str| {
            let settings = Settings::from_flag(flag, Mode::Append);
            (settings.asked_format(), settings.compression())
        };
        assert_eq!(read("photos.jsonl"), ("jsonl".to_owned(), None));
        assert_eq!(read("photos.JL"), ("jl".to_owned(), None));
        assert_eq!(read("photos.txt:jsonlines"), ("jsonlines".to_owned(), None));
        assert_eq!(read("-"), ("jsonl".to_owned(), None));
        assert_eq!(read("a.b/photos"), ("jsonl".to_owned(), None));
        assert_eq!(read("photos.csv.gz"), ("csv".to_owned(), Some(Compression::Gzip)));
        assert_eq!(read("s3://bucket/{time}/photos.xml.zst"), ("xml".to_owned(), Some(Compression::Zstd)));
        assert_eq!(read("photos.gz"), ("jsonl".to_owned(), Some(Compression::Gzip)));
    }

    #[test]
    fn what_cannot_be_is_named_with_its_cure() {
        let text = refused("uri = 'x.jsonl'\nbatch_items = 10");
        assert_eq!(text, "`feeds.uri` = `x.jsonl` needs `{batch}` in the name, for each batch is a file of its own");
        assert!(refused("uri = '{bach}.csv'").contains("did you mean `batch`?"));
        assert!(refused("uri = 'x.xml'\nitem = 'a b'").contains("`feeds.item` = `a b`"));
        assert!(refused("uri = 'x.csv'\ndelimiter = '€'").contains("`feeds.delimiter`"));
        assert!(refused("uri = 'x.csv'\nencoding = 'utf-9'").contains("`feeds.encoding` = `utf-9`"));
        assert!(refused("uri = '{batch}.csv'\nbatch_time = '0s'").contains("`feeds.batch_time`"));
    }

    #[test]
    fn a_password_in_a_uri_is_not_shown() {
        assert_eq!(Settings::new("s3://key:secret@bucket/a@b").shown(), "s3://***@bucket/a@b");
        assert_eq!(Settings::new("s3://bucket/a@b").shown(), "s3://bucket/a@b");
    }

    #[test]
    fn the_defaults_of_a_table_are_those_of_a_flag() {
        let table: Settings = toml::from_str("uri = 'x.csv'").expect("settings");
        assert_eq!(table, Settings::new("x.csv"));
    }
}
