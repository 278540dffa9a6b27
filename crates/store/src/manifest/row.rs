//! The rows of a manifest, and how they are read and written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension as _, Result, Row, TransactionBehavior, params};
use serde::{Serialize, Serializer};
use url::Url;

use crate::manifest::Change;

/// What became of a URL the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// The URL that was asked for. A password in it is not kept; what its query says is.
    pub url: String,
    /// The one that answered, after redirects.
    pub final_url: Option<String>,
    /// The page that the URL stood on.
    pub page: Option<String>,
    /// The item that it belongs to: its kind, or what the user knows it by.
    pub item: Option<String>,
    /// The object that its bytes are in.
    pub name: Option<String>,
    /// What became of it: `downloaded`, `uptodate`, `failed`.
    pub status: String,
    /// Why there is no object: a stable name.
    pub reason: Option<String>,
    /// The status of the answer.
    pub http_status: Option<u16>,
    /// The answer's `ETag`.
    pub etag: Option<String>,
    /// The answer's `Last-Modified`.
    pub last_modified: Option<String>,
    /// When the server was last asked.
    #[serde(serialize_with = "maybe_time_as_text")]
    pub fetched_at: Option<Timestamp>,
    /// The signals that its owner wants no machine to learn from it, each by its name.
    pub opt_outs: Vec<String>,
}

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Object {
    /// Its name in the store.
    pub name: String,
    /// The SHA-1 of its bytes, in hex.
    pub sha1: String,
    /// Its bytes.
    pub size: u64,
    /// Its media type, by its bytes.
    pub mime: String,
    /// Pixels from left to right, as stored.
    pub width: Option<u32>,
    /// Pixels from top to bottom, as stored.
    pub height: Option<u32>,
    /// When the photograph was taken, as its EXIF says: ISO 8601 without a zone.
    pub taken: Option<String>,
    /// The perceptual hash: pictures that look alike differ in few bits.
    pub perceptual: Option<u64>,
    /// When it was stored.
    #[serde(serialize_with = "time_as_text")]
    pub stored_at: Timestamp,
    /// The names of its thumbnails, by their sizes' names.
    pub thumbs: BTreeMap<String, String>,
}

const VISIT: &str =
    "url, final_url, page, item, name, status, reason, http_status, etag, last_modified, fetched_at, opt_outs";
const OBJECT: &str = "name, sha1, size, mime, width, height, taken, perceptual, stored_at, thumbs";

fn time_as_text<S: Serializer>(at: &Timestamp, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn maybe_time_as_text<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.collect_str(at),
        None => serializer.serialize_none(),
    }
}

/// A URL without the password that may stand before its host.
pub(super) fn without_password(url: &str) -> Cow<'_, str> {
    if !url.contains('@') {
        return Cow::Borrowed(url);
    }
    match Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => match parsed.set_password(None) {
            Ok(()) => Cow::Owned(parsed.into()),
            Err(()) => Cow::Borrowed(url),
        },
        _ => Cow::Borrowed(url),
    }
}

impl Visit {
    /// As it is kept.
    pub(super) fn without_passwords(mut self) -> Self {
        for url in [Some(&mut self.url), self.final_url.as_mut(), self.page.as_mut()].into_iter().flatten() {
            if let Cow::Owned(shorter) = without_password(url) {
                *url = shorter;
            }
        }
        self
    }

    fn of(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            url: row.get(0)?,
            final_url: row.get(1)?,
            page: row.get(2)?,
            item: row.get(3)?,
            name: row.get(4)?,
            status: row.get(5)?,
            reason: row.get(6)?,
            http_status: row.get(7)?,
            etag: row.get(8)?,
            last_modified: row.get(9)?,
            fetched_at: row.get::<_, Option<String>>(10)?.map(|text| time(10, &text)).transpose()?,
            opt_outs: parsed(11, &row.get::<_, String>(11)?)?,
        })
    }
}

impl Object {
    fn of(row: &Row<'_>) -> Result<Self> {
        Ok(Self {
            name: row.get(0)?,
            sha1: row.get(1)?,
            size: count(row, 2)?,
            mime: row.get(3)?,
            width: row.get(4)?,
            height: row.get(5)?,
            taken: row.get(6)?,
            perceptual: row.get::<_, Option<i64>>(7)?.map(i64::cast_unsigned),
            stored_at: time(8, &row.get::<_, String>(8)?)?,
            thumbs: parsed(9, &row.get::<_, String>(9)?)?,
        })
    }
}

fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let number: i64 = row.get(column)?;
    number.try_into().map_err(|_| Error::IntegralValueOutOfRange(column, number))
}

fn time(column: usize, text: &str) -> Result<Timestamp> {
    text.parse().map_err(|error: jiff::Error| unfit(column, error))
}

fn parsed<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unfit(column, error))
}

fn unfit(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// Text that cannot fail to be written: lists and maps of text are JSON.
fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

/// Writes a visit over what was known.
pub(super) fn put_visit(database: &Connection, visit: &Visit) -> Result<()> {
    let text = format!("INSERT OR REPLACE INTO visits ({VISIT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let mut statement = database.prepare_cached(&text)?;
    statement.execute(params![
        visit.url,
        visit.final_url,
        visit.page,
        visit.item,
        visit.name,
        visit.status,
        visit.reason,
        visit.http_status,
        visit.etag,
        visit.last_modified,
        visit.fetched_at.map(|at| at.to_string()),
        json(&visit.opt_outs)?,
    ])?;
    Ok(())
}

/// Writes an object over what was known. It is one again, if its name gave way to another once.
pub(super) fn put_object(database: &Connection, object: &Object) -> Result<()> {
    let text = format!("INSERT OR REPLACE INTO objects ({OBJECT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    let mut statement = database.prepare_cached(&text)?;
    statement.execute(params![
        object.name,
        object.sha1,
        object.size.cast_signed(),
        object.mime,
        object.width,
        object.height,
        object.taken,
        object.perceptual.map(u64::cast_signed),
        object.stored_at.to_string(),
        json(&object.thumbs)?,
    ])?;
    database.prepare_cached("DELETE FROM duplicates WHERE name = ?")?.execute([&object.name])?;
    Ok(())
}

pub(super) fn visit(database: &Connection, url: &str) -> Result<Option<Visit>> {
    let mut statement = database.prepare_cached(&format!("SELECT {VISIT} FROM visits WHERE url = ?"))?;
    statement.query_row([url], Visit::of).optional()
}

pub(super) fn object(database: &Connection, name: &str) -> Result<Option<Object>> {
    let text = format!(
        "SELECT {OBJECT} FROM objects WHERE name = coalesce((SELECT kept FROM duplicates WHERE name = ?1), ?1)"
    );
    database.prepare_cached(&text)?.query_row([name], Object::of).optional()
}

pub(super) fn of_hash(database: &Connection, sha1: &str) -> Result<Vec<Object>> {
    let mut statement =
        database.prepare_cached(&format!("SELECT {OBJECT} FROM objects WHERE sha1 = ? ORDER BY name"))?;
    statement.query_map([sha1], Object::of)?.collect()
}

pub(super) fn objects(database: &Connection, after: Option<&str>, most: usize) -> Result<Vec<Object>> {
    let text = format!("SELECT {OBJECT} FROM objects WHERE name > ? ORDER BY name LIMIT ?");
    let mut statement = database.prepare_cached(&text)?;
    statement.query_map(params![after.unwrap_or_default(), most.cast_signed()], Object::of)?.collect()
}

pub(super) fn visits(database: &Connection, after: Option<&str>, most: usize) -> Result<Vec<Visit>> {
    let text = format!("SELECT {VISIT} FROM visits WHERE url > ? ORDER BY url LIMIT ?");
    let mut statement = database.prepare_cached(&text)?;
    statement.query_map(params![after.unwrap_or_default(), most.cast_signed()], Visit::of)?.collect()
}

pub(super) fn visits_of(database: &Connection, name: &str) -> Result<Vec<Visit>> {
    let mut statement = database.prepare_cached(&format!("SELECT {VISIT} FROM visits WHERE name = ? ORDER BY url"))?;
    statement.query_map([name], Visit::of)?.collect()
}

pub(super) fn totals(database: &Connection) -> Result<(u64, u64)> {
    database.query_row("SELECT count(*), coalesce(sum(size), 0) FROM objects", [], |row| {
        Ok((count(row, 0)?, count(row, 1)?))
    })
}

pub(super) fn check(database: &Connection) -> Result<Vec<String>> {
    let mut statement = database.prepare("PRAGMA integrity_check(20)")?;
    let said: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

pub(super) fn change(database: &Connection, changes: &[Change]) -> Result<()> {
    let transaction = rusqlite::Transaction::new_unchecked(database, TransactionBehavior::Immediate)?;
    for change in changes {
        let run = |text: &str, values: &[&str]| -> Result<()> {
            transaction.prepare_cached(text)?.execute(rusqlite::params_from_iter(values)).map(drop)
        };
        match change {
            Change::Gone(name) => {
                run("DELETE FROM objects WHERE name = ?", &[name])?;
                run("DELETE FROM duplicates WHERE kept = ?", &[name])?;
                run("UPDATE visits SET name = NULL, etag = NULL, last_modified = NULL WHERE name = ?", &[name])?;
            }
            Change::Instead { gone, kept } if gone != kept => {
                run("DELETE FROM objects WHERE name = ?", &[gone])?;
                run("UPDATE visits SET name = ?2 WHERE name = ?1", &[gone, kept])?;
                run("UPDATE duplicates SET kept = ?2 WHERE kept = ?1", &[gone, kept])?;
                run("INSERT OR REPLACE INTO duplicates (name, kept) VALUES (?1, ?2)", &[gone, kept])?;
            }
            Change::Instead { .. } => {}
        }
    }
    transaction.commit()
}
