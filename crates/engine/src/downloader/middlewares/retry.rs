//! Another attempt, later: for statuses and failures that pass. Full jitter (AWS Architecture Blog, "Exponential
//! Backoff And Jitter"). A host that asks for time gets it, from all who want it: `Retry-After` (RFC 9110, section
//! 10.2.3), 429, or a rate limit that is used up.

mod asks;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::downloader::{Hooks, Inbound, Middleware, Trip};
use crate::error::Error;
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
    /// The longest `Retry-After` or rate limit that is kept; a longer one counts as this.
    #[serde(with = "humantime_serde")]
    pub max_retry_after: Duration,
    /// Added to the priority at each retry.
    pub priority_adjust: i32,
    /// What holds for a status of its own; one that stands here may pass.
    pub rules: BTreeMap<String, Rule>,
}

/// `[middlewares.retry.rules]`: what holds for one status; what is not given is as for all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Attempts after the first.
    pub times: Option<u32>,
    /// The longest wait before the first retry; it doubles with each.
    #[serde(with = "humantime_serde")]
    pub backoff: Option<Duration>,
    /// The longest wait of all.
    #[serde(with = "humantime_serde")]
    pub max_backoff: Option<Duration>,
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
            rules: BTreeMap::new(),
        }
    }
}

/// Tries again what may succeed.
#[derive(Debug)]
pub struct Retry {
    settings: Settings,
    rules: HashMap<u16, Rule>,
    hosts: Arc<Hosts>,
    stats: Arc<Stats>,
}

impl Retry {
    /// Retries by these settings; pauses hosts that ask for it.
    ///
    /// # Errors
    /// If a rule is for what is not a status.
    pub fn new(settings: Settings, hosts: Arc<Hosts>, stats: Arc<Stats>) -> Result<Self, Error> {
        let mut rules = HashMap::new();
        for (status, rule) in &settings.rules {
            let key = format!("middlewares.retry.rules.{status}");
            let status = status.parse().ok().filter(|status| (100..=999).contains(status));
            let status = status.ok_or_else(|| Error::setting(&key, "is not for a status: three digits, as \"503\""))?;
            rules.insert(status, rule.clone());
        }
        Ok(Self { settings, rules, hosts, stats })
    }

    /// Why this outcome is worth another attempt, if it is.
    fn reason(&self, outcome: &Result<Response, Failure>) -> Option<String> {
        match outcome {
            Ok(response) => {
                let status = response.status.as_u16();
                let may_pass = self.rules.contains_key(&status) || self.settings.statuses.contains(&status);
                may_pass.then(|| response.status.to_string())
            }
            Err(failure) => failure.kind.is_transient().then(|| failure.kind.name().to_owned()),
        }
    }

    fn rule(&self, outcome: &Result<Response, Failure>) -> Option<&Rule> {
        self.rules.get(&outcome.as_ref().ok()?.status.as_u16())
    }

    /// A random part of the back-off that this attempt has grown to.
    fn jitter(&self, attempt: u32, rule: Option<&Rule>) -> Duration {
        let backoff = rule.and_then(|rule| rule.backoff).unwrap_or(self.settings.backoff);
        let max_backoff = rule.and_then(|rule| rule.max_backoff).unwrap_or(self.settings.max_backoff.max(backoff));
        let grown = backoff.saturating_mul(1_u32.checked_shl(attempt).unwrap_or(u32::MAX));
        grown.min(max_backoff).mul_f64(rand::random::<f64>())
    }

    /// How long the host asks to be left alone, whatever becomes of this request.
    fn asked(&self, response: &Response, may_pass: bool) -> Option<Duration> {
        let now = SystemTime::now();
        let retry_after = may_pass.then(|| asks::retry_after(&response.headers, now)).flatten();
        let wait = retry_after.or_else(|| {
            let wait = asks::rate_limit(&response.headers, now).filter(|wait| !wait.is_zero())?;
            self.stats.add("ratelimit/pause_count", 1);
            Some(wait)
        })?;
        if wait > self.settings.max_retry_after {
            self.stats.add("retry/capped_wait_count", 1);
        }
        Some(wait.min(self.settings.max_retry_after))
    }

    fn pause(&self, wish: &Request, wait: Duration) {
        if !wait.is_zero() {
            self.hosts.pause(&wish.host(), Instant::now() + wait);
        }
    }

    fn again(&self, wish: &Request, wait: Duration) -> Request {
        let mut next = wish.clone();
        next.due = Some(SystemTime::now() + wait);
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
    fn hooks(&self) -> Hooks {
        Hooks::BACK
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let (wish, reason) = (trip.wish, self.reason(&outcome));
        // what the cache remembers was asked for then
        let response = outcome.as_ref().ok().filter(|response| !response.from_cache);
        let mut asked = response.and_then(|response| self.asked(response, reason.is_some()));
        let rule = self.rule(&outcome);
        if response.is_some_and(|response| response.status == StatusCode::TOO_MANY_REQUESTS) {
            asked = asked.or_else(|| Some(self.jitter(wish.attempts, rule)));
        }
        // whether or not this request is tried again, the others of the host are to wait
        if let Some(wait) = asked {
            self.pause(wish, wait);
        }
        let Some(reason) = reason else { return Inbound::Pass(outcome) };
        let own = wish.options().retries;
        let times = own.or(rule.and_then(|rule| rule.times)).unwrap_or(self.settings.times);
        // what has changed something on the server may have done so already (RFC 9110, section 9.2.2)
        if own == Some(0) || !is_idempotent(&wish.method) {
            return Inbound::Pass(outcome);
        }
        if wish.attempts >= times {
            self.stats.add("retry/max_reached", 1);
            return Inbound::Pass(outcome);
        }
        self.stats.add_all([(Name::from("retry/count"), 1), (Name::from(format!("retry/reason_count/{reason}")), 1)]);
        Inbound::Again(self.again(wish, asked.unwrap_or_else(|| self.jitter(wish.attempts, rule))))
    }
}

fn is_idempotent(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE | Method::PUT | Method::DELETE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::Keep;
    use crate::hosts;
    use crate::message::FailureKind;
    use http::{HeaderMap, HeaderValue, header};

    fn retry() -> Retry {
        retry_by(Settings::default())
    }

    fn retry_by(settings: Settings) -> Retry {
        Retry::new(settings, Hosts::new(16, hosts::Settings::default()), Arc::default()).expect("settings")
    }

    fn is_paused(retry: &Retry) -> bool {
        matches!(retry.hosts.try_turn(&wish().host(), Instant::now()), hosts::Answer::NotBefore(_))
    }

    fn response(status: u16, retry_after: Option<&'static str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
        }
        let url: url::Url = "http://a.example/".parse().expect("a URL");
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
    async fn h18_a_host_that_asks_for_time_gets_it_up_to_an_hour() {
        for (value, least, most) in [("120", 110, 120), ("99999999999999999999999", 3590, 3600), ("soon", 0, 1)] {
            let retry = retry();
            let Inbound::Again(next) = inbound(&retry, &wish(), Ok(response(503, Some(value)))).await else {
                panic!("again")
            };
            let wait = next.due.expect("a due time").duration_since(SystemTime::now()).unwrap_or_default();
            assert!((least..=most).contains(&wait.as_secs()), "{value}: {wait:?}");
            assert_eq!(is_paused(&retry), value != "soon", "{value}");
            assert_eq!(retry.stats.count("retry/capped_wait_count"), u64::from(most == 3600));
        }
        let retry = retry();
        inbound(&retry, &wish(), Ok(response(503, Some("Wed, 01 Jan 2020 00:00:00 GMT")))).await;
        assert!(!is_paused(&retry));
        // one that is not tried again makes the others wait all the same
        inbound(&retry, &Request::post(wish().url), Ok(response(429, Some("120")))).await;
        assert!(is_paused(&retry));
    }

    #[tokio::test]
    async fn h18_too_many_requests_make_the_host_wait_without_a_word() {
        let retry = retry_by(Settings { backoff: Duration::from_secs(60), ..Settings::default() });
        let Inbound::Again(next) = inbound(&retry, &wish(), Ok(response(429, None))).await else { panic!("again") };
        assert!(next.due.is_some() && is_paused(&retry));
        let retry = retry_by(Settings { backoff: Duration::from_secs(60), ..Settings::default() });
        inbound(&retry, &wish(), Ok(response(503, None))).await;
        assert!(!is_paused(&retry), "one page's trouble is not the host's");
    }

    #[tokio::test]
    async fn h18_a_used_up_rate_limit_pauses_the_host_before_it_refuses() {
        let retry = retry();
        let limited = |from_cache| {
            let mut answer = response(200, None);
            answer.headers.insert("ratelimit", HeaderValue::from_static("\"default\";r=0;t=86400"));
            Response { from_cache, ..answer }
        };
        assert!(matches!(inbound(&retry, &wish(), Ok(limited(true))).await, Inbound::Pass(Ok(_))));
        assert!(!is_paused(&retry), "that was then");
        assert!(matches!(inbound(&retry, &wish(), Ok(limited(false))).await, Inbound::Pass(Ok(_))));
        assert!(is_paused(&retry));
        assert_eq!(retry.stats.count("ratelimit/pause_count"), 1);
        assert_eq!(retry.stats.count("retry/capped_wait_count"), 1);
    }

    #[tokio::test]
    async fn a_status_may_have_a_rule_and_a_request_its_own_number() {
        let rule = Rule { times: Some(1), backoff: Some(Duration::from_secs(1000)), max_backoff: None };
        let settings = Settings { rules: BTreeMap::from([("404".to_owned(), rule)]), ..Settings::default() };
        let retry = retry_by(settings);
        let Inbound::Again(next) = inbound(&retry, &wish(), Ok(response(404, None))).await else { panic!("again") };
        assert!(matches!(inbound(&retry, &next, Ok(response(404, None))).await, Inbound::Pass(Ok(_))));
        assert!((0..50).any(|_| retry.jitter(0, retry.rules.get(&404)) > Duration::from_secs(100)));
        let mut own = next;
        own.options_mut().retries = Some(5);
        assert!(matches!(inbound(&retry, &own, Ok(response(404, None))).await, Inbound::Again(_)));
        own.options_mut().retries = Some(0);
        assert!(matches!(inbound(&retry, &own, Ok(response(500, None))).await, Inbound::Pass(Ok(_))));
        assert_eq!(retry.stats.count("retry/max_reached"), 1);
        for nonsense in ["x", "99", "5xx", ""] {
            let settings =
                Settings { rules: BTreeMap::from([(nonsense.to_owned(), Rule::default())]), ..Settings::default() };
            let error = Retry::new(settings, retry.hosts.clone(), Arc::default()).expect_err("not a status");
            assert!(error.to_string().contains("three digits"), "{error}");
        }
    }

    #[test]
    fn the_wait_grows_and_has_a_limit() {
        let retry = retry();
        assert!((0..50).all(|_| retry.jitter(0, None) <= Duration::from_secs(1)));
        assert!((0..50).all(|_| retry.jitter(40, None) <= Duration::from_secs(60)));
    }
}
