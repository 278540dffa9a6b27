//! Settings: each component owns its part, this puts them together; [`Layers`] says where each value came from.

mod arguments;
mod layer;
mod layers;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use layer::{Place, Source};
pub use layers::Layers;

use crate::downloader::{self, Dns, Tls};
use crate::error::{Error, Result};
use crate::{feed, frontier, hosts, pipeline, spider};

/// All settings of a crawl, in the order in which data flows. `config/default.toml` is their manual.
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The crawl as a whole.
    pub crawl: Crawl,
    /// When a run has had enough.
    pub limits: Limits,
    /// Where the crawl is kept while it is not finished.
    pub job: Job,
    /// Room on the disks.
    pub disk: Disk,
    /// Lines of the log.
    pub log: Log,
    /// The order of requests.
    pub frontier: frontier::Settings,
    /// Politeness.
    pub hosts: hosts::Settings,
    /// The layers above the wire.
    pub downloader: Downloader,
    /// `[middlewares.NAME]`, read by the middleware itself.
    pub middlewares: BTreeMap<String, toml::Table>,
    /// Limits of the wire.
    pub download: downloader::Limits,
    /// Addresses.
    pub dialer: downloader::dialer::Settings,
    /// Names.
    pub dns: Dns,
    /// Trust.
    pub tls: Tls,
    /// How pages are read.
    pub spider: spider::Settings,
    /// Sites that never end.
    pub traps: spider::TrapSettings,
    /// What items go through.
    pub pipelines: pipeline::Settings,
    /// Where items go.
    pub feeds: Vec<feed::Settings>,
    /// `[spiders.NAME]`: a spider's arguments, and under `settings` what holds for it alone.
    pub spiders: BTreeMap<String, toml::Table>,
    /// `[gallery]`, read by the gallery itself.
    pub gallery: toml::Table,
}

/// `[crawl]`: the crawl as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Crawl {
    /// Requests at once, over all hosts.
    pub concurrency: usize,
    /// How long what is under way may take to end after the first Ctrl-C.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
    /// A request that lasts for longer than this lends its place to others.
    #[serde(with = "humantime_serde")]
    pub lend_after: Duration,
    /// How long the crawl waits for a network that is gone, a disk that is full, or a feed that does not take its records.
    #[serde(with = "humantime_serde")]
    pub patience: Duration,
}

impl Default for Crawl {
    fn default() -> Self {
        Self {
            concurrency: 16,
            grace: Duration::from_secs(30),
            lend_after: Duration::from_secs(2),
            patience: Duration::from_secs(600),
        }
    }
}

/// `[limits]`: when a run has had enough; 0 is no limit. What it leaves undone is done by the next run of the job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Items kept.
    pub items: u64,
    /// Pages understood.
    pub pages: u64,
    /// Requests that failed for good, pages that could not be read included.
    pub errors: u64,
    /// Bytes of responses; what is under way then may still end.
    pub bytes: ByteSize,
    /// Time from the run's begin; what is under way then may still end.
    #[serde(with = "humantime_serde")]
    pub time: Duration,
}

/// `[job]`: where the crawl is kept while it is not finished.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Job {
    /// The job's folder; empty is a crawl in memory.
    pub dir: PathBuf,
}

impl Job {
    /// The job's folder, if the crawl is to be kept in one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        (!self.dir.as_os_str().is_empty()).then_some(&*self.dir)
    }
}

/// `[disk]`: room on the disks that the crawl writes to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Disk {
    /// With less room than this no request is sent, until there is twice as much again; 0 never looks.
    pub min_free: ByteSize,
}

impl Default for Disk {
    fn default() -> Self {
        Self { min_free: ByteSize::gib(1) }
    }
}

/// `[log]`: how much a log line, and a log, may come to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The longest field of a line, in bytes; the rest is cut.
    pub max_field: ByteSize,
    /// Lines in a second that come from one place in the code; more are folded into one with their count. 0 folds none.
    pub repeats: u64,
    /// Lines that may wait to be written; more are dropped and counted.
    pub max_waiting: usize,
}

impl Default for Log {
    fn default() -> Self {
        Self { max_field: ByteSize::kib(2), repeats: 100, max_waiting: 10_000 }
    }
}

/// `[downloader]`: the layers above the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Downloader {
    /// The middlewares by name, the outermost first.
    pub middlewares: Vec<String>,
}

impl Default for Downloader {
    fn default() -> Self {
        let middlewares = [
            "offsite",
            "robots",
            "headers",
            "auth",
            "referrer",
            "retry",
            "meta-refresh",
            "redirect",
            "decompression",
            "cookies",
            "proxy",
            "cache",
        ];
        Self { middlewares: middlewares.map(str::to_owned).into() }
    }
}

// by hand: the spiders' arguments and a middleware's headers may be passwords
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("crawl", &self.crawl)
            .field("limits", &self.limits)
            .field("job", &self.job)
            .field("disk", &self.disk)
            .field("log", &self.log)
            .field("frontier", &self.frontier)
            .field("hosts", &self.hosts)
            .field("downloader", &self.downloader)
            .field("download", &self.download)
            .field("dialer", &self.dialer)
            .field("dns", &self.dns)
            .field("tls", &self.tls)
            .field("spider", &self.spider)
            .field("traps", &self.traps)
            .field("feeds", &self.feeds)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// The effective settings of merged layers.
    ///
    /// # Errors
    /// If a value does not fit: the key, the place, what is expected.
    pub fn read(layers: &Layers) -> Result<Self> {
        let merged = toml::Value::Table(layers.merged());
        let settings: Self = read_table("", merged, layers)?;
        settings.check().map_err(|error| layers.blame(error))?;
        Ok(settings)
    }

    /// What no crawl can work with: nothing would ever be sent, or the machine could not hold it.
    fn check(&self) -> Result<()> {
        within("crawl.concurrency", self.crawl.concurrency, 1..=10_000)?;
        within("crawl.grace", self.crawl.grace, Duration::ZERO..=DAY)?;
        within("crawl.lend_after", self.crawl.lend_after, Duration::from_millis(1)..=DAY)?;
        within("crawl.patience", self.crawl.patience, Duration::ZERO..=DAY)?;
        within("limits.time", self.limits.time, Duration::ZERO..=365 * DAY)?;
        within("log.max_field", self.log.max_field.as_u64(), 16..=1 << 30)?;
        within("log.max_waiting", self.log.max_waiting, 1..=10_000_000)?;
        within("frontier.commit", self.frontier.commit, Duration::from_millis(1)..=Duration::from_secs(60))?;
        within("frontier.events", self.frontier.events, 1..=1_000_000)?;
        within("frontier.batch", self.frontier.batch, 1..=100_000)?;
        within("hosts.concurrency", self.hosts.concurrency, 1..=10_000)?;
        within("hosts.delay", self.hosts.delay, Duration::ZERO..=DAY)?;
        within("spider.threads", self.spider.threads, 0..=1024)?;
        within("spider.max_nodes", self.spider.max_nodes, 1..=1_000_000_000)?;
        within("spider.max_nesting", self.spider.max_nesting, 1..=1_000_000)?;
        within("spider.max_xml_nesting", self.spider.max_xml_nesting, 1..=1_000_000)?;
        within("spider.max_attributes", self.spider.max_attributes, 1..=1_000_000)?;
        within("spider.max_attribute", self.spider.max_attribute.as_u64(), 1..=1 << 40)?;
        within("spider.parse_timeout", self.spider.parse_timeout, Duration::from_millis(1)..=DAY)?;
        within("spider.slow_parse", self.spider.slow_parse, Duration::from_millis(1)..=DAY)?;
        within("spider.max_sitemap", self.spider.max_sitemap.as_u64(), 1..=1 << 40)?;
        within("pipelines.concurrency", self.pipelines.concurrency, 1..=100_000)?;
        let downloader::Limits { connect_timeout, head_timeout, idle_timeout, timeout, .. } = self.download;
        for (key, time) in [
            ("download.connect_timeout", connect_timeout),
            ("download.head_timeout", head_timeout),
            ("download.idle_timeout", idle_timeout),
            ("download.timeout", timeout),
            ("download.slow_time", self.download.slow_time),
            ("dns.timeout", self.dns.timeout),
        ] {
            within(key, time, Duration::from_millis(1)..=DAY)?;
        }
        within("hosts.jitter", self.hosts.jitter, 0.0..=1.0)?;
        within("hosts.begin_with", self.hosts.begin_with, 1..=10_000)?;
        within("download.max_head", self.download.max_head.as_u64(), 1..=1 << 30)?;
        within("dns.max_addresses", self.dns.max_addresses, 1..=1000)?;
        within("download.max_headers", self.download.max_headers, 1..=100_000)?;
        within("download.max_url", self.download.max_url, 1..=16 * 1024 * 1024)?;
        within("download.max_body", self.download.max_body.as_u64(), 1..=1 << 50)?;
        for (key, names) in
            [("downloader.middlewares", &self.downloader.middlewares), ("pipelines.order", &self.pipelines.order)]
        {
            if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
                return Err(Error::setting(key, format!("names `{}` twice", twice.1)));
            }
        }
        Ok(())
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Makes sure that a value lies within what can be worked with.
///
/// # Errors
/// Names the key, the value and the bounds.
pub fn within<T: PartialOrd + fmt::Debug>(key: &str, value: T, bounds: RangeInclusive<T>) -> Result<()> {
    if bounds.contains(&value) {
        return Ok(());
    }
    let (least, most) = bounds.into_inner();
    Err(Error::setting(key, format!("= {value:?} is not from {least:?} to {most:?}")))
}

/// Reads a component's own table; an error names the key and the place where it was set.
pub(crate) fn read_table<T: DeserializeOwned>(prefix: &str, value: toml::Value, layers: &Layers) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let key = [prefix, &path].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
        layers.blame(Error::setting(
            &key,
            format!("cannot be: {}", in_words(error.inner().to_string().lines().next().unwrap_or_default().trim())),
        ))
    })
}

/// What serde says in Rust's words, in those of somebody who writes TOML.
fn in_words(what: &str) -> String {
    const WORDS: [(&str, &str); 8] = [
        ("expected usize", "expected a whole number"),
        ("expected u64", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected u16", "expected a whole number up to 65535"),
        ("expected i32", "expected a whole number"),
        ("expected parsable string", "expected a size such as \"10 MiB\""),
        ("expected a duration", "expected a time such as \"2s\""),
        ("expected struct", "expected the table"),
    ];
    WORDS.iter().fold(what.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}
