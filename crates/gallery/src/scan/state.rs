//! What is known of a scan by now, and who waits for more.
//!
//! Every change has a number, and each picture that of its last one. Whoever has seen all up to a number is told what has
//! changed since, however much that was in between: nobody can fall behind, and nothing is queued for those who read slowly.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use super::fold::fold;
use super::{Options, Picture, Progress};

/// The most origins that pictures are shown from: they stand in a header of the page.
const MAX_ORIGINS: usize = 100;

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
    /// Turns true when it is to end.
    cancelled: watch::Sender<bool>,
    linger: Duration,
}

#[derive(Default)]
struct State {
    version: u64,
    head: Head,
    head_changed: u64,
    pictures: Vec<(u64, Arc<Picture>)>,
    watchers: usize,
    /// When the last watcher left. None as long as nobody has looked, or somebody does.
    left: Option<Instant>,
    /// Somebody has asked for the page, and may come for its events until then.
    expected: Option<Instant>,
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
        Self { id, options, state, changes, cancelled: watch::Sender::new(false), linger }
    }

    /// What has changed since a number; all there is since 0, and since a number that has not been yet.
    #[must_use]
    pub fn since(&self, version: u64) -> Changes {
        let state = self.lock();
        let version = if version > state.version { 0 } else { version };
        let changed = state.pictures.iter().filter(|(changed, _)| *changed > version);
        Changes {
            version: state.version,
            head: (state.head_changed > version).then(|| state.head.clone()),
            pictures: changed.map(|(_, picture)| picture.clone()).collect(),
        }
    }

    /// Waits until something has changed since a number; not at all if that has not been yet.
    pub async fn changed(&self, version: u64) {
        // the sender is ours, so the channel is open
        let mut changes = self.changes.subscribe();
        let version = if version > *changes.borrow_and_update() { 0 } else { version };
        let _ = changes.wait_for(|now| *now > version).await;
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

    /// The origins that its pictures may be shown from, in the order of their names. Where there are more than a header
    /// takes, those with the most pictures.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        let state = self.lock();
        let urls = state.pictures.iter().filter_map(|(_, picture)| picture.url());
        let mut counts = BTreeMap::<String, usize>::new();
        for url in urls.filter(|url| matches!(url.scheme(), "http" | "https")) {
            *counts.entry(url.origin().ascii_serialization()).or_default() += 1;
        }
        let mut origins: Vec<(String, usize)> = counts.into_iter().collect();
        origins.sort_by_key(|(_, count)| Reverse(*count));
        origins.truncate(MAX_ORIGINS);
        let mut origins: Vec<String> = origins.into_iter().map(|(origin, _)| origin).collect();
        origins.sort_unstable();
        origins
    }

    /// Stops it; what is known stays.
    pub fn cancel(&self) {
        self.cancel_in(&mut self.lock());
    }

    fn cancel_in(&self, state: &mut State) {
        self.cancelled.send_replace(true);
        // one that is under way ends when its crawl has
        if state.head.phase == Phase::Queued {
            self.end_in(state, End::Cancelled);
        }
    }

    /// Whether somebody has stopped it.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow()
    }

    /// Waits until somebody stops it.
    pub(crate) async fn cancelled(&self) {
        // the sender is ours, so the channel is open
        let _ = self.cancelled.subscribe().wait_for(|is_cancelled| *is_cancelled).await;
    }

    /// Somebody was given the page, and comes for its events in a moment.
    pub fn expect_watcher(&self, within: Duration) {
        self.lock().expected = Some(Instant::now() + within);
    }

    /// Somebody looks.
    #[must_use]
    pub fn watch(self: &Arc<Self>) -> Watcher {
        let mut state = self.lock();
        state.watchers += 1;
        // who was expected has come; a second one that is still to come has the time that scans linger
        (state.left, state.expected) = (None, None);
        Watcher(self.clone())
    }

    /// The last watcher has left. When the scan ends because nobody comes back; none if it need not.
    fn abandoned(&self) -> Option<Instant> {
        let mut state = self.lock();
        let left = state.left.filter(|_| state.watchers == 0 && !matches!(state.head.phase, Phase::Ended(_)))?;
        let until = left + self.linger;
        let until = state.expected.map_or(until, |expected| until.max(expected));
        if until <= Instant::now() {
            self.cancel_in(&mut state);
            return None;
        }
        Some(until)
    }

    /// Changes what is known of it as a whole.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Head)) {
        self.change(&mut self.lock(), change);
    }

    /// Whoever looks is to look again, at what is known elsewhere: its place in the line.
    pub(crate) fn touch(&self) {
        self.update(|_| {});
    }

    /// Its turn has come. Whether it begins: it does not if somebody has stopped it already.
    pub(crate) fn begin(&self) -> bool {
        let mut state = self.lock();
        if state.head.phase != Phase::Queued || self.is_cancelled() {
            return false;
        }
        self.change(&mut state, |head| (head.phase, head.began) = (Phase::Running, Some(Timestamp::now())));
        true
    }

    /// It is over; the first end stays, and so does what is known of its pictures.
    pub(crate) fn end(&self, end: End) {
        self.end_in(&mut self.lock(), end);
    }

    fn end_in(&self, state: &mut State, end: End) {
        if !matches!(state.head.phase, Phase::Ended(_)) {
            self.change(state, |head| (head.phase, head.ended) = (Phase::Ended(end), Some(Timestamp::now())));
        }
    }

    /// A picture is on the page. Its number, or none if there are too many, or the scan is over.
    pub(crate) fn add(&self, most: usize, picture: impl FnOnce(usize) -> Picture) -> Option<usize> {
        let mut state = self.lock();
        let number = state.pictures.len();
        if number >= most || matches!(state.head.phase, Phase::Ended(_)) {
            return None;
        }
        self.change(&mut state, |head| head.found += 1);
        let version = state.version;
        state.pictures.push((version, Arc::new(picture(number))));
        Some(number)
    }

    /// More is known of a picture; nothing is learnt any more when the scan is over.
    pub(crate) fn learn(&self, number: usize, change: impl FnOnce(&mut Picture)) {
        let mut state = self.lock();
        if matches!(state.head.phase, Phase::Ended(_)) {
            return;
        }
        let Some((_, picture)) = state.pictures.get_mut(number) else { return };
        let before = Counts::of(picture);
        change(Arc::make_mut(picture));
        let after = Counts::of(picture);
        self.change(&mut state, |head| {
            head.kept = head.kept + after.kept - before.kept;
            head.failed = head.failed + after.failed - before.failed;
            head.judged = head.judged + after.judged - before.judged;
            head.bytes = head.bytes + after.bytes - before.bytes;
        });
        let version = state.version;
        if let Some((changed, _)) = state.pictures.get_mut(number) {
            *changed = version;
        }
    }

    /// Folds pictures that look alike: those that differ in so many bits at most.
    pub(crate) fn fold(&self, near: u32) {
        // what it takes a while to find is found while others may look
        let pictures = self.pictures();
        let folded = fold(&pictures, near);
        let mut state = self.lock();
        let is_news = |(picture, folded): (&Arc<Picture>, &Option<usize>)| picture.folded != *folded;
        let any = pictures.iter().zip(&folded).any(is_news);
        if !any || matches!(state.head.phase, Phase::Ended(_)) {
            return;
        }
        self.change(&mut state, |_| {});
        let version = state.version;
        for ((changed, picture), folded) in state.pictures.iter_mut().zip(folded) {
            if picture.folded != folded {
                Arc::make_mut(picture).folded = folded;
                *changed = version;
            }
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

/// What a picture adds to the head.
struct Counts {
    kept: usize,
    failed: usize,
    judged: usize,
    bytes: u64,
}

impl Counts {
    fn of(picture: &Picture) -> Self {
        let progress = picture.progress();
        let size = picture.entry.as_ref().and_then(|entry| entry.size).filter(|_| progress == Progress::Kept);
        Self {
            kept: usize::from(progress == Progress::Kept),
            failed: usize::from(progress == Progress::Failed),
            judged: usize::from(picture.report.is_some()),
            bytes: size.unwrap_or_default(),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.watchers -= 1;
        if state.watchers > 0 {
            return;
        }
        state.left = Some(Instant::now());
        drop(state);
        // where there is no clock nobody can come back either
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return self.0.cancel() };
        let scan = self.0.clone();
        runtime.spawn(async move {
            // who comes for the page again meanwhile is waited for longer
            while let Some(until) = scan.abandoned() {
                tokio::time::sleep_until(until).await;
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

#[cfg(test)]
mod tests;
