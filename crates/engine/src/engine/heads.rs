//! The hosts that this run holds, and the first requests of each: all of the frontier that is in memory here.

use std::collections::{HashMap, VecDeque};

use crate::frontier::{Lease, LeaseId, Leased};
use crate::message::Host;

/// Leased hosts with the heads of their queues.
#[derive(Debug, Default)]
pub(super) struct Heads {
    by_host: HashMap<Host, Head>,
    /// The order in which hosts are looked at; each look begins one further on, so that none is favoured.
    order: VecDeque<Host>,
    waiting: usize,
}

#[derive(Debug)]
struct Head {
    lease: LeaseId,
    requests: VecDeque<Leased>,
    /// Requests that were taken and are not settled.
    out: usize,
}

impl Heads {
    /// Takes new leases in, and requests for those that are held.
    pub(super) fn take_in(&mut self, lease: Lease) {
        self.waiting += lease.requests.len();
        match self.by_host.get_mut(&lease.host) {
            Some(head) => head.requests.extend(lease.requests),
            None => {
                self.order.push_back(lease.host.clone());
                self.by_host.insert(lease.host, Head { lease: lease.id, requests: lease.requests, out: 0 });
            }
        }
    }

    /// The next request of a host, and the lease that it is under.
    pub(super) fn pop(&mut self, host: &Host) -> Option<(LeaseId, Leased)> {
        let head = self.by_host.get_mut(host)?;
        let leased = head.requests.pop_front()?;
        head.out += 1;
        self.waiting -= 1;
        Some((head.lease, leased))
    }

    /// A request of this host is settled.
    pub(super) fn settled(&mut self, host: &Host) {
        if let Some(head) = self.by_host.get_mut(host) {
            head.out = head.out.saturating_sub(1);
        }
    }

    /// The hosts with waiting requests, each look from another beginning.
    pub(super) fn hosts(&mut self) -> Vec<Host> {
        if let Some(first) = self.order.pop_front() {
            self.order.push_back(first);
        }
        let waits = |host: &&Host| self.by_host.get(*host).is_some_and(|head| !head.requests.is_empty());
        self.order.iter().filter(waits).cloned().collect()
    }

    /// The leases that have run out of requests.
    pub(super) fn empty(&self) -> Vec<LeaseId> {
        self.by_host.values().filter(|head| head.requests.is_empty()).map(|head| head.lease).collect()
    }

    /// Forgets the leases that have nothing waiting and nothing under way, and gives them back.
    pub(super) fn take_idle(&mut self) -> Vec<LeaseId> {
        let mut idle = Vec::new();
        self.by_host.retain(|_, head| {
            let is_idle = head.requests.is_empty() && head.out == 0;
            if is_idle {
                idle.push(head.lease);
            }
            !is_idle
        });
        if !idle.is_empty() {
            self.order.retain(|host| self.by_host.contains_key(host));
        }
        idle
    }

    /// All leases, given back.
    pub(super) fn take_all(&mut self) -> Vec<LeaseId> {
        self.order.clear();
        self.waiting = 0;
        self.by_host.drain().map(|(_, head)| head.lease).collect()
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Hosts that are held.
    pub(super) fn len(&self) -> usize {
        self.by_host.len()
    }
}
