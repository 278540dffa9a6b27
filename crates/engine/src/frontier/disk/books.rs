//! The books of an open job, between those who change them and the thread that commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::watch;

use super::JobError;
use super::form::{HostRow, Meta, millis, sealed};
use super::tables::{Batch, Snapshot};
use crate::frontier::ledger::{Ledger, News};
use crate::frontier::{FrontierError, Lease, Memories, Seq, Want};

/// Times `frontier.events` that may wait to be committed before nothing new is begun.
const BEHIND: usize = 20;
/// Times that the queue may not be readable, one after the other, before the run ends for it.
const UNREAD: u32 = 100;

/// The books, shared.
pub(super) struct Books {
    state: Mutex<State>,
    /// There is something to commit, or to end for.
    changed: Condvar,
    /// The number of the last commit that is on the disk, or why there will be no more.
    committed: watch::Sender<Result<u64, Broken>>,
    /// Changes that are committed at once.
    events: usize,
}

/// A job that cannot be written to any more.
#[derive(Debug, Clone)]
struct Broken {
    folder: PathBuf,
    why: String,
}

impl Broken {
    fn error(&self) -> FrontierError {
        JobError::Broken { folder: self.folder.clone(), why: self.why.clone() }.into()
    }
}

/// The state of an open job.
pub(super) struct State {
    pub(super) ledger: Ledger,
    pub(super) meta: Meta,
    /// What else there is to keep, and where it comes from.
    pub(super) remembered: BTreeMap<String, Bytes>,
    pub(super) memory: Option<Arc<dyn Memories>>,
    /// The number of the next commit.
    next: u64,
    /// The last record that a commit has taken along.
    handed: Seq,
    /// How the run ends, once it does.
    closing: Option<String>,
    /// Somebody waits for the next commit.
    hurry: bool,
    /// How often the queue could not be read since it last could.
    unread: u32,
    /// Nobody is there any more.
    abandoned: bool,
    /// The disk cannot be written to, for the time being.
    in_trouble: bool,
    /// It cannot be written to any more: why.
    broken: Option<Broken>,
}

/// What the committer is to do.
pub(super) enum Task {
    /// Commit what there is.
    Commit,
    /// The same, and end.
    Close,
    /// End: nobody is there any more.
    Leave,
}

impl State {
    pub(super) fn new(ledger: Ledger, meta: Meta, remembered: BTreeMap<String, Bytes>) -> Self {
        let handed = ledger.last_seq();
        Self {
            ledger,
            meta,
            remembered,
            memory: None,
            next: 1,
            handed,
            closing: None,
            hurry: false,
            unread: 0,
            abandoned: false,
            in_trouble: false,
            broken: None,
        }
    }

    /// The next commit takes the records after this one along.
    pub(super) fn begin_at(&mut self, seq: Seq) {
        self.handed = seq;
    }

    fn events(&self) -> usize {
        self.ledger.news.as_ref().map_or(0, |news| news.events)
    }

    /// All changes since the last commit, as of one moment.
    pub(super) fn batch(&mut self, mut remembered: Vec<(String, Bytes)>) -> Box<Batch> {
        let ledger = &mut self.ledger;
        let News { seen, hosts, failed, .. } = ledger.news.replace(News::default()).unwrap_or_default();
        let hosts = (hosts.into_iter())
            .map(|id| {
                let (slot, waiting) = ledger.host_row(id);
                let (name, not_before) = (slot.name.as_ref().into(), slot.not_before.map(millis));
                (id, sealed(&HostRow { name, waiting, done: slot.done, failed: slot.failed, not_before }))
            })
            .collect();
        remembered.retain(|(name, value)| self.remembered.get(name) != Some(value));
        self.remembered.extend(remembered.iter().cloned());
        let records = ledger.outbox.after(self.handed, usize::MAX).cloned().collect();
        self.handed = ledger.last_seq();
        let meta = &mut self.meta;
        meta.commits += 1;
        meta.seen += seen.len() as u64;
        meta.totals = ledger.totals.clone();
        meta.stats = ledger.stats.clone();
        meta.last_seq = self.handed;
        meta.exported =
            (ledger.outbox.feeds().iter()).map(|(feed, (upto, at))| (feed.clone(), *upto, at.clone())).collect();
        self.next += 1;
        Box::new(Batch {
            queue: ledger.queue.commit(),
            delayed: ledger.delayed.commit(),
            seen,
            hosts,
            records,
            everywhere: ledger.outbox.everywhere(),
            failed,
            remembered,
            meta: meta.clone(),
        })
    }

    /// What was taken along by the last [`batch`](Self::batch) is on the disk.
    pub(super) fn is_committed(&mut self, snapshot: Snapshot, batch: &Batch) {
        self.ledger.queue.committed();
        self.ledger.delayed.committed();
        self.ledger.below = Some(Box::new(snapshot));
        self.ledger.outbox.is_durable_to(batch.meta.last_seq);
        self.in_trouble = false;
    }
}

impl Books {
    pub(super) fn new(state: State, events: usize) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new(), committed: watch::Sender::new(Ok(0)), events }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the books.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.lock())
    }

    /// Changes the books, and tells which commit the change goes with.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Ledger) -> Result<T, FrontierError>,
    ) -> Result<(T, u64), FrontierError> {
        let mut state = self.lock();
        if let Some(broken) = &state.broken {
            return Err(broken.error());
        }
        let before = state.events();
        let changed = change(&mut state.ledger)?;
        let after = state.events();
        // what changed nothing goes with the commit before
        let commit = if after > before { state.next } else { state.next - 1 };
        drop(state);
        // the committer sleeps until there is something, and then until there is enough
        if (before == 0 && after > 0) || (before < self.events && after >= self.events) {
            self.changed.notify_one();
        }
        Ok((changed, commit))
    }

    /// Leases hosts, unless the disk that holds their requests cannot be read just now.
    pub(super) fn lease(&self, want: &Want) -> Result<Vec<Lease>, FrontierError> {
        // without the disk the ledger sees only what is in memory, and would take that for all there is
        let leased = self.change(|ledger| if ledger.below.is_some() { ledger.lease(want) } else { Ok(Vec::new()) });
        match leased {
            Ok((leases, _)) => {
                self.look(|state| state.unread = if leases.is_empty() { state.unread } else { 0 });
                Ok(leases)
            }
            // a disk that is full for the one who writes cannot be read from either, until it was opened again
            Err(error) if is_for_now(&error) && self.look(|state| state.unread) < UNREAD => {
                self.look(|state| {
                    (state.in_trouble, state.ledger.below, state.hurry) = (true, None, true);
                    state.unread += 1;
                });
                self.changed.notify_one();
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    /// Has everything committed that is there now, and waits for it.
    pub(super) async fn flush(&self) -> Result<(), FrontierError> {
        let commit = self.look(|state| {
            state.hurry = true;
            state.next
        });
        self.changed.notify_one();
        self.committed(commit).await
    }

    /// Waits until a commit is on the disk.
    pub(super) async fn committed(&self, commit: u64) -> Result<(), FrontierError> {
        let mut committed = self.committed.subscribe();
        let reached = committed.wait_for(|done| done.as_ref().map_or(true, |done| *done >= commit)).await;
        match reached.as_deref() {
            Ok(Err(broken)) => Err(broken.error()),
            _ => Ok(()),
        }
    }

    /// Waits until a commit is on the disk, but not for a disk that is full: whoever asks [`is_behind`](Self::is_behind)
    /// waits for that, and can do other things meanwhile.
    pub(super) async fn committed_or_in_trouble(&self, commit: u64) -> Result<(), FrontierError> {
        let mut committed = self.committed.subscribe();
        let is_over = |done: &Result<u64, Broken>| {
            done.as_ref().map_or(true, |done| *done >= commit) || self.look(|state| state.in_trouble)
        };
        match committed.wait_for(is_over).await.as_deref() {
            Ok(Err(broken)) => Err(broken.error()),
            _ => Ok(()),
        }
    }

    /// Whether the disk is far behind, or cannot be written to for the time being.
    pub(super) fn is_behind(&self) -> bool {
        // of one that is broken everybody is told who asks it for something
        self.look(|state| state.broken.is_none() && (state.in_trouble || state.events() > BEHIND * self.events))
    }

    /// Waits until there is something to do: enough changes, or some for long enough, or an end.
    pub(super) fn next_task(&self, gather: Duration) -> Task {
        let mut state = self.lock();
        let mut since = None;
        loop {
            if state.abandoned {
                return Task::Leave;
            }
            if state.closing.is_some() {
                return Task::Close;
            }
            if std::mem::take(&mut state.hurry) {
                return Task::Commit;
            }
            let events = state.events();
            let waited = match since {
                None if events > 0 => since.insert(Instant::now()).elapsed(),
                Some(since) => since.elapsed(),
                None => Duration::ZERO,
            };
            if events > 0 && (events >= self.events || waited >= gather) {
                return Task::Commit;
            }
            let asleep = match since {
                Some(_) => {
                    let woken = self.changed.wait_timeout(state, gather.saturating_sub(waited));
                    woken.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
            state = asleep;
        }
    }

    /// What is to be committed now.
    pub(super) fn batch(&self) -> Box<Batch> {
        // whoever is asked takes his time without keeping the books to himself
        let memory = self.look(|state| state.memory.clone());
        let remembered = memory.map(|memory| memory.memories()).unwrap_or_default();
        self.look(|state| {
            state.meta.ended = state.closing.clone();
            state.batch(remembered)
        })
    }

    /// A batch is on the disk.
    pub(super) fn is_committed(&self, snapshot: Snapshot, batch: &Batch) {
        let done = self.look(|state| {
            state.is_committed(snapshot, batch);
            // while one batch is written, only the next one is gathered
            state.next - 1
        });
        let _ = self.committed.send_replace(Ok(done));
    }

    /// The disk cannot be written to, for the time being: nothing of it may be held open. True if the run is to end.
    pub(super) fn is_in_trouble(&self) -> bool {
        let is_ending = self.look(|state| {
            state.in_trouble = true;
            state.ledger.below = None;
            state.closing.is_some() || state.abandoned
        });
        // those who wait for a commit look again
        self.committed.send_modify(|_| {});
        is_ending
    }

    /// The disk cannot be written to any more.
    pub(super) fn is_broken(&self, folder: &Path, why: &str) {
        let broken = Broken { folder: folder.to_owned(), why: why.to_owned() };
        self.look(|state| state.broken = Some(broken.clone()));
        let _ = self.committed.send_replace(Err(broken));
    }

    /// Ends the run.
    pub(super) fn close(&self, reason: &str) {
        self.look(|state| state.closing = Some(reason.to_owned()));
        self.changed.notify_one();
    }

    /// Nobody is there any more.
    pub(super) fn abandon(&self) {
        self.look(|state| state.abandoned = true);
        self.changed.notify_one();
    }
}

/// Whether a queue that could not be read may be readable again when its file has been opened anew.
fn is_for_now(error: &FrontierError) -> bool {
    use redb::StorageError as Storage;
    let FrontierError::Backend(error) = error else { return false };
    matches!(error.downcast_ref(), Some(Storage::Io(_) | Storage::PreviousIo | Storage::DatabaseClosed))
}
