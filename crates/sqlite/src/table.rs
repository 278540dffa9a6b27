//! One table: its columns, its rows, and how far it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dragline::error::Result as FeedResult;
use dragline::feed::{Context, Mode, Settings, each_field, text};
use dragline::message::Record;
use dragline::message::mask::Shown;
use rusqlite::types::Value;
use rusqlite::{Connection, Result, params_from_iter};
use serde::{Deserialize, Serialize};

/// A table that records are written to.
pub(crate) struct Table {
    database: Connection,
    /// Quoted.
    name: String,
    fields: Option<Vec<String>>,
    names: BTreeMap<String, String>,
    /// The columns that there are, in lower case: SQLite takes `A` and `a` for one.
    columns: BTreeSet<String>,
    context: Context,
}

/// A position: the last row. By the name `_rowid_`, for an item may have a field `rowid`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Stand {
    rowid: i64,
}

impl Table {
    pub(crate) fn open(path: &Path, settings: &Settings, context: Context) -> Result<Self> {
        let database = Connection::open(path)?;
        database.busy_timeout(std::time::Duration::from_secs(5))?;
        // a reader sees whole transactions while the crawl goes on
        database.pragma_update(None, "journal_mode", "WAL")?;
        // full: a commit is on the disk when it returns
        database.pragma_update(None, "synchronous", if context.durable { "FULL" } else { "OFF" })?;
        let name = quote(&settings.table);
        if !context.resuming {
            match settings.mode {
                Mode::Append => {}
                Mode::Overwrite => drop(database.execute(&format!("DROP TABLE IF EXISTS {name}"), [])?),
                Mode::Fail if database.table_exists(None, settings.table.as_str())? => {
                    let what = format!("table {name} is there, and the feed's `mode` is `fail`");
                    return Err(rusqlite::Error::ToSqlConversionFailure(what.into()));
                }
                Mode::Fail => {}
            }
        }
        let mut table = Self {
            database,
            name,
            fields: settings.fields.clone(),
            names: settings.names.clone(),
            columns: BTreeSet::new(),
            context,
        };
        if table.database.table_exists(None, settings.table.as_str())? {
            table.learn_columns()?;
        }
        Ok(table)
    }

    fn learn_columns(&mut self) -> Result<()> {
        let statement = self.database.prepare(&format!("SELECT * FROM {} LIMIT 0", self.name))?;
        self.columns = statement.column_names().map(str::to_lowercase).collect();
        Ok(())
    }

    /// Writes records in one transaction.
    pub(crate) fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.database.execute_batch("BEGIN IMMEDIATE")?;
        for record in records {
            let error: dragline::Error = match self.cells(record).map(|cells| self.insert_row(&cells)) {
                Ok(Ok(())) => continue,
                Ok(Err(error)) if is_about_the_disk(&error) => return Err(error),
                // too many columns, a value that the table does not allow: the statement is undone, the others stand
                Ok(Err(error)) => dragline::Error::other(error),
                Err(error) => error,
            };
            self.context.stats.add("item_error_count", 1);
            tracing::warn!(item = %record.kind, page = %Shown(&record.page), %error, "an item does not fit into a feed");
        }
        self.database.execute_batch("COMMIT")
    }

    /// The fields of a record by their columns; of two that differ in case alone, the first.
    fn cells(&self, record: &Record) -> FeedResult<Vec<(String, Value)>> {
        let json = record.json()?;
        let mut cells: Vec<(String, Value)> = Vec::new();
        let mut error = None;
        each_field(&json, |field, raw| {
            if self.fields.as_ref().is_some_and(|fields| !fields.iter().any(|wanted| *wanted == field)) {
                return;
            }
            let name = self.names.get(field.as_ref()).map_or(field.into_owned(), Clone::clone);
            match value(raw) {
                // by that name SQLite knows the number of a row, to which the feed is cut back
                _ if name.eq_ignore_ascii_case("_rowid_") => {
                    let what = "`_rowid_` is SQLite's own name for a row's number: give the field another in `names`";
                    error = Some(dragline::Error::page(what));
                }
                _ if cells.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) => {
                    self.context.stats.add("feedexport/fields_left_out_count", 1);
                }
                Ok(value) => cells.push((name, value)),
                Err(why) => error = Some(why.into()),
            }
        })?;
        if let Some(fields) = &self.fields {
            let place = |name: &str| fields.iter().position(|field| self.names.get(field).unwrap_or(field) == name);
            cells.sort_by_key(|(name, _)| place(name));
        }
        error.map_or(Ok(cells), Err)
    }

    fn insert_row(&mut self, cells: &[(String, Value)]) -> Result<()> {
        if self.columns.is_empty() {
            let columns: Vec<String> = cells.iter().map(|(name, _)| quote(name)).collect();
            // a table has a column, be the first item as empty as it may
            let columns = if columns.is_empty() { "\"item\"".to_owned() } else { columns.join(", ") };
            self.database.execute(&format!("CREATE TABLE {} ({columns})", self.name), [])?;
            self.learn_columns()?;
        }
        for (name, _) in cells {
            if !self.columns.contains(&name.to_lowercase()) {
                self.database.execute(&format!("ALTER TABLE {} ADD COLUMN {}", self.name, quote(name)), [])?;
                self.columns.insert(name.to_lowercase());
            }
        }
        if cells.is_empty() {
            return self.database.execute(&format!("INSERT INTO {} DEFAULT VALUES", self.name), []).map(drop);
        }
        let columns: Vec<String> = cells.iter().map(|(name, _)| quote(name)).collect();
        let places = vec!["?"; cells.len()].join(", ");
        let text = format!("INSERT INTO {} ({}) VALUES ({places})", self.name, columns.join(", "));
        self.database.prepare_cached(&text)?.execute(params_from_iter(cells.iter().map(|(_, value)| value))).map(drop)
    }

    /// The last row: every transaction is in the database when its write has returned.
    pub(crate) fn stand(&mut self) -> Result<Stand> {
        if self.columns.is_empty() {
            return Ok(Stand { rowid: 0 });
        }
        let text = format!("SELECT coalesce(max(_rowid_), 0) FROM {}", self.name);
        self.database.query_row(&text, [], |row| row.get(0)).map(|rowid| Stand { rowid })
    }

    /// Deletes the rows after a position.
    pub(crate) fn cut(&mut self, to: &Stand) -> Result<()> {
        let at = self.stand()?;
        if at.rowid < to.rowid {
            let what = format!(
                "table {} has rows up to {}, and the job wrote {}: put the file back as it was, or begin the job anew",
                self.name, at.rowid, to.rowid
            );
            return Err(rusqlite::Error::ToSqlConversionFailure(what.into()));
        }
        if at.rowid > to.rowid {
            self.database.execute(&format!("DELETE FROM {} WHERE _rowid_ > ?", self.name), [to.rowid])?;
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> Result<()> {
        // the last change of mode brings everything into the one file, and that to the disk
        self.database.pragma_update(None, "synchronous", "FULL")?;
        self.database.pragma_update(None, "journal_mode", "DELETE")
    }
}

/// A field's value as SQLite has it; what is nested stays JSON.
fn value(raw: &str) -> serde_json::Result<Value> {
    Ok(match raw {
        "true" => Value::Integer(1),
        "false" => Value::Integer(0),
        _ if raw.starts_with('"') => text(raw)?.map_or(Value::Null, |text| Value::Text(text.into_owned())),
        _ if raw.starts_with(['[', '{']) => Value::Text(raw.to_owned()),
        _ => match (raw.parse(), raw.parse()) {
            (Ok(whole), _) => Value::Integer(whole),
            (_, Ok(number)) => Value::Real(number),
            _ => Value::Null,
        },
    })
}

/// A name as SQL has it.
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether the database cannot be written to, rather than this row.
fn is_about_the_disk(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    let is_about_the_row = matches!(
        error.sqlite_error_code(),
        Some(Code::ConstraintViolation | Code::TypeMismatch | Code::TooBig | Code::ParameterOutOfRange)
    );
    // these two have no code of their own
    let text = error.to_string();
    !(is_about_the_row || text.contains("too many columns") || text.contains("too many SQL variables"))
}
