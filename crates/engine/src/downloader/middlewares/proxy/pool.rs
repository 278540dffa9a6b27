//! Proxies in turn, without those that rest.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use super::Settings;

/// Several proxies, and how they do.
pub(super) struct Pool {
    max_failures: u32,
    rest: Duration,
    state: Mutex<State>,
}

struct State {
    next: usize,
    proxies: Vec<Proxy>,
}

struct Proxy {
    url: Url,
    /// In a row.
    failures: u32,
    /// It rests until then.
    back: Option<Instant>,
}

impl Pool {
    /// A pool of at least one.
    pub(super) fn new(proxies: Vec<Url>, settings: &Settings) -> Self {
        let proxies = proxies.into_iter().map(|url| Proxy { url, failures: 0, back: None }).collect();
        let state = Mutex::new(State { next: 0, proxies });
        Self { max_failures: settings.max_failures.max(1), rest: settings.rest, state }
    }

    /// The next one that does not rest; where all do, the one that is back first.
    pub(super) fn next(&self, now: Instant) -> Url {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { next, proxies } = &mut *state;
        let in_turn = (0..proxies.len()).map(|step| (*next + step) % proxies.len());
        let rest = |index: &usize| proxies[*index].back.filter(|back| *back > now);
        // of those that are alike, the first in turn
        let index = in_turn.min_by_key(rest).unwrap_or_default();
        *next = index + 1;
        proxies[index].url.clone()
    }

    /// What came of a request by this proxy. True if it rests from now on.
    pub(super) fn learn(&self, url: &Url, has_failed: bool, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(proxy) = state.proxies.iter_mut().find(|proxy| proxy.url == *url) else { return false };
        if !has_failed {
            (proxy.failures, proxy.back) = (0, None);
            return false;
        }
        proxy.failures = proxy.failures.saturating_add(1);
        let is_resting = proxy.back.is_some_and(|back| back > now);
        if proxy.failures < self.max_failures || is_resting {
            return false;
        }
        proxy.back = Some(now + self.rest);
        true
    }
}
