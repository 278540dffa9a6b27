//! Whose turn it is. Every door to a host (pages, images, retries, signing in) takes its turn here, so that
//! concurrency and delay hold for the host and not for one part of the engine.
//!
//! A [`Turn`] is held for as long as the host is busy with a request; dropping it gives the turn to whoever waits.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::message::Host;

/// `[hosts]`: how a host is treated unless something else is said for it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Requests at once to one host.
    pub concurrency: usize,
    /// Time between the starts of two requests to one host.
    #[serde(with = "humantime_serde")]
    pub delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { concurrency: 8, delay: Duration::ZERO }
    }
}

/// All hosts of a crawl and who may ask them now.
#[derive(Debug)]
pub struct Hosts {
    settings: Settings,
    total: usize,
    state: Mutex<State>,
    /// Told whenever a turn ended and room was left.
    freed: Notify,
}

/// The right to one request to one host, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    hosts: Arc<Hosts>,
    host: Host,
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

#[derive(Debug, Default)]
struct State {
    running: usize,
    slots: HashMap<Host, Slot>,
    /// Hosts with someone in their queue.
    hungry: BTreeSet<Host>,
    /// Hosts where a turn ended, or that are held no longer, since the engine last looked.
    freed: HashSet<Host>,
}

#[derive(Debug, Default)]
struct Slot {
    running: usize,
    waiting: VecDeque<(Door, oneshot::Sender<Turn>)>,
    /// Earliest start of the next request.
    next: Option<Instant>,
    /// A timer gives the turn to who waits, at this time.
    timer: Option<Instant>,
    /// Held for signing in.
    held: bool,
    last: Option<Instant>,
    requests: u64,
    most_at_once: usize,
    smallest_gap: Option<Duration>,
}

impl Hosts {
    /// No host is known yet; `total` is the limit over all of them.
    #[must_use]
    pub fn new(total: usize, settings: Settings) -> Arc<Self> {
        Arc::new(Self { settings, total: total.max(1), state: Mutex::default(), freed: Notify::new() })
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
            Start::Granted => Answer::Granted(Turn { hosts: self.clone(), host: host.clone() }),
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
            let waiting = &mut state.slots.entry(host.clone()).or_default().waiting;
            // signing in is what the others wait for
            if door == Door::SignIn {
                waiting.push_front((door, sender))
            } else {
                waiting.push_back((door, sender))
            }
            state.hungry.insert(host.clone());
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
        let slot = state.slots.entry(host.clone()).or_default();
        slot.next = Some(slot.next.map_or(until, |next| next.max(until)));
    }

    /// Holds a host for signing in, or lets the others in again.
    pub fn hold(self: &Arc<Self>, host: &Host, held: bool) {
        {
            let mut state = self.lock();
            state.slots.entry(host.clone()).or_default().held = held;
            if !held {
                state.freed.insert(host.clone());
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
        self.lock().running
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

    /// Takes the turn if host and crawl have room for it.
    fn start(&self, state: &mut State, host: &Host, door: Door, now: Instant) -> Start {
        if state.running >= self.total {
            return Start::Full;
        }
        if !state.slots.contains_key(host) {
            state.slots.insert(host.clone(), Slot::default());
        }
        let Some(slot) = state.slots.get_mut(host) else { return Start::Busy };
        if slot.running >= self.settings.concurrency.max(1) || (slot.held && door == Door::Crawl) {
            return Start::Busy;
        }
        if let Some(next) = slot.next.filter(|next| *next > now) {
            return Start::NotBefore(next);
        }
        slot.running += 1;
        slot.requests += 1;
        slot.most_at_once = slot.most_at_once.max(slot.running);
        if let Some(last) = slot.last {
            let gap = now.saturating_duration_since(last);
            slot.smallest_gap = Some(slot.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
        }
        slot.last = Some(now);
        if !self.settings.delay.is_zero() {
            slot.next = Some(now + self.settings.delay);
        }
        state.running += 1;
        Start::Granted
    }

    /// Gives turns to those who wait, as far as there is room. True if room is left.
    fn pump(self: &Arc<Self>, now: Instant) -> bool {
        loop {
            let granted = {
                let mut state = self.lock();
                let Some(granted) = self.next_waiter(&mut state, now) else {
                    return state.running < self.total;
                };
                granted
            };
            let (host, sender) = granted;
            // outside the lock: if the waiter is gone, dropping the turn comes back here
            drop(sender.send(Turn { hosts: self.clone(), host }));
        }
    }

    fn next_waiter(self: &Arc<Self>, state: &mut State, now: Instant) -> Option<(Host, oneshot::Sender<Turn>)> {
        if state.hungry.is_empty() || state.running >= self.total {
            return None;
        }
        let hosts: Vec<Host> = state.hungry.iter().cloned().collect();
        for host in hosts {
            let Some(slot) = state.slots.get_mut(&host) else { continue };
            slot.forget_who_left();
            let Some((door, _)) = slot.waiting.front() else {
                state.hungry.remove(&host);
                // the engine may have stood back for who has left
                state.freed.insert(host);
                continue;
            };
            let door = *door;
            match self.start(state, &host, door, now) {
                Start::Granted => {
                    let slot = state.slots.get_mut(&host)?;
                    let (_, sender) = slot.waiting.pop_front()?;
                    return Some((host, sender));
                }
                Start::NotBefore(at) => self.pump_at(state, &host, at),
                Start::Busy | Start::Full => {}
            }
        }
        None
    }

    /// Sees to it that who waits for a host is looked after when its delay or pause ends, whatever else happens.
    fn pump_at(self: &Arc<Self>, state: &mut State, host: &Host, at: Instant) {
        let Some(slot) = state.slots.get_mut(host) else { return };
        if slot.timer == Some(at) {
            return;
        }
        // without a runtime nobody can wait either
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            slot.timer = Some(at);
            let hosts: Weak<Self> = Arc::downgrade(self);
            runtime.spawn(async move {
                tokio::time::sleep_until(at).await;
                if let Some(hosts) = hosts.upgrade()
                    && hosts.pump(Instant::now())
                {
                    hosts.freed.notify_one();
                }
            });
        }
    }
}

impl Slot {
    /// Those who wait may give up: a task that was cancelled, a time-out.
    fn forget_who_left(&mut self) {
        while self.waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
            self.waiting.pop_front();
        }
    }
}

enum Start {
    Granted,
    NotBefore(Instant),
    Busy,
    Full,
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.hosts.lock();
            state.running = state.running.saturating_sub(1);
            if let Some(slot) = state.slots.get_mut(&self.host) {
                slot.running = slot.running.saturating_sub(1);
            }
            state.freed.insert(self.host.clone());
        }
        if self.hosts.pump(Instant::now()) {
            self.hosts.freed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> Host {
        Host::from(name)
    }

    fn settings(concurrency: usize, delay: Duration) -> Settings {
        Settings { concurrency, delay }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_is_asked_no_faster_than_its_delay() {
        let hosts = Hosts::new(16, settings(8, Duration::from_secs(2)));
        let begin = Instant::now();
        for _ in 0..3 {
            drop(hosts.turn(&host("a"), Door::Crawl).await);
        }
        assert_eq!(begin.elapsed().as_secs(), 4);
        assert_eq!(hosts.report()[0].smallest_gap, Some(2.0));
    }

    #[tokio::test]
    async fn one_host_cannot_take_more_than_its_share() {
        let hosts = Hosts::new(3, settings(2, Duration::ZERO));
        let now = Instant::now();
        let Answer::Granted(_first) = hosts.try_turn(&host("a"), now) else { panic!("room for one") };
        let Answer::Granted(_second) = hosts.try_turn(&host("a"), now) else { panic!("room for two") };
        assert!(matches!(hosts.try_turn(&host("a"), now), Answer::Busy));
        let Answer::Granted(_other) = hosts.try_turn(&host("b"), now) else { panic!("another host has room") };
        assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Full), "three is the limit over all hosts");
    }

    #[tokio::test]
    async fn who_waits_gets_the_turn_that_ends_and_a_waiter_that_left_costs_nothing() {
        let hosts = Hosts::new(1, settings(1, Duration::ZERO));
        let first = hosts.turn(&host("a"), Door::Crawl).await;
        let left = tokio::spawn({
            let hosts = hosts.clone();
            async move { hosts.turn(&host("a"), Door::Crawl).await }
        });
        tokio::task::yield_now().await;
        left.abort();
        assert!(left.await.is_err());
        let waits = tokio::spawn({
            let hosts = hosts.clone();
            async move { hosts.turn(&host("b"), Door::Crawl).await }
        });
        tokio::task::yield_now().await;
        drop(first);
        drop(waits.await.expect("the turn"));
        assert_eq!(hosts.running(), 0);
    }

    #[tokio::test]
    async fn a_held_host_lets_only_signing_in_pass() {
        let hosts = Hosts::new(4, settings(4, Duration::ZERO));
        hosts.hold(&host("a"), true);
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Busy));
        drop(hosts.turn(&host("a"), Door::SignIn).await);
        hosts.hold(&host("a"), false);
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Granted(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_host_waits_and_another_does_not() {
        let hosts = Hosts::new(4, settings(4, Duration::ZERO));
        let until = Instant::now() + Duration::from_secs(60);
        hosts.pause(&host("a"), until);
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::NotBefore(at) if at == until));
        drop(hosts.turn(&host("b"), Door::Crawl).await);
        drop(hosts.turn(&host("a"), Door::Crawl).await);
        assert!(Instant::now() >= until);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_waits_is_forgotten_between_a_long_request_and_a_delay() {
        let hosts = Hosts::new(16, settings(1, Duration::from_secs(1)));
        let long = hosts.turn(&host("a"), Door::Crawl).await;
        let waiter = |took: u64| {
            let hosts = hosts.clone();
            tokio::spawn(async move {
                let turn = hosts.turn(&host("a"), Door::Crawl).await;
                tokio::time::sleep(Duration::from_millis(took)).await;
                drop(turn);
            })
        };
        let (first, second) = (waiter(800), waiter(0));
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(long);
        first.await.expect("its turn came");
        tokio::time::timeout(Duration::from_secs(10), second).await.expect("its turn came too").expect("no panic");
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_gave_up_does_not_block_its_host() {
        let hosts = Hosts::new(16, settings(1, Duration::ZERO));
        hosts.pause(&host("a"), Instant::now() + Duration::from_secs(5));
        let gave_up = tokio::time::timeout(Duration::from_secs(1), hosts.turn(&host("a"), Door::Crawl)).await;
        assert!(gave_up.is_err());
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::NotBefore(_)));
        tokio::time::timeout(Duration::from_secs(10), hosts.freed()).await.expect("the engine is told");
        assert_eq!(hosts.take_freed(), [host("a")]);
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Granted(_)));
    }
}
