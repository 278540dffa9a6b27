//! Whose turn it is. Every door to a host (pages, images, retries, signing in) takes its turn here, so that
//! concurrency and delay hold for the host and not for one part of the engine.
//!
//! A [`Turn`] is held for as long as the host is busy with a request; dropping it gives the turn to whoever waits. A turn
//! that lasts for long lends its place among all to others, so that slow hosts do not hold up the quick ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

mod pace;
mod rules;
mod state;
mod turns;

pub use pace::Sign;
pub use rules::{Rate, Rule, Settings};
pub use turns::Turn;

use self::state::{Slot, State};
use self::turns::Start;
use crate::message::Host;

/// So many times the crawl's concurrency may have lent their place.
const LENT: usize = 4;

/// All hosts of a crawl and who may ask them now.
#[derive(Debug)]
pub struct Hosts {
    settings: Settings,
    total: usize,
    lend_after: Duration,
    state: Mutex<State>,
    /// Told whenever a turn ended and room was left.
    freed: Notify,
}

/// What [`Hosts::try_turn`] answers.
#[derive(Debug)]
pub enum Answer {
    /// Go.
    Granted(Turn),
    /// The host's delay or a pause lasts until then.
    NotBefore(Instant),
    /// The host has all that it may have, or others wait for it: it stands in [`Hosts::freed`] when to ask again.
    Busy,
    /// The crawl has all that it may have.
    Full,
}

/// Who asks. While a host is held for signing in, only signing in passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Pages, images, whatever the crawl wants.
    Crawl,
    /// What must be known of a host before anything else is asked: robots.txt. Not held up by signing in, which needs it.
    Robots,
    /// `open`, which makes the host usable again.
    SignIn,
}

/// How one host was really treated: for the report.
#[derive(Debug, Clone, Serialize)]
pub struct HostReport {
    /// The host, with its port where that is unusual.
    pub host: String,
    /// Requests sent.
    pub requests: u64,
    /// The highest number of requests under way at once.
    pub most_at_once: usize,
    /// The smallest time between the starts of two requests, in seconds.
    pub smallest_gap: Option<f64>,
}

impl Hosts {
    /// No host is known yet; `total` is the limit over all of them.
    #[must_use]
    pub fn new(total: usize, settings: Settings) -> Arc<Self> {
        Self::lending(total, Duration::MAX, settings)
    }

    /// The same; a turn that lasts for longer than `lend_after` does not count among the total any more.
    #[must_use]
    pub fn lending(total: usize, lend_after: Duration, settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, total: total.max(1), lend_after, state: Mutex::default(), freed: Notify::new() })
    }

    /// How hosts are to be treated.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks for a turn and does not wait. Those who wait go first.
    pub fn try_turn(self: &Arc<Self>, host: &Host, now: Instant) -> Answer {
        let mut state = self.lock();
        if let Some(slot) = state.slots.get_mut(host) {
            slot.forget_who_left();
            if !slot.waiting.is_empty() {
                return Answer::Busy;
            }
        }
        match self.start(&mut state, host, Door::Crawl, now) {
            Start::Granted(turn) => Answer::Granted(turn),
            Start::NotBefore(at) => Answer::NotBefore(at),
            Start::Busy => Answer::Busy,
            Start::Full => Answer::Full,
        }
    }

    /// Waits for a turn, in order with the others who wait for this host.
    pub async fn turn(self: &Arc<Self>, host: &Host, door: Door) -> Turn {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            let waiting = &mut self.slot(&mut state, host).waiting;
            // what the others wait for goes first
            match door {
                Door::Crawl => waiting.push_back((door, sender)),
                Door::Robots | Door::SignIn => waiting.push_front((door, sender)),
            }
            state.eager(host);
        }
        self.pump(Instant::now());
        match receiver.await {
            Ok(turn) => turn,
            Err(_) => unreachable!("a waiter's sender is used, or lives as long as the hosts"),
        }
    }

    /// No request to this host starts before `until`: a back-off that the host asked for.
    pub fn pause(&self, host: &Host, until: Instant) {
        let mut state = self.lock();
        let slot = self.slot(&mut state, host);
        slot.next = Some(slot.next.map_or(until, |next| next.max(until)));
    }

    /// The host asks for at least this time between two requests (robots.txt, `Crawl-delay`).
    pub fn slow_down(&self, host: &Host, delay: Duration) {
        let mut state = self.lock();
        let slot = self.slot(&mut state, host);
        slot.delay = slot.delay.max(delay);
        if let Some(last) = slot.last {
            let next = last + slot.delay;
            slot.next = Some(slot.next.map_or(next, |known| known.max(next)));
        }
    }

    /// Nothing starts before `until`, wherever it goes: the network is gone.
    pub fn close(&self, until: Instant) {
        let mut state = self.lock();
        state.closed = Some(state.closed.map_or(until, |known| known.max(until)));
    }

    /// One request fewer at once from now on: the machine has no sockets for so many.
    pub fn narrow(&self) {
        let mut state = self.lock();
        state.narrowed = (state.narrowed + 1).min(self.total - 1);
    }

    /// What is said for this host alone.
    #[must_use]
    pub fn rule(&self, host: &Host) -> Option<Arc<Rule>> {
        if self.settings.rules.is_empty() {
            return None;
        }
        self.slot(&mut self.lock(), host).rule.clone()
    }

    /// Holds a host for signing in, or lets the others in again.
    pub fn hold(self: &Arc<Self>, host: &Host, held: bool) {
        {
            let mut state = self.lock();
            self.slot(&mut state, host).held = held;
            if !held {
                state.free(host);
            }
        }
        if !held {
            self.pump(Instant::now());
            self.freed.notify_one();
        }
    }

    /// Waits until a turn has ended and room was left.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    /// The hosts where a turn has ended since this was last asked.
    pub fn take_freed(&self) -> Vec<Host> {
        self.lock().freed.drain().collect()
    }

    /// Until when a host rests, if it does for longer than a moment.
    #[must_use]
    pub fn rests_until(&self, host: &Host) -> Option<Instant> {
        let moment = Instant::now() + Duration::from_secs(1);
        self.lock().slots.get(host).and_then(|slot| slot.next).filter(|next| *next > moment)
    }

    /// How many requests are under way.
    #[must_use]
    pub fn running(&self) -> usize {
        let state = self.lock();
        state.running + state.lent
    }

    /// How many of them have lent their place to others.
    #[must_use]
    pub fn lent(&self) -> usize {
        self.lock().lent
    }

    /// The most that may have lent their place at once.
    #[must_use]
    pub fn most_lent(&self) -> usize {
        self.total.saturating_mul(LENT)
    }

    /// When a place will be lent, where all are taken.
    #[must_use]
    pub fn lends_at(&self) -> Option<Instant> {
        let mut state = self.lock();
        if state.running + state.narrowed < self.total || state.lent >= self.most_lent() {
            return None;
        }
        state.oldest().and_then(|(begun, _)| begun.checked_add(self.lend_after))
    }

    /// How each host was treated, the busiest first.
    #[must_use]
    pub fn report(&self) -> Vec<HostReport> {
        let state = self.lock();
        let mut hosts: Vec<_> = (state.slots.iter())
            .filter(|(_, slot)| slot.requests > 0)
            .map(|(host, slot)| HostReport {
                host: host.to_string(),
                requests: slot.requests,
                most_at_once: slot.most_at_once,
                smallest_gap: slot.smallest_gap.map(|gap| gap.as_secs_f64()),
            })
            .collect();
        hosts.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.host.cmp(&b.host)));
        hosts
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot<'a>(&self, state: &'a mut State, host: &Host) -> &'a mut Slot {
        if !state.slots.contains_key(host) {
            state.slots.insert(host.clone(), Slot::new(&self.settings, host));
        }
        match state.slots.get_mut(host) {
            Some(slot) => slot,
            None => unreachable!("inserted above"),
        }
    }
}

#[cfg(test)]
mod tests;
