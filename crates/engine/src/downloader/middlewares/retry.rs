//! Another attempt, later: for statuses and failures that pass. Full jitter (AWS Architecture Blog, "Exponential
//! Backoff And Jitter"); a `Retry-After` (RFC 9110, section 10.2.3) pauses the host for all who want it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::downloader::{Inbound, Middleware, Trip};
use crate::hosts::Hosts;
use crate::message::{Failure, Request, Response};
use crate::stats::{Name, Stats};

/// `[middlewares.retry]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Attempts after the first.
    pub times: u32,
    /// Statuses that may pass.
    pub statuses: Vec<u16>,
    /// The longest wait before the first retry; it doubles with each.
    #[serde(with = "humantime_serde")]
    pub backoff: Duration,
    /// The longest wait of all.
    #[serde(with = "humantime_serde")]
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is kept; a longer one counts as this.
    #[serde(with = "humantime_serde")]
    pub max_retry_after: Duration,
    /// Added to the priority at each retry.
    pub priority_adjust: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            times: 2,
            statuses: vec![500, 502, 503, 504, 522, 524, 408, 429],
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_secs(60),
            max_retry_after: Duration::from_secs(3600),
            priority_adjust: -1,
        }
    }
}

/// Tries again what may succeed.
#[derive(Debug)]
pub struct Retry {
    settings: Settings,
    hosts: Arc<Hosts>,
    stats: Arc<Stats>,
}

impl Retry {
    /// Retries by these settings; pauses hosts that ask for it.
    #[must_use]
    pub fn new(settings: Settings, hosts: Arc<Hosts>, stats: Arc<Stats>) -> Self {
        Self { settings, hosts, stats }
    }

    /// Why this outcome is worth another attempt, if it is.
    fn reason(&self, outcome: &Result<Response, Failure>) -> Option<String> {
        match outcome {
            Ok(response) if self.settings.statuses.contains(&response.status.as_u16()) => {
                Some(response.status.to_string())
            }
            Ok(_) => None,
            Err(failure) => failure.kind.is_transient().then(|| failure.kind.name().to_owned()),
        }
    }

    /// A random part of the back-off that this attempt has grown to.
    fn jitter(&self, attempt: u32) -> Duration {
        let grown = self.settings.backoff.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
        grown.min(self.settings.max_backoff).mul_f64(rand::random::<f64>())
    }

    fn retry_after(&self, response: &Response) -> Option<Duration> {
        let value = response.header(header::RETRY_AFTER.as_str())?.trim();
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => Duration::MAX,
            Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
        };
        Some(wait.min(self.settings.max_retry_after))
    }

    /// Pauses the host for as long as it asks for.
    fn pause(&self, wish: &Request, outcome: &Result<Response, Failure>) -> Option<Duration> {
        let response = outcome.as_ref().ok()?;
        let asks = matches!(response.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        let wait = asks.then(|| self.retry_after(response)).flatten()?;
        self.hosts.pause(&wish.host(), Instant::now() + wait);
        Some(wait)
    }

    fn again(&self, wish: &Request, asked: Option<Duration>) -> Request {
        let mut next = wish.clone();
        next.due = Some(SystemTime::now() + asked.unwrap_or_else(|| self.jitter(wish.attempts)));
        next.attempts = wish.attempts + 1;
        next.priority = wish.priority.saturating_add(self.settings.priority_adjust);
        next
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("retry")
    }
}

#[async_trait]
impl Middleware for Retry {
    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Some(reason) = self.reason(&outcome) else { return Inbound::Pass(outcome) };
        // whether or not this request is tried again, the others of the host are to wait
        let asked = self.pause(trip.wish, &outcome);
        // what has changed something on the server may have done so already (RFC 9110, section 9.2.2)
        let idempotent = matches!(
            trip.wish.method,
            Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE
        );
        if !idempotent || trip.wish.attempts >= self.settings.times {
            self.stats.add("retry/max_reached", 1);
            return Inbound::Pass(outcome);
        }
        self.stats.add_all([(Name::from("retry/count"), 1), (Name::from(format!("retry/reason_count/{reason}")), 1)]);
        Inbound::Again(self.again(trip.wish, asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::Keep;
    use crate::hosts;
    use crate::message::FailureKind;
    use http::{HeaderMap, HeaderValue};

    fn retry() -> Retry {
        Retry::new(Settings::default(), Hosts::new(16, hosts::Settings::default()), Arc::default())
    }

    fn response(status: u16, retry_after: Option<&'static str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
        }
        let url = "http://a.example/".parse().expect("a URL");
        let status = StatusCode::from_u16(status).expect("a status");
        Response { headers, ..Response::new(url, status) }
    }

    async fn inbound(retry: &Retry, wish: &Request, outcome: Result<Response, Failure>) -> Inbound {
        retry.inbound(&Trip { wish, sent: wish, keep: &Keep::page(1 << 20) }, outcome).await
    }

    fn wish() -> Request {
        Request::get("http://a.example/".parse().expect("a URL"))
    }

    #[tokio::test]
    async fn two_more_attempts_and_no_third() {
        let retry = retry();
        let mut wish = wish();
        for attempt in 1..=2 {
            let Inbound::Again(next) = inbound(&retry, &wish, Ok(response(500, None))).await else { panic!("again") };
            assert_eq!((next.attempts, next.priority), (attempt, -i32::try_from(attempt).expect("small")));
            wish = next;
        }
        assert!(matches!(inbound(&retry, &wish, Ok(response(500, None))).await, Inbound::Pass(Ok(_))));
        assert_eq!(retry.stats.count("retry/reason_count/500 Internal Server Error"), 2);
        assert_eq!(retry.stats.count("retry/max_reached"), 1);
    }

    #[tokio::test]
    async fn what_will_not_pass_is_not_tried_again() {
        let retry = retry();
        assert!(matches!(inbound(&retry, &wish(), Ok(response(404, None))).await, Inbound::Pass(Ok(_))));
        let failure = Failure::new(FailureKind::Tls, wish().url, "expired");
        assert!(matches!(inbound(&retry, &wish(), Err(failure)).await, Inbound::Pass(Err(_))));
        let post = Request::post(wish().url);
        let failure = Failure::new(FailureKind::Connect, wish().url, "refused");
        assert!(matches!(inbound(&retry, &post, Err(failure)).await, Inbound::Pass(Err(_))));
    }

    #[tokio::test]
    async fn a_host_that_asks_for_time_gets_it_up_to_an_hour() {
        let retry = retry();
        for (value, seconds) in [("120", 120), ("99999999999999999999999", 3600), ("Wed, 01 Jan 2020 00:00:00 GMT", 0)]
        {
            assert_eq!(retry.retry_after(&response(503, Some(value))), Some(Duration::from_secs(seconds)), "{value}");
        }
        assert_eq!(retry.retry_after(&response(503, Some("soon"))), None);
        let Inbound::Again(next) = inbound(&retry, &wish(), Ok(response(429, Some("120")))).await else {
            panic!("again")
        };
        let wait = next.due.expect("a due time").duration_since(SystemTime::now()).expect("in the future");
        assert!(wait > Duration::from_secs(110));
        let asked = retry.hosts.try_turn(&wish().host(), Instant::now());
        assert!(matches!(asked, hosts::Answer::NotBefore(_)), "{asked:?}");
    }

    #[test]
    fn the_wait_grows_and_has_a_limit() {
        let retry = retry();
        assert!((0..50).all(|_| retry.jitter(0) <= Duration::from_secs(1)));
        assert!((0..50).all(|_| retry.jitter(40) <= Duration::from_secs(60)));
    }
}
