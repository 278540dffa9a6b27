//! The HTTP cache: by RFC 9111, or everything for development. Innermost, so that it keeps what came over the wire
//! and sees the cookies that were sent; a response from it goes through all other layers again.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::downloader::cache::{Caching, Clock, Looked, Store};
use crate::downloader::{Hooks, Inbound, Keep, Middleware, Outbound, Trip};
use crate::message::{Failure, FailureKind, Request, Response};
use crate::stats::Stats;

/// `[middlewares.cache]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What is kept, and when it is used.
    pub mode: Mode,
    /// The store's folder; its owner alone may read it.
    pub dir: PathBuf,
    /// Bytes of bodies and headers; the least recently used go first.
    pub max_size: ByteSize,
    /// What was put longer ago is asked for anew; 0 is no limit.
    #[serde(with = "humantime_serde")]
    pub max_age: Duration,
    /// The longest body that is kept.
    pub max_body: ByteSize,
    /// Bodies from this size on have a file of their own beside the index.
    pub spill: ByteSize,
    /// Variants of one answer that are kept, by `Vary`.
    pub max_variants: usize,
    /// Statuses that mode `everything` does not keep.
    pub ignore_statuses: Vec<u16>,
    /// Schemes of URLs that are neither kept nor answered.
    pub ignore_schemes: Vec<String>,
    /// `Cache-Control` directives of responses that mode `standard` passes over.
    pub ignore_directives: Vec<String>,
    /// Mode `standard` keeps whatever is not forbidden, also what it has to ask for again each time.
    pub always_store: bool,
    /// Mode `standard` answers with a stale response when the server fails, unless that response forbids it.
    pub stale_on_error: bool,
}

/// What the cache does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing.
    #[default]
    Off,
    /// What RFC 9111 says of a private cache.
    Standard,
    /// Keeps everything and answers with it until it is too old: for development.
    Everything,
    /// Answers with what is there and asks no server; what is not there is the failure `cache_miss`.
    Offline,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Off,
            dir: PathBuf::from("httpcache"),
            max_size: ByteSize::gib(1),
            max_age: Duration::ZERO,
            max_body: ByteSize::mib(64),
            spill: ByteSize::kib(64),
            max_variants: 16,
            ignore_statuses: vec![500, 502, 503, 504, 522, 524, 408, 429],
            ignore_schemes: vec!["file".to_owned()],
            ignore_directives: Vec::new(),
            always_store: false,
            stale_on_error: true,
        }
    }
}

/// Answers with responses that came before.
pub struct Cache {
    mode: Mode,
    caching: Caching,
}

impl Cache {
    /// A cache by these settings; its store is opened when it is first asked.
    #[must_use]
    pub fn new(settings: Settings, stats: Arc<Stats>) -> Self {
        Self::with_clock(settings, stats, Arc::new(SystemTime::now))
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(settings: Settings, stats: Arc<Stats>, clock: Clock) -> Self {
        Self { mode: settings.mode, caching: Caching::new(settings, stats, clock) }
    }

    /// The store; none if it cannot be opened, which is said once.
    pub async fn store(&self) -> Option<Arc<Store>> {
        self.caching.store().await
    }

    /// Whether it has nothing to do with a request.
    fn is_passed_by(&self, wish: &Request) -> bool {
        // without a server there is no other way to an answer
        self.mode == Mode::Off || wish.options().uncached && self.mode != Mode::Offline
    }
}

impl fmt::Display for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cache")
    }
}

#[async_trait]
impl Middleware for Cache {
    fn hooks(&self) -> Hooks {
        if self.mode == Mode::Off { Hooks::NONE } else { Hooks { out: true, back: true } }
    }

    fn asks_servers(&self) -> bool {
        self.mode != Mode::Offline
    }

    async fn outbound(&self, mut request: Request) -> Outbound {
        if self.is_passed_by(&request) {
            return Outbound::Send(request);
        }
        match self.caching.look(&request).await {
            Looked::Answer(response) => Outbound::Answer(*response),
            Looked::Nothing => Outbound::Send(request),
            Looked::Ask(conditions) => {
                request.headers.extend(conditions);
                Outbound::Send(request)
            }
        }
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        if self.is_passed_by(trip.wish) {
            return Inbound::Pass(outcome);
        }
        match outcome {
            Ok(response) if response.from_cache => Inbound::Pass(within(response, trip.keep)),
            // no server was asked: this is what `look` made of a miss
            _ if self.caching.asks_nobody(trip.wish) => {
                let detail = "the cache has no answer, and nobody else is to be asked";
                Inbound::Pass(Err(Failure::new(FailureKind::CacheMiss, trip.wish.url.clone(), detail)))
            }
            outcome => self.caching.came(trip, outcome).await,
        }
    }
}

/// What was kept under another limit may be too much now.
fn within(response: Response, keep: &Keep) -> Result<Response, Failure> {
    let length = response.body.len();
    if length <= keep.limit {
        return Ok(response);
    }
    let detail = format!("body of {} is over `{}` = {}", ByteSize(length), keep.setting, ByteSize(keep.limit));
    let status = Some(response.status);
    Err(Failure { status, ..Failure::new(FailureKind::TooLarge, response.url, detail) })
}
