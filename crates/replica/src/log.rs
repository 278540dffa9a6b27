//! What a site was asked: the other side of the story that a crawl's own report tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    /// The status of the answer.
    pub status: StatusCode,
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
    at_once: usize,
    most_at_once: usize,
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

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    pub(crate) fn connected(&self) {
        self.counts().connections += 1;
    }

    /// A request begins; it ends when the turn is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Turn {
        let mut counts = self.counts();
        counts.at_once += 1;
        counts.most_at_once = counts.most_at_once.max(counts.at_once);
        drop(counts);
        Turn(self.clone())
    }

    pub(crate) fn answered(&self, request: &http::request::Parts, status: StatusCode) {
        let mut counts = self.counts();
        counts.served += 1;
        match counts.by_method.get_mut(request.method.as_str()) {
            Some(count) => *count += 1,
            None => drop(counts.by_method.insert(request.method.to_string(), 1)),
        }
        *counts.by_status.entry(status.as_u16()).or_default() += 1;
        if self.keeps_entries {
            counts.entries.push(Entry {
                method: request.method.clone(),
                host: host(request),
                path: request.uri.path_and_query().map_or_else(String::new, ToString::to_string),
                status,
            });
        }
    }

    /// A poisoned lock still holds right counts: no method here can panic between two changes that belong together.
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way.
pub(crate) struct Turn(Arc<Log>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.counts().at_once -= 1;
    }
}

/// HTTP/2 names the host in the request's URI, HTTP/1.1 in a header.
fn host(request: &http::request::Parts) -> String {
    match request.uri.authority() {
        Some(authority) => authority.to_string(),
        None => request
            .headers
            .get(http::header::HOST)
            .map_or_else(String::new, |host| String::from_utf8_lossy(host.as_bytes()).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_at_once_outlives_the_turns() {
        let log = Log::counting();
        let first = log.begin();
        drop(log.begin());
        drop(first);
        drop(log.begin());
        assert_eq!(log.most_at_once(), 2);
    }

    #[test]
    fn an_entry_tells_host_and_path_as_they_came() {
        let log = Log::keeping();
        let request =
            http::Request::get("//Frame/AllPictures?p=2").header("Host", "www.example:8443").body(()).expect("valid");
        log.answered(&request.into_parts().0, StatusCode::FOUND);
        let [entry] = &log.requests()[..] else { panic!("one request, one entry") };
        assert_eq!((entry.host.as_str(), entry.path.as_str()), ("www.example:8443", "//Frame/AllPictures?p=2"));
        assert_eq!((log.served_method("GET"), log.served_status(302), log.served_status(200)), (1, 1, 0));
    }
}
