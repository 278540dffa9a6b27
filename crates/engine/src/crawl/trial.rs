//! One page at a time through one spider, with nothing queued and nothing kept: for `dragline parse`, and for whoever
//! wants to see what a spider makes of a page before it crawls.

use std::sync::Arc;
use std::thread;

use http::{HeaderValue, StatusCode, header};
use url::Url;

use super::fetcher::Fetcher;
use crate::error::{Error, Result};
use crate::message::{Body, Failure, FailureKind, Reach, Record, Request, Response, Sealed};
use crate::registry::Registry;
use crate::settings::{Layers, Settings};
use crate::spider::{Context, End, Job, Parsed, Read, Runnable, STACK, Session, read};

/// First requests that are looked at, where a spider has more than it can list.
const SEEDS: usize = 1000;

/// A spider with its settings and a way to the wire.
pub struct Trial {
    spider: Arc<dyn Runnable>,
    fetcher: Fetcher,
}

/// What came of one page.
#[derive(Debug, Default)]
pub struct Found {
    /// What it leads to; each carries its step.
    pub requests: Vec<Request>,
    /// Its items, before any pipeline.
    pub records: Vec<Record>,
    /// What was left out, by the names of the stats.
    pub counts: Vec<(String, u64)>,
    /// Why the page was not understood; what was found before stands all the same.
    pub error: Option<Failure>,
}

impl Trial {
    /// Puts it together. No side effects.
    ///
    /// # Errors
    /// As [`Crawl::build`](crate::Crawl::build).
    pub fn build(registry: &Registry, spider: &str, layers: &Layers) -> Result<Self> {
        let layers = layers.for_spider(spider, registry.spider_settings(spider)?)?;
        let spider = registry.build_spider(spider, &layers)?;
        let fetcher = Fetcher::build(registry, &layers, None)?;
        Ok(Self { spider, fetcher })
    }

    /// The spider's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.fetcher.settings()
    }

    /// Signs in, if the spider does.
    ///
    /// # Errors
    /// What the spider's `open` says.
    pub async fn open(&self) -> Result<()> {
        self.spider.open(&Session::new(&self.fetcher.fetch)).await
    }

    /// The spider's first requests; the first thousand, if they come from a source without end.
    ///
    /// # Errors
    /// If `start` panics, or one of its steps cannot be sealed.
    pub fn start(&self) -> Result<Vec<Request>> {
        let Parsed { mut requests, seeds, fault, .. } = apart(|| self.spider.start(self.context(0)))
            .ok_or_else(|| Error::other("the spider's `start` panicked"))?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        requests.extend(seeds.into_iter().flatten().take(SEEDS));
        Ok(requests)
    }

    /// The names of the spider's steps, where they have names.
    #[must_use]
    pub fn steps(&self) -> &'static [&'static str] {
        self.spider.steps()
    }

    /// A step as a person writes it: `List`, `Pictures { page: 7 }`, `Pictures(page=7)`, `{"Pictures":{"page":7}}`.
    ///
    /// # Errors
    /// If it is none of the spider's: which there are, or what it lacks.
    pub fn step(&self, written: &str) -> Result<Sealed> {
        self.spider.seal(written)
    }

    /// A step as its author's `Debug` prints it.
    #[must_use]
    pub fn describe(&self, step: &Sealed) -> String {
        self.spider.describe(step)
    }

    /// Fetches a page as a crawl would, redirects and retries included.
    ///
    /// # Errors
    /// The last failure; a status that no spider sees is one.
    pub async fn fetch(&self, request: Request) -> Result<Response, Failure> {
        let response = self.fetcher.fetch(request).await.outcome?;
        if !response.status.is_success() {
            return Err(Failure::status(response.status, response.url));
        }
        Ok(response)
    }

    /// Lets the spider read a page that lies so many links from the start.
    #[must_use]
    pub fn read(&self, step: &Sealed, response: Response, depth: u32) -> Found {
        let url = response.url.clone();
        let job = Job::Page(Box::new(response));
        // on a thread as the crawl has them: its stack, and panics that are failures of the page
        let Some(Read { parsed, end }) = apart(|| read(self.spider.as_ref(), step, self.context(depth), job)) else {
            let error = Some(Failure::new(FailureKind::Internal, url, "no thread could be had"));
            return Found { error, ..Found::default() };
        };
        let Parsed { mut requests, records, seeds, counts, .. } = parsed;
        requests.extend(seeds.into_iter().flatten().take(SEEDS));
        let error = match end {
            End::Done => None,
            End::SignedOut => Some(Failure::new(FailureKind::SignedOut, url, "the page says that nobody is signed in")),
            End::Failed(failure) => Some(failure),
        };
        Found {
            requests,
            records,
            counts: counts.into_iter().map(|(name, count)| (name.into(), count)).collect(),
            error,
        }
    }

    /// Lets the spider read HTML that was saved: for tests of spiders that have no Rust.
    ///
    /// # Errors
    /// If `url` is not a URL, or `step` none of the spider's.
    pub fn read_html(&self, step: &str, url: &str, html: &str) -> Result<Found> {
        let step = self.step(step)?;
        let mut response = Response::new(Url::parse(url)?, StatusCode::OK);
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        response.body = Body::Memory(html.as_bytes().to_vec().into());
        Ok(self.read(&step, response, 0))
    }

    /// Lets the layers write what they keep beyond this run: cookies.
    pub async fn close(&self) {
        self.fetcher.close().await;
    }

    fn context(&self, depth: u32) -> Context {
        let settings = self.settings();
        Context {
            page: None,
            reach: Reach::Anywhere,
            way: None,
            depth,
            max_depth: settings.spider.max_depth,
            max_url: settings.download.max_url,
            limits: settings.spider.page_limits(&settings.traps),
            seen: None,
            traps: None,
        }
    }
}

/// Runs something of the spider's on a thread with a crawl's stack; none if there is no such thread, or it panicked.
fn apart<T: Send>(run: impl FnOnce() -> T + Send) -> Option<T> {
    let builder = thread::Builder::new().name("dragline-parser-trial".to_owned()).stack_size(STACK);
    thread::scope(|scope| builder.spawn_scoped(scope, run).ok()?.join().ok())
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // not the settings: they hold passwords
        f.debug_struct("Trial").finish_non_exhaustive()
    }
}
