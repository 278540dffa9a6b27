//! The index: redb's tables, and what is changed in them together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};
use tempfile::NamedTempFile;

use super::entry::Entry;

/// An entry's name: hash of the URL, hash of who asks and how, hash of what it was chosen by.
pub(super) type Id = [u8; 56];

/// The part of an [`Id`] that entries to one URL share.
pub(super) const URL: usize = 20;
/// The part that the variants of one answer share.
pub(super) const ANSWER: usize = 40;

pub(super) const ENTRIES: TableDefinition<&Id, &[u8]> = TableDefinition::new("entries");
pub(super) const BODIES: TableDefinition<&Id, &[u8]> = TableDefinition::new("bodies");
/// When each was last used, in milliseconds since 1970, and what it takes.
pub(super) const USED: TableDefinition<&Id, (u64, u64)> = TableDefinition::new("used");
/// The same by time: the least recently used comes first.
const ORDER: TableDefinition<(u64, &Id), ()> = TableDefinition::new("order");
/// Numbers: format, whether it was closed, totals.
pub(super) const NUMBERS: TableDefinition<&str, u64> = TableDefinition::new("numbers");
pub(super) const SALT: TableDefinition<&str, &[u8]> = TableDefinition::new("salt");

/// The folder of the bodies that have files of their own. A file is named by its entry's hashes.
#[derive(Debug)]
pub(super) struct Bodies(pub(super) PathBuf);

impl Bodies {
    pub(super) fn path(&self, id: &Id) -> PathBuf {
        let name: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.join(&name[..2]).join(name)
    }

    /// A body on the disk that has no name yet.
    pub(super) fn write(&self, body: &[u8]) -> io::Result<NamedTempFile> {
        let prefix = format!("{}-", std::process::id());
        let file = tempfile::Builder::new().prefix(&prefix).suffix(".part").tempfile_in(&self.0)?;
        fs::write(file.path(), body)?;
        Ok(file)
    }

    /// All files in it, with their names.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let list = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let below = |path: PathBuf| if path.is_dir() { list(&path).collect() } else { vec![path] };
        list(&self.0).flat_map(below).collect()
    }
}

/// What is changed in one transaction. Files change under its lock too, and before it is committed: after a kill an
/// entry may lack its file, or have another's, which its checksum tells; it is a miss then.
pub(super) struct Batch<'a> {
    bodies: &'a Bodies,
    entries: Table<'a, &'static Id, &'static [u8]>,
    small: Table<'a, &'static Id, &'static [u8]>,
    used: Table<'a, &'static Id, (u64, u64)>,
    order: Table<'a, (u64, &'static Id), ()>,
    numbers: Table<'a, &'static str, u64>,
}

/// The body of an entry that is being put.
pub(super) enum Weighed<'a> {
    Small(&'a [u8]),
    File(NamedTempFile),
}

impl<'a> Batch<'a> {
    pub(super) fn open(transaction: &'a WriteTransaction, bodies: &'a Bodies) -> Result<Self, redb::Error> {
        Ok(Self {
            bodies,
            entries: transaction.open_table(ENTRIES)?,
            small: transaction.open_table(BODIES)?,
            used: transaction.open_table(USED)?,
            order: transaction.open_table(ORDER)?,
            numbers: transaction.open_table(NUMBERS)?,
        })
    }

    pub(super) fn put(&mut self, id: &Id, entry: &Entry, body: Weighed<'_>, now: u64) -> Result<(), redb::Error> {
        self.remove(id)?;
        match body {
            Weighed::Small(body) => drop(self.small.insert(id, body)?),
            Weighed::File(file) => {
                let path = self.bodies.path(id);
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                file.persist(path).map_err(|error| error.error)?;
            }
        }
        self.entries.insert(id, entry.to_bytes().as_slice())?;
        self.used.insert(id, (now, entry.size()))?;
        self.order.insert((now, id), ())?;
        self.count(1, entry.size(), u64::saturating_add)
    }

    /// Writes an entry anew whose body stays.
    pub(super) fn rewrite(&mut self, id: &Id, entry: &Entry) -> Result<(), redb::Error> {
        let Some((used, size)) = self.used.get(id)?.map(|row| row.value()) else { return Ok(()) };
        self.entries.insert(id, entry.to_bytes().as_slice())?;
        self.used.insert(id, (used, entry.size()))?;
        self.count(0, size, u64::saturating_sub)?;
        self.count(0, entry.size(), u64::saturating_add)
    }

    pub(super) fn touch(&mut self, id: &Id, now: u64) -> Result<(), redb::Error> {
        let Some((before, size)) = self.used.get(id)?.map(|row| row.value()) else { return Ok(()) };
        self.order.remove((before, id))?;
        self.used.insert(id, (now, size))?;
        self.order.insert((now, id), ())?;
        Ok(())
    }

    /// Takes an entry out; true if there was one.
    pub(super) fn remove(&mut self, id: &Id) -> Result<bool, redb::Error> {
        let Some((used, size)) = self.used.remove(id)?.map(|row| row.value()) else { return Ok(false) };
        self.order.remove((used, id))?;
        self.entries.remove(id)?;
        if self.small.remove(id)?.is_none() {
            // one that is gone already is as good
            let _ = fs::remove_file(self.bodies.path(id));
        }
        self.count(1, size, u64::saturating_sub)?;
        Ok(true)
    }

    /// The entry as it is now; none if it is gone or damaged.
    pub(super) fn entry(&self, id: &Id) -> Result<Option<Entry>, redb::Error> {
        Ok(self.entries.get(id)?.and_then(|row| Entry::from_bytes(row.value())))
    }

    /// The entries whose names begin so, and when each was last used.
    pub(super) fn beginning(&self, prefix: &[u8]) -> Result<Vec<(u64, Id)>, redb::Error> {
        let (first, last) = span(prefix);
        let rows = self.used.range::<&Id>(&first..=&last)?;
        rows.map(|row| row.map(|(id, row)| (row.value().0, *id.value())).map_err(redb::Error::from)).collect()
    }

    /// Takes out what was used least recently until the rest fits; how many went.
    pub(super) fn evict(&mut self, most: u64) -> Result<u64, redb::Error> {
        let mut gone = 0;
        while self.bytes()? > most {
            let Some(id) = self.order.first()?.map(|(key, _)| *key.value().1) else { break };
            if !self.remove(&id)? {
                break;
            }
            gone += 1;
        }
        Ok(gone)
    }

    pub(super) fn set(&mut self, name: &str, number: u64) -> Result<(), redb::Error> {
        self.numbers.insert(name, number)?;
        Ok(())
    }

    fn bytes(&self) -> Result<u64, redb::Error> {
        Ok(self.numbers.get("bytes")?.map_or(0, |row| row.value()))
    }

    fn count(&mut self, entries: u64, bytes: u64, change: fn(u64, u64) -> u64) -> Result<(), redb::Error> {
        for (name, by) in [("entries", entries), ("bytes", bytes)] {
            let now = self.numbers.get(name)?.map_or(0, |row| row.value());
            self.numbers.insert(name, change(now, by))?;
        }
        Ok(())
    }
}

/// The first and the last name that begin so.
pub(super) fn span(prefix: &[u8]) -> (Id, Id) {
    let (mut first, mut last) = ([0; 56], [0xff; 56]);
    first[..prefix.len()].copy_from_slice(prefix);
    last[..prefix.len()].copy_from_slice(prefix);
    (first, last)
}
