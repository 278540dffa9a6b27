//! When it is this machine that lacks something: the network is gone, or there are no more sockets. Then nothing is held
//! against the hosts: requests go back as they were, and everything waits a little.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::hosts::Hosts;
use crate::message::{Failure, FailureKind, Host, Request, Response};
use crate::stats::Stats;

/// How long everything waits while the network is gone: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));
/// How long a request waits for a socket.
const FOR_A_SOCKET: Duration = Duration::from_secs(1);
/// A host that cannot be reached although others have answered in the meantime, so often, is itself the trouble.
const OTHERS: u32 = 2;
/// So many hosts that have answered before and now say nothing, one after the other, mean that nobody is heard.
const SILENT: usize = 3;
/// Hosts that are remembered.
const REMEMBERED: usize = 10_000;

/// What is known of the machine's own state.
#[derive(Debug)]
pub(super) struct Outage {
    /// How long an outage is waited for.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Answers so far.
    answers: u64,
    /// When the outage began, and how long everything waits now.
    since: Option<(Instant, Duration)>,
    /// Of each host that could not be reached: the answers of others until then, and how often there were more since.
    missed: HashMap<Host, (u64, u32)>,
    /// Hosts that have answered.
    heard: HashSet<Host>,
    /// Those of them that were silent since anybody answered.
    silent: HashSet<Host>,
    warned: Option<Instant>,
}

impl Outage {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, state: Mutex::default() }
    }

    /// The wish once more, as it was, if what came of it says nothing of its host.
    pub(super) fn look(
        &self,
        wish: &Request,
        outcome: &Result<Response, Failure>,
        hosts: &Hosts,
        stats: &Stats,
    ) -> Option<Request> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = match outcome {
            Ok(response) => {
                if !response.from_cache && matches!(response.url.scheme(), "http" | "https") {
                    state.heard(wish.host());
                }
                return None;
            }
            Err(failure) => failure,
        };
        let wait = match failure.kind {
            FailureKind::NoSockets => {
                hosts.narrow();
                stats.add("downloader/no_sockets_count", 1);
                FOR_A_SOCKET
            }
            kind if state.is_network(kind, wish) => {
                let now = Instant::now();
                let (since, pause) = state.since.unwrap_or((now, PAUSE.0));
                if now.duration_since(since) > self.patience {
                    return None;
                }
                hosts.close(now + pause);
                state.since = Some((since, (pause * 2).min(PAUSE.1)));
                stats.add("downloader/network_gone_count", 1);
                pause
            }
            _ => return None,
        };
        if state.warned.is_none_or(|warned| warned.elapsed() > PAUSE.1) {
            state.warned = Some(Instant::now());
            let (kind, detail) = (failure.kind, failure.detail.as_str());
            tracing::warn!(%kind, detail, "this machine has a problem; requests wait and are sent again");
        }
        let mut again = wish.clone();
        again.due = Some(SystemTime::now() + wait);
        Some(again)
    }
}

impl State {
    fn heard(&mut self, host: Host) {
        self.answers += 1;
        self.since = None;
        self.silent.clear();
        if self.heard.len() < REMEMBERED {
            self.heard.insert(host);
        }
    }

    /// Whether it is the network that fails, as far as one can tell.
    fn is_network(&mut self, kind: FailureKind, wish: &Request) -> bool {
        let host = wish.host();
        match kind {
            // without any answer before, it may never have been there
            FailureKind::Network => self.answers > 0 && !self.is_the_host(&host),
            FailureKind::ConnectTimeout | FailureKind::DnsTemporary => self.is_silence(host),
            // it may have arrived, and is not sent twice
            FailureKind::HeadTimeout => wish.method.is_idempotent() && self.is_silence(host),
            _ => false,
        }
    }

    /// Whether nobody is heard any more, and not this host alone. Hosts that never answered tell nothing.
    fn is_silence(&mut self, host: Host) -> bool {
        if self.heard.contains(&host) {
            self.silent.insert(host);
        }
        self.since.is_some() || self.silent.len() >= SILENT
    }

    /// Whether others have answered while this host could not be reached.
    fn is_the_host(&mut self, host: &Host) -> bool {
        if self.missed.len() >= REMEMBERED {
            self.missed.clear();
        }
        let (answers, others) = self.missed.entry(host.clone()).or_insert((self.answers, 0));
        if self.answers > *answers {
            (*answers, *others) = (self.answers, *others + 1);
        }
        *others >= OTHERS
    }
}

#[cfg(test)]
mod tests {
    use http::{Method, StatusCode};
    use url::Url;

    use super::*;
    use crate::hosts;

    struct Bench(Outage, std::sync::Arc<Hosts>, Stats);

    impl Bench {
        fn new() -> Self {
            let hosts = Hosts::new(16, hosts::Settings::default());
            Self(Outage::new(Duration::from_secs(600)), hosts, Stats::default())
        }

        /// Whether a request to this host that ended so is sent again as it was.
        fn holds(&self, method: Method, host: &str, end: Option<FailureKind>) -> bool {
            let url = Url::parse(&format!("http://{host}.example/")).expect("a URL");
            let outcome = match end {
                Some(kind) => Err(Failure::new(kind, url.clone(), "why")),
                None => Ok(Response::new(url.clone(), StatusCode::OK)),
            };
            self.0.look(&Request::new(method, url), &outcome, &self.1, &self.2).is_some()
        }

        fn silence(&self, host: &str) -> bool {
            self.holds(Method::GET, host, Some(FailureKind::ConnectTimeout))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_of_all_who_have_answered_is_an_outage_until_somebody_answers() {
        let bench = Bench::new();
        for host in ["a", "b", "c"] {
            assert!(!bench.holds(Method::GET, host, None));
        }
        assert!(!bench.silence("a") && !bench.silence("a") && !bench.silence("b"), "two hosts may be down");
        assert!(bench.silence("c") && bench.silence("a") && bench.silence("new"));
        assert!(bench.holds(Method::GET, "a", Some(FailureKind::HeadTimeout)));
        assert!(!bench.holds(Method::POST, "a", Some(FailureKind::HeadTimeout)), "it may have arrived");
        assert!(!bench.holds(Method::GET, "b", None));
        assert!(!bench.silence("c") && !bench.silence("new"));
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_never_answered_are_no_outage() {
        let bench = Bench::new();
        bench.holds(Method::GET, "a", None);
        assert!(["b", "c", "d", "e", "f"].iter().all(|host| !bench.silence(host)));
    }
}
