//! The tables of a job's file, kept by redb: what is read when it is opened, and one commit at a time.

use std::collections::{BTreeMap, VecDeque};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use redb::{
    Builder, Database, ReadOnlyTable, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend,
    TableDefinition,
};

use super::calm::calmly;
use super::form::{self, FORMAT, FailedRow, HostRow, Meta, sealed};
use super::{JobError, Medium};
use crate::frontier::key::Key;
use crate::frontier::ledger::Failure;
use crate::frontier::shelf::{Below, Changes, Name};
use crate::frontier::{FrontierError, RequestId, Seen, Seq};
use crate::message::Record;

pub(super) const QUEUE: TableDefinition<&Key, &[u8]> = TableDefinition::new("queue");
pub(super) const DELAYED: TableDefinition<&Key, &[u8]> = TableDefinition::new("delayed");
pub(super) const SEEN: TableDefinition<u64, &[u8]> = TableDefinition::new("seen");
pub(super) const HOSTS: TableDefinition<u32, &[u8]> = TableDefinition::new("hosts");
pub(super) const OUTBOX: TableDefinition<u64, &[u8]> = TableDefinition::new("outbox");
pub(super) const FAILED: TableDefinition<u64, &[u8]> = TableDefinition::new("failed");
pub(super) const REMEMBERED: TableDefinition<&str, &[u8]> = TableDefinition::new("remembered");
pub(super) const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");

/// The row of [`META`] that holds the version, in four bytes: the one thing that no version changes.
const VERSION: &str = "format";
/// The row that holds the rest.
const REST: &str = "meta";
/// Memory for pages of the file: what is hot is the end of the queue and the inner pages.
const CACHE: usize = 32 * 1024 * 1024;
/// Records in one row of the outbox, at most, and what they come to.
const ROW_RECORDS: usize = 500;
const ROW_BYTES: usize = 256 * 1024;

/// Fingerprints that are added to the seen set together.
const SOME: usize = 4_000_000;

/// A job's file, opened.
pub(super) struct Tables {
    medium: Arc<dyn Medium>,
    path: PathBuf,
    /// None after a write that failed: what it has left in memory is not to be trusted.
    database: Option<Database>,
    /// The rows of the outbox: the first and the last record of each.
    outbox: VecDeque<(u64, u64)>,
    /// Segments of fingerprints so far.
    segments: u64,
}

/// What is committed together.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    pub(super) queue: Arc<Changes>,
    pub(super) delayed: Arc<Changes>,
    pub(super) seen: Vec<u64>,
    pub(super) hosts: Vec<(u32, Vec<u8>)>,
    pub(super) records: Vec<(Seq, Record)>,
    /// Records up to here may be forgotten.
    pub(super) everywhere: Seq,
    pub(super) failed: Vec<(RequestId, Failure)>,
    pub(super) remembered: Vec<(String, Bytes)>,
    pub(super) meta: Meta,
}

/// The queue as of one commit.
pub(super) struct Snapshot {
    queue: ReadOnlyTable<&'static Key, &'static [u8]>,
    delayed: ReadOnlyTable<&'static Key, &'static [u8]>,
}

impl Tables {
    /// Makes a new job, whole under its name or not there at all.
    pub(super) fn create(medium: Arc<dyn Medium>, path: &Path, meta: &Meta) -> Result<Self, redb::Error> {
        let begun = path.with_extension("new");
        // what a run that was killed right here had begun
        medium.remove(&begun);
        let database = Builder::new().set_cache_size(CACHE).create_with_backend(Through(medium.open(&begun)?))?;
        let transaction = database.begin_write()?;
        transaction.open_table(QUEUE)?;
        transaction.open_table(DELAYED)?;
        transaction.open_table(SEEN)?;
        transaction.open_table(HOSTS)?;
        transaction.open_table(OUTBOX)?;
        transaction.open_table(FAILED)?;
        transaction.open_table(REMEMBERED)?;
        write_meta(&transaction, meta)?;
        transaction.commit()?;
        medium.rename(&begun, path)?;
        Ok(Self { medium, path: path.to_owned(), database: Some(database), outbox: VecDeque::new(), segments: 0 })
    }

    /// Opens a job, looks whether it is whole, and reads what it is.
    pub(super) fn open(medium: Arc<dyn Medium>, path: &Path, folder: &Path) -> Result<(Self, Meta), JobError> {
        let damaged = |what: &str| JobError::Damaged { folder: folder.to_owned(), what: what.to_owned() };
        // a file that only looks like one of redb's may surprise it
        let impossible = || redb::Error::Corrupted("its pages do not hang together".to_owned());
        let failed = |error| JobError::of(folder, error);
        let read = || -> Result<_, redb::Error> {
            let database = open(&*medium, path)?;
            let meta = database.begin_read()?.open_table(META)?;
            let bytes = |key| Ok::<_, redb::Error>(meta.get(key)?.map(|row| row.value().to_vec()));
            let (version, rest) = (bytes(VERSION)?, bytes(REST)?);
            Ok((database, version, rest))
        };
        let (database, version, rest) = calmly(read).unwrap_or_else(|| Err(impossible())).map_err(failed)?;
        let version = version.and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
        let version = version.ok_or_else(|| damaged("its version is missing"))?;
        if version > FORMAT || version == 0 {
            return Err(JobError::Newer { folder: folder.to_owned(), found: version, known: FORMAT });
        }
        let meta = rest.and_then(|rest| Meta::read(version, &rest)).ok_or_else(|| damaged("its books are missing"))?;
        // the other tables are asked for only now that it is known to be ours
        let count = || -> Result<u64, redb::Error> {
            let transaction = database.begin_read()?;
            Ok(transaction.open_table(QUEUE)?.len()? + transaction.open_table(DELAYED)?.len()?)
        };
        let waiting = calmly(count).unwrap_or_else(|| Err(impossible())).map_err(failed)?;
        let should = meta.totals.scheduled.checked_sub(meta.totals.ended());
        if should != Some(waiting) {
            return Err(damaged(&format!("{waiting} requests wait, and {} should", should.unwrap_or_default())));
        }
        if version < FORMAT {
            // the first commit makes it one of this format
            let backup = path.with_extension(format!("format{version}"));
            medium.back_up(path, &backup).map_err(|source| failed(source.into()))?;
        }
        let (path, database) = (path.to_owned(), Some(database));
        Ok((Self { medium, path, database, outbox: VecDeque::new(), segments: 0 }, meta))
    }

    /// The database, opened again if it had to be given up.
    pub(super) fn database(&mut self) -> Result<&Database, redb::Error> {
        if self.database.is_none() {
            self.database = Some(open(&*self.medium, &self.path)?);
        }
        self.database.as_ref().ok_or(redb::Error::DatabaseClosed)
    }

    /// Commits a batch: all of it is on the disk when this returns, or nothing. Doing it twice is doing it once.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<Snapshot, redb::Error> {
        let committed = self.try_commit(batch);
        if committed.is_err() {
            self.database = None;
        }
        committed
    }

    fn try_commit(&mut self, batch: &Batch) -> Result<Snapshot, redb::Error> {
        let transaction = self.database()?.begin_write()?;
        let (mut added, mut removed) = (Vec::new(), 0);
        {
            write_changes(&transaction, QUEUE, &batch.queue)?;
            write_changes(&transaction, DELAYED, &batch.delayed)?;
            if !batch.seen.is_empty() {
                transaction.open_table(SEEN)?.insert(self.segments, &*form::segment(&batch.seen))?;
            }
            if !batch.hosts.is_empty() {
                let mut table = transaction.open_table(HOSTS)?;
                for (id, row) in &batch.hosts {
                    table.insert(id, &**row)?;
                }
            }
            let mut table = transaction.open_table(OUTBOX)?;
            for rows in rows(&batch.records) {
                let (Some((Seq(first), _)), Some((Seq(last), _))) = (rows.first(), rows.last()) else { continue };
                table.insert(first, &*form::records(rows.iter().map(|(_, record)| record)))?;
                added.push((*first, *last));
            }
            while let Some((first, _)) = self.outbox.get(removed).filter(|(_, last)| *last <= batch.everywhere.0) {
                table.remove(first)?;
                removed += 1;
            }
            if !batch.failed.is_empty() {
                let mut table = transaction.open_table(FAILED)?;
                for (RequestId(id), failure) in &batch.failed {
                    table.insert(id, &*sealed(&FailedRow::from(failure)))?;
                }
            }
            if !batch.remembered.is_empty() {
                let mut table = transaction.open_table(REMEMBERED)?;
                for (name, value) in &batch.remembered {
                    table.insert(&**name, &*form::seal(value.to_vec()))?;
                }
            }
            write_meta(&transaction, &batch.meta)?;
        }
        transaction.commit()?;
        self.segments += u64::from(!batch.seen.is_empty());
        self.outbox.drain(..removed);
        self.outbox.extend(added);
        self.snapshot()
    }

    /// The queue as it is on disk now.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, redb::Error> {
        let transaction = self.database()?.begin_read()?;
        Ok(Snapshot { queue: transaction.open_table(QUEUE)?, delayed: transaction.open_table(DELAYED)? })
    }

    /// Adds all fingerprints of the job to the seen set, about `count` of them. The number of rows that cannot be read.
    pub(super) fn read_seen(&mut self, seen: &Seen, count: u64) -> Result<usize, redb::Error> {
        let table = self.database()?.begin_read()?.open_table(SEEN)?;
        // what the books say is believed as far as the table goes
        let most = table.stats()?.stored_bytes() / 8;
        seen.reserve(usize::try_from(count.min(most)).unwrap_or(0));
        let (mut damaged, mut some) = (0, Vec::new());
        for row in table.iter()? {
            let (number, row) = row?;
            self.segments = number.value() + 1;
            match form::read_segment(row.value()) {
                Some(fingerprints) => some.extend(fingerprints),
                None => damaged += 1,
            }
            if some.len() >= SOME {
                seen.add_all(&mut some);
            }
        }
        seen.add_all(&mut some);
        Ok(damaged)
    }

    /// Shows every host, in the order of their numbers. The number of those that cannot be read.
    pub(super) fn read_hosts(&mut self, mut show: impl FnMut(HostRow<'_>)) -> Result<usize, redb::Error> {
        let table = self.database()?.begin_read()?.open_table(HOSTS)?;
        let mut damaged = 0;
        for row in table.iter()? {
            match form::unsealed(row?.1.value()) {
                Some(row) => show(row),
                None => damaged += 1,
            }
        }
        Ok(damaged)
    }

    /// The records that wait, in sequence; none if they cannot be read.
    pub(super) fn read_outbox(&mut self) -> Result<Option<VecDeque<(Seq, Record)>>, redb::Error> {
        let table = self.database()?.begin_read()?.open_table(OUTBOX)?;
        let mut waiting = VecDeque::new();
        for row in table.iter()? {
            let (first, row) = row?;
            let Some(records) = form::read_records(row.value()) else { return Ok(None) };
            let first = first.value();
            self.outbox.push_back((first, first + (records.len() as u64).saturating_sub(1)));
            waiting.extend((first..).map(Seq).zip(records));
        }
        Ok(Some(waiting))
    }

    /// What was remembered under names; what cannot be read is left out.
    pub(super) fn read_remembered(&mut self) -> Result<BTreeMap<String, Bytes>, redb::Error> {
        let table = self.database()?.begin_read()?.open_table(REMEMBERED)?;
        let mut remembered = BTreeMap::new();
        for row in table.iter()? {
            let (name, value) = row?;
            if let Some(value) = form::unseal(value.value()) {
                remembered.insert(name.value().to_owned(), Bytes::copy_from_slice(value));
            }
        }
        Ok(remembered)
    }
}

/// Opens the database and looks at the checksum of every page: one that was changed from outside is not to be trusted.
fn open(medium: &dyn Medium, path: &Path) -> Result<Database, redb::Error> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(Through(medium.open(path)?))?)
}

pub(super) fn write_meta(transaction: &redb::WriteTransaction, meta: &Meta) -> Result<(), redb::Error> {
    let mut table = transaction.open_table(META)?;
    table.insert(VERSION, &FORMAT.to_le_bytes()[..])?;
    table.insert(REST, &*sealed(meta))?;
    Ok(())
}

fn write_changes(
    transaction: &redb::WriteTransaction,
    table: TableDefinition<'_, &Key, &[u8]>,
    changes: &Changes,
) -> Result<(), redb::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut table = transaction.open_table(table)?;
    for (key, change) in changes {
        match change {
            Some(written) => drop(table.insert(key, &**written)?),
            None => drop(table.remove(key)?),
        }
    }
    Ok(())
}

/// Records as the outbox's rows hold them: some at a time, so that feeds that are further let go of most.
fn rows(records: &[(Seq, Record)]) -> impl Iterator<Item = &[(Seq, Record)]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take(ROW_RECORDS).take_while(|(_, record)| {
            bytes += record.weight();
            bytes <= ROW_BYTES
        });
        let count = fitting.count().max(1).min(rest.len());
        let (row, more) = rest.split_at(count);
        rest = more;
        (!row.is_empty()).then_some(row)
    })
}

impl Below for Snapshot {
    fn scan(
        &self,
        shelf: Name,
        from: &Key,
        to: &Key,
        visit: &mut dyn FnMut(&Key, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), FrontierError> {
        let table = match shelf {
            Name::Queue => &self.queue,
            Name::Delayed => &self.delayed,
        };
        let failed = |error: redb::StorageError| FrontierError::Backend(Box::new(error));
        for row in table.range::<&Key>(from..to).map_err(failed)? {
            let (key, written) = row.map_err(failed)?;
            if visit(key.value(), written.value()).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Hands a shared storage to redb, which wants one of its own.
#[derive(Debug)]
struct Through(Arc<dyn StorageBackend>);

impl StorageBackend for Through {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.0.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.0.close()
    }
}
