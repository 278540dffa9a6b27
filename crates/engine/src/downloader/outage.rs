//! When it is this machine that lacks something: the network is gone, or there are no more sockets. Then nothing is held
//! against the hosts: requests go back as they were, and everything waits a little.

use std::collections::HashMap;
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
            Ok(_) => {
                state.answers += 1;
                state.since = None;
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
            // without any answer before, it may never have been there
            FailureKind::Network if state.answers > 0 && !state.is_the_host(&wish.host()) => {
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
