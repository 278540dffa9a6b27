//! Assembly: settings and registry become a crawl; it runs; it reports.

mod fetcher;
mod keeper;
mod report;
mod space;
mod trial;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use self::fetcher::Fetcher;
pub use self::report::Report;
pub use self::trial::{Found, Trial};

use self::fetcher::assemble;
use self::keeper::Keeper;
use self::report::Before;
use crate::downloader::{Downloader, Fetch, Middleware};
use crate::engine::{Ended, Engine, Parts, Space};
use crate::error::{Error, Result};
use crate::feed::{self, Catalogue, Plan, Rules, Sync, Writer};
use crate::frontier::{Disk, Durability, Frontier, FrontierError, Memory, Opened, Progress, disk};
use crate::hosts::Hosts;
use crate::message::ItemType;
use crate::observer::Observer;
use crate::pipeline::{Chain, Pipeline};
use crate::registry::{Context, Registry};
use crate::settings::{Layers, Settings};
use crate::spider::{Declaration, Runnable};
use crate::stats::{Stat, Stats};

/// The file in a job's folder that keeps what a declared spider was when the job ran last.
const DECLARATION: &str = "spider.toml";

/// A crawl that is put together and has not begun. Nothing has touched disk or network yet.
pub struct Crawl {
    name: String,
    /// The file that the spider is declared in.
    declaration: Option<Arc<Declaration>>,
    spider: Arc<dyn Runnable>,
    items: Arc<[ItemType]>,
    settings: Arc<Settings>,
    plans: Vec<Plan>,
    catalogue: Catalogue,
    frontier: Arc<dyn Frontier>,
    hosts: Arc<Hosts>,
    downloader: Arc<Downloader>,
    middlewares: Vec<Arc<dyn Middleware>>,
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

impl Crawl {
    /// Puts a crawl together: reads the settings, builds spider, middlewares and pipelines. No side effects.
    ///
    /// # Errors
    /// If a name is unknown or a setting cannot be: the key, its place, the cure.
    pub fn build(registry: &Registry, spider: &str, layers: &Layers) -> Result<Self> {
        check_panics(cfg!(panic = "unwind"))?;
        let layers = registry.layers_for(spider, layers)?;
        let settings = Settings::read(&layers)?;
        let name = spider.to_owned();
        let declaration = registry.declaration(spider)?;
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
        let hosts = Hosts::lending(settings.crawl.concurrency, settings.crawl.lend_after, settings.hosts.clone());
        let concurrency = settings.crawl.concurrency;
        let downloader = assemble(registry, &layers, &settings, &hosts, &stats, None)?;
        let middlewares = downloader.middlewares().to_vec();
        let stop = watch::Sender::new(false);
        let fetch = Fetch::new(downloader.clone(), hosts.clone(), stop.subscribe());
        let items = registry.spider_items(&name)?;
        let context = Context {
            table: "pipelines".into(),
            fetch: Some(fetch.clone()),
            stats: stats.clone(),
            hosts: hosts.clone(),
            concurrency,
            items: items.clone(),
            settings: Arc::new(settings.clone()),
            provided: registry.provided().clone(),
        };

        let mut pipelines: Vec<Arc<dyn Pipeline>> = Vec::new();
        for name in &settings.pipelines.order {
            let table = settings.pipelines.each.get(name).cloned().unwrap_or_default();
            pipelines.push(registry.build_pipeline(name, table, &layers, &context)?);
        }
        let frontier: Arc<dyn Frontier> = match settings.job.folder() {
            Some(folder) => Arc::new(Disk::new(disk::Options {
                folder: folder.to_owned(),
                spider: name.clone(),
                settings: settings.frontier.clone(),
                patience: settings.crawl.patience,
            })),
            None => Arc::new(Memory::new(settings.frontier.order, rand::random())),
        };
        Ok(Self {
            name,
            declaration,
            spider,
            items,
            settings: Arc::new(settings),
            plans,
            catalogue: registry.feeds().clone(),
            frontier,
            hosts,
            downloader,
            middlewares,
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
    /// If the job, the store or a feed cannot be used, before any request. What happens later stands in the report.
    pub async fn run(self) -> Result<Report> {
        let opened = self.frontier.open().await?;
        let result = self.run_opened(&opened).await;
        if let Err(error) = &result {
            // whoever comes next finds a job that was closed in order
            tracing::debug!(%error, "the crawl did not begin");
            self.frontier.close("not_begun").await?;
        }
        result
    }

    async fn run_opened(&self, opened: &Opened) -> Result<Report> {
        let begin = Instant::now();
        self.keep_declaration()?;
        let mut keeper = Keeper {
            before: None,
            feeds: self.settings.feeds.clone(),
            middlewares: self.middlewares.clone(),
            stats: self.stats.clone(),
        };
        keeper.recall(&*self.frontier).await?;
        // a job's feeds are named once: one that a later run leaves out still gets its records
        let more = keeper.feeds[self.settings.feeds.len()..].iter().map(|feed| self.catalogue.plan(feed));
        let plans = self.plans.iter().cloned().map(Ok).chain(more).collect::<Result<Vec<Plan>>>()?;
        for feed in keeper.new_feeds() {
            let given = self.stats.count("item_scraped_count");
            tracing::warn!(feed = feed.shown(), given, "a feed is new to the job: it gets the items from here on");
        }
        self.frontier.remember(Arc::new(keeper));
        let before = Before::of(&self.stats);
        self.stats.set("start_time", Stat::Text(report::now()));
        self.chain.open().await?;
        let progress = self.frontier.progress().await?;
        if opened.runs > 0 {
            let (done, pending) = (progress.done, progress.pending);
            tracing::info!(done, pending, "{} goes on", self.frontier);
        }
        let (context, rules) = self.feeding(opened);
        let writer = Writer::open(plans, &context, self.frontier.clone(), rules).await?;
        let (say_space, space) = watch::channel(Space::Enough);
        let engine = Engine::new(Parts {
            spider: self.spider.clone(),
            settings: self.settings.clone(),
            frontier: self.frontier.clone(),
            hosts: self.hosts.clone(),
            downloader: self.downloader.clone(),
            fetch: self.fetch.clone(),
            chain: self.chain.clone(),
            stats: self.stats.clone(),
            observers: self.observers.clone(),
            progress,
            space,
            stop: self.stop.subscribe(),
        })?;
        let disk = &self.settings.disk;
        let mut beside = JoinSet::new();
        beside.spawn(space::watch(self.places(), disk.min_free, self.settings.crawl.patience, say_space));
        let Ended { reason, mut error } = engine.run(writer).await;
        beside.abort_all();
        for middleware in &self.middlewares {
            middleware.close().await;
        }
        if let Err(unclosed) = self.frontier.close(reason).await {
            error.get_or_insert(unclosed.into());
        }
        let progress = self.frontier.progress().await?;
        report::count_end(&self.stats, reason, begin, &before, &progress);
        let (stats, hosts) = (self.stats.snapshot(), self.hosts.report());
        let job = self.settings.job.folder().map(Path::to_owned);
        Ok(Report { reason, stats, hosts, progress, job, error })
    }

    /// Keeps a declared spider's file with its job, and says so if the job was begun with another: what waits there was
    /// asked for by the rules of that one.
    fn keep_declaration(&self) -> Result<()> {
        let (Some(declaration), Some(folder)) = (&self.declaration, self.settings.job.folder()) else { return Ok(()) };
        let path = folder.join(DECLARATION);
        match std::fs::read_to_string(&path) {
            Ok(before) if before == declaration.text() => return Ok(()),
            Ok(before) if !declaration.means_the_same(&before) => tracing::warn!(
                job = %folder.display(),
                "the spider's file is not what it was when the job ran last: pages that wait were asked for by the old \
                 rules, and pages that are done are not read again"
            ),
            _ => {}
        }
        let unkept = |source| Error::Disk { what: "the job's copy of the spider's file", path: path.clone(), source };
        std::fs::write(&path, declaration.text()).map_err(unkept)
    }

    /// What the feeds know of the crawl, and how they are treated.
    fn feeding(&self, opened: &Opened) -> (feed::Context, Rules) {
        let job = self.settings.job.folder();
        let run = format!("{:016x}", rand::random::<u64>());
        let context = feed::Context {
            spider: self.name.clone(),
            spool: job.map_or_else(|| std::env::temp_dir().join(format!("dragline-{run}")), |job| job.join("feeds")),
            job: opened.id.clone().unwrap_or(run),
            started: opened.created.and_then(|at| Timestamp::try_from(at).ok()).unwrap_or_else(Timestamp::now),
            resuming: false,
            closed: opened.is_closed,
            durable: false,
            items: self.items.clone(),
            stats: self.stats.clone(),
        };
        let sync = match (job, self.settings.frontier.durability) {
            (None, _) => Sync::AtEnd,
            (Some(_), Durability::Normal) => Sync::Every(Duration::from_secs(1)),
            (Some(_), Durability::Strict) => Sync::Always,
        };
        let patience = self.settings.crawl.patience;
        (context, Rules { sync, patience, grace: self.settings.crawl.grace, stop: self.stop.subscribe() })
    }

    /// The places that are written to.
    fn places(&self) -> Vec<PathBuf> {
        let feeds = self
            .settings
            .feeds
            .iter()
            .filter(|feed| feed.uri != "-" && feed.scheme().is_none())
            .map(feed::Settings::place);
        self.settings.job.folder().map(Path::to_owned).into_iter().chain(feeds).chain(self.chain.places()).collect()
    }
}

/// A spider's panic is to fail one page, and not the process with all that is under way (FAULTS, P12).
fn check_panics(unwind: bool) -> Result<()> {
    if unwind {
        return Ok(());
    }
    Err(Error::other(
        "this program is built with `panic = \"abort\"`, so that a page that makes its spider panic would end the whole \
         crawl: build it with `panic = \"unwind\"` in the profile of its Cargo.toml",
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_a_program_that_a_panic_would_end_does_not_begin_to_crawl() {
        assert!(check_panics(cfg!(panic = "unwind")).is_ok());
        let error = check_panics(false).expect_err("refused").to_string();
        assert!(error.contains("`panic = \"unwind\"`"), "{error}");
    }
}
