//! The same event over and over: the first of a second are written, the rest is a count.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::HumanCount;
use tracing::Level;
use tracing::callsite::Identifier;

const SECOND: Duration = Duration::from_secs(1);

/// What has come in this second, by the place in the code that it comes from: there are only so many.
#[derive(Debug)]
pub(super) struct Folds {
    /// Lines of one place in a second; 0 is no limit.
    most: u64,
    windows: Mutex<HashMap<Identifier, Window>>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    written: u64,
    folded: Option<Folded>,
}

/// Lines that were not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) level: Level,
    /// What the first of them said.
    pub(super) like: String,
    pub(super) count: u64,
}

/// What becomes of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is written, after what was folded in the second before.
    Write(Option<Folded>),
    /// It is counted.
    Fold,
}

impl Folded {
    /// `… and 1,234 more like this: request failed`
    pub(super) fn message(&self) -> String {
        format!("… and {} more like this: {}", HumanCount(self.count), self.like)
    }
}

impl Folds {
    pub(super) fn new(most: u64) -> Self {
        Self { most, windows: Mutex::default() }
    }

    /// An event has come. What it says is asked only for the first one that is folded.
    pub(super) fn meet(&self, place: Identifier, level: Level, now: Instant, like: impl FnOnce() -> String) -> Fate {
        if self.most == 0 {
            return Fate::Write(None);
        }
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(place).or_insert(Window { since: now, written: 0, folded: None });
        let mut before = None;
        if now.saturating_duration_since(window.since) >= SECOND {
            before = window.folded.take();
            *window = Window { since: now, written: 0, folded: None };
        }
        if window.written < self.most {
            window.written += 1;
            return Fate::Write(before);
        }
        window.folded.get_or_insert_with(|| Folded { level, like: like(), count: 0 }).count += 1;
        Fate::Fold
    }

    /// What was folded in seconds that are over, or so far if nothing comes after.
    pub(super) fn take(&self, now: Option<Instant>) -> Vec<Folded> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |window: &&mut Window| now.is_none_or(|now| now.saturating_duration_since(window.since) >= SECOND);
        windows.values_mut().filter(over).filter_map(|window| window.folded.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place in the code.
    fn place() -> Identifier {
        struct Place;
        impl tracing::Callsite for Place {
            fn set_interest(&self, _: tracing::subscriber::Interest) {}
            fn metadata(&self) -> &tracing::Metadata<'_> {
                unreachable!("nobody asks")
            }
        }
        static PLACE: Place = Place;
        Identifier(&PLACE)
    }

    #[test]
    fn l03_the_same_line_over_and_over_becomes_a_count() {
        let folds = Folds::new(100);
        let begin = Instant::now();
        let meet = |after: u64| {
            folds.meet(place(), Level::WARN, begin + Duration::from_millis(after), || "request failed".to_owned())
        };
        for _ in 0..100 {
            assert_eq!(meet(0), Fate::Write(None));
        }
        for _ in 0..1234 {
            assert_eq!(meet(999), Fate::Fold);
        }
        assert!(folds.take(Some(begin + Duration::from_millis(999))).is_empty(), "the second is not over");
        let Fate::Write(Some(folded)) = meet(1000) else { panic!("the next second begins") };
        assert_eq!(folded.message(), "… and 1,234 more like this: request failed");
        for _ in 0..100 {
            meet(1001);
        }
        let left = folds.take(None);
        assert_eq!(left.iter().map(|folded| folded.count).collect::<Vec<_>>(), [1]);
        assert!(folds.take(None).is_empty(), "it is said once");
    }

    #[test]
    fn nothing_is_folded_without_a_limit() {
        let folds = Folds::new(0);
        for _ in 0..10_000 {
            assert_eq!(folds.meet(place(), Level::INFO, Instant::now(), String::new), Fate::Write(None));
        }
    }
}
