//! Opening a store: its folder, its lock, its format, and what a kill has left.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use redb::{Database, ReadableTable};

use super::CacheError;
use super::store::{Limits, State, Store};
use super::tables::{Batch, Bodies, NUMBERS, SALT};

/// The format of the whole.
const FORMAT: u64 = 1;

/// The index.
pub(super) const FILE: &str = "cache.redb";

/// Pages that redb holds in memory.
const PAGES: usize = 16 << 20;

/// Up to this size every page is looked at when the file is opened; of a larger one only if it was not closed.
const LOOKED_THROUGH: u64 = 64 << 20;

impl Store {
    /// Opens the store of a folder, or makes it: for its owner alone, for what users were shown lies in it.
    ///
    /// # Errors
    /// If it is another process's or another version's, or cannot be read.
    pub fn open(folder: &Path, limits: Limits, now: SystemTime) -> Result<Self, CacheError> {
        make_folder(&folder.join("bodies")).map_err(|error| CacheError::io(folder, error))?;
        let lock = lock(folder)?;
        let folder = folder.to_owned();
        // a library that finds its own file impossible panics
        let opened = panic::catch_unwind(AssertUnwindSafe(|| open_locked(folder.clone(), lock, limits, now)));
        opened.unwrap_or_else(|_| Err(CacheError::Damaged { folder, what: "its index makes no sense".to_owned() }))
    }

    /// Opens the store of a folder that has one.
    ///
    /// # Errors
    /// As for [`Store::open`], and if there is none.
    pub fn existing(folder: &Path, limits: Limits, now: SystemTime) -> Result<Self, CacheError> {
        if !folder.join(FILE).exists() {
            return Err(CacheError::Missing { folder: folder.to_owned() });
        }
        Self::open(folder, limits, now)
    }

    /// Takes out what is too old and, after a kill, files that nothing in the index names.
    fn sweep(&self, was_killed: bool, now: SystemTime) -> Result<(), CacheError> {
        let most = self.limits.max_age;
        if !most.is_zero() {
            self.remove_all(|listed| listed.entry.is_older_than(most, now))?;
        }
        if was_killed {
            let mut named = HashSet::new();
            self.each(|listed| {
                if listed.entry.in_file {
                    named.insert(self.bodies.path(&listed.id));
                }
                true
            })?;
            for path in self.bodies.files().into_iter().filter(|path| !named.contains(path)) {
                // what cannot be removed is in nobody's way
                let _ = fs::remove_file(path);
            }
        }
        self.write(|batch| batch.evict(self.limits.max_size).map(drop))
    }
}

fn open_locked(folder: PathBuf, lock: File, limits: Limits, now: SystemTime) -> Result<Store, CacheError> {
    let failed = |error: redb::Error| CacheError::of(&folder, error);
    let path = folder.join(FILE);
    let file = ours().open(&path).map_err(|error| CacheError::io(&folder, error))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    drop(file);
    let mut builder = Database::builder();
    builder.set_cache_size(PAGES).set_check_integrity_on_open(length > 0 && length <= LOOKED_THROUGH);
    let database = builder.create(&path).map_err(|error| failed(error.into()))?;
    let (format, was_killed, salt) = begin(&database).map_err(failed)?;
    if format != FORMAT {
        return Err(CacheError::OtherFormat { folder, found: format, known: FORMAT });
    }
    let bodies = Bodies(folder.join("bodies"));
    let state = Mutex::new(State::default());
    let store = Store { folder, database, bodies, salt, limits, state, _lock: lock };
    store.sync(true)?;
    store.sweep(was_killed, now)?;
    Ok(store)
}

/// The format, whether the last owner did not close it, and the salt; all of it new in a new file.
fn begin(database: &Database) -> Result<(u64, bool, Vec<u8>), redb::Error> {
    let transaction = database.begin_write()?;
    let (format, was_open, salt);
    {
        let (mut numbers, mut salts) = (transaction.open_table(NUMBERS)?, transaction.open_table(SALT)?);
        let known = numbers.get("format")?.map(|row| row.value());
        format = known.unwrap_or(FORMAT);
        was_open = numbers.get("open")?.is_some_and(|row| row.value() != 0);
        if known.is_none() {
            numbers.insert("format", FORMAT)?;
            salts.insert("salt", rand::random::<[u8; 16]>().as_slice())?;
        }
        salt = salts.get("salt")?.map(|row| row.value().to_vec()).unwrap_or_default();
    }
    // makes the tables that are not there, so that they can be read
    drop(Batch::open(&transaction, &Bodies(PathBuf::new())).map(drop));
    transaction.commit()?;
    Ok((format, was_open, salt))
}

/// One process to a store; the owner says who it is.
fn lock(folder: &Path) -> Result<File, CacheError> {
    let failed = |error| CacheError::io(folder, error);
    let mut file = ours().open(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let _ = file.take(1000).read_to_string(&mut owner);
            return Err(CacheError::InUse { folder: folder.to_owned(), owner: owner.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let say_who = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "process {}", std::process::id())
    };
    say_who(&mut file).map_err(failed)?;
    Ok(file)
}

/// How files are opened that only their owner may read.
fn ours() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
