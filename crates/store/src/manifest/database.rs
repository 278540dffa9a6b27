//! The file of a manifest: how it is opened, which tables it has, and which version it is of.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::manifest::error::ManifestError;

/// The version of the tables.
const VERSION: i64 = 1;
/// "drgl": what SQLite's header has for programs to know their files by.
const APPLICATION: i64 = 0x6472_676C;
/// How long another process may hold the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name that gave way to another is in `duplicates`, and never in `objects`.
const TABLES: &str = "
CREATE TABLE objects (
    name TEXT PRIMARY KEY NOT NULL,
    sha1 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mime TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    taken TEXT,
    perceptual INTEGER,
    stored_at TEXT NOT NULL,
    thumbs TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX objects_by_sha1 ON objects (sha1);
CREATE INDEX objects_by_perceptual ON objects (perceptual) WHERE perceptual IS NOT NULL;
CREATE TABLE visits (
    url TEXT PRIMARY KEY NOT NULL,
    final_url TEXT,
    page TEXT,
    item TEXT,
    name TEXT,
    status TEXT NOT NULL,
    reason TEXT,
    http_status INTEGER,
    etag TEXT,
    last_modified TEXT,
    fetched_at TEXT,
    opt_outs TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX visits_by_name ON visits (name) WHERE name IS NOT NULL;
CREATE TABLE duplicates (
    name TEXT PRIMARY KEY NOT NULL,
    kept TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicates_by_kept ON duplicates (kept);
";

/// A connection to the manifest in a file, which is made if there is none.
pub(super) fn open(path: &Path) -> Result<Connection, ManifestError> {
    let io = |source| ManifestError::Io { path: path.to_owned(), source };
    let place = place(path).map_err(io)?;
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // what SQLite makes beside it, it makes with the same rights
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if fs::symlink_metadata(&place).is_ok_and(|found| !found.is_file()) {
        return Err(io(std::io::Error::other("it is a link, a folder or a device, and no file")));
    }
    options.open(&place).map_err(io)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
    let opened = || -> rusqlite::Result<Result<Connection, i64>> {
        let mut database = Connection::open_with_flags(&place, flags)?;
        database.busy_timeout(PATIENCE)?;
        // the file may come from anywhere: nothing in it runs, and a page that cannot be is an error
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        database.pragma_update(None, "cell_size_check", true)?;
        if let Err(found) = make(&mut database)? {
            return Ok(Err(found));
        }
        // A reader sees whole transactions while others write. A commit may be lost with the power, the file not.
        patiently(|| database.pragma_update(None, "journal_mode", "WAL"))?;
        database.pragma_update(None, "synchronous", "NORMAL")?;
        database.pragma_update(None, "cache_size", -8192)?;
        Ok(Ok(database))
    };
    match opened() {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(found)) => Err(ManifestError::Version { path: path.to_owned(), found, known: VERSION }),
        Err(error) => Err(ManifestError::of(path, error)),
    }
}

/// The file with its folder's links followed: a link in the place of the file itself is refused.
fn place(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = path.file_name().ok_or_else(|| std::io::Error::other("it is a folder, and no file"))?;
    Ok(fs::canonicalize(folder)?.join(file))
}

/// Makes the tables in an empty file; of another, the version that it is of if it is not this one.
fn make(database: &mut Connection) -> rusqlite::Result<Result<(), i64>> {
    if let Some(known) = version(database)? {
        return Ok(known);
    }
    // alone, for another process may be at it too
    let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some(known) = version(&transaction)? {
        return Ok(known);
    }
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// None of an empty file.
fn version(database: &Connection) -> rusqlite::Result<Option<Result<(), i64>>> {
    let number = |name| database.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => Ok(None),
        (APPLICATION, VERSION) => Ok(Some(Ok(()))),
        (APPLICATION, other) => Ok(Some(Err(other))),
        // somebody else's database
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
            Some("it is a database of another program".to_owned()),
        )),
    }
}

/// Changing the journal's mode wants the file alone and does not wait for it.
fn patiently(mut work: impl FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match work() {
            Err(error)
                if matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
                    && begun.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
}
