//! Giving turns: to who asks, to who waits, and places that slow ones lend.

use std::net::IpAddr;
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::state::State;
use super::{Door, Hosts, Sign};
use crate::message::Host;

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

/// What came of asking for a turn.
pub(super) enum Start {
    Granted(Turn),
    NotBefore(Instant),
    Busy,
    Full,
}

impl Hosts {
    /// Takes the turn if host and crawl have room for it.
    pub(super) fn start(self: &Arc<Self>, state: &mut State, host: &Host, door: Door, now: Instant) -> Start {
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
    pub(super) fn pump(self: &Arc<Self>, now: Instant) -> bool {
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
