//! The way to the server, for requests that do not name one: a proxy of the settings, one of several in turn, or that of
//! the environment, as curl reads it.
//!
//! A proxy's user and password stay in its URL, which the client alone uses: they are never a header of a request.

mod exceptions;
mod pool;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{StatusCode, header};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use exceptions::Exceptions;
use pool::Pool;

use crate::downloader::{Hooks, Inbound, Middleware, Outbound, Trip};
use crate::error::Error;
use crate::message::{Failure, FailureKind, Request, Response, Secret, Via};
use crate::stats::Stats;

/// `[middlewares.proxy]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The proxy for everything; empty is none.
    pub url: Secret,
    /// Several, one after the other.
    pub pool: Vec<Secret>,
    /// Failures in a row after which a proxy of the pool rests.
    pub max_failures: u32,
    /// How long it rests.
    #[serde(with = "humantime_serde")]
    pub rest: Duration,
    /// Hosts that are asked straight.
    pub no_proxy: Vec<String>,
    /// Whether `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of the environment count where no proxy is named.
    pub environment: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: Secret::new(""),
            pool: Vec::new(),
            max_failures: 3,
            rest: Duration::from_secs(300),
            no_proxy: Vec::new(),
            environment: true,
        }
    }
}

/// Chooses the way.
pub struct Proxies {
    /// None where every request goes straight.
    ways: Option<Ways>,
    exceptions: Exceptions,
    stats: Arc<Stats>,
}

enum Ways {
    Pool(Pool),
    ByScheme { http: Option<Url>, https: Option<Url> },
}

impl Proxies {
    /// Proxies by these settings and those variables of the environment.
    ///
    /// # Errors
    /// If a proxy is not a URL that can be one, or an exception says nothing.
    pub fn new(
        settings: &Settings,
        variable: impl Fn(&str) -> Option<String>,
        stats: Arc<Stats>,
    ) -> Result<Self, Error> {
        let mut exceptions = Exceptions::default();
        for entry in &settings.no_proxy {
            if !exceptions.add(entry) {
                let what = format!("has `{entry}`, which is not a host, domain, address or network");
                return Err(Error::setting("middlewares.proxy.no_proxy", what));
            }
        }
        let variable = |names: [&str; 2]| {
            let set = names.into_iter().filter_map(&variable).find(|value| !value.trim().is_empty());
            set.filter(|_| settings.environment)
        };
        if let Some(list) = variable(["no_proxy", "NO_PROXY"]) {
            for entry in list.split([',', ' ']).filter(|entry| !entry.is_empty()) {
                // what others understand in it, and we do not, is no reason to stop
                exceptions.add(entry);
            }
        }
        let url = settings.url.expose();
        let ways = match (url.is_empty(), settings.pool.as_slice()) {
            (false, []) => Some(Pool::new(vec![proxy(url, "middlewares.proxy.url")?], settings)),
            (true, []) => None,
            (true, pool) => {
                let pool = pool.iter().map(|url| proxy(url.expose(), "middlewares.proxy.pool"));
                Some(Pool::new(pool.collect::<Result<_, _>>()?, settings))
            }
            (false, _) => {
                let what = "and `middlewares.proxy.pool` name proxies: leave one of them out";
                return Err(Error::setting("middlewares.proxy.url", what));
            }
        };
        let ways = ways.map(Ways::Pool);
        let ways = match ways {
            Some(ways) => Some(ways),
            None => {
                let of = |names: [&str; 2]| {
                    let value = variable(names).map(|value| proxy(value.trim(), "middlewares.proxy.environment"));
                    value.transpose()
                };
                let all = of(["all_proxy", "ALL_PROXY"])?;
                // a CGI program finds a request's `Proxy` header in HTTP_PROXY, so curl does not read it
                let http = of(["http_proxy", "http_proxy"])?.or_else(|| all.clone());
                let https = of(["https_proxy", "HTTPS_PROXY"])?.or(all);
                (http.is_some() || https.is_some()).then_some(Ways::ByScheme { http, https })
            }
        };
        Ok(Self { ways, exceptions, stats })
    }

    fn choose(&self, url: &Url, now: Instant) -> Option<Url> {
        let ways = self.ways.as_ref()?;
        if self.exceptions.has(url) {
            return None;
        }
        match (ways, url.scheme()) {
            (Ways::Pool(pool), "http" | "https") => Some(pool.next(now)),
            (Ways::ByScheme { http, .. }, "http") => http.clone(),
            (Ways::ByScheme { https, .. }, "https") => https.clone(),
            _ => None,
        }
    }
}

/// A proxy's URL; without a scheme it is a http proxy, as curl has it. An error does not show it: there may be a
/// password in it.
fn proxy(text: &str, key: &str) -> Result<Url, Error> {
    let wrong = || {
        let what = "has a proxy that is not a URL with http, https, socks5 or socks5h: write \"http://host:port\"";
        Error::setting(key, what)
    };
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let can_be = matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h")
        && url.host_str().is_some_and(|host| !host.is_empty());
    if can_be { Ok(url) } else { Err(wrong()) }
}

/// Whether this is the proxy's failure: whoever stands behind it was not reached.
fn is_its_fault(outcome: &Result<Response, Failure>) -> bool {
    match outcome {
        Ok(response) => response.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        Err(failure) => matches!(failure.kind, FailureKind::Proxy | FailureKind::Connect | FailureKind::ConnectTimeout),
    }
}

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("proxy")
    }
}

#[async_trait]
impl Middleware for Proxies {
    fn hooks(&self) -> Hooks {
        Hooks { out: true, back: self.ways.is_some() }
    }

    fn asks_servers(&self) -> bool {
        self.ways.is_none()
    }

    async fn outbound(&self, mut request: Request) -> Outbound {
        // it would be shown to the server, or to a proxy that it is not for
        request.headers.remove(header::PROXY_AUTHORIZATION);
        if self.ways.is_some()
            && request.options().via.is_none()
            && let Some(url) = self.choose(&request.url, Instant::now())
        {
            request.options_mut().via = Some(Via::Proxy(url));
        }
        Outbound::Send(request)
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        if let (Some(Ways::Pool(pool)), None, Some(Via::Proxy(url))) =
            (&self.ways, &trip.wish.options().via, &trip.sent.options().via)
            && pool.learn(url, is_its_fault(&outcome), Instant::now())
        {
            self.stats.add("proxy/rest_count", 1);
            tracing::warn!(proxy = url.host_str(), port = url.port_or_known_default(), "a proxy fails, and rests");
        }
        Inbound::Pass(outcome)
    }
}

#[cfg(test)]
mod tests;
