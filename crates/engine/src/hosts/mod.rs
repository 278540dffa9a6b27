//! Whose turn it is. Every door to a host (pages, images, retries, signing in) takes its turn here, so that
//! concurrency and delay hold for the host and not for one part of the engine.
//!
//! A [`Turn`] is held for as long as the host is busy with a request; dropping it gives the turn to whoever waits. A turn
//! that lasts for long lends its place among all to others, so that slow hosts do not hold up the quick ones.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rand::Rng;
use serde::Serialize;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

mod pace;
mod rules;

pub use pace::Sign;
pub use rules::{Rate, Rule, Settings};

use self::pace::Pace;
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

/// The right to one request to one host, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    hosts: Arc<Hosts>,
    host: Host,
    number: u64,
    begun: Instant,
    /// The address whose turns it counts among.
    address: Option<IpAddr>,
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

#[derive(Debug, Default)]
struct State {
    /// Turns that take a place among all.
    running: usize,
    /// Turns that have lent theirs.
    lent: usize,
    slots: HashMap<Host, Slot>,
    /// Turns at once by address.
    addresses: HashMap<IpAddr, Group>,
    /// Hosts with someone in their queue who may get a turn now.
    eager: VecDeque<Host>,
    /// Hosts where a turn ended, or that are held no longer, since the engine last looked.
    freed: HashSet<Host>,
    /// Turns in the order in which they began, those that are over included; and those that are not and take a place.
    turns: VecDeque<(Instant, u64)>,
    placed: HashSet<u64>,
    next_number: u64,
    /// A timer looks for places to lend, at this time.
    lender: Option<Instant>,
    /// Nothing starts before.
    closed: Option<Instant>,
    /// So many places fewer than were meant.
    narrowed: usize,
}

#[derive(Debug, Default)]
struct Group {
    running: usize,
    /// Hosts that could go but for their address.
    waiting: Vec<Host>,
}

#[derive(Debug)]
struct Slot {
    running: usize,
    waiting: VecDeque<(Door, oneshot::Sender<Turn>)>,
    is_eager: bool,
    /// What is said for it alone.
    rule: Option<Arc<Rule>>,
    pace: Pace,
    concurrency: usize,
    adaptive: bool,
    delay: Duration,
    jitter: f64,
    address: Option<IpAddr>,
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

    /// Takes the turn if host and crawl have room for it.
    fn start(self: &Arc<Self>, state: &mut State, host: &Host, door: Door, now: Instant) -> Start {
        if state.running + state.narrowed >= self.total && !self.lend(state, now) {
            return Start::Full;
        }
        if let Some(closed) = state.closed.filter(|closed| *closed > now) {
            return Start::NotBefore(closed);
        }
        let slot = self.slot(state, host);
        // who may have more at once has it, however few names its address has
        let most = match self.settings.per_address {
            0 => usize::MAX,
            most => most.max(slot.concurrency),
        };
        let width = if slot.adaptive { slot.pace.width() } else { slot.concurrency };
        if slot.running >= width || (slot.held && door == Door::Crawl) {
            return Start::Busy;
        }
        if let Some(next) = slot.next.filter(|next| *next > now) {
            return Start::NotBefore(next);
        }
        let address = slot.address.filter(|_| most < usize::MAX);
        if let Some(address) = address {
            let group = state.addresses.entry(address).or_default();
            if group.running >= most {
                group.waiting.push(host.clone());
                return Start::Busy;
            }
            group.running += 1;
        }
        self.slot(state, host).begin(now);
        let number = state.next_number;
        state.next_number += 1;
        state.running += 1;
        state.placed.insert(number);
        state.turns.push_back((now, number));
        if state.turns.len() > 2 * (state.placed.len() + self.total) {
            let placed = &state.placed;
            state.turns.retain(|(_, number)| placed.contains(number));
        }
        Start::Granted(Turn { hosts: self.clone(), host: host.clone(), number, begun: now, address })
    }

    /// Lets the oldest turn lend its place, if it has lasted for long enough.
    fn lend(&self, state: &mut State, now: Instant) -> bool {
        if state.lent >= self.most_lent() {
            return false;
        }
        let Some((begun, number)) = state.oldest() else { return false };
        if now.saturating_duration_since(begun) < self.lend_after {
            return false;
        }
        state.placed.remove(&number);
        state.running -= 1;
        state.lent += 1;
        true
    }

    /// Gives turns to those who wait, as far as there is room. True if room is left.
    fn pump(self: &Arc<Self>, now: Instant) -> bool {
        loop {
            let granted = {
                let mut state = self.lock();
                let Some(granted) = self.next_waiter(&mut state, now) else {
                    return state.running + state.narrowed < self.total;
                };
                granted
            };
            let (turn, sender) = granted;
            // outside the lock: if the waiter is gone, dropping the turn comes back here
            drop(sender.send(turn));
        }
    }

    fn next_waiter(self: &Arc<Self>, state: &mut State, now: Instant) -> Option<(Turn, oneshot::Sender<Turn>)> {
        while let Some(host) = state.eager.pop_front() {
            let Some(slot) = state.slots.get_mut(&host) else { continue };
            slot.is_eager = false;
            slot.forget_who_left();
            let Some((door, _)) = slot.waiting.front() else {
                // the engine may have stood back for who has left
                state.freed.insert(host);
                continue;
            };
            let door = *door;
            match self.start(state, &host, door, now) {
                Start::Granted(turn) => {
                    let (_, sender) = state.slots.get_mut(&host)?.waiting.pop_front()?;
                    state.eager(&host);
                    return Some((turn, sender));
                }
                Start::NotBefore(at) => self.pump_at(state, &host, at),
                // it is eager again when one of its turns ends
                Start::Busy => {}
                Start::Full => {
                    if let Some(slot) = state.slots.get_mut(&host) {
                        slot.is_eager = true;
                    }
                    state.eager.push_front(host);
                    self.lend_later(state);
                    return None;
                }
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
        slot.timer = Some(at);
        let host = host.clone();
        self.later(at, move |state| state.free(&host));
    }

    /// Sees to it that who waits for a place is looked after when one can be lent.
    fn lend_later(self: &Arc<Self>, state: &mut State) {
        let Some(at) = state.oldest().and_then(|(begun, _)| begun.checked_add(self.lend_after)) else { return };
        if state.lender.is_some_and(|known| known <= at && known > Instant::now()) || state.lent >= self.most_lent() {
            return;
        }
        state.lender = Some(at);
        self.later(at, |state| state.lender = None);
    }

    /// Changes something at a time, and gives turns then. Without a runtime nobody can wait either.
    fn later(self: &Arc<Self>, at: Instant, change: impl FnOnce(&mut State) + Send + 'static) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let hosts: Weak<Self> = Arc::downgrade(self);
        runtime.spawn(async move {
            tokio::time::sleep_until(at).await;
            if let Some(hosts) = hosts.upgrade() {
                change(&mut hosts.lock());
                if hosts.pump(Instant::now()) {
                    hosts.freed.notify_one();
                }
            }
        });
    }
}

impl State {
    /// Somebody waits for this host and may get a turn now.
    fn eager(&mut self, host: &Host) {
        if let Some(slot) = self.slots.get_mut(host).filter(|slot| !slot.is_eager && !slot.waiting.is_empty()) {
            slot.is_eager = true;
            self.eager.push_back(host.clone());
        }
    }

    /// The host may be asked again.
    fn free(&mut self, host: &Host) {
        self.freed.insert(host.clone());
        self.eager(host);
    }

    /// The turn that has lasted longest and takes a place.
    fn oldest(&mut self) -> Option<(Instant, u64)> {
        while let Some((_, number)) = self.turns.front()
            && !self.placed.contains(number)
        {
            self.turns.pop_front();
        }
        self.turns.front().copied()
    }
}

impl Slot {
    fn new(settings: &Settings, host: &Host) -> Self {
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

    fn begin(&mut self, now: Instant) {
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
    fn forget_who_left(&mut self) {
        while self.waiting.front().is_some_and(|(_, sender)| sender.is_closed()) {
            self.waiting.pop_front();
        }
    }
}

enum Start {
    Granted(Turn),
    NotBefore(Instant),
    Busy,
    Full,
}

impl Turn {
    /// What the request told of its host.
    pub fn learned(&self, sign: Sign) {
        let mut state = self.hosts.lock();
        if let Some(slot) = state.slots.get_mut(&self.host) {
            slot.pace.learn(self.begun, Instant::now(), sign);
        }
    }

    /// The address that the host answers from.
    pub fn reached(&self, address: IpAddr) {
        let mut state = self.hosts.lock();
        if let Some(slot) = state.slots.get_mut(&self.host) {
            slot.address = Some(address);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut guard = self.hosts.lock();
            let state = &mut *guard;
            match state.placed.remove(&self.number) {
                true => state.running -= 1,
                false => state.lent -= 1,
            }
            if let Some(slot) = state.slots.get_mut(&self.host) {
                slot.running = slot.running.saturating_sub(1);
            }
            state.free(&self.host);
            if let Some(address) = self.address
                && let Some(group) = state.addresses.get_mut(&address)
            {
                group.running = group.running.saturating_sub(1);
                let waiting = std::mem::take(&mut group.waiting);
                if group.running == 0 {
                    state.addresses.remove(&address);
                }
                for host in waiting {
                    state.free(&host);
                }
            }
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
        Settings { concurrency, delay, begin_with: concurrency, ..Settings::default() }
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

    #[tokio::test(start_paused = true)]
    async fn h11_a_turn_that_lasts_lends_its_place_and_takes_none_back() {
        let hosts = Hosts::lending(1, Duration::from_secs(2), settings(1, Duration::ZERO));
        let slow = hosts.turn(&host("slow"), Door::Crawl).await;
        assert!(matches!(hosts.try_turn(&host("a"), Instant::now()), Answer::Full));
        let begin = Instant::now();
        let quick = hosts.turn(&host("a"), Door::Crawl).await;
        assert_eq!((begin.elapsed().as_secs(), hosts.running(), hosts.lent()), (2, 2, 1));
        drop((slow, quick));
        assert_eq!((hosts.running(), hosts.lent()), (0, 0));
    }

    #[tokio::test]
    async fn b08_many_names_of_one_address_share_its_turns() {
        let hosts = Hosts::new(16, Settings { per_address: 2, ..settings(2, Duration::ZERO) });
        let address = "192.0.2.1".parse().expect("an address");
        for name in ["a", "b", "c"] {
            hosts.turn(&host(name), Door::Crawl).await.reached(address);
        }
        let now = Instant::now();
        let Answer::Granted(first) = hosts.try_turn(&host("a"), now) else { panic!("room for one") };
        let Answer::Granted(_second) = hosts.try_turn(&host("b"), now) else { panic!("room for two") };
        hosts.take_freed();
        assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Busy));
        drop(first);
        assert!(hosts.take_freed().contains(&host("c")), "it is told when there is room");
        assert!(matches!(hosts.try_turn(&host("c"), now), Answer::Granted(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn b05_a_host_that_asks_for_a_delay_gets_it_at_once() {
        let hosts = Hosts::new(16, settings(1, Duration::ZERO));
        drop(hosts.turn(&host("a"), Door::Robots).await);
        hosts.slow_down(&host("a"), Duration::from_secs(3));
        let begin = Instant::now();
        drop(hosts.turn(&host("a"), Door::Crawl).await);
        assert_eq!(begin.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn ten_thousand_hosts_wait_without_a_look_at_each() {
        let hosts = Hosts::new(16, settings(1, Duration::ZERO));
        let names: Vec<Host> = (0..10_000).map(|number| host(&format!("h{number}"))).collect();
        let waiting = names.iter().map(|name| {
            let hosts = &hosts;
            async move { drop(hosts.turn(name, Door::Robots).await) }
        });
        futures_util::future::join_all(waiting).await;
        assert_eq!(hosts.report().len(), 10_000);
    }
}
