//! The frontier in memory: for crawls that need not survive. Queued requests are held in their written form.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{
    Admitted, Export, FeedId, Fingerprinter, Frontier, FrontierError, Lease, LeaseId, Leased, Order, Outcome, Pace,
    Position, Progress, Renewal, RequestId, Seen, Seq, Settled, Settlement, Want, queued,
};
use crate::message::{Host, Record, Request};

/// A frontier that lives and dies with the process.
#[derive(Debug)]
pub struct Memory {
    order: Order,
    seen: Seen,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    hosts: HashMap<Host, Queue>,
    /// Hosts with queued requests and no lease, in the order in which they became so.
    ready: VecDeque<Host>,
    leases: HashMap<LeaseId, Held>,
    /// Requests and hosts that wait for a time, the earliest first.
    delayed: BinaryHeap<Reverse<Delayed>>,
    outbox: VecDeque<(Seq, Record)>,
    /// How far each feed is.
    exported: BTreeMap<FeedId, (Seq, Position)>,
    last_seq: u64,
    last_id: u64,
    scheduled: u64,
    done: u64,
    failed: u64,
    skipped: u64,
}

#[derive(Debug, Default)]
struct Queue {
    heap: BinaryHeap<Waiting>,
    lease: Option<LeaseId>,
    not_before: Option<SystemTime>,
}

/// A queued request. The heap gives the greatest: priority first, then rank.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    priority: i32,
    rank: u64,
    id: u64,
    written: Box<[u8]>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Delayed {
    due: SystemTime,
    host: Host,
    /// A host without a request is one that may be leased again.
    request: Option<Waiting>,
}

#[derive(Debug)]
struct Held {
    host: Host,
    /// What was given out, as it was queued, so that a release can take it back.
    out: HashMap<RequestId, Waiting>,
}

impl Memory {
    /// An empty frontier; `key` is the job's own key for fingerprints.
    #[must_use]
    pub fn new(order: Order, key: u64) -> Self {
        Self { order, seen: Seen::new(Fingerprinter::new(key)), state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues those that were not seen. Depth-first keeps the order of the page: the first link gets the highest rank.
    fn admit(&self, state: &mut State, requests: Vec<Request>) -> Result<Admitted, FrontierError> {
        let mut admitted = Admitted::default();
        let mut fresh = Vec::with_capacity(requests.len());
        for request in requests {
            if request.unfiltered || self.seen.insert(&request) {
                fresh.push(request);
            } else {
                admitted.seen += 1;
            }
        }
        admitted.queued = fresh.len();
        state.scheduled += fresh.len() as u64;
        let first = state.last_id;
        state.last_id += fresh.len() as u64;
        let last = state.last_id;
        for (offset, request) in (0_u64..).zip(fresh) {
            // the heap gives the greatest first
            let rank = match self.order {
                Order::DepthFirst => last - offset,
                Order::BreadthFirst => u64::MAX - (first + offset),
            };
            state.queue(&request, first + offset + 1, rank)?;
        }
        Ok(admitted)
    }
}

impl State {
    fn queue(&mut self, request: &Request, id: u64, rank: u64) -> Result<(), FrontierError> {
        let waiting = Waiting { priority: request.priority, rank, id, written: queued::write(request)? };
        match request.due {
            Some(due) if due > SystemTime::now() => {
                self.delayed.push(Reverse(Delayed { due, host: request.host(), request: Some(waiting) }));
            }
            _ => self.enqueue(request.host(), waiting),
        }
        Ok(())
    }

    fn enqueue(&mut self, host: Host, waiting: Waiting) {
        let queue = self.hosts.entry(host.clone()).or_default();
        let was_empty = queue.heap.is_empty();
        queue.heap.push(waiting);
        if was_empty && queue.lease.is_none() && queue.not_before.is_none() {
            self.ready.push_back(host);
        }
    }

    /// Forgets the records that every feed has.
    fn forget_exported(&mut self) {
        let everywhere = self.exported.values().map(|(upto, _)| *upto).min().unwrap_or_default();
        while self.outbox.front().is_some_and(|(seq, _)| *seq <= everywhere) {
            self.outbox.pop_front();
        }
    }

    /// Moves what is due into the queues.
    fn wake(&mut self, now: SystemTime) {
        while self.delayed.peek().is_some_and(|Reverse(delayed)| delayed.due <= now) {
            let Some(Reverse(delayed)) = self.delayed.pop() else { break };
            match delayed.request {
                Some(waiting) => self.enqueue(delayed.host, waiting),
                None => {
                    let Some(queue) = self.hosts.get_mut(&delayed.host) else { continue };
                    queue.not_before = None;
                    if !queue.heap.is_empty() && queue.lease.is_none() {
                        self.ready.push_back(delayed.host);
                    }
                }
            }
        }
    }

    /// Takes up to `limit` requests of a host out under a lease.
    fn take(&mut self, host: &Host, lease: LeaseId, limit: usize) -> Result<VecDeque<Leased>, FrontierError> {
        let mut requests = VecDeque::new();
        let (Some(queue), Some(held)) = (self.hosts.get_mut(host), self.leases.get_mut(&lease)) else {
            return Ok(requests);
        };
        while requests.len() < limit {
            let Some(waiting) = queue.heap.pop() else { break };
            let request = queued::read(&waiting.written)?;
            let id = RequestId(waiting.id);
            held.out.insert(id, waiting);
            requests.push_back(Leased { id, request });
        }
        Ok(requests)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

#[async_trait]
impl Frontier for Memory {
    async fn submit(&self, requests: Vec<Request>) -> Result<Admitted, FrontierError> {
        self.admit(&mut self.lock(), requests)
    }

    async fn lease(&self, want: Want) -> Result<Vec<Lease>, FrontierError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.wake(SystemTime::now());
        let mut leases = Vec::new();
        for id in want.refill {
            let Some(host) = state.leases.get(&id).map(|held| held.host.clone()) else { continue };
            let requests = state.take(&host, id, want.requests)?;
            if !requests.is_empty() {
                leases.push(Lease { id, host, requests });
            }
        }
        for _ in 0..want.hosts {
            let Some(host) = state.ready.pop_front() else { break };
            state.last_id += 1;
            let id = LeaseId(state.last_id);
            state.leases.insert(id, Held { host: host.clone(), out: HashMap::new() });
            if let Some(queue) = state.hosts.get_mut(&host) {
                queue.lease = Some(id);
            }
            let requests = state.take(&host, id, want.requests)?;
            leases.push(Lease { id, host, requests });
        }
        Ok(leases)
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<Settled, FrontierError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut settled = Settled::default();
        for settlement in batch {
            let held = state.leases.get_mut(&settlement.lease);
            let Some(was) = held.and_then(|held| held.out.remove(&settlement.request)) else {
                settled.refused.push(settlement.request);
                continue;
            };
            match settlement.outcome {
                Outcome::Done => state.done += 1,
                Outcome::Failed(_) => state.failed += 1,
                Outcome::Skipped(_) => state.skipped += 1,
                Outcome::Again(request) => {
                    // the same wish: it keeps its id and its rank, and counts as scheduled once
                    state.queue(&request, was.id, was.rank)?;
                }
            }
            let admitted = self.admit(state, settlement.children)?;
            settled.children.queued += admitted.queued;
            settled.children.seen += admitted.seen;
            for record in settlement.records {
                state.last_seq += 1;
                state.outbox.push_back((Seq(state.last_seq), record));
            }
        }
        settled.outbox = state.outbox.len();
        Ok(settled)
    }

    async fn renew(&self, leases: &[LeaseId]) -> Result<Vec<Renewal>, FrontierError> {
        let state = self.lock();
        let renewal = |id| if state.leases.contains_key(id) { Renewal::Renewed } else { Renewal::Lost };
        Ok(leases.iter().map(renewal).collect())
    }

    async fn release(&self, lease: LeaseId, pace: Pace) -> Result<(), FrontierError> {
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(held) = state.leases.remove(&lease) else { return Ok(()) };
        let host = held.host;
        let queue = state.hosts.entry(host.clone()).or_default();
        queue.lease = None;
        queue.not_before = pace.not_before.filter(|at| *at > SystemTime::now());
        if let Some(due) = queue.not_before {
            state.delayed.push(Reverse(Delayed { due, host: host.clone(), request: None }));
        } else if !queue.heap.is_empty() {
            state.ready.push_back(host.clone());
        }
        for waiting in held.out.into_values() {
            state.enqueue(host.clone(), waiting);
        }
        // a host of which nothing is known needs no place
        if state.hosts.get(&host).is_some_and(|queue| queue.heap.is_empty() && queue.not_before.is_none()) {
            state.hosts.remove(&host);
        }
        Ok(())
    }

    async fn drain(&self, after: Seq, limit: usize) -> Result<Vec<(Seq, Record)>, FrontierError> {
        let state = self.lock();
        // sequence numbers have no gaps, so the place is known
        let first = state.outbox.front().map_or(0, |(Seq(first), _)| *first);
        let skip = usize::try_from((after.0 + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        Ok(state.outbox.iter().skip(skip).take(limit).cloned().collect())
    }

    async fn attach(&self, feeds: Vec<FeedId>) -> Result<Vec<Export>, FrontierError> {
        let mut state = self.lock();
        let known = std::mem::take(&mut state.exported);
        let exports = feeds.into_iter().map(|feed| match known.get(&feed) {
            Some((upto, position)) => Export { upto: *upto, position: Some(position.clone()), feed },
            None => Export { upto: Seq(0), position: None, feed },
        });
        let exports: Vec<Export> = exports.collect();
        for export in &exports {
            let place = (export.upto, export.position.clone().unwrap_or_default());
            state.exported.insert(export.feed.clone(), place);
        }
        state.forget_exported();
        Ok(exports)
    }

    async fn exported(&self, feed: &FeedId, upto: Seq, position: Position) -> Result<(), FrontierError> {
        let mut state = self.lock();
        state.exported.insert(feed.clone(), (upto, position));
        state.forget_exported();
        Ok(())
    }

    async fn progress(&self) -> Result<Progress, FrontierError> {
        let state = self.lock();
        let ended = state.done + state.failed + state.skipped;
        Ok(Progress {
            scheduled: state.scheduled,
            done: state.done,
            failed: state.failed,
            skipped: state.skipped,
            pending: state.scheduled - ended,
            leased: state.leases.values().map(|held| held.out.len() as u64).sum(),
            next_due: state.delayed.peek().map(|Reverse(delayed)| delayed.due),
            outbox: state.outbox.len(),
        })
    }

    fn seen(&self) -> Option<Seen> {
        Some(self.seen.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_a_frontier() {
        super::super::conformance::run(|order| Memory::new(order, 42)).await;
    }
}
