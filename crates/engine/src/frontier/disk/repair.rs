//! Mending a job that is damaged: everything that can still be read goes into a new file, and the rest is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use redb::{Builder, Database, Key as RowKey, ReadableDatabase, ReadableTable, TableDefinition};

use super::books::State;
use super::calm::calmly;
use super::error::JobError;
use super::form::{self, FORMAT, FailedRow, Meta};
use super::lock::Lock;
use super::status::Summary;
use super::tables::{self, Tables};
use super::{FILE, Files, Medium};
use crate::frontier::key::rank_of;
use crate::frontier::ledger::{Failure, Ledger, News};
use crate::frontier::outbox::Outbox;
use crate::frontier::{Fingerprinter, Order, RequestId, Seen, Seq, queued};
use crate::message::Record;

/// What a repair has saved, and what it has not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Nothing was wrong.
    pub was_whole: bool,
    /// Requests that wait again.
    pub requests: u64,
    /// Requests that waited and cannot be read.
    pub lost_requests: u64,
    /// Records that wait for the feeds again.
    pub records: u64,
    /// Records that waited and cannot be read.
    pub lost_records: u64,
    /// Fingerprints of pages that may be fetched once more.
    pub lost_fingerprints: u64,
    /// Failed requests that are not remembered any more.
    pub lost_failed: u64,
    /// Where the damaged file lies now.
    pub kept: Option<PathBuf>,
}

/// What could be read.
#[derive(Default)]
struct Saved {
    meta: Option<Meta>,
    requests: BTreeMap<u64, Vec<u8>>,
    fingerprints: BTreeSet<u64>,
    records: BTreeMap<u64, Record>,
    failed: BTreeMap<u64, Failure>,
    remembered: BTreeMap<String, Bytes>,
}

/// Mends the job of a folder. A job that is whole is left as it is.
///
/// # Errors
/// If there is none, it runs, or nothing of it can be read.
pub fn repair(folder: &Path) -> Result<Repaired, JobError> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Err(JobError::Missing { folder: folder.to_owned() });
    }
    let _lock = Lock::take(folder, "being repaired")?;
    match is_whole(folder, &path) {
        Ok(()) => return Ok(Repaired { was_whole: true, ..Repaired::default() }),
        Err(error @ (JobError::Newer { .. } | JobError::Io { .. })) => return Err(error),
        Err(_) => {}
    }
    let failed = |source| JobError::Io { folder: folder.to_owned(), what: "cannot be repaired", source };
    let copy = folder.join("job.salvage");
    let saved = salvage(&path, &copy);
    let _ = fs::remove_file(&copy);
    let saved = saved.map_err(failed)?;
    if saved.meta.is_none() && saved.requests.is_empty() && saved.fingerprints.is_empty() {
        let what = "nothing of it can be read: begin anew in another folder".to_owned();
        return Err(JobError::Beyond { folder: folder.to_owned(), what });
    }
    let mut repaired = rebuild(folder, saved)?;
    // there is a job under the name at every moment
    let kept = (0..).map(|number| folder.join(format!("job.damaged{}", suffix(number)))).find(|path| !path.exists());
    let kept = kept.unwrap_or_else(|| folder.join("job.damaged"));
    fs::hard_link(&path, &kept).or_else(|_| fs::copy(&path, &kept).map(drop)).map_err(failed)?;
    Files.rename(&folder.join("job.mended"), &path).map_err(failed)?;
    repaired.kept = Some(kept);
    Ok(repaired)
}

/// `.1`, `.2` where there was one before.
fn suffix(number: u32) -> String {
    if number == 0 { String::new() } else { format!(".{number}") }
}

/// Reads a job from one end to the other.
fn is_whole(folder: &Path, path: &Path) -> Result<(), JobError> {
    let (mut tables, meta) = Tables::open(Arc::new(Files), path, folder)?;
    let damaged = || JobError::Damaged { folder: folder.to_owned(), what: "rows cannot be read".to_owned() };
    let failed = |error: redb::Error| JobError::of(folder, error);
    let broken_seen = tables.read_seen(&Seen::new(Fingerprinter::new(meta.key)), meta.seen).map_err(failed)?;
    let broken_hosts = tables.read_hosts(|_| {}).map_err(failed)?;
    let outbox = tables.read_outbox().map_err(failed)?;
    if broken_seen + broken_hosts > 0 || outbox.is_none() { Err(damaged()) } else { Ok(()) }
}

/// Reads what can be read, from the last commit and from the one before it.
fn salvage(path: &Path, copy: &Path) -> io::Result<Saved> {
    let mut saved = Saved::default();
    for other_commit in [false, true] {
        if saved.meta.is_some() {
            break;
        }
        let mut found = Saved::default();
        for from_the_end in [false, true] {
            read_all(path, copy, other_commit, from_the_end, &mut found)?;
        }
        let is_better =
            found.requests.len() + found.fingerprints.len() > saved.requests.len() + saved.fingerprints.len();
        if found.meta.is_some() || is_better {
            saved = found;
        }
    }
    Ok(saved)
}

fn read_all(path: &Path, copy: &Path, other_commit: bool, from_the_end: bool, saved: &mut Saved) -> io::Result<()> {
    // each table from a database of its own: one that has surprised the library is not asked again
    let fresh = || -> io::Result<Option<Database>> {
        make_openable(path, copy, other_commit)?;
        let open = || Builder::new().create_with_backend(redb::backends::FileBackend::new(file(copy)?)?);
        Ok(calmly(|| open().ok()).flatten())
    };
    let Saved { meta, requests, fingerprints, records, failed, remembered } = saved;
    if let Some(database) = fresh()? {
        let mut version = None;
        let mut rest = None;
        rows(database, tables::META, from_the_end, |name, row| match name {
            "format" => version = row.try_into().ok().map(u32::from_le_bytes),
            _ => rest = Some(row.to_vec()),
        });
        let version = version.filter(|version| (1..=FORMAT).contains(version)).unwrap_or(FORMAT);
        *meta = meta.take().or_else(|| Meta::read(version, &rest?));
    }
    for table in [tables::QUEUE, tables::DELAYED] {
        if let Some(database) = fresh()? {
            rows(database, table, from_the_end, |key, row| {
                if queued::read(row).is_ok() {
                    requests.insert(rank_of(key).0, row.to_vec());
                }
            });
        }
    }
    if let Some(database) = fresh()? {
        rows(database, tables::SEEN, from_the_end, |_, row| {
            fingerprints.extend(form::read_segment(row).into_iter().flatten())
        });
    }
    if let Some(database) = fresh()? {
        rows(database, tables::OUTBOX, from_the_end, |first, row| {
            let numbers = (0..).map_while(|offset| first.checked_add(offset));
            records.extend(numbers.zip(form::read_records(row).unwrap_or_default()));
        });
    }
    if let Some(database) = fresh()? {
        rows(database, tables::FAILED, from_the_end, |rank, row| {
            if let Some(FailedRow { what, at, written }) = form::unsealed(row) {
                failed.insert(rank, Failure { what, at: form::time(at), written: written.into() });
            }
        });
    }
    if let Some(database) = fresh()? {
        rows(database, tables::REMEMBERED, from_the_end, |name, row| {
            if let Some(value) = form::unseal(row) {
                remembered.insert(name.to_owned(), Bytes::copy_from_slice(value));
            }
        });
    }
    Ok(())
}

/// Shows the rows of a table from one end on, until there are no more or the next cannot be read.
fn rows<K: RowKey + 'static>(
    database: Database,
    table: TableDefinition<'_, K, &[u8]>,
    from_the_end: bool,
    mut show: impl for<'a> FnMut(K::SelfType<'a>, &'a [u8]),
) {
    calmly(move || {
        let mut read = || -> Result<(), redb::Error> {
            let table = database.begin_read()?.open_table(table)?;
            let mut rows = table.iter()?;
            while let Some(row) = if from_the_end { rows.next_back() } else { rows.next() } {
                let (key, row) = row?;
                show(key.value(), row.value());
            }
            Ok(())
        };
        drop(read());
        // it would write to the copy, and may be surprised at that too
        std::mem::forget(database);
    });
}

fn file(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).open(path)
}

/// Makes a copy that redb opens without looking whether it is whole: with the flag of an orderly end, and as long as
/// its header says. The places are those of redb's file format 3.
fn make_openable(path: &Path, copy: &Path, other_commit: bool) -> io::Result<()> {
    const MAGIC: [u8; 9] = [b'r', b'e', b'd', b'b', 0x1A, 0x0A, 0xA9, 0x0D, 0x0A];
    const FLAGS: u64 = 9;
    const IS_SECOND: u8 = 1;
    const NOT_CLOSED: u8 = 2;
    // a new file each time: the one before may still be open, and locked
    let _ = fs::remove_file(copy);
    fs::copy(path, copy)?;
    let mut file = file(copy)?;
    let mut header = [0; 32];
    if file.metadata()?.len() < 4096 {
        // there is nothing to make anything of
        return Ok(());
    }
    file.read_exact(&mut header)?;
    let mut flags = header[9] & !NOT_CLOSED;
    if other_commit {
        flags ^= IS_SECOND;
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&MAGIC)?;
    file.seek(SeekFrom::Start(FLAGS))?;
    file.write_all(&[flags])?;
    let field = |at: usize| u64::from(u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]));
    let (page, head, pages, regions, rest) = (field(12), field(16), field(20), field(24), field(28));
    let last = if rest > 0 { head + rest } else { 0 };
    let length = regions.checked_mul(head + pages).and_then(|whole| page.checked_mul(whole.checked_add(1 + last)?));
    // one that was cut is read as far as it goes, and what was put behind it is not looked at
    if let Some(length) = length.filter(|length| (page..1 << 40).contains(length)) {
        file.set_len(length)?;
    }
    Ok(())
}

/// Writes what was saved as a new job.
fn rebuild(folder: &Path, saved: Saved) -> Result<Repaired, JobError> {
    let known = Summary::read(folder).unwrap_or_default();
    let Saved { meta, requests, fingerprints, records, failed, remembered } = saved;
    let had_meta = meta.is_some();
    // without the key nobody can tell which page a fingerprint is of
    let (fingerprints, useless) =
        if had_meta { (fingerprints, 0) } else { (BTreeSet::new(), fingerprints.len() as u64) };
    let mut meta = meta.unwrap_or_else(|| Meta::new(&known.spider, rand::random(), SystemTime::now()));
    let mut repaired = Repaired {
        requests: requests.len() as u64,
        records: records.len() as u64,
        lost_fingerprints: useless + meta.seen.saturating_sub(fingerprints.len() as u64),
        lost_failed: meta.totals.failed.saturating_sub(failed.len() as u64),
        ..Repaired::default()
    };
    let totals = &mut meta.totals;
    let (ended, found) = (totals.ended(), requests.len() as u64);
    let scheduled = if had_meta { totals.scheduled } else { known.scheduled };
    repaired.lost_requests = scheduled.saturating_sub(ended.saturating_add(found));
    totals.scheduled = ended.saturating_add(found);
    // ranks go down in one order and up in the other; the next number is beyond all of them in both
    let beyond = requests.keys().map(|rank| (*rank).min(u64::MAX - *rank)).max().unwrap_or(0);
    totals.last_request = totals.last_request.max(beyond);

    // the sequence of records has no gaps: those behind one that is lost move up, and so do the places of the feeds
    let everywhere = meta.exported.iter().map(|(_, upto, _)| upto.0).min().unwrap_or(0);
    let first = records.keys().next().map_or(everywhere, |first| first.saturating_sub(1)).min(everywhere);
    let moved = |seq: u64| first + records.range(first + 1..=seq.max(first)).count() as u64;
    repaired.lost_records = meta.last_seq.0.saturating_sub(first).saturating_sub(records.len() as u64);
    for (_, upto, _) in &mut meta.exported {
        upto.0 = if upto.0 > first { moved(upto.0) } else { upto.0 };
    }
    let mut ledger = Ledger::new(Order::DepthFirst, Seen::new(Fingerprinter::new(meta.key)));
    ledger.totals = meta.totals.clone();
    ledger.stats = meta.stats.clone();
    ledger.news = Some(News::default());
    for (rank, written) in requests {
        if let Ok(request) = queued::read(&written) {
            ledger.put(&request, rank, written.into());
        }
    }
    let exported = meta.exported.iter().map(|(feed, upto, at)| (feed.clone(), (*upto, at.clone()))).collect();
    ledger.outbox = Outbox::restored(VecDeque::new(), Seq(first), exported);
    records.into_values().for_each(|record| ledger.outbox.push(record));
    if let Some(news) = &mut ledger.news {
        news.seen = fingerprints.into_iter().collect();
        news.failed = failed.into_iter().map(|(rank, failure)| (RequestId(rank), failure)).collect();
    }
    meta.seen = 0;
    meta.ended = Some("repaired".to_owned());
    let mended = folder.join("job.mended");
    let failed = |error: redb::Error| JobError::of(folder, error);
    let mut tables = Tables::create(Arc::new(Files), &mended, &meta).map_err(failed)?;
    let mut state = State::new(ledger, meta, BTreeMap::new());
    state.begin_at(Seq(first));
    let batch = state.batch(remembered.into_iter().collect());
    tables.commit(&batch).map_err(failed)?;
    Ok(repaired)
}
