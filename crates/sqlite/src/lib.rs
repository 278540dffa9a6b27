//! Feeds that are tables of a SQLite database: `-o items.sqlite`.
//!
//! A record is a row; columns are added as new fields appear. Text, numbers and truth values are kept as SQLite has
//! them, lists and nested fields as JSON text. A position is the last `rowid`, and cutting back deletes the rows after
//! it, so nobody else may write to the table while a job does.

mod table;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::feed::{Context, Feed, Format, Kept, Open, Settings, Way};
use dragline::frontier::Position;
use dragline::message::Record;

use crate::table::{Stand, Table};

/// The format `sqlite`, for a runner's registry.
#[must_use]
pub fn sqlite() -> Format {
    Format { name: "sqlite", extensions: &["sqlite3", "db"], way: Way::Own(Arc::new(Sqlite)) }
}

struct Sqlite;

#[async_trait]
impl Open for Sqlite {
    fn kind(&self) -> &'static str {
        "SqliteFeed"
    }

    async fn open(&self, path: &Path, settings: &Settings, context: &Context) -> Result<Box<dyn Feed>> {
        let (at, settings, context) = (path.to_owned(), settings.clone(), context.clone());
        let table = blocking(path, move || Table::open(&at, &settings, context)).await?;
        Ok(Box::new(TableFeed { path: path.to_owned(), table: Some(table), written: 0 }))
    }
}

/// A feed that is a table.
struct TableFeed {
    path: PathBuf,
    /// None after an error.
    table: Option<Table>,
    /// Records written since the feed was opened or rewound.
    written: u64,
}

impl TableFeed {
    /// Does something with the table on a thread that may block.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Table) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let Some(mut table) = self.table.take() else {
            return Err(Error::feed(self.path.display().to_string(), "it has failed before"));
        };
        let (table, done) = blocking(&self.path, move || work(&mut table).map(|done| (table, done))).await?;
        self.table = Some(table);
        Ok(done)
    }
}

impl fmt::Display for TableFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())
    }
}

#[async_trait]
impl Feed for TableFeed {
    async fn write(&mut self, batch: &[Record]) -> Result<()> {
        let records = batch.to_vec();
        self.with(move |table| table.insert(&records)).await?;
        self.written += batch.len() as u64;
        Ok(())
    }

    async fn sync(&mut self) -> Result<Kept> {
        let stand = self.with(|table| table.stand()).await?;
        Ok(Kept { records: self.written, position: Position(serde_json::to_string(&stand)?) })
    }

    async fn rewind(&mut self, to: &Position) -> Result<()> {
        let stand: Stand = serde_json::from_str(&to.0)?;
        self.written = 0;
        self.with(move |table| table.cut(&stand)).await
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        // the log of changes goes into the database, which is one file again
        self.with(|table| table.finish()).await
    }
}

async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::feed(path.display().to_string(), error);
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| failed(error.into())),
        Err(error) => Err(failed(error.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dragline::feed::conformance::{self, Case, context, record_of};
    use dragline::feed::{Catalogue, Mode};
    use rusqlite::Connection;
    use serde_json::json;

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue::default();
        catalogue.add_format(sqlite());
        catalogue
    }

    fn numbers(path: &Path) -> Vec<u64> {
        let database = Connection::open(path).expect("a database");
        if !database.table_exists(None, "items").expect("a look")
            || !database.column_exists(None, "items", "number").expect("a look")
        {
            return Vec::new();
        }
        let mut rows = database.prepare("SELECT number FROM items ORDER BY rowid").expect("a query");
        let numbers = rows.query_map([], |row| row.get::<_, i64>(0)).expect("rows");
        numbers.map(|number| number.expect("a number").unsigned_abs()).collect()
    }

    #[tokio::test]
    async fn a_table_is_a_feed() {
        conformance::run(|folder| {
            let path = folder.join("a.sqlite");
            let plan = catalogue().plan(&Settings::new(path.to_string_lossy())).expect("a plan");
            Case { plan, read: Box::new(move || numbers(&path)), torn: None, is_read_early: true }
        })
        .await;
    }

    #[tokio::test]
    async fn columns_are_added_and_values_keep_their_kind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        let settings = Settings::from_flag(&path.to_string_lossy(), Mode::Append);
        let mut feed =
            catalogue().plan(&settings).expect("a plan").open(&context(folder.path())).await.expect("opened");
        let records =
            [json!({"a": 1, "b\"": "x"}), json!({"c": [1], "a": 2.5, "A": true}), json!({"d": null}), json!({})];
        feed.write(&records.each_ref().map(record_of)).await.expect("written");
        feed.finish().await.expect("finished");
        let database = Connection::open(&path).expect("a database");
        let texts = database
            .prepare("SELECT typeof(a) || ',' || coalesce(\"b\"\"\", '-') || ',' || coalesce(c, '-') FROM items ORDER BY rowid")
            .expect("a query")
            .query_map([], |row| row.get::<_, String>(0))
            .expect("rows")
            .map(|text| text.expect("text"))
            .collect::<Vec<_>>();
        assert_eq!(texts, ["integer,x,-", "real,-,[1]", "null,-,-", "null,-,-"]);
    }

    #[tokio::test]
    async fn what_is_there_is_appended_to_replaced_or_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sqlite");
        let open = |mode| {
            let plan = catalogue().plan(&Settings::from_flag(&path.to_string_lossy(), mode)).expect("a plan");
            async move { plan.open(&context(Path::new("/nowhere"))).await }
        };
        for (mode, expected) in [(Mode::Append, vec![1]), (Mode::Append, vec![1, 1]), (Mode::Overwrite, vec![1])] {
            let mut feed = open(mode).await.expect("opened");
            feed.write(&[conformance::record(1)]).await.expect("written");
            feed.finish().await.expect("finished");
            assert_eq!(numbers(&path), expected);
        }
        let error = open(Mode::Fail).await.err().expect("refused");
        assert!(error.to_string().contains("a.sqlite` cannot be used as a feed"), "{error}");
        std::fs::write(&path, "a letter to my mother, which is no database").expect("a file");
        assert!(open(Mode::Append).await.is_err());
        assert!(std::fs::read_to_string(&path).expect("text").starts_with("a letter"));
    }
}
