//! Assembly: settings and registry become a crawl; it runs; it reports.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::downloader::{Client, Downloader, Fetch, Middleware};
use crate::engine::{Ended, Engine, Parts};
use crate::error::{Error, Result};
use crate::feed::{self, Plan, Rules, Sync, Writer};
use crate::frontier::{Frontier, FrontierError, Memory, Progress};
use crate::hosts::{HostReport, Hosts};
use crate::observer::Observer;
use crate::pipeline::{Chain, Pipeline};
use crate::registry::{Context, Registry};
use crate::settings::{Layers, Settings};
use crate::spider::Runnable;
use crate::stats::{Name, Stat, Stats};

/// A crawl that is put together and has not begun. Nothing has touched disk or network yet.
pub struct Crawl {
    name: String,
    spider: Arc<dyn Runnable>,
    settings: Arc<Settings>,
    plans: Vec<Plan>,
    frontier: Arc<dyn Frontier>,
    hosts: Arc<Hosts>,
    downloader: Arc<Downloader>,
    fetch: Fetch,
    chain: Arc<Chain>,
    stats: Arc<Stats>,
    observers: Vec<Arc<dyn Observer>>,
    stop: watch::Sender<bool>,
}

/// Stops a crawl from elsewhere: what is under way ends, nothing new begins.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// Stops it. Once is enough; it cannot be taken back.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// A look at a running crawl.
#[derive(Clone)]
pub struct Watch {
    /// The figures as they are.
    pub stats: Arc<Stats>,
    frontier: Arc<dyn Frontier>,
}

impl Watch {
    /// How far it is.
    ///
    /// # Errors
    /// Those of the frontier.
    pub async fn progress(&self) -> Result<Progress, FrontierError> {
        self.frontier.progress().await
    }
}

/// How a crawl went.
#[derive(Debug)]
pub struct Report {
    /// `finished`, `shutdown`, `sign_in_failed`, `start_error`, `feed_failed`, `internal_error`.
    pub reason: &'static str,
    /// The figures, in Scrapy's names where it has them.
    pub stats: BTreeMap<Name, Stat>,
    /// How each host was treated.
    pub hosts: Vec<HostReport>,
    /// What became of the requests.
    pub progress: Progress,
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

impl Crawl {
    /// Puts a crawl together: reads the settings, builds spider, middlewares and pipelines. No side effects.
    ///
    /// # Errors
    /// If a name is unknown or a setting cannot be: the key, its place, the cure.
    pub fn build(registry: &Registry, spider: &str, layers: &Layers) -> Result<Self> {
        let layers = layers.for_spider(spider, registry.spider_settings(spider)?)?;
        let settings = Settings::read(&layers)?;
        let name = spider.to_owned();
        let spider = registry.build_spider(spider, &layers)?;
        registry.check(&layers, &settings)?;
        let mut plans = Vec::new();
        for (index, feed) in settings.feeds.iter().enumerate() {
            plans.push(registry.feeds().plan(feed).map_err(|error| layers.blame(error))?);
            if settings.feeds[..index].iter().any(|before| before.place() == feed.place()) {
                let what = format!("names `{}` twice: two feeds cannot write to one place", feed.uri);
                return Err(layers.blame(Error::setting("feeds", what)));
            }
        }
        let stats = Arc::new(Stats::default());
        let hosts = Hosts::new(settings.crawl.concurrency, settings.hosts.clone());
        let concurrency = settings.crawl.concurrency;
        let mut context = Context { fetch: None, stats: stats.clone(), hosts: hosts.clone(), concurrency };

        let mut middlewares: Vec<Arc<dyn Middleware>> = Vec::new();
        for name in &settings.downloader.middlewares {
            let table = settings.middlewares.get(name).cloned().unwrap_or_default();
            middlewares.push(registry.build_middleware(name, table, &layers, &context)?);
        }
        let client = Client::new(settings.download.clone(), &settings.dns, &settings.tls, settings.hosts.concurrency)
            .map_err(|error| layers.blame_on(error.key(), &error.into()))?;
        let downloader = Arc::new(Downloader::new(middlewares, client, stats.clone()));
        let stop = watch::Sender::new(false);
        let fetch = Fetch::new(downloader.clone(), hosts.clone(), stop.subscribe());
        context.fetch = Some(fetch.clone());

        let mut pipelines: Vec<Arc<dyn Pipeline>> = Vec::new();
        for name in &settings.pipelines.order {
            let table = settings.pipelines.each.get(name).cloned().unwrap_or_default();
            pipelines.push(registry.build_pipeline(name, table, &layers, &context)?);
        }
        let frontier = Arc::new(Memory::new(settings.frontier.order, rand::random()));
        Ok(Self {
            name,
            spider,
            settings: Arc::new(settings),
            plans,
            frontier,
            hosts,
            downloader,
            fetch,
            chain: Arc::new(Chain::new(pipelines)),
            stats,
            observers: Vec::new(),
            stop,
        })
    }

    /// The spider's name.
    #[must_use]
    pub fn spider(&self) -> &str {
        &self.name
    }

    /// The effective settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Tells `observer` what happens.
    pub fn observe(&mut self, observer: Arc<dyn Observer>) {
        self.observers.push(observer);
    }

    /// The way to stop it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// The way to look at it while it runs.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch { stats: self.stats.clone(), frontier: self.frontier.clone() }
    }

    /// Runs it to its end on the current Tokio runtime.
    ///
    /// # Errors
    /// If the store or a feed cannot be used, before any request. What happens later stands in the report.
    pub async fn run(self) -> Result<Report> {
        let begin = Instant::now();
        self.stats.set("start_time", Stat::Text(now()));
        self.chain.open().await?;
        let run = format!("{:016x}", rand::random::<u64>());
        let context = feed::Context {
            spider: self.name.clone(),
            spool: std::env::temp_dir().join(format!("dragline-{run}")),
            job: run,
            started: Timestamp::now(),
            resuming: false,
            durable: false,
            stats: self.stats.clone(),
        };
        let rules = Rules {
            sync: Sync::AtEnd,
            patience: self.settings.crawl.patience,
            grace: self.settings.crawl.grace,
            stop: self.stop.subscribe(),
        };
        let writer = Writer::open(self.plans, &context, self.frontier.clone(), rules).await?;
        let engine = Engine::new(Parts {
            spider: self.spider,
            settings: self.settings,
            frontier: self.frontier.clone(),
            hosts: self.hosts.clone(),
            downloader: self.downloader,
            fetch: self.fetch,
            chain: self.chain,
            stats: self.stats.clone(),
            observers: self.observers,
            stop: self.stop.subscribe(),
        })?;
        let Ended { reason, error } = engine.run(writer).await;
        let progress = self.frontier.progress().await?;
        count_end(&self.stats, reason, begin, &progress);
        Ok(Report { reason, stats: self.stats.snapshot(), hosts: self.hosts.report(), progress, error })
    }
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

impl fmt::Debug for Crawl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // not the settings: they hold passwords
        f.debug_struct("Crawl").finish_non_exhaustive()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

fn count_end(stats: &Stats, reason: &'static str, begin: Instant, progress: &Progress) {
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
        ("items_per_minute", stats.count("item_scraped_count")),
        ("responses_per_minute", stats.count("downloader/response_count")),
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

fn now() -> String {
    Timestamp::now().round(jiff::Unit::Millisecond).unwrap_or_else(|_| Timestamp::now()).to_string()
}

/// The highest resident set of this process, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
