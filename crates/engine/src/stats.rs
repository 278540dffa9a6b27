//! Counters under stable names, those of Scrapy where it has one, so that its users read the report at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// A counter's name: a literal for most, built for `…/404`.
pub type Name = Cow<'static, str>;

/// One figure of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Stat {
    /// A count or a maximum.
    Count(u64),
    /// Seconds, rates.
    Number(f64),
    /// A time, a reason.
    Text(String),
}

/// The figures of one crawl. Shared by all stages; each call takes a short lock.
#[derive(Debug, Default)]
pub struct Stats {
    figures: Mutex<BTreeMap<Name, Stat>>,
}

impl Stats {
    /// Adds to a count.
    pub fn add(&self, name: impl Into<Name>, count: u64) {
        add_to(&mut self.lock(), name.into(), count);
    }

    /// Adds many counts under one lock.
    pub fn add_all(&self, counts: impl IntoIterator<Item = (Name, u64)>) {
        let mut figures = self.lock();
        for (name, count) in counts {
            add_to(&mut figures, name, count);
        }
    }

    /// Raises a maximum.
    pub fn max(&self, name: impl Into<Name>, count: u64) {
        let mut figures = self.lock();
        let figure = figures.entry(name.into()).or_insert(Stat::Count(count));
        if let Stat::Count(value) = figure {
            *value = (*value).max(count);
        }
    }

    /// Sets a figure.
    pub fn set(&self, name: impl Into<Name>, value: Stat) {
        self.lock().insert(name.into(), value);
    }

    /// A count, 0 if nothing was counted under that name.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        match self.lock().get(name) {
            Some(Stat::Count(count)) => *count,
            _ => 0,
        }
    }

    /// All figures as they are now, in the order of their names.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<Name, Stat> {
        self.lock().clone()
    }

    // a panic while counting cannot leave the map torn
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Stat>> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add_to(figures: &mut BTreeMap<Name, Stat>, name: Name, count: u64) {
    // looked up by `str` first: the name of a known figure is neither moved nor copied
    match figures.get_mut(name.as_ref()) {
        Some(Stat::Count(value)) => *value += count,
        _ => {
            figures.insert(name, Stat::Count(count));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_maxima_stay() {
        let stats = Stats::default();
        stats.add("downloader/request_count", 1);
        stats.add("downloader/request_count", 2);
        stats.max("request_depth_max", 5);
        stats.max("request_depth_max", 3);
        assert_eq!(stats.count("downloader/request_count"), 3);
        assert_eq!(stats.count("request_depth_max"), 5);
        assert_eq!(stats.count("never"), 0);
    }
}
