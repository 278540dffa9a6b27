//! The thread that owns a job's file: it commits what has gathered, and waits where the disk is full.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::books::{Books, Task};
use super::lock::Lock;
use super::status::Reporter;
use super::tables::{Batch, Tables};
use super::{JobError, Options};
use crate::frontier::Durability;

/// How often a full disk is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// The thread, seen from outside.
pub(super) struct Committer {
    ended: Mutex<Option<oneshot::Receiver<Result<(), JobError>>>>,
}

impl Committer {
    /// Starts the thread. It keeps the lock until it ends.
    pub(super) fn start(options: &Options, lock: Lock, tables: Tables, books: Arc<Books>) -> Result<Self, JobError> {
        let (say, ended) = oneshot::channel();
        let folder = options.folder.clone();
        let gather = match options.settings.durability {
            Durability::Normal => options.settings.commit,
            Durability::Strict => Duration::ZERO,
        };
        let status = Reporter::new(folder.clone());
        let thread = Thread { folder, books, tables, patience: options.patience, status };
        let run = move || {
            let (books, folder) = (thread.books.clone(), thread.folder.clone());
            let run = std::panic::AssertUnwindSafe(|| thread.run(gather));
            let result = std::panic::catch_unwind(run).unwrap_or_else(|_| {
                let error = JobError::Broken { folder: folder.clone(), why: "its thread panicked".to_owned() };
                books.is_broken(&folder, &error.why());
                Err(error)
            });
            // before anybody hears of the end: the next one may open it at once
            drop(lock);
            let _ = say.send(result);
        };
        let spawned = std::thread::Builder::new().name("dragline-job".to_owned()).spawn(run);
        let failed = |source| JobError::Io { folder: options.folder.clone(), what: "has no thread", source };
        spawned.map_err(failed)?;
        Ok(Self { ended: Mutex::new(Some(ended)) })
    }

    /// Waits until everything is on the disk and the file is closed.
    pub(super) async fn ended(&self) -> Result<(), JobError> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        match ended {
            Some(ended) => ended.await.unwrap_or(Err(JobError::Closed)),
            None => Ok(()),
        }
    }
}

struct Thread {
    folder: PathBuf,
    books: Arc<Books>,
    tables: Tables,
    patience: Duration,
    status: Reporter,
}

impl Thread {
    fn run(mut self, gather: Duration) -> Result<(), JobError> {
        self.status.report(&self.books, false);
        loop {
            let is_last = match self.books.next_task(gather) {
                Task::Commit => false,
                Task::Close => true,
                Task::Leave => return Ok(()),
            };
            let batch = self.books.batch();
            if let Err(error) = self.write(&batch, is_last) {
                // whoever waits for the commit is told
                self.books.is_broken(&self.folder, &error.why());
                return Err(error);
            }
            self.status.report(&self.books, is_last);
            if is_last {
                return Ok(());
            }
        }
    }

    /// Commits a batch, however long a full disk takes to have room again, within patience.
    fn write(&mut self, batch: &Batch, is_last: bool) -> Result<(), JobError> {
        let mut since: Option<Instant> = None;
        loop {
            let source = match self.try_write(batch) {
                Ok(()) => return Ok(()),
                Err(error) => self.reason(error)?,
            };
            let folder = self.folder.clone();
            if since.is_none() {
                tracing::warn!(job = %folder.display(), error = %source, "the disk is full; the crawl waits for room");
            }
            let waited = since.get_or_insert_with(Instant::now).elapsed();
            let is_ending = self.books.is_in_trouble() || is_last;
            if is_ending || waited >= self.patience {
                return Err(JobError::Full { folder, source });
            }
            std::thread::sleep(AGAIN.min(self.patience));
        }
    }

    fn try_write(&mut self, batch: &Batch) -> Result<(), redb::Error> {
        let snapshot = self.tables.commit(batch)?;
        self.books.is_committed(snapshot, batch);
        Ok(())
    }

    /// What the disk says, if waiting may help.
    fn reason(&self, error: redb::Error) -> Result<io::Error, JobError> {
        let source = match error {
            redb::Error::Io(source) => source,
            other => io::Error::other(other.to_string()),
        };
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Ok(source),
            // what a failed write or sync has left is not known: it is not tried again
            _ => Err(JobError::Io { folder: self.folder.clone(), what: "cannot be written to", source }),
        }
    }
}
