//! What has become of each URL in this run, so that none is fetched twice however many items want it; and who is being
//! fetched, so that the second one waits for the first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Mutex as Turn;

use crate::entry::Entry;

/// A URL, by the first half of its SHA-1.
pub(super) type Key = u128;

/// What is known of URLs. Once it is full, the half that nobody asked about for the longest time is forgotten.
#[derive(Debug)]
pub(super) struct Table {
    state: Mutex<State>,
    /// So many in each half.
    half: usize,
}

#[derive(Debug, Default)]
struct State {
    running: HashMap<Key, Weak<Turn<()>>>,
    /// Outcomes as JSON, which takes a third of an entry's memory: about 400 bytes each.
    recent: HashMap<Key, Box<str>>,
    older: HashMap<Key, Box<str>>,
    has_forgotten: bool,
}

impl Table {
    pub(super) fn new(max_known: usize) -> Self {
        Self { state: Mutex::default(), half: max_known.div_ceil(2) }
    }

    /// Where those who want this URL stand in line.
    pub(super) fn turn(&self, key: Key) -> Arc<Turn<()>> {
        let mut state = self.lock();
        if let Some(turn) = state.running.get(&key).and_then(Weak::upgrade) {
            return turn;
        }
        // as many as are under way, and as many again that nobody is after any more
        if state.running.len() >= state.running.capacity() {
            state.running.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::default();
        state.running.insert(key, Arc::downgrade(&turn));
        turn
    }

    /// What became of a URL.
    pub(super) fn known(&self, key: Key) -> Option<Entry> {
        let mut state = self.lock();
        let outcome = match state.recent.get(&key) {
            Some(outcome) => outcome.clone(),
            None => {
                let outcome = state.older.remove(&key)?;
                self.insert(&mut state, key, outcome.clone());
                outcome
            }
        };
        drop(state);
        serde_json::from_str(&outcome).ok()
    }

    /// Remembers what became of a URL.
    pub(super) fn remember(&self, key: Key, entry: &Entry) {
        // the URL is what is asked by; a `data:` URL may have megabytes
        let entry = Entry { url: String::new(), ..entry.clone() };
        let Ok(outcome) = serde_json::to_string(&entry) else { return };
        self.insert(&mut self.lock(), key, outcome.into());
    }

    /// Whether something is no longer known that was.
    pub(super) fn has_forgotten(&self) -> bool {
        self.lock().has_forgotten
    }

    fn insert(&self, state: &mut State, key: Key, outcome: Box<str>) {
        if self.half == 0 {
            state.has_forgotten = true;
            return;
        }
        if state.recent.len() >= self.half {
            let recent = std::mem::take(&mut state.recent);
            let older = std::mem::replace(&mut state.older, recent);
            state.has_forgotten |= !older.is_empty();
        }
        state.recent.insert(key, outcome);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(reason: &str) -> Entry {
        Entry::failed("http://a.example/".to_owned(), reason, "x".to_owned())
    }

    #[test]
    fn what_was_asked_about_lately_is_known_and_the_rest_is_bounded() {
        let table = Table::new(10);
        table.remember(0, &entry("first"));
        for key in 1..100 {
            table.remember(key, &entry("other"));
            assert_eq!(
                table.known(0).and_then(|entry| entry.reason).as_deref(),
                Some("first"),
                "asked about all along"
            );
        }
        assert!(table.has_forgotten());
        let known = (0..100).filter(|key| table.known(*key).is_some()).count();
        assert!((5..=10).contains(&known), "{known}");
    }

    #[tokio::test]
    async fn the_second_one_waits_for_the_first() {
        let table = Table::new(10);
        let first = table.turn(7);
        let held = first.lock().await;
        assert!(table.turn(7).try_lock().is_err());
        assert!(table.turn(8).try_lock().is_ok());
        drop(held);
        assert!(table.turn(7).try_lock().is_ok());
    }
}
