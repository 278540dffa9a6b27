//! One request to one response: middlewares out, the wire, middlewares back.

pub mod cache;
mod client;
mod clients;
mod count;
pub mod dialer;
mod explain;
mod fetch;
mod limits;
mod local;
pub mod middlewares;
mod outage;
mod parts;
mod reading;
mod resume;
pub mod robots;
mod tls;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

pub use client::{Client, ClientError};
pub use dialer::{Dns, PinError};
pub use fetch::{Fetch, Held, Trace};
pub use limits::Limits;
pub use resume::Resume;
pub use tls::Tls;

use self::outage::Outage;
use crate::hosts::{Hosts, Turn};

use crate::message::{Failure, FailureKind, Request, Response};
use crate::stats::Stats;

/// Why a request was dropped on purpose: a stable name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(pub &'static str);

/// What a middleware says of a request before its host gives it a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It may take its turn.
    Send,
    /// Not before [`Middleware::prepare`] has run for it; then it is asked again.
    Wait,
    /// Not before this time.
    Later(Instant),
    /// It is not to be sent.
    Drop(Reason),
    /// It is not to be sent, and that is a failure.
    Fail(FailureKind, String),
}

/// What a middleware says of a request on its way out.
#[derive(Debug)]
pub enum Outbound {
    /// It goes on, changed or not.
    Send(Request),
    /// Here is its answer; the wire is not asked.
    Answer(Response),
    /// It is not to be sent.
    Drop(Reason),
}

/// What a middleware says of an outcome on its way back.
#[derive(Debug)]
pub enum Inbound {
    /// It goes on, changed or not.
    Pass(Result<Response, Failure>),
    /// Another request is to be made of it, as a new turn through the frontier.
    Again(Request),
    /// Nothing more is to come of it.
    Drop(Reason),
}

/// A layer between the crawl and the wire. The list `downloader.middlewares` is the order, outermost first: requests
/// go down the list, outcomes come up.
///
/// ```
/// use dragline::prelude::*;
/// use dragline::downloader::{Middleware, Outbound};
///
/// /// Asks every site for French.
/// struct French;
///
/// impl std::fmt::Display for French {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("french")
///     }
/// }
///
/// #[async_trait]
/// impl Middleware for French {
///     async fn outbound(&self, request: Request) -> Outbound {
///         Outbound::Send(request.header(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr")))
///     }
/// }
/// ```
#[async_trait]
pub trait Middleware: Display + Send + Sync {
    /// A request that is about to take its host's turn: nothing is spent on what is not to be sent. Asked for every
    /// request, so it looks and does not work.
    fn admit(&self, request: &Request) -> Admission {
        let _ = request;
        Admission::Send
    }

    /// What must be known before a request can be admitted is fetched here, in turn with the crawl: robots.txt. Called
    /// for many requests of a host at once.
    async fn prepare(&self, request: &Request, fetch: &Fetch) {
        let _ = (request, fetch);
    }

    /// Which of the two ways it looks at. Whoever has nothing to say on one costs nothing there.
    fn hooks(&self) -> Hooks {
        Hooks { out: true, back: true }
    }

    /// Whether servers are asked from here, by their names: not where a proxy or only a cache is. Names are looked up ahead
    /// only then.
    fn asks_servers(&self) -> bool {
        true
    }

    /// A request on its way out.
    async fn outbound(&self, request: Request) -> Outbound {
        Outbound::Send(request)
    }

    /// What came of a trip, on its way back.
    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let _ = trip;
        Inbound::Pass(outcome)
    }

    /// What the runs after this one need of it, if that has changed since it was last asked. It is kept with the job.
    fn keep(&self) -> Option<Bytes> {
        None
    }

    /// What a run before this one has kept. What cannot be read any more is left alone.
    fn recall(&self, kept: &[u8]) {
        let _ = kept;
    }

    /// The run is over, whatever has ended it: what is to be written at the end is written here. A failure is logged.
    async fn close(&self) {}
}

/// The ways on which a middleware looks at requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hooks {
    /// [`Middleware::outbound`] is called.
    pub out: bool,
    /// [`Middleware::inbound`] is called.
    pub back: bool,
}

impl Hooks {
    /// What is said before the turn is all.
    pub const NONE: Self = Self { out: false, back: false };
    /// Out only.
    pub const OUT: Self = Self { out: true, back: false };
    /// Back only.
    pub const BACK: Self = Self { out: false, back: true };
}

/// A trip to the wire, as its middlewares see it on the way back.
#[derive(Debug, Clone, Copy)]
pub struct Trip<'a> {
    /// The request as it came from the frontier. `Again` is made from this, so that no layer's headers pile up.
    pub wish: &'a Request,
    /// The request as it went over the wire.
    pub sent: &'a Request,
    /// How much of a body is kept.
    pub keep: &'a Keep,
}

/// What one trip to the wire gave.
#[derive(Debug)]
pub enum Exchange {
    /// A response of any status.
    Answered(Response),
    /// No response.
    Failed(Failure),
    /// Another request, not before its due time.
    Again(Request),
    /// Dropped by a middleware.
    Dropped(Reason),
}

/// How much of a body is kept, and where.
#[derive(Debug, Clone)]
pub struct Keep {
    /// The most bytes a body may have; more is a failure.
    pub limit: u64,
    /// The setting that `limit` comes from, for the message.
    pub setting: Cow<'static, str>,
    /// Whether what is over the limit is left out, and no failure.
    pub cut: bool,
    /// A folder for bodies that are too large to be held in memory, and from which size on.
    pub spill: Option<(PathBuf, u64)>,
    /// Asked of the first kilobytes whether the rest is wanted.
    pub look: Option<Look>,
    /// Where the beginning of a body waits whose connection broke: the next attempt asks for the rest only. A [`Fetch`]
    /// that is given none has one of its own for its attempts; whoever gives one goes on with a later fetch, too.
    pub resume: Option<Resume>,
}

/// Looks at the first kilobytes of a body that comes as it is, unpacked: at 4 KiB, and again each time there are four
/// times as many, until it has made up its mind. A body that is shorter is not looked at.
#[derive(Clone)]
pub struct Look(pub Arc<Looks>);

/// What looks: the bytes so far, and what they say.
pub type Looks = dyn Fn(&[u8]) -> Sight + Send + Sync;

/// What the first kilobytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Not enough to tell.
    More,
    /// The rest is wanted.
    Wanted,
    /// The rest is not wanted, and why: the connection is closed, the failure is [`FailureKind::Unwanted`].
    Unwanted(String),
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look")
    }
}

/// The middlewares and the client below them.
pub struct Downloader {
    middlewares: Vec<Arc<dyn Middleware>>,
    client: Client,
    hosts: Arc<Hosts>,
    outage: Outage,
    stats: Arc<Stats>,
}

impl Keep {
    /// A page of at most so many bytes, in memory.
    #[must_use]
    pub fn page(limit: u64) -> Self {
        Self { limit, setting: Cow::Borrowed("download.max_body"), cut: false, spill: None, look: None, resume: None }
    }
}

impl Downloader {
    /// A downloader; the first middleware is the outermost.
    #[must_use]
    pub fn new(
        middlewares: Vec<Arc<dyn Middleware>>,
        client: Client,
        hosts: Arc<Hosts>,
        patience: Duration,
        stats: Arc<Stats>,
    ) -> Self {
        Self { middlewares, client, hosts, outage: Outage::new(patience), stats }
    }

    /// The layers, the outermost first.
    #[must_use]
    pub fn middlewares(&self) -> &[Arc<dyn Middleware>] {
        &self.middlewares
    }

    /// Looks the name of a request's host up before it is needed, unless that is another's to do: whoever has chosen a proxy
    /// that looks names up does not want them told here.
    pub fn prefetch(&self, request: &Request) {
        let host = request.host();
        let is_ruled = self.hosts.rule(&host).is_some_and(|rule| rule.proxy.is_some());
        if !is_ruled && request.options().via.is_none() && self.middlewares.iter().all(|layer| layer.asks_servers()) {
            self.client.prefetch(&host);
        }
    }

    /// How much of a page is kept.
    #[must_use]
    pub fn keep_page(&self) -> Keep {
        Keep::page(self.client.limits().max_body.as_u64())
    }

    /// What the middlewares say of a request before its host gives it a turn.
    pub fn admit(&self, request: &Request) -> Admission {
        let mut admission = Admission::Send;
        for middleware in &self.middlewares {
            admission = middleware.admit(request);
            if admission != Admission::Send {
                break;
            }
        }
        // nothing is fetched on behalf of what would not be dialled, such as the robots.txt of a mail server
        if admission == Admission::Wait
            && let Err(failure) = self.client.check(request)
        {
            return Admission::Fail(failure.kind, failure.detail);
        }
        admission
    }

    /// Lets those prepare who are not ready for this request.
    pub async fn prepare(&self, request: &Request, fetch: &Fetch) {
        for middleware in &self.middlewares {
            if middleware.admit(request) == Admission::Wait {
                middleware.prepare(request, fetch).await;
            }
        }
    }

    /// One trip: out through the middlewares, over the wire, and back, in the host's turn.
    pub async fn exchange(&self, wish: &Request, keep: &Keep, turn: &Turn) -> Exchange {
        let mut sent = wish.clone();
        let mut passed = 0;
        let mut answer = None;
        for middleware in &self.middlewares {
            passed += 1;
            if !middleware.hooks().out {
                continue;
            }
            match middleware.outbound(sent).await {
                Outbound::Send(request) => sent = request,
                Outbound::Answer(response) => {
                    answer = Some(response);
                    // layers further in were not asked, and are not told
                    sent = wish.clone();
                    break;
                }
                Outbound::Drop(reason) => return Exchange::Dropped(reason),
            }
        }
        let mut outcome = match answer {
            Some(response) => Ok(response),
            None => self.client.send(&sent, keep, turn, &self.stats).await,
        };
        if let Some(again) = self.outage.look(wish, &outcome, &self.hosts, &self.stats) {
            return Exchange::Again(again);
        }
        let trip = Trip { wish, sent: &sent, keep };
        for middleware in self.middlewares[..passed].iter().rev().filter(|layer| layer.hooks().back) {
            match middleware.inbound(&trip, outcome).await {
                Inbound::Pass(passed) => outcome = passed,
                Inbound::Again(request) => return Exchange::Again(request),
                Inbound::Drop(reason) => return Exchange::Dropped(reason),
            }
        }
        match outcome {
            Ok(response) => Exchange::Answered(response),
            Err(failure) => Exchange::Failed(failure),
        }
    }
}
