//! Rows on their way into a manifest: queued, seen by who asks, committed in groups by one thread.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use crate::manifest::error::ManifestError;
use crate::manifest::row::{self, Object, Visit};

/// A group is committed when its first row is so old, or when it has so many.
const GROUP: (Duration, usize) = (Duration::from_millis(100), 500);
/// No more wait than this.
const MOST: usize = 10_000;
/// Who finds the queue full waits so long for room.
const WAIT: Duration = Duration::from_secs(1);
/// After a commit that failed, the next is tried so much later.
const PAUSE: Duration = Duration::from_secs(1);

/// The rows that are not committed yet.
#[derive(Debug)]
pub(super) struct Queue {
    path: PathBuf,
    state: Mutex<State>,
    /// Something changed: rows came, room was made, a commit ended, the end was asked for.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Rows,
    /// Those of the transaction that is under way.
    committing: Rows,
    /// When the first of those that wait came.
    since: Option<Instant>,
    /// Attempts to commit that were begun and that have ended: who flushes waits for one that was begun after it came.
    begun: u64,
    ended: u64,
    /// What the last attempt failed of.
    error: Option<String>,
    /// Somebody waits for a commit.
    is_urgent: bool,
    is_stopping: bool,
    is_over: bool,
    /// Somebody has waited for room in vain, and no commit has made any since.
    is_stalled: bool,
    lost: u64,
}

#[derive(Debug, Default)]
struct Rows {
    visits: HashMap<String, Visit>,
    objects: HashMap<String, Object>,
}

impl Rows {
    fn len(&self) -> usize {
        self.visits.len() + self.objects.len()
    }

    /// Puts older rows back, where there is nothing newer.
    fn put_back(&mut self, older: Rows) {
        for (url, visit) in older.visits {
            self.visits.entry(url).or_insert(visit);
        }
        for (name, object) in older.objects {
            self.objects.entry(name).or_insert(object);
        }
    }
}

impl Queue {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), state: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn push(&self, visit: Option<Visit>, object: Option<Object>) {
        let mut state = self.state();
        if state.waiting.len() >= MOST && !state.is_stalled {
            state.is_urgent = true;
            self.changed.notify_all();
            let full = |state: &mut State| state.waiting.len() >= MOST && !state.is_over;
            state = self.changed.wait_timeout_while(state, WAIT, full).unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.waiting.len() >= MOST || state.is_over {
            // one wait is enough: who comes next is not held up as long again
            state.is_stalled = true;
            state.lost += 1;
            if state.lost == 1 {
                let why = state.error.clone().unwrap_or_default();
                tracing::warn!(manifest = %self.path.display(), why, "the manifest cannot be written fast enough, and notes are lost");
            }
            return;
        }
        if let Some(visit) = visit.map(Visit::without_passwords) {
            state.waiting.visits.insert(visit.url.clone(), visit);
        }
        if let Some(object) = object {
            state.waiting.objects.insert(object.name.clone(), object);
        }
        let is_first = state.since.is_none();
        state.since.get_or_insert_with(Instant::now);
        // the writer sleeps until the group's time is up
        if is_first || state.waiting.len() == GROUP.1 {
            self.changed.notify_all();
        }
    }

    pub(super) fn visit(&self, url: &str) -> Option<Visit> {
        let state = self.state();
        state.waiting.visits.get(url).or_else(|| state.committing.visits.get(url)).cloned()
    }

    pub(super) fn object(&self, name: &str) -> Option<Object> {
        let state = self.state();
        state.waiting.objects.get(name).or_else(|| state.committing.objects.get(name)).cloned()
    }

    pub(super) fn of_hash(&self, sha1: &str) -> Vec<Object> {
        let state = self.state();
        let older = state.committing.objects.values().filter(|o| !state.waiting.objects.contains_key(&o.name));
        state.waiting.objects.values().chain(older).filter(|object| object.sha1 == sha1).cloned().collect()
    }

    pub(super) fn flush(&self) -> Result<(), ManifestError> {
        let mut state = self.state();
        if state.waiting.len() > 0 || state.committing.len() > 0 {
            // a commit that is under way does not have what came after its beginning
            let wanted = if state.waiting.len() > 0 { state.begun + 1 } else { state.begun };
            while state.ended < wanted && !state.is_over {
                // one that is under way needs no other behind it
                state.is_urgent |= state.begun < wanted;
                self.changed.notify_all();
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        // what could not be committed may be under way once more already
        let is_left = state.waiting.len() + state.committing.len() > 0;
        if is_left && (state.error.is_some() || state.is_over) {
            let why = state.error.clone().unwrap_or_else(|| "its writer has ended".to_owned());
            return Err(ManifestError::Unwritten { path: self.path.clone(), why });
        }
        match std::mem::take(&mut state.lost) {
            0 => Ok(()),
            count => Err(ManifestError::Lost { path: self.path.clone(), count }),
        }
    }

    /// The writer commits what there is and ends.
    pub(super) fn stop(&self) {
        self.state().is_stopping = true;
        self.changed.notify_all();
    }

    /// Commits groups until it is told to stop. The work of the writer's thread.
    pub(super) fn write_to(&self, mut database: Connection) {
        let _over = Over(self);
        while self.wait_for_a_group() {
            {
                let mut state = self.state();
                state.committing = std::mem::take(&mut state.waiting);
                (state.since, state.is_urgent) = (None, false);
                state.begun += 1;
                self.changed.notify_all();
            }
            let committed = self.commit(&mut database);
            let mut state = self.state();
            state.ended += 1;
            let committing = std::mem::take(&mut state.committing);
            state.error = committed.err().map(|error| error.to_string());
            state.is_stalled &= state.error.is_some();
            if let Some(why) = state.error.clone() {
                state.waiting.put_back(committing);
                self.changed.notify_all();
                if state.is_stopping {
                    let count = state.waiting.len();
                    tracing::warn!(manifest = %self.path.display(), why, count, "the manifest could not be written");
                    return;
                }
                state.since = Some(Instant::now() + PAUSE);
            }
            self.changed.notify_all();
        }
    }

    /// False at the end.
    fn wait_for_a_group(&self) -> bool {
        let mut state = self.state();
        loop {
            let age = state.since.map(|since| since.elapsed());
            let is_due = state.is_urgent || state.is_stopping || state.waiting.len() >= GROUP.1;
            // after a failure the time lies ahead, and only who flushes may be faster
            let is_paused =
                state.since.is_some_and(|since| since > Instant::now()) && !state.is_urgent && !state.is_stopping;
            match age {
                None if state.is_stopping => return false,
                None => {
                    state.is_urgent = false;
                    state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                Some(age) if !is_paused && (is_due || age >= GROUP.0) => return true,
                Some(age) => {
                    let left = if is_paused { PAUSE } else { GROUP.0.saturating_sub(age) };
                    state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    fn commit(&self, database: &mut Connection) -> rusqlite::Result<()> {
        // nobody else changes these, so that they may be read without holding up who asks
        let (visits, objects) = {
            let state = self.state();
            (
                state.committing.visits.values().cloned().collect::<Vec<_>>(),
                state.committing.objects.values().cloned().collect::<Vec<_>>(),
            )
        };
        let transaction = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
        objects.iter().try_for_each(|object| row::put_object(&transaction, object))?;
        visits.iter().try_for_each(|visit| row::put_visit(&transaction, visit))?;
        transaction.commit()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However the writer ends, nobody waits for it after.
struct Over<'a>(&'a Queue);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.state().is_over = true;
        self.0.changed.notify_all();
    }
}
