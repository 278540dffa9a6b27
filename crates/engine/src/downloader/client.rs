//! The wire: one request to one whole response, within its limits, over reqwest.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytesize::ByteSize;
use http::{HeaderMap, Method, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use super::clients::{Clients, Way};
use super::count::{count_request, count_response, wire_size};
use super::dialer::{self, Guard, Names, literal};
use super::explain::{explain, is_http2, was_closed, was_refused};
use super::parts::Begun;
use super::reading::{Broken, Incoming, humantime, read, total_timeout};
use super::resume::{Beginning, Rest, is_all};
use super::tls::Tls;
use super::{Dns, Keep, Limits, PinError};
use crate::hosts::{Hosts, Rule, Sign, Turn};
use crate::message::{Failure, FailureKind, Host, Reach, Request, Response, Timing, Via};
use crate::stats::{Name, Stats};

/// Turns of the scheduler until a connection is back in its pool: its own task, and the one that waits for it.
const YIELDS: u8 = 2;
/// Times that a request is sent again because the server has not looked at it.
const REFUSALS: u8 = 4;
/// Hosts of which something is remembered: that they have answered, that they speak no HTTP/2.
const REMEMBERED: usize = 10_000;

/// A client that cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An entry of `dns.hosts` or `dns.servers`.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// A file of `tls.roots`.
    #[error("`tls.roots`: `{path}` {what}")]
    Root {
        /// The file.
        path: String,
        /// What is wrong with it.
        what: String,
    },
    /// Anything else that reqwest refuses.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

impl ClientError {
    /// The setting that it is about.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Pin(error) => error.setting(),
            Self::Root { .. } => "tls.roots",
            Self::Client(_) => "",
        }
    }
}

/// The HTTP client. Redirects, cookies and retries are the middlewares' work; this sends one request once.
pub struct Client {
    limits: Limits,
    dialer: Arc<dialer::Settings>,
    names: Arc<Names>,
    clients: Clients,
    hosts: Arc<Hosts>,
    /// Hosts that have answered: a connection of theirs that turns out to be closed may be tried anew.
    answered: Mutex<HashSet<Host>>,
    /// Hosts that HTTP/2 does not work with.
    old: Mutex<HashSet<Host>>,
}

impl Client {
    /// A client.
    ///
    /// # Errors
    /// If a root certificate cannot be read or a pin says nothing.
    pub fn new(
        limits: Limits,
        dialer: dialer::Settings,
        dns: &Dns,
        tls: &Tls,
        hosts: Arc<Hosts>,
    ) -> Result<Self, ClientError> {
        let (dialer, names) = (Arc::new(dialer), Arc::new(Names::new(dns)?));
        let per_host = hosts.settings().concurrency;
        let clients = Clients::new(limits.clone(), dialer.clone(), names.clone(), tls, per_host)?;
        Ok(Self { limits, dialer, names, clients, hosts, answered: Mutex::default(), old: Mutex::default() })
    }

    /// The limits that it keeps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a request may be dialled, as far as its URL tells.
    pub(super) fn check(&self, request: &Request) -> Result<(), Failure> {
        self.dialer.check(request)
    }

    /// Looks a host's name up before it is needed.
    pub fn prefetch(&self, host: &str) {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_owned();
        let is_name = !name.starts_with('[') && name.parse::<std::net::IpAddr>().is_err() && !name.is_empty();
        if is_name && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let names = self.names.clone();
            runtime.spawn(async move { drop(names.addresses(&name).await) });
        }
    }

    /// Sends a request once and reads the whole response.
    pub(super) async fn send(
        &self,
        request: &Request,
        keep: &Keep,
        turn: &Turn,
        stats: &Stats,
    ) -> Result<Response, Failure> {
        count_request(request, stats);
        let answer = self.try_send(request, keep, stats).await;
        match &answer {
            Ok(response) => {
                count_response(response, stats);
                if let Some(remote) = response.remote {
                    turn.reached(remote.ip());
                }
            }
            Err(failure) => stats.add_all([
                (Name::from("downloader/exception_count"), 1),
                (Name::from(format!("downloader/exception_type_count/{}", failure.kind)), 1),
            ]),
        }
        if let Some(sign) = sign(&answer) {
            turn.learned(sign);
        }
        answer
    }

    async fn try_send(&self, request: &Request, keep: &Keep, stats: &Stats) -> Result<Response, Failure> {
        let limits = &self.limits;
        if let Some(answer) = super::local::answer(request, keep, limits).await {
            return answer;
        }
        if request.url.as_str().len() > limits.max_url {
            return Err(url_too_long(request, limits.max_url));
        }
        self.check(request)?;
        let host = request.host();
        let rule = self.hosts.rule(&host);
        let mut way = self.way(request, &host, rule.as_deref())?;
        self.check_proxied(request, &way).await?;
        if !way.verify {
            stats.add("tls/unverified_count", 1);
        }
        let begun = Instant::now();
        let total = request.options().timeout.or(rule.as_ref().and_then(|rule| rule.timeout)).unwrap_or(limits.timeout);
        let deadline = begun + total;
        let (head_timeout, setting) = match limits.head_timeout <= total {
            true => (limits.head_timeout, "download.head_timeout"),
            false => (total, "download.timeout"),
        };
        let head_deadline = begun + head_timeout;
        // what HTTP/2 came to, where HTTP/1.1 is tried instead
        let mut first_try = None;
        let mut may_repeat = is_idempotent(&request.method) && self.has_answered(&host);
        let mut refused = 0;
        let beginning = keep.resume.as_ref().and_then(|resume| resume.take(request));
        let head = loop {
            match timeout_at(head_deadline, self.ask(request, &way, beginning.as_ref())?).await {
                Ok(Ok(head)) => break head,
                // a connection that was idle, which the server has closed in the meantime
                Ok(Err(error)) if may_repeat && was_closed(&error) => {
                    stats.add("downloader/reconnect_count", 1);
                    may_repeat = false;
                }
                // the server says that it has not looked at it: whatever it is, sending it again is sending it once
                Ok(Err(error)) if refused < REFUSALS && was_refused(&error) => {
                    stats.add("downloader/reconnect_count", 1);
                    refused += 1;
                }
                Ok(Err(error)) if way.http2 && is_idempotent(&request.method) && is_http2(&error) => {
                    first_try = Some(explain(&error, &request.url));
                    way.http2 = false;
                }
                Ok(Err(error)) => return Err(or_first(explain(&error, &request.url), first_try)),
                Err(_) => {
                    let detail = format!("no head within `{setting}` = {}", humantime(head_timeout));
                    return Err(Failure::new(FailureKind::HeadTimeout, request.url.clone(), detail));
                }
            }
        };
        if first_try.is_some() {
            self.is_old(&host);
        }
        let first = begun.elapsed();
        let (mut status, version, mut headers) = (head.status(), head.version(), head.headers().clone());
        let length = wire_size(&headers) as u64;
        if length > limits.max_head.as_u64() {
            let detail = format!("head of {} is over `download.max_head` = {}", ByteSize(length), limits.max_head);
            return Err(Failure::new(FailureKind::HeadTooLarge, request.url.clone(), detail));
        }
        if let Some(coding) = unknown_coding(&headers) {
            let detail = format!("the body is coded as `{coding}` for its way, which is not known");
            return Err(Failure::new(FailureKind::BadFraming, request.url.clone(), detail));
        }
        let remote = head.remote_addr();
        let is_public = way.proxy.is_some() || remote.is_none_or(|remote| dialer::address::is_global(remote.ip()));
        let mut so_far = Begun::default();
        match beginning.map(|beginning| beginning.judge(status, &headers)) {
            None | Some(Rest::Whole) => {}
            Some(Rest::Follows(beginning)) => {
                stats.add_all([
                    (Name::from("downloader/resumed_count"), 1),
                    (Name::from("downloader/resumed_bytes"), beginning.begun.length),
                ]);
                // what is joined is the whole that the first answer began
                (status, headers, so_far) = (StatusCode::OK, beginning.headers, beginning.begun);
            }
            Some(Rest::Wrong(detail)) => {
                return Err(Failure::new(FailureKind::IncompleteBody, request.url.clone(), detail));
            }
        }
        let whole = Some(&headers).filter(|_| status == StatusCode::OK);
        let incoming = Incoming { head, so_far, whole, deadline, total };
        let is_asked = request.headers.contains_key(header::RANGE);
        if status == StatusCode::PARTIAL_CONTENT && !is_asked && !is_all(&headers) {
            let detail = "a part of the body came (206), and the whole was asked for";
            return Err(Failure::new(FailureKind::BadFraming, request.url.clone(), detail));
        }
        let body = match read(limits, incoming, request, keep).await {
            Err(Broken::Http2(failure)) if is_idempotent(&request.method) => {
                way.http2 = false;
                let head = timeout_at(deadline, self.ask(request, &way, None)?).await;
                let head = head.map_err(|_| total_timeout(request, total))?;
                let head = head.map_err(|error| or_first(explain(&error, &request.url), Some(failure)))?;
                self.is_old(&host);
                let incoming = Incoming { head, so_far: Begun::default(), whole: None, deadline, total };
                read(limits, incoming, request, keep).await
            }
            body => body,
        };
        let body = body.map_err(Broken::into_failure)?;
        if status == StatusCode::SWITCHING_PROTOCOLS {
            let detail = "switches to a protocol that nobody asked for";
            return Err(Failure::new(FailureKind::BadFraming, request.url.clone(), detail));
        }
        self.has_now_answered(&host);
        // The connection's own tasks put it back into the pool. Who comes next in the same breath would find none there
        // and open another: without this, 108 connections were counted for 1,400 photographs.
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
        }
        Ok(Response {
            version,
            headers,
            body,
            reach: if is_public { Reach::Public } else { Reach::Anywhere },
            remote: remote.filter(|_| way.proxy.is_none()),
            timing: Timing { head: first, total: begun.elapsed() },
            ..Response::new(request.url.clone(), status)
        })
    }

    /// The request on its way; nothing has been waited for.
    fn ask(
        &self,
        request: &Request,
        way: &Way,
        beginning: Option<&Beginning>,
    ) -> Result<impl Future<Output = reqwest::Result<reqwest::Response>> + use<>, Failure> {
        let client = self
            .clients
            .of(way)
            .map_err(|error| Failure::new(FailureKind::BadRequest, request.url.clone(), error.to_string()))?;
        // the builder makes an `Authorization` of the URL's user and password, and takes them out of the URL
        let mut message = client.request(request.method.clone(), request.url.clone());
        message = message.headers(request.headers.clone());
        for (name, value) in beginning.into_iter().flat_map(Beginning::fields) {
            message = message.header(name, value);
        }
        if !request.body.is_empty() {
            message = message.body(request.body.clone());
        }
        Ok(message.send())
    }

    fn way(&self, request: &Request, host: &Host, rule: Option<&Rule>) -> Result<Way, Failure> {
        let mut way = self.clients.plain(request.reach);
        let ruled = match rule.and_then(Rule::proxy_url) {
            Some(Ok(proxy)) => Some(Via::Proxy(proxy)),
            Some(Err(error)) => {
                let detail = format!("the proxy of `hosts.\"{host}\"` is no URL: {error}");
                return Err(Failure::new(FailureKind::Proxy, request.url.clone(), detail));
            }
            None => rule.and_then(|rule| rule.proxy.as_ref()).map(|_| Via::Direct),
        };
        // what the request itself says, then what is said of the host; a middleware has filled in the rest
        if let Some(Via::Proxy(proxy)) = request.options().via.clone().or(ruled) {
            way.proxy = Some(proxy);
        }
        way.verify = rule.and_then(|rule| rule.verify).unwrap_or(true);
        way.http2 &= !self.old.lock().unwrap_or_else(PoisonError::into_inner).contains(host);
        if let Some(key) = self.names.pins().port_key(&request.url)
            && let Some(address) = self.names.pins().by_port(&key)
        {
            way.pin = Some((key.0, address));
        }
        Ok(way)
    }

    /// A proxy dials for us: what it would dial is looked at here, or not asked for.
    async fn check_proxied(&self, request: &Request, way: &Way) -> Result<(), Failure> {
        let Some(proxy) = way.proxy.as_ref().filter(|_| self.dialer.restricts(request.reach)) else { return Ok(()) };
        // a socks5 proxy is given the address that the guard lets pass, and an address needs no name
        if proxy.scheme() == "socks5" || literal(&request.url).is_some() {
            return Ok(());
        }
        let fail = |kind, detail| Err(Failure::new(kind, request.url.clone(), detail));
        if self.dialer.policy == dialer::Policy::Strict {
            let detail = "the proxy would look the name up itself, which `dialer.policy` = \"strict\" forbids: use a \
                          socks5:// proxy, which is given addresses";
            return fail(FailureKind::BlockedAddress, detail.to_owned());
        }
        let name = request.url.host_str().unwrap_or_default();
        let (names, settings) = (self.names.clone(), self.dialer.clone());
        let guard = Guard { names, settings, reach: request.reach, pin: way.pin.clone(), proxy: None };
        match guard.addresses(name).await {
            Ok(_) => Ok(()),
            // only a network of its own knows such names (RFC 7686)
            Err(_) if name.ends_with(".onion") => Ok(()),
            Err(refused) => fail(FailureKind::BlockedAddress, refused.to_string()),
        }
    }

    fn has_answered(&self, host: &Host) -> bool {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }

    fn has_now_answered(&self, host: &Host) {
        remember(&self.answered, host);
    }

    fn is_old(&self, host: &Host) {
        remember(&self.old, host);
    }
}

fn remember(hosts: &Mutex<HashSet<Host>>, host: &Host) {
    let mut hosts = hosts.lock().unwrap_or_else(PoisonError::into_inner);
    if !hosts.contains(host) {
        if hosts.len() >= REMEMBERED {
            hosts.clear();
        }
        hosts.insert(host.clone());
    }
}

/// What an answer says of how the host does.
fn sign(answer: &Result<Response, Failure>) -> Option<Sign> {
    match answer {
        Ok(response) => match response.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some(Sign::Overloaded),
            _ => Some(Sign::Answered(response.timing.head)),
        },
        Err(failure) => matches!(
            failure.kind,
            FailureKind::Connect
                | FailureKind::ConnectTimeout
                | FailureKind::HeadTimeout
                | FailureKind::IdleTimeout
                | FailureKind::TotalTimeout
                | FailureKind::SlowTimeout
                | FailureKind::IncompleteBody
        )
        .then_some(Sign::Overloaded),
    }
}

/// A server that speaks HTTP/2 only has failed in that.
fn or_first(failure: Failure, first: Option<Failure>) -> Failure {
    first.filter(|_| failure.kind == FailureKind::Tls).unwrap_or(failure)
}

/// Sending it twice is sending it once (RFC 9110, section 9.2.2).
pub(super) fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE)
}

fn url_too_long(request: &Request, limit: usize) -> Failure {
    let length = request.url.as_str().len();
    let mut url = request.url.clone();
    url.set_query(None);
    url.set_path("/");
    Failure::new(FailureKind::UrlTooLong, url, format!("URL of {length} bytes is over `download.max_url` = {limit}"))
}

/// A transfer coding that was not undone: what comes under it is not the body (RFC 9112, section 6.1). `TE` asks for none.
fn unknown_coding(headers: &HeaderMap) -> Option<String> {
    let fields = headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let is_known =
        |coding: &[u8]| [&b""[..], b"chunked", b"identity"].iter().any(|known| coding.eq_ignore_ascii_case(known));
    codings.into_iter().find(|coding| !is_known(coding)).map(|coding| String::from_utf8_lossy(coding).into_owned())
}
