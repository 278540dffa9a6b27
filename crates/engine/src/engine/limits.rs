//! When a run has had enough: hard counters, so that there is never one more than was asked for.

use tokio::time::Instant;

use super::Engine;
use super::flight::{Find, Flight};
use crate::frontier::Outcome;
use crate::settings;
use crate::spider::Fill;
use crate::stats::Stats;

/// What a run may come to, and what it has come to.
pub(super) struct Limits {
    settings: settings::Limits,
    begin: Instant,
    /// What earlier runs of the job have counted.
    bytes_before: u64,
    /// What this run has: records let through, pages understood, requests that failed for good.
    items: u64,
    pub(super) pages: u64,
    pub(super) errors: u64,
}

impl Limits {
    pub(super) fn new(settings: settings::Limits, stats: &Stats) -> Self {
        Self {
            settings,
            begin: Instant::now(),
            bytes_before: stats.count("downloader/response_bytes"),
            items: 0,
            pages: 0,
            errors: 0,
        }
    }

    /// When the run's time is over.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.settings.time.is_zero()).then(|| self.begin + self.settings.time)
    }

    /// Whether one more request may be sent, beside those that are under way.
    pub(super) fn allow_one_more(&self, flying: usize) -> bool {
        self.settings.pages == 0 || self.pages + (flying as u64) < self.settings.pages
    }

    /// Whether no error may be counted any more.
    pub(super) fn are_errors_used_up(&self) -> bool {
        self.settings.errors > 0 && self.errors >= self.settings.errors
    }

    /// The reason to end, in Scrapy's word, if there is one.
    pub(super) fn reached(&self, stats: &Stats) -> Option<&'static str> {
        let bytes = match self.settings.bytes.as_u64() {
            0 => 0,
            _ => stats.count("downloader/response_bytes").saturating_sub(self.bytes_before),
        };
        [
            (self.settings.items, self.items, "closespider_itemcount"),
            (self.settings.pages, self.pages, "closespider_pagecount"),
            (self.settings.errors, self.errors, "closespider_errorcount"),
            (self.settings.bytes.as_u64(), bytes, "closespider_bytecount"),
        ]
        .into_iter()
        .find(|(limit, count, _)| *limit > 0 && count >= limit)
        .map(|(_, _, reason)| reason)
        .or_else(|| self.deadline().filter(|at| *at <= Instant::now()).map(|_| "closespider_timeout"))
    }
}

impl Engine {
    /// Lets so many records of a page pass as the limit has room for. If that is not all, the page is not settled: it
    /// comes again in the next run, for the rest.
    pub(super) fn keep_within_items(&mut self, flight: &Flight, find: &mut Find) {
        let limit = self.limits.settings.items;
        let room = if limit == 0 { u64::MAX } else { limit - self.limits.items };
        if find.records.len() as u64 > room {
            let rest = find.records.split_off(usize::try_from(room).unwrap_or(usize::MAX));
            let mut again = flight.request.clone();
            again.given = rest.first().map_or(again.given, |(number, _)| *number);
            (find.children, find.counts) = (Vec::new(), Vec::new());
            find.outcome = Outcome::Again(Box::new(again));
            self.fields.counts(Fill::of(find.records.iter().map(|(_, record)| record)), &mut find.counts);
        }
        let kept = find.records.len() as u64;
        self.limits.items += kept;
        if kept > 0 {
            find.counts.push(("item_scraped_count".into(), kept));
        }
    }
}
