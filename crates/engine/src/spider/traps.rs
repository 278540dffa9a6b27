//! Sites that never end, made to end: calendars, facets, session ids, paths that repeat themselves, farms of links.
//!
//! What is generated without end differs from what is merely large in where its links lead, not in how many there are. A
//! shop has `?id=1` to `?id=20000`, an album has 500 pages in a row, an archive has ten years of days; all of that is
//! followed. So neither values of a query nor steps along pages of one kind are limited by themselves:
//!
//! | rule | what is left out | what is not |
//! |---|---|---|
//! | `depth` | more than 20 steps, each to *another shape* of URL | any number of steps along one shape: next, older, day by day |
//! | `hops` | more than 10,000 links from the start, of whatever shape | |
//! | `segments` | more than 20 segments of a path | |
//! | `repeats` | `/a/a/a/a`, `/a/b/a/b/a/b/a/b` | `/2011/11/11/11`: digits alone are dates, tiles, shards |
//! | `queries` | more than 100 sets of *names* in the query of a path; more than 100 URLs that differ in session ids or trackers only | any number of values |
//! | `same_body` | a pattern of URLs of which more than 50 pages, and more than half, are the same bytes; a shape of which more than 200 are, and nine of ten | 50 empty pages among many others |
//! | `pages_per_host` | the 50,001st page of a host | |
//! | `hosts_per_domain` | the 1,001st host of a registered domain | |
//!
//! A *shape* is the number of a path's segments and the set of names in its query. A *pattern* is the folder and the names
//! in the query, with every segment that has a digit in it as one.
//!
//! Each link that is left out is counted as `traps/<rule>_count`, and the first one of a rule and host is a line in the
//! log that names the setting. Only links that pages give are held against this: first requests, `POST`s and what a
//! spider asks for `unfiltered` are somebody's will. The counters live in memory, for one run; a host's begin anew with
//! the next run of a job.

mod pattern;
mod tables;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use url::{Position, Url};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use self::pattern::{Pattern, repeats};
use self::tables::{Kind, Tables, mix};
use crate::message::mask;
use crate::message::urls::registrable_domain;

/// Links that were let through a moment ago and may not be in the seen set yet.
const RECENT: usize = 1 << 17;
/// Lines in the log at most.
const LINES: usize = 1000;
/// So many times `same_body` pages of one shape are to be the same, and nine tenths of them: they are in many folders.
const SHAPES: u32 = 4;
/// The longest URL in a line of the log, in bytes.
const LINE: usize = 2048;

/// `[traps]`: what a site's links may come to. 0 is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether links are held against these limits at all.
    pub enabled: bool,
    /// Steps from the start to other shapes of URLs.
    pub depth: u32,
    /// Links from the start.
    pub hops: u32,
    /// Segments of a path.
    pub segments: usize,
    /// Times that a segment, or a row of them, comes in a path one after the other.
    pub repeats: usize,
    /// Sets of names in the query of a path; URLs that differ in session ids or trackers only.
    pub queries: u32,
    /// Pages of one pattern that are the same bytes.
    pub same_body: u32,
    /// Pages of a host.
    pub pages_per_host: u32,
    /// Hosts of a registered domain.
    pub hosts_per_domain: u32,
    /// Links of a page, and new ones of it.
    pub links_per_page: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            depth: 20,
            hops: 10_000,
            segments: 20,
            repeats: 3,
            queries: 100,
            same_body: 50,
            pages_per_host: 50_000,
            hosts_per_domain: 1000,
            links_per_page: 10_000,
        }
    }
}

/// Why a link is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    Depth,
    Hops,
    Segments,
    Repeats,
    Queries,
    SameBody,
    PagesPerHost,
    HostsPerDomain,
}

impl Rule {
    /// The name under which it is counted.
    pub(crate) fn count(self) -> &'static str {
        match self {
            Self::Depth => "traps/depth_count",
            Self::Hops => "traps/hops_count",
            Self::Segments => "traps/segments_count",
            Self::Repeats => "traps/repeats_count",
            Self::Queries => "traps/queries_count",
            Self::SameBody => "traps/same_body_count",
            Self::PagesPerHost => "traps/pages_per_host_count",
            Self::HostsPerDomain => "traps/hosts_per_domain_count",
        }
    }

    /// The setting that it is the limit of.
    fn setting(self) -> &'static str {
        let name = self.count().trim_start_matches("traps/");
        name.trim_end_matches("_count")
    }
}

/// The counters of a crawl, shared by its parser threads.
pub(crate) struct Traps {
    settings: Settings,
    /// Nobody outside can make two URLs share a counter.
    key: u64,
    tables: Tables,
    recent: Box<[AtomicU64]>,
    /// Rules and hosts that a line was written of.
    said: Mutex<HashSet<(Rule, u64)>>,
}

/// The page that links are on, as far as it matters for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From {
    host: u64,
    shape: u64,
    level: u32,
    hops: u32,
}

impl Traps {
    /// The counters under these settings.
    pub(crate) fn new(settings: Settings) -> Self {
        let recent = (0..RECENT).map(|_| AtomicU64::new(0)).collect();
        Self { settings, key: rand::random(), tables: Tables::default(), recent, said: Mutex::default() }
    }

    /// New links that a page may have.
    pub(crate) fn links_per_page(&self) -> usize {
        if self.settings.links_per_page == 0 { usize::MAX } else { self.settings.links_per_page }
    }

    /// Where a page lies, so many links from the start.
    pub(crate) fn from(&self, page: &Url, hops: u32) -> From {
        let pattern = Pattern::of(page, self.key);
        let mut table = self.tables.lock(pattern.host);
        let level = table.get(Kind::Level, pattern.shape).unwrap_or(0);
        if table.get(Kind::Pages, pattern.host).is_none() {
            // a first page, which no link has led to
            table.set(Kind::Pages, pattern.host, 1);
        }
        From { host: pattern.host, shape: pattern.shape, level, hops }
    }

    /// Lets a link through, and counts it, or says by which rule it is left out.
    pub(crate) fn admit(&self, url: &Url, from: &From) -> Result<(), Rule> {
        let id = xxh3_64_with_seed(url[..Position::AfterQuery].as_bytes(), self.key);
        let recent = &self.recent[id as usize % RECENT];
        if recent.load(Ordering::Relaxed) == id {
            return Ok(());
        }
        let settings = &self.settings;
        let is_over = |count: u32, limit: u32| limit > 0 && count > limit;
        if is_over(from.hops + 1, settings.hops) {
            return Err(Rule::Hops);
        }
        let pattern = Pattern::of(url, self.key);
        if settings.segments > 0 && pattern.segments > settings.segments {
            return Err(Rule::Segments);
        }
        if settings.repeats > 0 && pattern.segments > settings.repeats && repeats(url.path(), settings.repeats) {
            return Err(Rule::Repeats);
        }
        let mut table = self.tables.lock(pattern.host);
        if settings.hosts_per_domain > 0 && table.get(Kind::Pages, pattern.host).is_none() {
            // never two at once: the domain's counters may be in the same table
            drop(table);
            self.count_host(url)?;
            table = self.tables.lock(pattern.host);
        }
        let is_parked = |of| table.get(Kind::Parked, of).is_some();
        if is_parked(pattern.body) || is_parked(of_shape(&pattern)) {
            return Err(Rule::SameBody);
        }
        let pages = table.get(Kind::Pages, pattern.host).unwrap_or(0) + 1;
        if is_over(pages, settings.pages_per_host) {
            return Err(Rule::PagesPerHost);
        }
        let level = match (pattern.host == from.host, table.get(Kind::Level, pattern.shape)) {
            // it goes on along one shape, or to another site
            _ if pattern.shape == from.shape => from.level,
            (false, known) => known.map_or(from.level, |known| known.min(from.level)),
            (true, known) => known.map_or(from.level + 1, |known| known.min(from.level + 1)),
        };
        if is_over(level, settings.depth) {
            return Err(Rule::Depth);
        }
        let names = pattern.names.map(|names| (mix(pattern.path, names), pattern.path));
        let is_new_set = names.filter(|(set, _)| table.get(Kind::Names, *set).is_none());
        let sets = is_new_set.map(|(set, path)| (set, path, table.get(Kind::Sets, path).unwrap_or(0) + 1));
        let variants = pattern.variant.map(|variant| (variant, table.get(Kind::Variants, variant).unwrap_or(0) + 1));
        if sets.is_some_and(|(_, _, sets)| is_over(sets, settings.queries))
            || variants.is_some_and(|(_, variants)| is_over(variants, settings.queries))
        {
            return Err(Rule::Queries);
        }
        table.set(Kind::Pages, pattern.host, pages);
        table.set(Kind::Level, pattern.shape, level);
        if let Some((set, path, sets)) = sets {
            table.set(Kind::Names, set, 1);
            table.set(Kind::Sets, path, sets);
        }
        if let Some((variant, variants)) = variants {
            table.set(Kind::Variants, variant, variants);
        }
        drop(table);
        recent.store(id, Ordering::Relaxed);
        Ok(())
    }

    /// Notes a page that was understood: whether its pattern gives the same bytes again and again.
    pub(crate) fn saw(&self, url: &Url, body: &[u8]) {
        if self.settings.same_body == 0 {
            return;
        }
        let pattern = Pattern::of(url, self.key);
        let bytes = xxh3_64_with_seed(body, self.key);
        let mut table = self.tables.lock(pattern.host);
        // of what has less in common, more must be the same
        for (of, most, part) in [(pattern.body, 1, 0.5), (of_shape(&pattern), SHAPES, 0.9)] {
            let page = mix(of, bytes);
            let total = table.get(Kind::Total, of).unwrap_or(0).saturating_add(1);
            let same = table.get(Kind::Same, page).unwrap_or(0).saturating_add(1);
            table.set(Kind::Total, of, total);
            table.set(Kind::Same, page, same);
            let is_same =
                same > self.settings.same_body.saturating_mul(most) && f64::from(same) > f64::from(total) * part;
            if is_same && table.get(Kind::Parked, of).is_none() {
                table.set(Kind::Parked, of, 1);
                let url = shown(url);
                tracing::warn!(
                    url,
                    same,
                    total,
                    "pages of this pattern are the same bytes again and again; no more are fetched"
                );
            }
        }
    }

    /// Says once for each rule and host that links are left out.
    pub(crate) fn say(&self, rule: Rule, url: &Url) {
        let host = xxh3_64_with_seed(url[Position::BeforeHost..Position::AfterPort].as_bytes(), self.key);
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= LINES || !said.insert((rule, host)) {
            return;
        }
        drop(said);
        let (url, limit) = (shown(url), self.limit(rule));
        let setting = rule.setting();
        tracing::warn!(
            url,
            "a link is over `traps.{setting}` = {limit}: this one and its like on this host are left out"
        );
    }

    fn limit(&self, rule: Rule) -> u64 {
        let settings = &self.settings;
        match rule {
            Rule::Depth => settings.depth.into(),
            Rule::Hops => settings.hops.into(),
            Rule::Segments => settings.segments as u64,
            Rule::Repeats => settings.repeats as u64,
            Rule::Queries => settings.queries.into(),
            Rule::SameBody => settings.same_body.into(),
            Rule::PagesPerHost => settings.pages_per_host.into(),
            Rule::HostsPerDomain => settings.hosts_per_domain.into(),
        }
    }

    /// Counts a host that is new among those of its domain.
    fn count_host(&self, url: &Url) -> Result<(), Rule> {
        let Some(domain) = registrable_domain(url) else { return Ok(()) };
        let domain = xxh3_64_with_seed(domain.as_bytes(), self.key);
        let mut table = self.tables.lock(domain);
        let hosts = table.get(Kind::Hosts, domain).unwrap_or(0) + 1;
        if hosts > self.settings.hosts_per_domain {
            return Err(Rule::HostsPerDomain);
        }
        table.set(Kind::Hosts, domain, hosts);
        Ok(())
    }
}

/// All pages of one shape, where each folder is another.
fn of_shape(pattern: &Pattern) -> u64 {
    mix(pattern.shape, 1)
}

/// A URL for the log: without secrets, not endless.
fn shown(url: &Url) -> String {
    let mut text = mask::url(url).into_owned();
    text.truncate(text.floor_char_boundary(LINE));
    text
}

impl fmt::Debug for Traps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traps").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
