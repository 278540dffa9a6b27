//! The frontier on disk: a folder that holds a job until it is finished, whatever happens to the process.
//!
//! Every answer comes out of the books in memory. What has changed in them is committed by a thread of its own, all of
//! one moment together, so that a crash takes the whole job back to one moment: requests, children, records, counts and
//! the places of the feeds. The queue itself lies on disk, and is read from there in batches.

mod books;
mod calm;
mod committer;
mod error;
mod form;
mod job;
mod lock;
mod open;
mod repair;
mod status;
mod tables;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
pub use redb::StorageBackend;

pub use error::JobError;
pub use job::{FailedRequest, Job, QueuedRequest};
pub use repair::{Repaired, repair};
pub use status::Summary;

use self::books::Books;
use self::committer::Committer;
use self::open::Ours;
use super::ledger::Ledger;
use super::{
    Admitted, Durability, Export, FeedId, Frontier, FrontierError, Lease, LeaseId, Memories, Opened, Pace, Position,
    Progress, Renewal, Seen, Seq, Settings, Settled, Settlement, Want,
};
use crate::message::{Record, Request};

/// The file in a job's folder that holds the books.
const FILE: &str = "job.redb";

/// Where a job's file lies: the disk, or what a test puts in its place.
pub trait Medium: fmt::Debug + Send + Sync {
    /// Opens the file at `path`, or makes it.
    ///
    /// # Errors
    /// Those of the file system.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StorageBackend>>;

    /// Gives the file at `from` the name `to`, for good.
    ///
    /// # Errors
    /// Those of the file system.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Copies the file at `from` to `to`, unless there is one.
    ///
    /// # Errors
    /// Those of the file system.
    fn back_up(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes away what lies at `path`, if anything does.
    fn remove(&self, path: &Path);

    /// Whether there is a file at `path`.
    fn exists(&self, path: &Path) -> bool;
}

/// What a job is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder; made if it is not there.
    pub folder: PathBuf,
    /// The spider whose job it is.
    pub spider: String,
    /// Order and commits.
    pub settings: Settings,
    /// How long a full disk is waited for.
    pub patience: Duration,
}

/// A frontier whose requests and records survive the process.
pub struct Disk {
    options: Options,
    medium: Arc<dyn Medium>,
    opened: OnceLock<Open>,
}

struct Open {
    books: Arc<Books>,
    committer: Committer,
    seen: Seen,
    opened: Opened,
}

impl Disk {
    /// A job in a folder. Nothing is touched before [`Frontier::open`].
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::on(options, Arc::new(Files))
    }

    /// The same on another medium than the disk.
    #[must_use]
    pub fn on(options: Options, medium: Arc<dyn Medium>) -> Self {
        Self { options, medium, opened: OnceLock::new() }
    }

    fn books(&self) -> Result<&Books, FrontierError> {
        self.opened.get().map(|open| &*open.books).ok_or_else(|| JobError::Closed.into())
    }

    /// Changes the books; waits for the disk where that is asked for.
    async fn change<T>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, FrontierError>,
    ) -> Result<T, FrontierError> {
        let books = self.books()?;
        let (changed, commit) = books.change(change)?;
        if self.options.settings.durability == Durability::Strict {
            books.committed_or_in_trouble(commit).await?;
        }
        Ok(changed)
    }

    /// Changes the books, and waits for nothing.
    fn note<T>(&self, change: impl FnOnce(&mut Ledger) -> T) -> Result<T, FrontierError> {
        Ok(self.books()?.change(|ledger| Ok(change(ledger)))?.0)
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}", self.options.folder.display())
    }
}

#[async_trait]
impl Frontier for Disk {
    async fn open(&self) -> Result<Opened, FrontierError> {
        if let Some(open) = self.opened.get() {
            return Ok(open.opened.clone());
        }
        let (options, medium) = (self.options.clone(), self.medium.clone());
        let open = move || {
            let Ours { lock, tables, state, opened } = open::open(&options, medium)?;
            let seen = state.ledger.seen.clone();
            let books = Arc::new(Books::new(state, options.settings.events));
            let committer = Committer::start(&options, lock, tables, books.clone())?;
            Ok::<_, JobError>(Open { books, committer, seen, opened })
        };
        let open =
            tokio::task::spawn_blocking(open).await.map_err(|error| FrontierError::Backend(Box::new(error)))??;
        let opened = open.opened.clone();
        let _ = self.opened.set(open);
        Ok(opened)
    }

    async fn submit(&self, requests: Vec<Request>) -> Result<Admitted, FrontierError> {
        self.change(|ledger| Ok(ledger.submit(requests))).await
    }

    async fn seed(&self, requests: Vec<Request>, last: bool) -> Result<Admitted, FrontierError> {
        self.change(|ledger| Ok(ledger.seed(requests, last))).await
    }

    async fn lease(&self, want: Want) -> Result<Vec<Lease>, FrontierError> {
        self.books()?.lease(&want)
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<Settled, FrontierError> {
        self.change(|ledger| ledger.settle(batch)).await
    }

    async fn renew(&self, leases: &[LeaseId]) -> Result<Vec<Renewal>, FrontierError> {
        Ok(self.books()?.look(|state| state.ledger.renew(leases)))
    }

    async fn release(&self, lease: LeaseId, pace: Pace) -> Result<(), FrontierError> {
        self.note(|ledger| ledger.release(lease, pace))
    }

    async fn drain(&self, after: Seq, limit: usize) -> Result<Vec<(Seq, Record)>, FrontierError> {
        Ok(self.books()?.look(|state| state.ledger.outbox.drain(after, limit)))
    }

    async fn attach(&self, feeds: Vec<FeedId>) -> Result<Vec<Export>, FrontierError> {
        self.note(|ledger| ledger.outbox.attach(feeds))
    }

    async fn exported(&self, feed: &FeedId, upto: Seq, position: Position) -> Result<(), FrontierError> {
        self.note(|ledger| ledger.exported(feed, upto, position))
    }

    async fn progress(&self) -> Result<Progress, FrontierError> {
        match self.opened.get() {
            Some(open) => Ok(open.books.look(|state| state.ledger.progress())),
            None => Ok(Progress::default()),
        }
    }

    fn remember(&self, memory: Arc<dyn Memories>) {
        if let Some(open) = self.opened.get() {
            open.books.look(|state| state.memory = Some(memory));
        }
    }

    async fn remembered(&self, name: &str) -> Result<Option<Bytes>, FrontierError> {
        Ok(self.books()?.look(|state| state.remembered.get(name).cloned()))
    }

    async fn counts(&self) -> Result<Vec<(String, u64)>, FrontierError> {
        Ok(self.books()?.look(|state| state.ledger.stats.clone().into_iter().collect()))
    }

    fn is_behind(&self) -> bool {
        self.opened.get().is_some_and(|open| open.books.is_behind())
    }

    async fn flush(&self) -> Result<(), FrontierError> {
        self.books()?.flush().await
    }

    async fn close(&self, reason: &str) -> Result<(), FrontierError> {
        let Some(open) = self.opened.get() else { return Ok(()) };
        open.books.close(reason);
        open.committer.ended().await?;
        Ok(())
    }

    fn seen(&self) -> Option<Seen> {
        self.opened.get().map(|open| open.seen.clone())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // whoever does not close it has it as after a crash, but the thread must not outlive it
        if let Some(open) = self.opened.get() {
            open.books.abandon();
        }
    }
}

/// The disk itself.
#[derive(Debug)]
pub(super) struct Files;

impl Medium for Files {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn StorageBackend>> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            // cookies are in it
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        let backend = redb::backends::FileBackend::new(options.open(path)?).map_err(io::Error::other)?;
        Ok(Arc::new(backend))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)?;
        // the name is on the disk once its folder is
        match to.parent() {
            Some(folder) if cfg!(unix) => std::fs::File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }

    fn back_up(&self, from: &Path, to: &Path) -> io::Result<()> {
        if to.exists() { Ok(()) } else { std::fs::copy(from, to).map(drop) }
    }

    fn remove(&self, path: &Path) {
        // what cannot be taken away is found by whoever opens it
        let _ = std::fs::remove_file(path);
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

#[cfg(test)]
mod tests;
