//! The store: one redb file with the index and small bodies, and a file for each large body. All calls block.
//!
//! What is written is synced once a second and when the store is closed: a kill loses the last second, which is asked
//! for again. Bodies are not synced; each has a checksum in the index, and one that is not whole is a miss and goes.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use redb::{Database, Durability, ReadableDatabase, ReadableTable};
use xxhash_rust::xxh3::xxh3_128;

use super::CacheError;
use super::entry::{self, Entry};
use super::open::FILE;
use super::tables::{self, ANSWER, BODIES, Batch, Bodies, ENTRIES, Id, NUMBERS, URL, USED, Weighed};
use crate::message::{Request, Response};

/// Between two syncs.
const SYNC: Duration = Duration::from_secs(1);

/// Hits whose time of use is remembered in memory before it is written.
const TOUCHED: usize = 1000;

/// How much the store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of bodies and headers; the least recently used go first.
    pub max_size: u64,
    /// Entries that were put longer ago are gone; 0 is no limit.
    pub max_age: Duration,
    /// Variants of one answer, by `Vary`.
    pub max_variants: usize,
    /// Bodies from this size on have a file of their own.
    pub spill: u64,
}

/// Responses on disk, for one process at a time.
#[derive(Debug)]
pub struct Store {
    pub(super) folder: PathBuf,
    pub(super) database: Database,
    pub(super) bodies: Bodies,
    pub(super) salt: Vec<u8>,
    pub(super) limits: Limits,
    pub(super) state: Mutex<State>,
    pub(super) _lock: File,
}

#[derive(Debug)]
pub(super) struct State {
    /// Uses that are not written yet.
    touched: HashMap<Id, u64>,
    synced: Instant,
}

impl Limits {
    /// None at all: for whoever only looks.
    pub const NONE: Self =
        Self { max_size: u64::MAX, max_age: Duration::ZERO, max_variants: usize::MAX, spill: 1 << 16 };
}

/// An entry, by the name under which it can be asked for.
#[derive(Debug, Clone)]
pub struct Found {
    pub(super) id: Id,
    /// The entry.
    pub entry: Entry,
}

/// An entry as a list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    pub(super) id: Id,
    /// The entry.
    pub entry: Entry,
    /// What it takes, in bytes.
    pub size: u64,
}

/// What there is in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Responses.
    pub entries: u64,
    /// What they take, in bytes: bodies and headers.
    pub bytes: u64,
}

impl Default for State {
    fn default() -> Self {
        Self { touched: HashMap::new(), synced: Instant::now() }
    }
}

impl Store {
    /// The latest response to a request, among those that `fits` lets pass.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn find(&self, request: &Request, fits: impl Fn(&Entry) -> bool) -> Result<Option<Found>, CacheError> {
        self.read(|read| {
            let (first, last) = tables::span(&self.answer(request));
            let mut best: Option<Found> = None;
            for row in read.open_table(ENTRIES)?.range::<&Id>(&first..=&last)? {
                let (id, row) = row?;
                let Some(entry) = Entry::from_bytes(row.value()) else { continue };
                let is_later = best.as_ref().is_none_or(|best| best.entry.received() <= entry.received());
                if is_later && entry.is_of(request) && entry.is_within_reach(request) && fits(&entry) {
                    best = Some(Found { id: *id.value(), entry });
                }
            }
            Ok(best)
        })
    }

    /// Whether a response was chosen by what this request says too.
    #[must_use]
    pub fn varies_as(&self, entry: &Entry, request: &Request) -> bool {
        entry.varies_as(request, &self.salt)
    }

    /// The body of an entry; none if it is not there whole, and the entry goes then.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn body(&self, found: &Found) -> Result<Option<Bytes>, CacheError> {
        let body = if found.entry.in_file {
            std::fs::read(self.bodies.path(&found.id)).ok().map(Bytes::from)
        } else {
            self.read(|read| {
                let row = read.open_table(BODIES)?.get(&found.id)?;
                Ok(row.map(|row| Bytes::copy_from_slice(row.value())))
            })?
        };
        let is_whole = |body: &Bytes| body.len() as u64 == found.entry.length && xxh3_128(body) == found.entry.checksum;
        let body = body.filter(is_whole);
        if body.is_none() {
            self.remove_as_seen(found)?;
        }
        Ok(body)
    }

    /// Remembers that an entry was used.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn touch(&self, found: &Found, now: SystemTime) -> Result<(), CacheError> {
        let touched = {
            let mut state = self.state();
            state.touched.insert(found.id, entry::millis(now));
            state.touched.len()
        };
        if touched >= TOUCHED { self.write(|_| Ok(())) } else { Ok(()) }
    }

    /// Puts a response in; how many entries had to go for it. With `cookies`, its `Set-Cookie` lines are kept too.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn put(
        &self,
        request: &Request,
        response: &Response,
        body: &[u8],
        now: SystemTime,
        cookies: bool,
    ) -> Result<u64, CacheError> {
        let mut entry = Entry::new(request, response, &self.salt, now, cookies);
        (entry.length, entry.checksum) = (body.len() as u64, xxh3_128(body));
        entry.in_file = entry.length >= self.limits.spill;
        let answer = self.answer(request);
        let mut id = [0; 56];
        id[..ANSWER].copy_from_slice(&answer);
        id[ANSWER..].copy_from_slice(&entry.variant());
        if entry.size() > self.limits.max_size {
            return Ok(0);
        }
        let weighed = if entry.in_file {
            Weighed::File(self.bodies.write(body).map_err(|error| CacheError::io(&self.folder, error))?)
        } else {
            Weighed::Small(body)
        };
        self.write(|batch| {
            batch.put(&id, &entry, weighed, entry::millis(now))?;
            let mut variants = batch.beginning(&answer)?;
            variants.sort_unstable();
            let surplus = variants.len().saturating_sub(self.limits.max_variants);
            for (_, id) in variants.iter().filter(|(_, variant)| *variant != id).take(surplus) {
                batch.remove(id)?;
            }
            Ok(surplus as u64 + batch.evict(self.limits.max_size)?)
        })
    }

    /// A 304 to this request has confirmed an entry: its headers are those now, and its age begins anew.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn confirm(
        &self,
        found: &mut Found,
        request: &Request,
        headers: &HeaderMap,
        delay: Duration,
        now: SystemTime,
    ) -> Result<(), CacheError> {
        found.entry.confirmed(request, headers, delay, &self.salt, now);
        self.write(|batch| {
            // the body must still be the one that was confirmed
            if batch.entry(&found.id)?.is_some_and(|now| now.checksum == found.entry.checksum) {
                batch.rewrite(&found.id, &found.entry)?;
                batch.touch(&found.id, entry::millis(now))?;
            }
            Ok(())
        })
    }

    /// Takes an entry out.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn remove(&self, found: &Found) -> Result<(), CacheError> {
        self.write(|batch| batch.remove(&found.id).map(drop))
    }

    /// Takes out all answers to a URL; how many there were.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn remove_url(&self, request: &Request) -> Result<u64, CacheError> {
        let prefix = self.url(request);
        if self.read(|read| {
            let (first, last) = tables::span(&prefix);
            Ok(read.open_table(ENTRIES)?.range::<&Id>(&first..=&last)?.next().is_none())
        })? {
            return Ok(0);
        }
        self.write(|batch| {
            let all = batch.beginning(&prefix)?;
            all.iter().try_for_each(|(_, id)| batch.remove(id).map(drop))?;
            Ok(all.len() as u64)
        })
    }

    /// Shows all entries, in no order; what is damaged is passed over. `look` says whether it wants to see more.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn each(&self, mut look: impl FnMut(Listed) -> bool) -> Result<(), CacheError> {
        self.read(|read| {
            let used = read.open_table(USED)?;
            for row in read.open_table(ENTRIES)?.iter()? {
                let (id, row) = row?;
                let Some(entry) = Entry::from_bytes(row.value()) else { continue };
                let size = used.get(id.value())?.map_or(0, |row| row.value().1);
                if !look(Listed { id: *id.value(), entry, size }) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Takes out what `is_meant`; what there was of it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn remove_all(&self, mut is_meant: impl FnMut(&Listed) -> bool) -> Result<Totals, CacheError> {
        let (mut ids, mut gone) = (Vec::new(), Totals::default());
        self.each(|listed| {
            if is_meant(&listed) {
                ids.push(listed.id);
                gone.entries += 1;
                gone.bytes += listed.size;
            }
            true
        })?;
        if !ids.is_empty() {
            self.write(|batch| ids.iter().try_for_each(|id| batch.remove(id).map(drop)))?;
        }
        Ok(gone)
    }

    /// What there is in all.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn totals(&self) -> Result<Totals, CacheError> {
        self.read(|read| {
            let numbers = read.open_table(NUMBERS)?;
            let of = |name| Ok::<_, redb::Error>(numbers.get(name)?.map_or(0, |row| row.value()));
            Ok(Totals { entries: of("entries")?, bytes: of("bytes")? })
        })
    }

    /// What the index itself takes on the disk, small bodies included, in bytes.
    #[must_use]
    pub fn index_size(&self) -> u64 {
        std::fs::metadata(self.folder.join(FILE)).map_or(0, |metadata| metadata.len())
    }

    /// Gives the room of what was taken out back to the file system.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn compact(&mut self) -> Result<(), CacheError> {
        self.sync(false)?;
        self.database.compact().map(drop).map_err(|error| CacheError::of(&self.folder, error))
    }

    fn remove_as_seen(&self, found: &Found) -> Result<(), CacheError> {
        self.write(|batch| {
            // somebody may have put a better one meanwhile
            let now = batch.entry(&found.id)?;
            if now.is_none_or(|now| now.to_bytes() == found.entry.to_bytes()) {
                batch.remove(&found.id)?;
            }
            Ok(())
        })
    }

    fn url(&self, request: &Request) -> entry::Mark {
        let mut url = request.url.clone();
        url.set_fragment(None);
        entry::mark(&self.salt, &[url.as_str().as_bytes()])
    }

    /// The hashes of what is asked, and of who asks and how.
    fn answer(&self, request: &Request) -> [u8; ANSWER] {
        let jar = request.options().jar.as_deref().unwrap_or_default();
        let user = request.headers.get(http::header::AUTHORIZATION).map_or(&b""[..], |value| value.as_bytes());
        let parts = [request.method.as_str().as_bytes(), jar.as_bytes(), user, &request.body];
        let mut answer = [0; ANSWER];
        answer[..URL].copy_from_slice(&self.url(request));
        answer[URL..].copy_from_slice(&entry::mark(&self.salt, &parts));
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, work: impl FnOnce(&redb::ReadTransaction) -> Result<T, redb::Error>) -> Result<T, CacheError> {
        let failed = |error| CacheError::of(&self.folder, error);
        let transaction = self.database.begin_read().map_err(|error| failed(error.into()))?;
        work(&transaction).map_err(failed)
    }

    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, CacheError> {
        let is_due = self.state().synced.elapsed() >= SYNC;
        let durability = if is_due { Durability::Immediate } else { Durability::None };
        self.transact(durability, work).map_err(|error| CacheError::of(&self.folder, error))
    }

    fn transact<T>(
        &self,
        durability: Durability,
        work: impl FnOnce(&mut Batch<'_>) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(durability).map_err(|error| io::Error::other(error.to_string()))?;
        let touched = std::mem::take(&mut self.state().touched);
        let mut batch = Batch::open(&transaction, &self.bodies)?;
        touched.iter().try_for_each(|(id, now)| batch.touch(id, *now))?;
        let result = work(&mut batch)?;
        drop(batch);
        transaction.commit()?;
        if matches!(durability, Durability::Immediate) {
            self.state().synced = Instant::now();
        }
        Ok(result)
    }

    /// Writes what is not on the disk yet, and whether somebody goes on writing.
    pub(super) fn sync(&self, is_open: bool) -> Result<(), CacheError> {
        let mark = |batch: &mut Batch<'_>| batch.set("open", is_open.into());
        self.transact(Durability::Immediate, mark).map_err(|error| CacheError::of(&self.folder, error))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // what cannot be written now will be looked through when it is opened again
        if self.sync(false).is_err() {
            tracing::debug!("the cache could not be closed");
        }
    }
}
