//! What is known of a store's objects and of the URLs that they came from: a SQLite database beside the objects, one row
//! each. It can be made again from the objects, so that it holds what would be dear to lose and nothing that would be fatal.
//!
//! Rows are queued and committed in groups by a thread; whoever asks is told of what is queued too. Several processes may
//! share one.

mod database;
mod error;
mod queue;
mod row;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

pub use self::error::ManifestError;
use self::queue::Queue;
pub use self::row::{Object, Visit};

/// The manifest's file in the root of a store. No object has such a name, for it begins with a dot.
const FILE: &str = ".dragline-manifest.sqlite";
/// So many rows are read at once by who wants all: nobody's log of changes grows for a slow reader.
const PAGE: usize = 1000;

/// The manifest of a store. Clones share one queue and one writer; the last one writes what is queued.
#[derive(Debug, Clone)]
pub struct Manifest(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    queue: Arc<Queue>,
    reader: Mutex<Connection>,
    writer: Option<JoinHandle<()>>,
}

/// Changes that are made together, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// An object is gone: its row goes, and what is known of its URLs stays without a name.
    Gone(String),
    /// An object is gone because another is as good: its URLs lead there from now on.
    Instead {
        /// The name of the one that is gone.
        gone: String,
        /// The name of the one that is kept.
        kept: String,
    },
}

impl Manifest {
    /// Where the manifest of a store in a folder is.
    #[must_use]
    pub fn beside(root: &Path) -> PathBuf {
        root.join(FILE)
    }

    /// Opens the manifest in a file, and makes it if there is none. Only its owner may read it.
    ///
    /// # Errors
    /// If the file cannot be read or made, is something else, or is a later version's.
    pub fn open(path: &Path) -> Result<Self, ManifestError> {
        let (reader, writer) = (database::open(path)?, database::open(path)?);
        let queue = Arc::new(Queue::new(path));
        let (of_writer, place) = (queue.clone(), path.to_owned());
        let thread = std::thread::Builder::new().name("dragline-manifest".to_owned());
        let thread = thread.spawn(move || of_writer.write_to(writer));
        let writer = thread.map_err(|source| ManifestError::Io { path: place.clone(), source })?;
        Ok(Self(Arc::new(Inner { path: place, queue, reader: Mutex::new(reader), writer: Some(writer) })))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What is known of a URL, the last note first to count, committed or not.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn visit(&self, url: &str) -> Result<Option<Visit>, ManifestError> {
        let url = row::without_password(url);
        match self.0.queue.visit(&url) {
            Some(visit) => Ok(Some(visit)),
            None => self.read(|database| row::visit(database, &url)),
        }
    }

    /// What is known of an object. One that gave way to another leads to that: the answer has the other's name.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn object(&self, name: &str) -> Result<Option<Object>, ManifestError> {
        match self.0.queue.object(name) {
            Some(object) => Ok(Some(object)),
            None => self.read(|database| row::object(database, name)),
        }
    }

    /// The objects whose bytes have a hash, in hex; in the order of their names.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of_hash(&self, sha1: &str) -> Result<Vec<Object>, ManifestError> {
        let queued = self.0.queue.of_hash(sha1);
        let mut found = self.read(|database| row::of_hash(database, sha1))?;
        found.retain(|known| self.0.queue.object(&known.name).is_none_or(|newer| newer.sha1 == sha1));
        found.retain(|known| queued.iter().all(|object| object.name != known.name));
        found.extend(queued);
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Notes what became of a URL, and the object that it led to. It is known at once, and on the disk a moment later;
    /// [`flush`](Self::flush) tells whether that worked. If the disk has not kept up for a second, the note is lost.
    pub fn note(&self, visit: Visit, object: Option<Object>) {
        self.0.queue.push(Some(visit), object);
    }

    /// Notes an object whose URL nobody knows.
    pub fn note_object(&self, object: Object) {
        self.0.queue.push(None, Some(object));
    }

    /// Returns when all that was noted before is committed.
    ///
    /// # Errors
    /// If it cannot be, or notes were lost since the last call.
    pub fn flush(&self) -> Result<(), ManifestError> {
        self.0.queue.flush()
    }

    /// Makes changes at once, after what is queued.
    ///
    /// # Errors
    /// If they cannot be made; none of them is, then.
    pub fn change(&self, changes: &[Change]) -> Result<(), ManifestError> {
        self.flush()?;
        self.read(|database| row::change(database, changes))
    }

    /// How many objects there are, and their bytes.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn totals(&self) -> Result<(u64, u64), ManifestError> {
        self.flush()?;
        self.read(row::totals)
    }

    /// All objects that are committed, in the order of their names.
    pub fn objects(&self) -> impl Iterator<Item = Result<Object, ManifestError>> + use<> {
        let manifest = self.clone();
        paged(move |after: Option<&Object>| {
            manifest.read(|database| row::objects(database, after.map(|object| object.name.as_str()), PAGE))
        })
    }

    /// All visits that are committed, in the order of their URLs.
    pub fn visits(&self) -> impl Iterator<Item = Result<Visit, ManifestError>> + use<> {
        let manifest = self.clone();
        paged(move |after: Option<&Visit>| {
            manifest.read(|database| row::visits(database, after.map(|visit| visit.url.as_str()), PAGE))
        })
    }

    /// The committed visits that led to an object, in the order of their URLs.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn visits_of(&self, name: &str) -> Result<Vec<Visit>, ManifestError> {
        self.read(|database| row::visits_of(database, name))
    }

    /// Reads all of the file and says what is wrong with its structure; empty if nothing is.
    ///
    /// # Errors
    /// If that cannot be said.
    pub fn check(&self) -> Result<Vec<String>, ManifestError> {
        self.read(row::check)
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, ManifestError> {
        let reader: MutexGuard<'_, Connection> = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner);
        work(&reader).map_err(|source| ManifestError::of(&self.0.path, source))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.stop();
        if let Some(writer) = self.writer.take() {
            // a writer that panicked has said so
            let _ = writer.join();
        }
    }
}

/// Rows page by page, each after the last row of the one before; ends at the first error.
fn paged<T>(
    mut next: impl FnMut(Option<&T>) -> Result<Vec<T>, ManifestError>,
) -> impl Iterator<Item = Result<T, ManifestError>>
where
    T: Clone,
{
    let (mut page, mut last, mut is_over) = (Vec::new().into_iter(), None::<T>, false);
    std::iter::from_fn(move || {
        if let Some(row) = page.next() {
            return Some(Ok(row));
        }
        if is_over {
            return None;
        }
        match next(last.as_ref()) {
            Ok(rows) => {
                is_over = rows.len() < PAGE;
                last = rows.last().cloned();
                page = rows.into_iter();
                page.next().map(Ok)
            }
            Err(error) => {
                is_over = true;
                Some(Err(error))
            }
        }
    })
}
