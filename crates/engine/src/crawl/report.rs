//! How a crawl went: Scrapy's stat names, and how each host was treated.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use crate::error::Error;
use crate::frontier::Progress;
use crate::hosts::HostReport;
use crate::stats::{Name, Stat, Stats};

/// How a crawl went.
#[derive(Debug)]
pub struct Report {
    /// `finished`, `shutdown`, `closespider_itemcount` and the other limits, `sign_in_failed`, `start_error`, `feed_failed`,
    /// `disk_full`, `disk_failed`, `internal_error`.
    pub reason: &'static str,
    /// The figures, in Scrapy's names where it has them.
    pub stats: BTreeMap<Name, Stat>,
    /// How each host was treated.
    pub hosts: Vec<HostReport>,
    /// What became of the requests.
    pub progress: Progress,
    /// The job's folder, if the crawl was one that can go on.
    pub job: Option<PathBuf>,
    /// What ended it, if it did not end by itself.
    pub error: Option<Error>,
}

/// A report as JSON: the figures, and the hosts under `hosts`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    stats: &'a BTreeMap<Name, Stat>,
    hosts: &'a [HostReport],
}

impl Report {
    /// The figures as one JSON object, the hosts under `hosts`.
    ///
    /// # Errors
    /// None that can be thought of; serde's.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&Document { stats: &self.stats, hosts: &self.hosts })
    }

    /// A count of the report, 0 if there is none.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        match self.stats.get(name) {
            Some(Stat::Count(count)) => *count,
            _ => 0,
        }
    }
}

/// What runs before this one have counted, of what is told per minute.
pub(super) struct Before {
    items: u64,
    responses: u64,
}

impl Before {
    pub(super) fn of(stats: &Stats) -> Self {
        Self { items: stats.count("item_scraped_count"), responses: stats.count("downloader/response_count") }
    }
}

/// Counts what is known only at the end.
pub(super) fn count_end(stats: &Stats, reason: &'static str, begin: Instant, before: &Before, progress: &Progress) {
    let elapsed = begin.elapsed().as_secs_f64();
    stats.set("finish_reason", Stat::Text(reason.to_owned()));
    stats.set("finish_time", Stat::Text(now()));
    stats.set("elapsed_time_seconds", Stat::Number(elapsed));
    for (name, count) in [
        ("requests/scheduled", progress.scheduled),
        ("requests/done", progress.done),
        ("requests/failed", progress.failed),
        ("requests/skipped", progress.skipped),
        ("requests/pending", progress.pending),
    ] {
        stats.set(name, Stat::Count(count));
    }
    for (name, count) in [
        ("items_per_minute", stats.count("item_scraped_count") - before.items),
        ("responses_per_minute", stats.count("downloader/response_count") - before.responses),
    ] {
        if elapsed > 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
            stats.set(name, Stat::Number((count as f64 * 60.0 / elapsed).round()));
        }
    }
    if let Some(bytes) = peak_memory() {
        stats.set("memusage/max", Stat::Count(bytes));
    }
}

/// The time, to the millisecond.
pub(super) fn now() -> String {
    Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_else(|_| Timestamp::now()).to_string()
}

/// The highest resident set of this process, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
