//! robots.txt (RFC 9309): fetched once for each origin, in turn with the crawl, before anything else is asked of it.
//! While it cannot be had, nothing is asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytesize::ByteSize;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use url::Url;

use crate::downloader::robots::{self, Rules};
use crate::downloader::{Admission, Fetch, Hooks, Keep, Middleware, Reason};
use crate::hosts::Hosts;
use crate::message::{Failure, FailureKind, Reach, Request};
use crate::stats::{Name, Stats};

/// What was forbidden by robots.txt, in stats.
const FORBIDDEN: Reason = Reason("robots_forbidden");
/// Origins whose rules are kept.
const ORIGINS: usize = 100_000;

/// `[middlewares.robots]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether it is kept to at all (Scrapy's `ROBOTSTXT_OBEY`).
    pub obey: bool,
    /// The product token by which rules are chosen.
    pub agent: String,
    /// The most of a file that is read; the rest is left out (RFC 9309, section 2.5).
    pub max_size: ByteSize,
    /// How long a file is believed.
    #[serde(with = "humantime_serde")]
    pub max_age: Duration,
    /// The most redirects that lead to it.
    pub redirects: u32,
    /// When a file that cannot be had is asked for again; after the last time the host's requests fail.
    #[serde(with = "times")]
    pub retry: Vec<Duration>,
    /// Whether 401 and 403 mean that nothing is forbidden, as for any other 4xx, or that everything is.
    pub allow_if_forbidden: bool,
    /// The longest time between two requests that a file may ask for.
    #[serde(with = "humantime_serde")]
    pub max_delay: Duration,
    /// Whether a longer one counts as `max_delay`; else the host's requests fail as `robots_delay`.
    pub cap_delay: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            obey: true,
            agent: "dragline".to_owned(),
            max_size: ByteSize::kib(512),
            max_age: Duration::from_secs(24 * 3600),
            redirects: 5,
            retry: vec![minutes(1), minutes(5), minutes(15)],
            allow_if_forbidden: true,
            max_delay: Duration::from_secs(30),
            cap_delay: false,
        }
    }
}

/// Keeps to robots.txt.
pub struct Robots {
    settings: Settings,
    hosts: Arc<Hosts>,
    stats: Arc<Stats>,
    origins: Mutex<HashMap<String, Origin>>,
    /// One fetch for each origin, however many wait for it.
    fetching: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

/// What is known of an origin, until a time.
#[derive(Debug, Clone)]
struct Origin {
    answer: Answer,
    until: Instant,
    /// How often the file could not be had since it last could.
    tries: usize,
    /// How far the request could reach that it was fetched for.
    reach: Reach,
}

impl Origin {
    /// Whether it holds for this request. What a page must not lead to, the operator may.
    fn holds_for(&self, request: &Request) -> bool {
        let is_refused = matches!(self.answer, Answer::Failed(FailureKind::BlockedAddress, _));
        self.until > Instant::now() && (!is_refused || self.reach == request.reach)
    }
}

#[derive(Debug, Clone)]
enum Answer {
    /// It says this.
    Rules(Arc<Rules>),
    /// There is none.
    Free,
    /// Nothing is to be asked; it is asked for again when the time comes.
    Unreachable,
    /// Nothing is to be asked, and why.
    Failed(FailureKind, String),
}

impl Robots {
    /// Keeps to the files that hosts have.
    #[must_use]
    pub fn new(settings: Settings, hosts: Arc<Hosts>, stats: Arc<Stats>) -> Self {
        Self { settings, hosts, stats, origins: Mutex::default(), fetching: Mutex::default() }
    }

    fn origins(&self) -> MutexGuard<'_, HashMap<String, Origin>> {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, request: &Request, fetch: &Fetch) -> Result<Option<Rules>, Failure> {
        let mut url = request.url.clone();
        url.set_path("/robots.txt");
        url.set_query(None);
        url.set_fragment(None);
        let mut wanted = Request::get(url);
        wanted.reach = request.reach;
        let options = wanted.options_mut();
        (options.redirects, options.offsite) = (Some(self.settings.redirects), true);
        options.via = request.options().via.clone();
        let keep = Keep { cut: true, ..Keep::page(self.settings.max_size.as_u64()) };
        self.stats.add("robotstxt/request_count", 1);
        let answer = fetch.before_all().fetch_within(wanted, &keep).await;
        let status = match &answer {
            Ok(response) => Some(response.status),
            Err(failure) => failure.status,
        };
        match status {
            Some(status) => self.stats.add_all([
                (Name::from("robotstxt/response_count"), 1),
                (Name::from(format!("robotstxt/response_status_count/{}", status.as_u16())), 1),
            ]),
            None => self.stats.add("robotstxt/exception_count", 1),
        }
        let failure = match answer {
            Ok(response) => {
                let url = response.url.clone();
                let body = response.body.into_bytes();
                let body = body.map_err(|error| Failure::new(FailureKind::Disk, url, error.to_string()))?;
                let limit = usize::try_from(self.settings.max_size.as_u64()).unwrap_or(usize::MAX);
                let agent = self.settings.agent.clone();
                let parse = move || robots::Robots::parse_within(&body, limit).rules(&agent);
                let rules = tokio::task::spawn_blocking(parse).await;
                return rules
                    .map(Some)
                    .map_err(|error| Failure::new(FailureKind::Internal, request.url.clone(), error.to_string()));
            }
            Err(failure) => failure,
        };
        match (failure.kind, failure.status) {
            // no server is to be asked, so there is none to be polite to
            (FailureKind::CacheMiss, _) => Ok(None),
            // too many redirects, or to nowhere, are as good as no file (RFC 9309, section 2.3.1.2)
            (FailureKind::TooManyRedirects | FailureKind::RedirectLoop | FailureKind::BadRedirect, _) => Ok(None),
            (FailureKind::HttpStatus, Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
                if !self.settings.allow_if_forbidden =>
            {
                let detail = "its robots.txt is forbidden, and so is all else: `middlewares.robots.allow_if_forbidden`";
                Err(Failure::new(FailureKind::RobotsUnreachable, failure.url, detail))
            }
            (FailureKind::HttpStatus, Some(status))
                if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
            {
                Ok(None)
            }
            _ => Err(failure),
        }
    }

    /// What came of it, and for how long that holds.
    fn judge(&self, request: &Request, fetched: Result<Option<Rules>, Failure>, tries: usize) -> Origin {
        let reach = request.reach;
        let lasting = |answer| Origin { answer, until: Instant::now() + self.settings.max_age, tries: 0, reach };
        let failure = match fetched {
            Ok(None) => return lasting(Answer::Free),
            Ok(Some(rules)) => return lasting(self.slowed_down(request, rules)),
            Err(failure) => failure,
        };
        let host = request.host();
        // what is not there cannot be asked for anything: that is its own failure, and not one of politeness
        let is_absent = tries == 0 && is_absent(failure.kind);
        let wait = self.settings.retry.get(tries).copied();
        let answer = match (failure.kind, wait) {
            (FailureKind::RobotsUnreachable, _) => Answer::Failed(failure.kind, failure.detail),
            _ if is_absent => Answer::Failed(failure.kind, failure.detail),
            (kind, None) => {
                let detail = format!("its robots.txt cannot be had ({kind}: {})", failure.detail);
                Answer::Failed(FailureKind::RobotsUnreachable, detail)
            }
            (kind, Some(wait)) => {
                let (detail, seconds) = (failure.detail.as_str(), wait.as_secs());
                tracing::warn!(
                    %host, %kind, detail, seconds,
                    "robots.txt cannot be had: nothing is asked of the host, and robots.txt again then"
                );
                Answer::Unreachable
            }
        };
        let until = match answer {
            Answer::Failed(..) if !is_absent => self.settings.max_age,
            _ => wait.unwrap_or(self.settings.max_age),
        };
        Origin { answer, until: Instant::now() + until, tries: if is_absent { 0 } else { tries + 1 }, reach }
    }

    /// The host gets the time between requests that it asks for.
    fn slowed_down(&self, request: &Request, rules: Rules) -> Answer {
        let rate = rules
            .request_rate()
            .filter(|rate| rate.hours.is_none())
            .map(|rate| rate.per.div_f64(rate.requests.max(1) as f64));
        let Some(delay) = rules.crawl_delay().max(rate) else { return Answer::Rules(Arc::new(rules)) };
        let (host, most) = (request.host(), self.settings.max_delay);
        if delay > most {
            let (seconds, limit) = (delay.as_secs(), most.as_secs());
            tracing::warn!(%host, seconds, limit, "robots.txt asks for more time than `middlewares.robots.max_delay`");
            self.stats.add("robotstxt/long_delay_count", 1);
            if !self.settings.cap_delay {
                let detail = format!(
                    "its robots.txt asks for {seconds} s between requests, and `middlewares.robots.max_delay` = {limit} s: \
                     raise that, or set `middlewares.robots.cap_delay`"
                );
                return Answer::Failed(FailureKind::RobotsDelay, detail);
            }
        }
        self.hosts.slow_down(&host, delay.min(most));
        Answer::Rules(Arc::new(rules))
    }
}

/// Whether the failure is that of a host which is not there, or not to be reached from here.
fn is_absent(kind: FailureKind) -> bool {
    use FailureKind as Kind;
    matches!(
        kind,
        Kind::DnsNxdomain
            | Kind::Connect
            | Kind::BlockedAddress
            | Kind::BadPort
            | Kind::BadScheme
            | Kind::BadRequest
            | Kind::UrlTooLong
            | Kind::Proxy
            | Kind::Tls
            | Kind::TlsCertExpired
            | Kind::TlsCertNotYetValid
            | Kind::TlsCertWrongHost
            | Kind::TlsCertUntrusted
            | Kind::TlsCertInvalid
    )
}

fn origin(url: &Url) -> String {
    url[..url::Position::BeforePath].to_owned()
}

impl fmt::Display for Robots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("robots")
    }
}

#[async_trait]
impl Middleware for Robots {
    fn hooks(&self) -> Hooks {
        Hooks::NONE
    }

    fn admit(&self, request: &Request) -> Admission {
        if !self.settings.obey || request.options().despite_robots || !matches!(request.url.scheme(), "http" | "https")
        {
            return Admission::Send;
        }
        let origins = self.origins();
        let known = origins.get(&request.url[..url::Position::BeforePath]);
        let Some(known) = known.filter(|known| known.holds_for(request)) else { return Admission::Wait };
        match &known.answer {
            Answer::Free => Admission::Send,
            Answer::Rules(rules) if rules.allows(&request.url) => Admission::Send,
            Answer::Rules(_) => {
                self.stats.add("robotstxt/forbidden", 1);
                Admission::Drop(FORBIDDEN)
            }
            Answer::Unreachable => Admission::Later(known.until),
            Answer::Failed(kind, detail) => Admission::Fail(*kind, detail.clone()),
        }
    }

    async fn prepare(&self, request: &Request, fetch: &Fetch) {
        let origin = origin(&request.url);
        let lock = {
            let mut fetching = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
            fetching.entry(origin.clone()).or_default().clone()
        };
        let _only_one = lock.lock().await;
        if self.origins().get(&origin).is_some_and(|known| known.holds_for(request)) {
            return;
        }
        let fetched = self.fetch(request, fetch).await;
        if fetched.as_ref().is_err_and(|failure| failure.kind == FailureKind::Stopped) {
            return;
        }
        let tries = self.origins().get(&origin).map_or(0, |known| known.tries);
        let found = self.judge(request, fetched, tries);
        let mut origins = self.origins();
        if origins.len() >= ORIGINS {
            let now = Instant::now();
            origins.retain(|_, known| known.until > now && matches!(known.answer, Answer::Unreachable));
        }
        origins.insert(origin.clone(), found);
        self.fetching.lock().unwrap_or_else(PoisonError::into_inner).remove(&origin);
    }
}

mod times {
    //! A list of times: `["1m", "5m"]`.

    use std::time::Duration;

    use humantime_serde::Serde;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(times: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        times.iter().map(|time| Serde::from(*time)).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        Ok(Vec::<Serde<Duration>>::deserialize(deserializer)?.into_iter().map(Serde::into_inner).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts;

    fn robots() -> Robots {
        Robots::new(Settings::default(), Hosts::new(16, hosts::Settings::default()), Arc::default())
    }

    fn wish(url: &str) -> Request {
        Request::get(Url::parse(url).expect("a URL"))
    }

    fn know(robots: &Robots, url: &str, fetched: Result<Option<Rules>, Failure>) {
        let tries = robots.origins().get(&origin(&wish(url).url)).map_or(0, |known| known.tries);
        let found = robots.judge(&wish(url), fetched, tries);
        robots.origins().insert(origin(&wish(url).url), found);
    }

    fn rules(text: &str) -> Result<Option<Rules>, Failure> {
        Ok(Some(robots::Robots::parse(text.as_bytes()).rules("dragline")))
    }

    fn fails(kind: FailureKind) -> Result<Option<Rules>, Failure> {
        Err(Failure::new(kind, wish("http://a.example/").url, "why"))
    }

    #[tokio::test(start_paused = true)]
    async fn b01_a_file_that_cannot_be_had_forbids_all_and_is_asked_for_again() {
        let robots = robots();
        let page = wish("http://a.example/page");
        assert_eq!(robots.admit(&page), Admission::Wait);
        for minutes in [1, 5, 15] {
            know(&robots, "http://a.example/", fails(FailureKind::HeadTimeout));
            let wait = Duration::from_secs(60 * minutes);
            assert_eq!(robots.admit(&page), Admission::Later(Instant::now() + wait));
            tokio::time::advance(wait).await;
            assert_eq!(robots.admit(&page), Admission::Wait);
        }
        know(&robots, "http://a.example/", fails(FailureKind::HeadTimeout));
        assert!(matches!(robots.admit(&page), Admission::Fail(FailureKind::RobotsUnreachable, _)));
        assert_eq!(robots.admit(&wish("http://a.example:81/")), Admission::Wait, "another port is another origin");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_is_not_there_fails_as_what_it_is() {
        let robots = robots();
        know(&robots, "http://a.example/", fails(FailureKind::DnsNxdomain));
        assert!(matches!(robots.admit(&wish("http://a.example/")), Admission::Fail(FailureKind::DnsNxdomain, _)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_page_must_not_lead_to_the_operator_may_still_name() {
        let robots = robots();
        let from_page = Request { reach: Reach::Public, ..wish("http://inner.example/") };
        let refused = robots.judge(&from_page, fails(FailureKind::BlockedAddress), 0);
        robots.origins().insert(origin(&from_page.url), refused);
        assert!(matches!(robots.admit(&from_page), Admission::Fail(FailureKind::BlockedAddress, _)));
        assert_eq!(robots.admit(&wish("http://inner.example/")), Admission::Wait);
    }

    #[tokio::test(start_paused = true)]
    async fn b05_a_delay_is_kept_up_to_its_limit() {
        let robots = robots();
        know(&robots, "http://a.example/", rules("User-agent: *\nDisallow: /private\nCrawl-delay: 2"));
        assert_eq!(robots.admit(&wish("http://a.example/a")), Admission::Send);
        assert_eq!(robots.admit(&wish("http://a.example/private/b")), Admission::Drop(FORBIDDEN));
        let host = wish("http://a.example/").host();
        drop(robots.hosts.turn(&host, crate::hosts::Door::Crawl).await);
        let next = robots.hosts.try_turn(&host, Instant::now());
        assert!(
            matches!(next, hosts::Answer::NotBefore(at) if at == Instant::now() + Duration::from_secs(2)),
            "{next:?}"
        );
        for delay in ["86400", "1e99"] {
            know(&robots, "http://b.example/", rules(&format!("User-agent: *\nCrawl-delay: {delay}")));
            let page = robots.admit(&wish("http://b.example/"));
            assert!(matches!(page, Admission::Fail(FailureKind::RobotsDelay, _)), "{delay}: {page:?}");
        }
        for delay in ["0", "-1", "soon"] {
            know(&robots, "http://c.example/", rules(&format!("User-agent: *\nCrawl-delay: {delay}")));
            assert_eq!(robots.admit(&wish("http://c.example/")), Admission::Send, "{delay}");
        }
    }

    #[tokio::test]
    async fn what_is_to_be_asked_despite_robots_is() {
        let robots = robots();
        let mut page = wish("http://a.example/");
        page.options_mut().despite_robots = true;
        assert_eq!(robots.admit(&page), Admission::Send);
    }
}
