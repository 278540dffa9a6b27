//! What is known of the hosts of a crawl: who runs, who waits, and how each is treated.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rand::Rng;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::pace::Pace;
use super::{Door, Rule, Settings, Turn};
use crate::message::Host;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Turns that take a place among all.
    pub(super) running: usize,
    /// Turns that have lent theirs.
    pub(super) lent: usize,
    pub(super) slots: HashMap<Host, Slot>,
    /// Turns at once by address.
    pub(super) addresses: HashMap<IpAddr, Group>,
    /// Hosts with someone in their queue who may get a turn now.
    pub(super) eager: VecDeque<Host>,
    /// Hosts where a turn ended, or that are held no longer, since the engine last looked.
    pub(super) freed: HashSet<Host>,
    /// Turns in the order in which they began, those that are over included; and those that are not and take a place.
    pub(super) turns: VecDeque<(Instant, u64)>,
    pub(super) placed: HashSet<u64>,
    pub(super) next_number: u64,
    /// A timer looks for places to lend, at this time.
    pub(super) lender: Option<Instant>,
    /// Nothing starts before.
    pub(super) closed: Option<Instant>,
    /// So many places fewer than were meant.
    pub(super) narrowed: usize,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) running: usize,
    /// Hosts that could go but for their address.
    pub(super) waiting: Vec<Host>,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) running: usize,
    pub(super) waiting: VecDeque<(Door, oneshot::Sender<Turn>)>,
    pub(super) is_eager: bool,
    /// What is said for it alone.
    pub(super) rule: Option<Arc<Rule>>,
    pub(super) pace: Pace,
    pub(super) concurrency: usize,
    pub(super) adaptive: bool,
    pub(super) delay: Duration,
    pub(super) jitter: f64,
    pub(super) address: Option<IpAddr>,
    /// Earliest start of the next request.
    pub(super) next: Option<Instant>,
    /// A timer gives the turn to who waits, at this time.
    pub(super) timer: Option<Instant>,
    /// Held for signing in.
    pub(super) held: bool,
    pub(super) last: Option<Instant>,
    pub(super) requests: u64,
    pub(super) most_at_once: usize,
    pub(super) smallest_gap: Option<Duration>,
}

impl State {
    /// Somebody waits for this host and may get a turn now.
    pub(super) fn eager(&mut self, host: &Host) {
        if let Some(slot) = self.slots.get_mut(host).filter(|slot| !slot.is_eager && !slot.waiting.is_empty()) {
            slot.is_eager = true;
            self.eager.push_back(host.clone());
        }
    }

    /// The host may be asked again.
    pub(super) fn free(&mut self, host: &Host) {
        self.freed.insert(host.clone());
        self.eager(host);
    }

    /// The turn that has lasted longest and takes a place.
    pub(super) fn oldest(&mut self) -> Option<(Instant, u64)> {
        while let Some((_, number)) = self.turns.front()
            && !self.placed.contains(number)
        {
            self.turns.pop_front();
        }
        self.turns.front().copied()
    }
}

impl Slot {
    pub(super) fn new(settings: &Settings, host: &Host) -> Self {
        let own = settings.rule(host).map(Arc::new);
        let rule = own.as_deref().cloned().unwrap_or_default();
        let concurrency = rule.concurrency.unwrap_or(settings.concurrency).max(1);
        let delay = rule.delay.unwrap_or(settings.delay);
        Self {
            running: 0,
            waiting: VecDeque::new(),
            is_eager: false,
            rule: own,
            pace: Pace::new(settings.begin_with, concurrency),
            concurrency,
            adaptive: rule.adaptive.unwrap_or(settings.adaptive),
            delay: rule.rate.map_or(delay, |rate| rate.0.max(delay)),
            jitter: rule.jitter.unwrap_or(settings.jitter).clamp(0.0, 1.0),
            address: None,
            next: None,
            timer: None,
            held: false,
            last: None,
            requests: 0,
            most_at_once: 0,
            smallest_gap: None,
        }
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.running += 1;
        self.requests += 1;
        self.most_at_once = self.most_at_once.max(self.running);
        if let Some(last) = self.last {
            let gap = now.saturating_duration_since(last);
            self.smallest_gap = Some(self.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
        }
        self.last = Some(now);
        if !self.delay.is_zero() {
            let part = match self.jitter > 0.0 {
                true => rand::rng().random_range(1.0 - self.jitter..=1.0 + self.jitter),
                false => 1.0,
            };
            self.next = Some(now + self.delay.mul_f64(part));
        }
    }

    /// Those who wait may give up: a task that was cancelled, a time-out.
    pub(super) fn forget_who_left(&mut self) {
        while self.waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
            self.waiting.pop_front();
        }
    }
}
