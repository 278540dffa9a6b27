//! What is known of a scan by now, and who waits for more.
//!
//! Every change has a number, and each picture that of its last one. Whoever has seen all up to a number is told what has
//! changed since, however much that was in between: nobody can fall behind, and nothing is queued for those who read slowly.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dragline::Stopper;
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use url::{Origin, Url};

use super::{Options, Picture, Progress};

/// The name of a scan: 128 random bits in hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ScanId(pub String);

/// One scan. Its crawl writes, whoever looks reads.
pub struct Scan {
    /// Its name.
    pub id: ScanId,
    /// What was asked for.
    pub options: Options,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    watchers: AtomicUsize,
    linger: Duration,
}

#[derive(Default)]
struct State {
    version: u64,
    head: Head,
    head_changed: u64,
    pictures: Vec<(u64, Arc<Picture>)>,
    stopper: Option<Stopper>,
    /// Somebody has asked for the page, and may come for its events until then.
    expected: Option<Instant>,
    is_cancelled: bool,
}

/// What is known of a scan as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Head {
    /// How far it is.
    pub phase: Phase,
    /// The page, after redirects; none as long as it was not read.
    pub page: Option<Url>,
    /// The page's title.
    pub title: Option<String>,
    /// What robots.txt says, and whether it was kept to, for people.
    pub robots: Option<String>,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it began.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Pages that were read.
    pub pages: usize,
    /// Bytes of the copies.
    pub bytes: u64,
    /// Pictures found, kept, failed, judged.
    pub found: usize,
    /// Of them, those with a copy.
    pub kept: usize,
    /// Of them, those without one.
    pub failed: usize,
    /// Of them, those with a verdict.
    pub judged: usize,
}

/// How far a scan is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its turn, behind so many others.
    #[default]
    Queued,
    /// Its crawl is under way.
    Running,
    /// It is over.
    Ended(End),
}

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All is known.
    Finished,
    /// It was stopped, by its visitor or because nobody looked any more.
    Cancelled,
    /// A limit was reached: its setting, and what it means for people.
    Limited(String),
    /// The page could not be read: a stable name, and the same for people.
    Failed(String, String),
}

/// What has changed since somebody looked.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The number of the last change: what to ask with next time.
    pub version: u64,
    /// The scan as a whole, if that has changed.
    pub head: Option<Head>,
    /// The pictures that have changed, in their order.
    pub pictures: Vec<Arc<Picture>>,
}

/// Somebody who looks. When the last one leaves, the scan is stopped after a moment.
#[derive(Debug)]
pub struct Watcher(Arc<Scan>);

impl Scan {
    /// A scan that waits.
    #[must_use]
    pub fn new(id: ScanId, options: Options, linger: Duration) -> Self {
        let head = Head { asked: Timestamp::now(), ..Head::default() };
        let state = State { version: 1, head, head_changed: 1, ..State::default() };
        let (state, changes) = (Mutex::new(state), watch::Sender::new(1));
        Self { id, options, state, changes, watchers: AtomicUsize::new(0), linger }
    }

    /// What has changed since a number; all there is since 0.
    #[must_use]
    pub fn since(&self, version: u64) -> Changes {
        let state = self.lock();
        let changed = state.pictures.iter().filter(|(changed, _)| *changed > version);
        Changes {
            version: state.version,
            head: (state.head_changed > version).then(|| state.head.clone()),
            pictures: changed.map(|(_, picture)| picture.clone()).collect(),
        }
    }

    /// Waits until something has changed since a number.
    pub async fn changed(&self, version: u64) {
        // the sender is ours, so the channel is open
        let _ = self.changes.subscribe().wait_for(|now| *now > version).await;
    }

    /// The scan as a whole.
    #[must_use]
    pub fn head(&self) -> Head {
        self.lock().head.clone()
    }

    /// All pictures by now.
    #[must_use]
    pub fn pictures(&self) -> Vec<Arc<Picture>> {
        self.lock().pictures.iter().map(|(_, picture)| picture.clone()).collect()
    }

    /// One picture.
    #[must_use]
    pub fn picture(&self, number: usize) -> Option<Arc<Picture>> {
        self.lock().pictures.get(number).map(|(_, picture)| picture.clone())
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.lock().head.phase, Phase::Ended(_))
    }

    /// The origins that its pictures may be shown from, in the order of their names.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let state = self.lock();
        let urls = state.pictures.iter().filter_map(|(_, picture)| picture.url());
        let tuples = urls.map(Url::origin).filter(Origin::is_tuple);
        tuples.map(|origin| origin.ascii_serialization()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Stops it; what is known stays.
    pub fn cancel(&self) {
        let mut state = self.lock();
        state.is_cancelled = true;
        if let Some(stopper) = &state.stopper {
            stopper.stop();
        }
        if state.head.phase == Phase::Queued {
            self.change(&mut state, |head| {
                (head.phase, head.ended) = (Phase::Ended(End::Cancelled), Some(Timestamp::now()));
            });
        }
    }

    /// Whether somebody has stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lock().is_cancelled
    }

    /// Somebody was given the page, and comes for its events in a moment.
    pub fn expect_watcher(&self, within: Duration) {
        self.lock().expected = Some(Instant::now() + within);
    }

    /// Somebody looks.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> Watcher {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watcher(self.clone())
    }

    /// Changes what is known of it as a whole.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Head)) {
        self.change(&mut self.lock(), change);
    }

    /// Its crawl is about to begin; it cannot if somebody has stopped it already.
    pub(crate) fn begin(&self, stopper: Stopper) {
        let mut state = self.lock();
        if state.is_cancelled {
            stopper.stop();
        }
        state.stopper = Some(stopper);
        self.change(&mut state, |head| (head.phase, head.began) = (Phase::Running, Some(Timestamp::now())));
    }

    /// A picture is on the page. Its number, or none if there are too many.
    pub(crate) fn add(&self, most: usize, picture: impl FnOnce(usize) -> Picture) -> Option<usize> {
        let mut state = self.lock();
        let number = state.pictures.len();
        if number >= most {
            return None;
        }
        self.change(&mut state, |head| head.found += 1);
        let version = state.version;
        state.pictures.push((version, Arc::new(picture(number))));
        Some(number)
    }

    /// More is known of a picture.
    pub(crate) fn learn(&self, number: usize, change: impl FnOnce(&mut Picture)) {
        let mut state = self.lock();
        let Some((_, picture)) = state.pictures.get_mut(number) else { return };
        let before = (picture.progress(), picture.report.is_some());
        change(Arc::make_mut(picture));
        let after = (picture.progress(), picture.report.is_some());
        let size = picture.entry.as_ref().and_then(|entry| entry.size).unwrap_or_default();
        let (is_kept, is_failed) = [Progress::Kept, Progress::Failed].map(|at| before.0 != at && after.0 == at).into();
        self.change(&mut state, |head| {
            head.kept += usize::from(is_kept);
            head.failed += usize::from(is_failed);
            head.judged += usize::from(!before.1 && after.1);
            if is_kept {
                head.bytes += size;
            }
        });
        let version = state.version;
        if let Some((changed, _)) = state.pictures.get_mut(number) {
            *changed = version;
        }
    }

    fn change(&self, state: &mut State, change: impl FnOnce(&mut Head)) {
        change(&mut state.head);
        state.version += 1;
        state.head_changed = state.version;
        self.changes.send_replace(state.version);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // each change is one of plain fields: they fit together whatever has panicked
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if self.0.watchers.fetch_sub(1, Ordering::Relaxed) > 1 || self.0.is_over() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return self.0.cancel() };
        let scan = self.0.clone();
        runtime.spawn(async move {
            let until = Instant::now() + scan.linger;
            let until = scan.lock().expected.map_or(until, |expected| until.max(expected));
            tokio::time::sleep_until(until).await;
            if scan.watchers.load(Ordering::Relaxed) == 0 {
                scan.cancel();
            }
        });
    }
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // not the options: a URL may have a password
        f.debug_struct("Scan").field("id", &self.id).finish_non_exhaustive()
    }
}
