//! The wire: one request to one whole response, within its limits, over reqwest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytesize::ByteSize;
use http::{HeaderMap, Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::explain::explain;
use super::parts::Parts;
use super::resolve::{Dns, Pins, Resolver};
use super::tls::{Tls, trust};
use super::{Keep, PinError};
use crate::message::{Body, Failure, FailureKind, Request, Response};
use crate::stats::{Name, Stats};

/// What is not a success is read to its end, so that its connection can be used again, unless it is longer than this.
const OTHER_BODY: u64 = 64 * 1024;
/// Turns of the scheduler until a connection is back in its pool: its own task, and the one that waits for it.
const YIELDS: u8 = 2;

/// `[download]`: what a server may take and send.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until there is a connection, TLS included.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// From the request until the response's head is there.
    #[serde(with = "humantime_serde")]
    pub head_timeout: Duration,
    /// Between two pieces of a body.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// From the request until the end of the body.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The longest body of a page.
    pub max_body: ByteSize,
    /// The most header fields of a response.
    pub max_headers: usize,
    /// The longest URL.
    pub max_url: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(180),
            max_body: ByteSize::mib(64),
            max_headers: 256,
            max_url: 8192,
        }
    }
}

/// A client that cannot be made of its settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An entry of `dns.hosts`.
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
            Self::Pin(_) => "dns.hosts",
            Self::Root { .. } => "tls.roots",
            Self::Client(_) => "",
        }
    }
}

/// The HTTP client. Redirects, cookies and retries are the middlewares' work; this sends one request once.
#[derive(Debug, Clone)]
pub struct Client {
    limits: Limits,
    any: reqwest::Client,
    /// Clients for names that are pinned for one port only.
    by_port: HashMap<(String, u16), reqwest::Client>,
    pins: Arc<Pins>,
}

impl Client {
    /// A client; `per_host` connections are kept open to each host.
    ///
    /// # Errors
    /// If a root certificate cannot be read or a pin says nothing.
    pub fn new(limits: Limits, dns: &Dns, tls: &Tls, per_host: usize) -> Result<Self, ClientError> {
        let pins = Arc::new(Pins::read(dns)?);
        let tls = trust(tls)?;
        let build = |pins: Arc<Pins>| {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(Resolver(pins))
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_proxy()
                .connect_timeout(limits.connect_timeout)
                .http1_max_headers(limits.max_headers)
                .pool_max_idle_per_host(per_host.max(1))
                .tcp_nodelay(true)
                .build()
                .map_err(ClientError::Client)
        };
        let mut by_port = HashMap::new();
        for (key, address) in pins.by_port() {
            by_port.insert(key.clone(), build(Arc::new(pins.with(&key.0, address)))?);
        }
        Ok(Self { any: build(pins.clone())?, limits, by_port, pins })
    }

    /// The limits that it keeps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Sends a request once and reads the whole response.
    pub(super) async fn send(&self, request: &Request, keep: &Keep, stats: &Stats) -> Result<Response, Failure> {
        count_request(request, stats);
        let answer = self.try_send(request, keep).await;
        match &answer {
            Ok(response) => count_response(response, stats),
            Err(failure) => stats.add_all([
                (Name::from("downloader/exception_count"), 1),
                (Name::from(format!("downloader/exception_type_count/{}", failure.kind)), 1),
            ]),
        }
        answer
    }

    async fn try_send(&self, request: &Request, keep: &Keep) -> Result<Response, Failure> {
        let fail = |kind, detail: String| Failure::new(kind, request.url.clone(), detail);
        let limits = &self.limits;
        if request.url.as_str().len() > limits.max_url {
            let (length, limit) = (request.url.as_str().len(), limits.max_url);
            let mut url = request.url.clone();
            url.set_query(None);
            url.set_path("/");
            let detail = format!("URL of {length} bytes is over `download.max_url` = {limit}");
            return Err(Failure::new(FailureKind::UrlTooLong, url, detail));
        }
        let deadline = Instant::now() + limits.timeout;
        // the builder makes an `Authorization` of the URL's user and password, and takes them out of the URL
        let mut message = self.client(&request.url).request(request.method.clone(), request.url.clone());
        message = message.headers(request.headers.clone());
        if !request.body.is_empty() {
            message = message.body(request.body.clone());
        }
        let (head_timeout, setting) = match limits.head_timeout <= limits.timeout {
            true => (limits.head_timeout, "download.head_timeout"),
            false => (limits.timeout, "download.timeout"),
        };
        let head = match timeout(head_timeout, message.send()).await {
            Ok(head) => head.map_err(|error| explain(&error, &request.url))?,
            Err(_) => {
                let detail = format!("no head within `{setting}` = {}", humantime(head_timeout));
                return Err(fail(FailureKind::HeadTimeout, detail));
            }
        };
        let (status, version, headers) = (head.status(), head.version(), head.headers().clone());
        let body = self.body(head, request, keep, deadline).await?;
        // The connection's own tasks put it back into the pool. Who comes next in the same breath would find none there
        // and open another: without this, 108 connections were counted for 1,400 photographs.
        for _ in 0..YIELDS {
            tokio::task::yield_now().await;
        }
        Ok(Response { version, headers, body, ..Response::new(request.url.clone(), status) })
    }

    fn client(&self, url: &Url) -> &reqwest::Client {
        self.pins.port_key(url).and_then(|key| self.by_port.get(&key)).unwrap_or(&self.any)
    }

    async fn body(
        &self,
        mut head: reqwest::Response,
        request: &Request,
        keep: &Keep,
        deadline: Instant,
    ) -> Result<Body, Failure> {
        let fail = |kind, detail: String| Failure::new(kind, request.url.clone(), detail);
        let too_large = |length: u64| {
            let detail = format!("body of {} is over `{}` = {}", ByteSize(length), keep.setting, ByteSize(keep.limit));
            fail(FailureKind::TooLarge, detail)
        };
        let is_wanted = head.status().is_success();
        let limit = if is_wanted { keep.limit } else { OTHER_BODY };
        let declared = head.content_length();
        if let Some(length) = declared
            && request.method != Method::HEAD
            && length > limit
        {
            return if is_wanted { Err(too_large(length)) } else { Ok(Body::default()) };
        }
        let spill = keep.spill.as_ref().filter(|_| is_wanted);
        let mut parts = Parts::new(spill);
        loop {
            let idle = timeout(self.limits.idle_timeout, head.chunk());
            let chunk = match timeout_at(deadline, idle).await {
                Ok(Ok(chunk)) => chunk.map_err(|error| explain(&error, &request.url))?,
                Ok(Err(_)) => {
                    let limit = humantime(self.limits.idle_timeout);
                    return Err(fail(
                        FailureKind::IdleTimeout,
                        format!("nothing came for `download.idle_timeout` = {limit}"),
                    ));
                }
                Err(_) => {
                    let limit = humantime(self.limits.timeout);
                    return Err(fail(
                        FailureKind::TotalTimeout,
                        format!("not finished within `download.timeout` = {limit}"),
                    ));
                }
            };
            let Some(chunk) = chunk else { break };
            if parts.length + chunk.len() as u64 > limit {
                let length = parts.length + chunk.len() as u64;
                return if is_wanted { Err(too_large(length)) } else { Ok(Body::default()) };
            }
            parts.push(chunk, declared).await.map_err(|error| fail(FailureKind::Disk, error.to_string()))?;
        }
        parts.finish().await.map_err(|error| fail(FailureKind::Disk, error.to_string()))
    }
}

fn humantime(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

fn count_request(request: &Request, stats: &Stats) {
    let bytes = wire_size(&request.headers)
        + request.method.as_str().len()
        + request.url.as_str().len()
        + " HTTP/1.1\r\n".len()
        + request.body.len();
    let method = match request.method {
        Method::GET => Name::from("downloader/request_method_count/GET"),
        Method::POST => Name::from("downloader/request_method_count/POST"),
        ref other => Name::from(format!("downloader/request_method_count/{other}")),
    };
    stats.add_all([
        (Name::from("downloader/request_count"), 1),
        (Name::from("downloader/request_bytes"), bytes as u64),
        (method, 1),
    ]);
}

fn count_response(response: &Response, stats: &Stats) {
    let status = match response.status {
        StatusCode::OK => Name::from("downloader/response_status_count/200"),
        status => Name::from(format!("downloader/response_status_count/{}", status.as_u16())),
    };
    let bytes = wire_size(&response.headers) as u64 + response.body.len();
    stats.add_all([
        (Name::from("downloader/response_count"), 1),
        (Name::from("downloader/response_bytes"), bytes),
        (status, 1),
    ]);
}

/// An estimate of the head's size, as Scrapy's.
fn wire_size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
