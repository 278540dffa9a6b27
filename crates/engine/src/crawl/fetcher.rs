//! One request at a time, as a crawl would send it: for `dragline fetch` and for tests of layers.

use std::sync::Arc;

use tokio::sync::watch;

use crate::downloader::{Client, Downloader, Fetch, Keep, Middleware, Trace};
use crate::error::{Error, Result};
use crate::hosts::Hosts;
use crate::message::{Request, Response};
use crate::page::Page;
use crate::registry::{Context, Registry};
use crate::settings::{Layers, Settings};
use crate::stats::Stats;

/// The wire with its layers, and no crawl above it.
pub struct Fetcher {
    pub(super) fetch: Fetch,
    keep: Keep,
    middlewares: Vec<Arc<dyn Middleware>>,
    settings: Settings,
    /// The crawl is not to end, as long as this is there.
    _stop: watch::Sender<bool>,
}

impl Fetcher {
    /// Puts the layers together; `innermost` sees what goes over the wire, as it does. No side effects.
    ///
    /// # Errors
    /// As [`Crawl::build`](crate::Crawl::build).
    pub fn build(registry: &Registry, layers: &Layers, innermost: Option<Arc<dyn Middleware>>) -> Result<Self> {
        let settings = Settings::read(layers)?;
        registry.check(layers, &settings)?;
        let stats = Arc::new(Stats::default());
        let stop = watch::Sender::new(false);
        let hosts = Hosts::new(settings.crawl.concurrency, settings.hosts.clone());
        let downloader = assemble(registry, layers, &settings, &hosts, &stats, innermost)?;
        let (keep, middlewares) = (downloader.keep_page(), downloader.middlewares().to_vec());
        let fetch = Fetch::new(downloader, hosts, stop.subscribe());
        Ok(Self { fetch, keep, middlewares, settings, _stop: stop })
    }

    /// Sends a request and follows where it leads. A response of any status is one.
    pub async fn fetch(&self, request: Request) -> Trace {
        self.fetch.trace(request, &self.keep).await
    }

    /// The way to the wire, as components have it in a crawl.
    #[must_use]
    pub fn wire(&self) -> &Fetch {
        &self.fetch
    }

    /// A response as a page, its tree within `[spider]`'s limits.
    ///
    /// # Errors
    /// If its body lies on a disk that cannot be read.
    pub fn page(&self, response: Response) -> Result<Page> {
        let Response { url, status, headers, body, .. } = response;
        let body = body.into_bytes().map_err(Error::other)?;
        Ok(Page::new(url, status, headers, body, 0).within(self.settings.spider.page_limits(&self.settings.traps)))
    }

    /// The settings that it was made of.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Lets the layers write what they keep beyond this run: cookies.
    pub async fn close(&self) {
        for middleware in &self.middlewares {
            middleware.close().await;
        }
    }
}

/// The downloader of these settings.
pub(super) fn assemble(
    registry: &Registry,
    layers: &Layers,
    settings: &Settings,
    hosts: &Arc<Hosts>,
    stats: &Arc<Stats>,
    innermost: Option<Arc<dyn Middleware>>,
) -> Result<Arc<Downloader>> {
    let concurrency = settings.crawl.concurrency;
    let shared = Arc::new(settings.clone());
    let items = Arc::from([]);
    let context = Context {
        table: "middlewares".into(),
        fetch: None,
        stats: stats.clone(),
        hosts: hosts.clone(),
        concurrency,
        items,
        settings: shared,
        provided: registry.provided().clone(),
    };
    let mut middlewares: Vec<Arc<dyn Middleware>> = Vec::new();
    for name in &settings.downloader.middlewares {
        let table = settings.middlewares.get(name).cloned().unwrap_or_default();
        middlewares.push(registry.build_middleware(name, table, layers, &context)?);
    }
    middlewares.extend(innermost);
    let (limits, dialer) = (settings.download.clone(), settings.dialer.clone());
    let client = Client::new(limits, dialer, &settings.dns, &settings.tls, hosts.clone())
        .map_err(|error| layers.blame_on(error.key(), &error.into()))?;
    let patience = settings.crawl.patience;
    Ok(Arc::new(Downloader::new(middlewares, client, hosts.clone(), patience, stats.clone())))
}
