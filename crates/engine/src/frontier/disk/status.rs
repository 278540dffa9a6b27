//! How far a running job is, in a small file beside it: for `job show`, which must not disturb the owner.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::form::Meta;
use crate::frontier::FeedId;

const NAME: &str = "status.json";
/// How often it is written.
const EVERY: Duration = Duration::from_secs(1);
/// Hosts that it names.
const HOSTS: usize = 50;

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The spider whose job it is.
    pub spider: String,
    /// When it began: milliseconds since the epoch.
    pub created: u64,
    /// Runs so far.
    pub runs: u64,
    /// Commits so far.
    pub commits: u64,
    /// How the last run ended; none if it runs, or was killed.
    pub ended: Option<String>,
    /// Requests ever queued.
    pub scheduled: u64,
    /// Requests answered and understood.
    pub done: u64,
    /// Requests without a usable answer.
    pub failed: u64,
    /// Requests not sent on purpose.
    pub skipped: u64,
    /// Requests queued, delayed or under way.
    pub pending: u64,
    /// Records that wait for a feed.
    pub outbox: u64,
    /// Failed requests by reason.
    pub failures: BTreeMap<String, u64>,
    /// Skipped requests by reason.
    pub skips: BTreeMap<String, u64>,
    /// Requests that wait, by host: those with the most, most first.
    pub hosts: Vec<(String, u64)>,
    /// Records that each feed has.
    pub feeds: Vec<(String, u64)>,
}

impl Summary {
    pub(super) fn new(meta: &Meta, hosts: Vec<(String, u64)>, outbox: u64) -> Self {
        let totals = &meta.totals;
        Self {
            spider: meta.spider.clone(),
            created: meta.created,
            runs: meta.runs,
            commits: meta.commits,
            ended: meta.ended.clone(),
            scheduled: totals.scheduled,
            done: totals.done,
            failed: totals.failed,
            skipped: totals.skipped,
            pending: totals.scheduled.saturating_sub(totals.ended()),
            outbox,
            failures: totals.failures.clone(),
            skips: totals.skips.clone(),
            hosts,
            feeds: meta.exported.iter().map(|(FeedId(feed), upto, _)| (feed.clone(), upto.0)).collect(),
        }
    }

    /// What the owner of a running job wrote last.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.join(NAME)).ok()?).ok()
    }
}

/// Writes the file now and then.
pub(super) struct Reporter {
    folder: PathBuf,
    last: Option<Instant>,
}

impl Reporter {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, last: None }
    }

    /// Writes how far the job is, if that is long enough ago. A disk that does not take it is no reason to stop.
    pub(super) fn report(&mut self, books: &Books, is_last: bool) {
        if !is_last && self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.last = Some(Instant::now());
        let summary = books.look(|state| {
            let hosts = state.ledger.busiest(HOSTS).into_iter().map(|(host, waiting)| (host.to_string(), waiting));
            Summary::new(&state.meta, hosts.collect(), state.ledger.outbox.len() as u64)
        });
        let Ok(json) = serde_json::to_vec(&summary) else { return };
        let begun = self.folder.join("status.new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if options.open(&begun).and_then(|mut file| file.write_all(&json)).is_ok() {
            let _ = std::fs::rename(begun, self.folder.join(NAME));
        }
    }
}
