//! What a site was asked: the other side of the story that a crawl's own report tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::header::{HeaderMap, HeaderName, REFERER, USER_AGENT};
use http::{Method, StatusCode};

/// One request, and the status it was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The request's method.
    pub method: Method,
    /// The host as the client named it, with the port if it gave one; empty if it named none.
    pub host: String,
    /// Path and query as they came.
    pub path: String,
    /// The status of the answer; 444 for the faults that are no HTTP at all.
    pub status: StatusCode,
    /// The request's place in the order in which the heads of all requests were read, from 0.
    pub order: usize,
    /// The page that the client came from, as it said. None also for the faults.
    pub referer: Option<String>,
    /// What the client calls itself. None also for the faults.
    pub user_agent: Option<String>,
    /// When its answer was about to be sent.
    pub at: SystemTime,
}

/// How one host was treated: what politeness is measured by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostLog {
    /// How many requests have begun.
    pub requests: usize,
    /// The highest number of requests that were under way at once.
    pub most_at_once: usize,
    /// The shortest time between the starts of two requests, by the monotonic clock when the head had been read. None
    /// before the second request.
    pub smallest_gap: Option<Duration>,
}

/// What a site was asked and how it answered. Safe to read from any thread while the site runs.
#[derive(Debug)]
pub struct Log {
    keeps_entries: bool,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    entries: Vec<Entry>,
    by_method: BTreeMap<String, usize>,
    by_status: BTreeMap<u16, usize>,
    served: usize,
    connections: usize,
    begun: usize,
    at_once: usize,
    most_at_once: usize,
    hosts: Vec<Host>,
    /// Where a host stands in `hosts`, so that a turn need not carry its name.
    places: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Host {
    log: HostLog,
    at_once: usize,
    last: Option<Instant>,
}

impl Log {
    /// A log that keeps an [`Entry`] of each request.
    pub(crate) fn keeping() -> Arc<Self> {
        Arc::new(Self { keeps_entries: true, counts: Mutex::default() })
    }

    /// A log that only counts, for a site that is asked very often.
    pub(crate) fn counting() -> Arc<Self> {
        Arc::new(Self { keeps_entries: false, counts: Mutex::default() })
    }

    /// All requests in the order of their answers. Empty for the site [`graph`](crate::graph), which only counts.
    pub fn requests(&self) -> Vec<Entry> {
        self.counts().entries.clone()
    }

    /// How many requests were answered, whatever the status.
    pub fn served(&self) -> usize {
        self.counts().served
    }

    /// How many requests were answered with this status.
    pub fn served_status(&self, status: u16) -> usize {
        self.counts().by_status.get(&status).copied().unwrap_or(0)
    }

    /// How many requests came with this method (`GET`, in capitals) and were answered.
    pub fn served_method(&self, method: &str) -> usize {
        self.counts().by_method.get(method).copied().unwrap_or(0)
    }

    /// The highest number of requests that were under way at once, from the head of the request to the last byte handed
    /// to the connection.
    pub fn most_at_once(&self) -> usize {
        self.counts().most_at_once
    }

    /// How many requests are under way now.
    pub fn under_way(&self) -> usize {
        self.counts().at_once
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// How each host was treated, by its name as the clients gave it, with the port if they gave one.
    pub fn hosts(&self) -> BTreeMap<String, HostLog> {
        let counts = self.counts();
        counts.places.iter().map(|(name, place)| (name.clone(), counts.hosts[*place].log)).collect()
    }

    pub(crate) fn connected(&self) {
        self.counts().connections += 1;
    }

    /// A request to `host` begins, now that its head has been read; it ends when the turn is dropped.
    pub(crate) fn begin(self: &Arc<Self>, host: &str) -> Turn {
        let mut counts = self.counts();
        // read under the lock, so that the order of the starts is the order of the clock
        let (now, order) = (Instant::now(), counts.begun);
        counts.begun += 1;
        counts.at_once += 1;
        counts.most_at_once = counts.most_at_once.max(counts.at_once);
        let place = counts.places.get(host).copied().unwrap_or_else(|| counts.add(host));
        counts.hosts[place].begin(now);
        drop(counts);
        Turn { log: self.clone(), place, order, referer: None, user_agent: None }
    }

    /// The request of a turn has got its answer, or the part of it that it is to get.
    pub(crate) fn answered(&self, turn: &Turn, method: &Method, host: &str, path: &str, status: StatusCode) {
        let mut counts = self.counts();
        counts.served += 1;
        match counts.by_method.get_mut(method.as_str()) {
            Some(count) => *count += 1,
            None => drop(counts.by_method.insert(method.to_string(), 1)),
        }
        *counts.by_status.entry(status.as_u16()).or_default() += 1;
        if self.keeps_entries {
            let (method, host, path) = (method.clone(), host.to_owned(), path.to_owned());
            let (referer, user_agent) = (turn.referer.clone(), turn.user_agent.clone());
            let at = SystemTime::now();
            counts.entries.push(Entry { method, host, path, status, order: turn.order, referer, user_agent, at });
        }
    }

    /// A poisoned lock still holds right counts: no method here can panic between two changes that belong together.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn add(&mut self, host: &str) -> usize {
        self.hosts.push(Host::default());
        self.places.insert(host.to_owned(), self.hosts.len() - 1);
        self.hosts.len() - 1
    }
}

impl Host {
    fn begin(&mut self, now: Instant) {
        self.at_once += 1;
        self.log.requests += 1;
        self.log.most_at_once = self.log.most_at_once.max(self.at_once);
        if let Some(last) = self.last.replace(now) {
            let gap = now.duration_since(last);
            self.log.smallest_gap = Some(self.log.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
        }
    }
}

/// A request under way.
pub(crate) struct Turn {
    log: Arc<Log>,
    place: usize,
    order: usize,
    referer: Option<String>,
    user_agent: Option<String>,
}

impl Turn {
    /// The same, with what the client says of itself.
    pub(crate) fn by(mut self, headers: &HeaderMap) -> Self {
        if self.log.keeps_entries {
            let said = |name: HeaderName| Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned());
            (self.referer, self.user_agent) = (said(REFERER), said(USER_AGENT));
        }
        self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.log.counts();
        counts.at_once -= 1;
        counts.hosts[self.place].at_once -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_at_once_outlives_the_turns() {
        let log = Log::counting();
        let first = log.begin("a");
        drop(log.begin("a"));
        drop(first);
        drop(log.begin("b"));
        assert_eq!(log.most_at_once(), 2);
    }

    #[test]
    fn each_host_has_its_own_account() {
        let log = Log::counting();
        let first = log.begin("a");
        let _other = log.begin("b");
        assert_eq!(log.hosts()["a"], HostLog { requests: 1, most_at_once: 1, smallest_gap: None });
        drop(first);
        let _second = log.begin("a");
        let account = log.hosts()["a"];
        assert_eq!((account.requests, account.most_at_once, account.smallest_gap.is_some()), (2, 1, true));
        let _third = log.begin("a");
        assert!(log.hosts()["a"].smallest_gap <= account.smallest_gap);
        assert_eq!((log.hosts()["a"].most_at_once, log.hosts()["b"].requests), (2, 1));
    }

    #[test]
    fn an_entry_tells_what_came_and_in_which_order_it_came() {
        let log = Log::keeping();
        let headers = HeaderMap::from_iter([(REFERER, http::HeaderValue::from_static("https://example/"))]);
        let (early, late) = (log.begin("www.example:8443").by(&headers), log.begin("www.example:8443"));
        let path = "//Frame/AllPictures?p=2";
        log.answered(&late, &Method::GET, "www.example:8443", path, StatusCode::FOUND);
        log.answered(&early, &Method::GET, "www.example:8443", path, StatusCode::FOUND);
        let [entry, last] = &log.requests()[..] else { panic!("two requests, two entries") };
        assert_eq!((entry.host.as_str(), entry.path.as_str()), ("www.example:8443", path));
        assert_eq!((entry.order, last.order), (1, 0));
        assert_eq!((last.referer.as_deref(), entry.referer.as_deref()), (Some("https://example/"), None));
        assert_eq!((log.served_method("GET"), log.served_status(302), log.served_status(200)), (2, 2, 0));
    }
}
