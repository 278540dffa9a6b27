//! The books of a job: who waits, who is out, what has ended. Everything is decided here, in memory and at once; where
//! there is a disk, it gets the changes afterwards, all of one moment together.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::key::{Key, delayed_key, due_of, first_key, host_of, queue_key, rank_of};
use super::outbox::Outbox;
use super::shelf::{Below, Name, Shelf};
use super::{
    Admitted, Failed, FeedId, FrontierError, Lease, LeaseId, Leased, Order, Outcome, Pace, Position, Progress, Renewal,
    RequestId, Seen, Seq, Settled, Settlement, Want, queued,
};
use crate::message::mask::Shown;
use crate::message::{Host, Request};

/// The reason under which a request fails that cannot be read back.
const UNREADABLE: &str = "unreadable";
/// Delayed requests that are moved at a time, however many are due.
const WOKEN: usize = 2000;

/// The state of a frontier.
pub(super) struct Ledger {
    order: Order,
    pub(super) seen: Seen,
    pub(super) totals: Totals,
    names: HashMap<Host, u32>,
    hosts: Vec<Slot>,
    pub(super) queue: Shelf,
    pub(super) delayed: Shelf,
    pub(super) below: Option<Box<dyn Below>>,
    /// Hosts with waiting requests and no lease, in the order in which they became so.
    ready: VecDeque<u32>,
    /// Hosts that are not to be leased before a time.
    resting: BinaryHeap<Reverse<(SystemTime, u32)>>,
    leases: HashMap<LeaseId, HeldHost>,
    held: HashMap<RequestId, Held>,
    pub(super) outbox: Outbox,
    /// The counts that came with settlements.
    pub(super) stats: BTreeMap<String, u64>,
    /// What a disk has to be told beside the shelves; none where there is no disk.
    pub(super) news: Option<News>,
    /// The earliest due time of a delayed request.
    next_due: Option<SystemTime>,
}

/// The figures of a job. Always: scheduled = done + failed + skipped + pending.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Totals {
    pub(super) last_request: u64,
    pub(super) last_lease: u64,
    pub(super) scheduled: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    /// First requests taken from the spider, and whether those were all.
    pub(super) seeds: u64,
    pub(super) started: bool,
    /// Ended requests by the stable name of the reason.
    pub(super) failures: BTreeMap<String, u64>,
    pub(super) skips: BTreeMap<String, u64>,
}

impl Totals {
    /// Requests that have ended, in whatever way.
    pub(super) fn ended(&self) -> u64 {
        self.done.saturating_add(self.failed).saturating_add(self.skipped)
    }
}

/// What a disk has to be told.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Requests that came, went or ended since the last commit.
    pub(super) events: usize,
    pub(super) seen: Vec<u64>,
    pub(super) hosts: HashSet<u32>,
    pub(super) failed: Vec<(RequestId, Failure)>,
}

/// A request that failed for good, as it is remembered.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) what: Failed,
    pub(super) at: SystemTime,
    pub(super) written: Arc<[u8]>,
}

/// A host.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: Host,
    /// Requests in the queue that are not leased.
    pub(super) waiting: u64,
    /// Requests that ended.
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) not_before: Option<SystemTime>,
    lease: Option<LeaseId>,
    is_ready: bool,
    /// Nothing that waits comes before this place, in whichever layer it lies.
    cursor: Key,
}

#[derive(Debug)]
struct HeldHost {
    host: u32,
    out: HashSet<RequestId>,
}

/// A request that was given out. It stays in the queue, on disk too, until it is settled: what is out at a crash is
/// simply there again.
#[derive(Debug)]
struct Held {
    lease: LeaseId,
    key: Key,
    written: Arc<[u8]>,
}

impl Ledger {
    pub(super) fn new(order: Order, seen: Seen) -> Self {
        Self {
            order,
            seen,
            totals: Totals::default(),
            names: HashMap::new(),
            hosts: Vec::new(),
            queue: Shelf::new(Name::Queue),
            delayed: Shelf::new(Name::Delayed),
            below: None,
            ready: VecDeque::new(),
            resting: BinaryHeap::new(),
            leases: HashMap::new(),
            held: HashMap::new(),
            outbox: Outbox::default(),
            stats: BTreeMap::new(),
            news: None,
            next_due: None,
        }
    }

    /// Queues those that were not seen. Depth-first keeps the order of the page: the first link gets the best rank.
    pub(super) fn submit(&mut self, requests: Vec<Request>) -> Admitted {
        let mut admitted = Admitted::default();
        let mut fresh = Vec::with_capacity(requests.len());
        for request in requests {
            // what cannot be written down has not been seen either
            if let Err(error) = queued::check(&request, self.news.is_some()) {
                tracing::error!(url = %Shown(&request.url), %error, "a request cannot be queued");
                admitted.refused += 1;
                continue;
            }
            let fingerprint = if request.unfiltered { None } else { self.seen.insert(&request) };
            match (fingerprint, &mut self.news) {
                (Some(fingerprint), Some(news)) => news.seen.push(fingerprint),
                (None, _) if !request.unfiltered => {
                    admitted.seen += 1;
                    continue;
                }
                _ => {}
            }
            fresh.push(request);
        }
        let first = self.totals.last_request + 1;
        self.totals.last_request += fresh.len() as u64;
        for (offset, request) in (0_u64..).zip(&fresh) {
            // the smallest key goes first
            let rank = match self.order {
                Order::DepthFirst => u64::MAX - (self.totals.last_request - offset),
                Order::BreadthFirst => first + offset,
            };
            match queued::write(request) {
                Ok(written) => {
                    self.put(request, rank, written.into());
                    admitted.queued += 1;
                }
                Err(error) => {
                    tracing::error!(url = %Shown(&request.url), %error, "a request cannot be queued");
                    admitted.refused += 1;
                }
            }
        }
        self.totals.scheduled += admitted.queued as u64;
        admitted
    }

    /// Queues first requests, and remembers that they were taken from the spider.
    pub(super) fn seed(&mut self, requests: Vec<Request>, last: bool) -> Admitted {
        self.totals.seeds += requests.len() as u64;
        self.totals.started |= last;
        self.event();
        self.submit(requests)
    }

    /// Puts a request where it waits: in its host's queue, or until it is due.
    pub(super) fn put(&mut self, request: &Request, rank: u64, written: Arc<[u8]>) {
        self.event();
        match request.due.filter(|due| *due > SystemTime::now()) {
            Some(due) => {
                self.delayed.put(delayed_key(due, rank), written);
                self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
            }
            None => self.enqueue(&request.host(), request.priority, rank, written),
        }
    }

    fn enqueue(&mut self, host: &Host, priority: i32, rank: u64, written: Arc<[u8]>) {
        let id = self.host(host);
        let key = queue_key(id, priority, rank);
        self.queue.put(key, written);
        self.waits(id, &key);
    }

    /// One more request of a host waits, at this place.
    fn waits(&mut self, id: u32, key: &Key) {
        let slot = &mut self.hosts[id as usize];
        slot.waiting += 1;
        slot.cursor = slot.cursor.min(*key);
        self.may_be_ready(id);
    }

    fn may_be_ready(&mut self, id: u32) {
        let slot = &mut self.hosts[id as usize];
        if slot.waiting > 0 && slot.lease.is_none() && slot.not_before.is_none() && !slot.is_ready {
            slot.is_ready = true;
            self.ready.push_back(id);
        }
        if let Some(news) = &mut self.news {
            news.hosts.insert(id);
        }
    }

    fn host(&mut self, name: &Host) -> u32 {
        if let Some(id) = self.names.get(name) {
            return *id;
        }
        self.add_host(name.clone())
    }

    fn add_host(&mut self, name: Host) -> u32 {
        let id = u32::try_from(self.hosts.len()).unwrap_or(u32::MAX);
        let cursor = first_key(id.saturating_add(1));
        let slot = Slot {
            name: name.clone(),
            waiting: 0,
            done: 0,
            failed: 0,
            not_before: None,
            lease: None,
            is_ready: false,
            cursor,
        };
        self.hosts.push(slot);
        self.names.insert(name, id);
        if let Some(news) = &mut self.news {
            // on disk the numbers have no gaps either
            news.hosts.insert(id);
        }
        id
    }

    /// Takes a host in that a run before this one knew. They come in the order of their numbers.
    pub(super) fn restore_host(&mut self, name: Host, waiting: u64, ended: (u64, u64), not_before: Option<SystemTime>) {
        let id = self.add_host(name);
        let slot = &mut self.hosts[id as usize];
        (slot.waiting, (slot.done, slot.failed), slot.cursor) = (waiting, ended, first_key(id));
        if let Some(at) = not_before.filter(|at| *at > SystemTime::now()) {
            slot.not_before = Some(at);
            self.resting.push(Reverse((at, id)));
        }
        self.may_be_ready(id);
    }

    /// Looks at what waits until it is due, after a start.
    pub(super) fn restore_delayed(&mut self) -> Result<(), FrontierError> {
        self.next_due = self.first_due()?;
        Ok(())
    }

    pub(super) fn lease(&mut self, want: &Want) -> Result<Vec<Lease>, FrontierError> {
        self.wake(SystemTime::now())?;
        let mut leases = Vec::new();
        for id in &want.refill {
            let Some(host) = self.leases.get(id).map(|held| held.host) else { continue };
            match self.take(host, *id, want.requests) {
                Ok(requests) if requests.is_empty() => {}
                Ok(requests) => leases.push(Lease { id: *id, host: self.hosts[host as usize].name.clone(), requests }),
                // it comes up again in the next call, which will have nothing to give
                Err(_) if !leases.is_empty() => return Ok(leases),
                Err(error) => return Err(error),
            }
        }
        let mut more = want.hosts;
        while more > 0 {
            let Some(host) = self.ready.pop_front() else { break };
            let slot = &mut self.hosts[host as usize];
            slot.is_ready = false;
            if slot.waiting == 0 || slot.lease.is_some() || slot.not_before.is_some() {
                continue;
            }
            self.totals.last_lease += 1;
            let id = LeaseId(self.totals.last_lease);
            slot.lease = Some(id);
            let name = slot.name.clone();
            self.leases.insert(id, HeldHost { host, out: HashSet::new() });
            match self.take(host, id, want.requests) {
                Ok(requests) if requests.is_empty() => self.release(id, Pace::default()),
                Ok(requests) => {
                    leases.push(Lease { id, host: name, requests });
                    more -= 1;
                }
                Err(error) => {
                    self.release(id, Pace::default());
                    if leases.is_empty() {
                        return Err(error);
                    }
                    break;
                }
            }
        }
        Ok(leases)
    }

    /// Takes up to `limit` requests of a host out under a lease. What was found before an error is taken.
    fn take(&mut self, host: u32, lease: LeaseId, limit: usize) -> Result<VecDeque<Leased>, FrontierError> {
        let mut requests = VecDeque::new();
        let mut unreadable = Vec::new();
        let slot = &mut self.hosts[host as usize];
        let Some(out) = self.leases.get_mut(&lease).map(|held| &mut held.out) else { return Ok(requests) };
        if slot.waiting == 0 || limit == 0 {
            return Ok(requests);
        }
        let (held, from, end) = (&mut self.held, slot.cursor, first_key(host.saturating_add(1)));
        let mut next = end;
        let mut visit = |key: &Key, written: &[u8]| {
            if requests.len() == limit {
                next = *key;
                return ControlFlow::Break(());
            }
            let id = rank_of(key);
            if held.contains_key(&id) {
                return ControlFlow::Continue(());
            }
            match queued::read(written) {
                Ok(request) => {
                    held.insert(id, Held { lease, key: *key, written: written.into() });
                    out.insert(id);
                    requests.push_back(Leased { id, request });
                }
                Err(error) => unreadable.push((*key, error, Arc::<[u8]>::from(written))),
            }
            ControlFlow::Continue(())
        };
        let scanned = self.queue.scan(&from, &end, self.below.as_deref(), &mut visit);
        slot.cursor = if scanned.is_ok() { next } else { from };
        slot.waiting = slot.waiting.saturating_sub((requests.len() + unreadable.len()) as u64);
        if requests.is_empty() && scanned.is_ok() {
            // nothing is there, whatever the count says
            slot.waiting = 0;
        }
        for (key, error, written) in unreadable {
            tracing::error!(%error, "a queued request cannot be read back; it counts as failed");
            self.queue.remove(&key);
            self.fail(host, rank_of(&key), &Failed::new(UNREADABLE), written);
        }
        match scanned {
            Err(error) if requests.is_empty() => Err(error),
            _ => Ok(requests),
        }
    }

    pub(super) fn settle(&mut self, batch: Vec<Settlement>) -> Result<Settled, FrontierError> {
        let mut settled = Settled::default();
        for settlement in batch {
            let is_held = self.held.get(&settlement.request).is_some_and(|held| held.lease == settlement.lease);
            let held = if is_held { self.held.remove(&settlement.request) } else { None };
            let Some(Held { key, written, .. }) = held else {
                settled.refused.push(settlement.request);
                continue;
            };
            let host = host_of(&key);
            if let Some(lease) = self.leases.get_mut(&settlement.lease) {
                lease.out.remove(&settlement.request);
            }
            self.queue.remove(&key);
            self.event();
            match settlement.outcome {
                Outcome::Done => {
                    self.totals.done += 1;
                    self.hosts[host as usize].done += 1;
                }
                Outcome::Failed(failed) => self.fail(host, settlement.request, &failed, written),
                Outcome::Skipped(reason) => {
                    self.totals.skipped += 1;
                    *self.totals.skips.entry(reason.to_owned()).or_default() += 1;
                }
                // the same wish: it keeps its number, and counts as scheduled once
                Outcome::Again(request) => match queued::write(&request) {
                    Ok(again) => self.put(&request, settlement.request.0, again.into()),
                    Err(error) => {
                        tracing::error!(url = %Shown(&request.url), %error, "a request cannot be queued again");
                        self.fail(host, settlement.request, &Failed::new(UNREADABLE), written);
                    }
                },
            }
            if let Some(news) = &mut self.news {
                news.hosts.insert(host);
            }
            settled.children += self.submit(settlement.children);
            for record in settlement.records {
                self.outbox.push(record.seal()?);
                self.event();
            }
            for (name, count) in settlement.counts {
                match self.stats.get_mut(name.as_ref()) {
                    Some(known) => *known += count,
                    None => drop(self.stats.insert(name.into_owned(), count)),
                }
            }
        }
        (settled.outbox, settled.outbox_bytes) = (self.outbox.len(), self.outbox.bytes());
        Ok(settled)
    }

    fn fail(&mut self, host: u32, id: RequestId, failed: &Failed, written: Arc<[u8]>) {
        self.totals.failed += 1;
        self.hosts[host as usize].failed += 1;
        *self.totals.failures.entry(failed.reason()).or_default() += 1;
        if let Some(news) = &mut self.news {
            news.hosts.insert(host);
            news.failed.push((id, Failure { what: failed.clone(), at: SystemTime::now(), written }));
        }
    }

    pub(super) fn renew(&self, leases: &[LeaseId]) -> Vec<Renewal> {
        let renewal = |id| if self.leases.contains_key(id) { Renewal::Renewed } else { Renewal::Lost };
        leases.iter().map(renewal).collect()
    }

    pub(super) fn release(&mut self, lease: LeaseId, pace: Pace) {
        let Some(HeldHost { host, out }) = self.leases.remove(&lease) else { return };
        let slot = &mut self.hosts[host as usize];
        slot.lease = None;
        slot.not_before = pace.not_before.filter(|at| *at > SystemTime::now());
        if let Some(at) = slot.not_before {
            self.resting.push(Reverse((at, host)));
        }
        for id in out {
            if let Some(Held { key, .. }) = self.held.remove(&id) {
                self.waits(host, &key);
            }
        }
        self.may_be_ready(host);
    }

    /// Moves what is due into the queues, and lets hosts go that have rested.
    fn wake(&mut self, now: SystemTime) -> Result<(), FrontierError> {
        while let Some(Reverse((_, host))) = self.resting.peek().filter(|Reverse((at, _))| *at <= now).copied() {
            self.resting.pop();
            let slot = &mut self.hosts[host as usize];
            if slot.not_before.is_some_and(|at| at <= now) {
                slot.not_before = None;
                self.may_be_ready(host);
            }
        }
        if self.next_due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let mut due = Vec::new();
        let end = delayed_key(now + Duration::from_millis(1), 0);
        self.delayed.scan(&Key::default(), &end, self.below.as_deref(), &mut |key, written| {
            due.push((*key, Arc::<[u8]>::from(written)));
            if due.len() < WOKEN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        for (key, written) in due {
            self.delayed.remove(&key);
            self.event();
            match queued::read(&written) {
                Ok(request) => self.enqueue(&request.host(), request.priority, rank_of(&key).0, written),
                Err(error) => {
                    tracing::error!(%error, "a delayed request cannot be read back; it counts as failed");
                    let unknown = self.host(&Host::from(""));
                    self.fail(unknown, rank_of(&key), &Failed::new(UNREADABLE), written);
                }
            }
        }
        self.next_due = self.first_due()?;
        Ok(())
    }

    fn first_due(&self) -> Result<Option<SystemTime>, FrontierError> {
        let mut first = None;
        self.delayed.scan(&Key::default(), &[u8::MAX; 16], self.below.as_deref(), &mut |key, _| {
            first = Some(due_of(key));
            ControlFlow::Break(())
        })?;
        Ok(first)
    }

    pub(super) fn progress(&self) -> Progress {
        let Totals { scheduled, done, failed, skipped, seeds, started, .. } = self.totals;
        let rested = self.resting.peek().map(|Reverse((at, _))| *at);
        Progress {
            scheduled,
            done,
            failed,
            skipped,
            pending: scheduled.saturating_sub(self.totals.ended()),
            leased: self.held.len() as u64,
            next_due: [self.next_due, rested].into_iter().flatten().min(),
            outbox: self.outbox.len(),
            outbox_bytes: self.outbox.bytes(),
            seeds,
            started,
        }
    }

    /// A feed has everything up to a place.
    pub(super) fn exported(&mut self, feed: &FeedId, upto: Seq, position: Position) {
        self.outbox.exported(feed, upto, position);
        self.event();
    }

    /// A host as it is written down: what is leased waits again after a crash.
    pub(super) fn host_row(&self, id: u32) -> (&Slot, u64) {
        let slot = &self.hosts[id as usize];
        let out = slot.lease.and_then(|lease| self.leases.get(&lease)).map_or(0, |held| held.out.len() as u64);
        (slot, slot.waiting + out)
    }

    /// The hosts with most waiting, and what waits of each, leased or not.
    pub(super) fn busiest(&self, limit: usize) -> Vec<(Host, u64)> {
        let row = |id: u32| self.host_row(id);
        let mut hosts: Vec<_> = (0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)).map(row).collect();
        hosts.retain(|(_, waiting)| *waiting > 0);
        let limit = limit.min(hosts.len());
        if limit > 0 {
            hosts.select_nth_unstable_by_key(limit - 1, |(_, waiting)| Reverse(*waiting));
        }
        hosts.truncate(limit);
        hosts.sort_by_key(|(_, waiting)| Reverse(*waiting));
        hosts.into_iter().map(|(slot, waiting)| (slot.name.clone(), waiting)).collect()
    }

    fn event(&mut self) {
        if let Some(news) = &mut self.news {
            news.events += 1;
        }
    }

    /// The number of the latest record.
    pub(super) fn last_seq(&self) -> Seq {
        self.outbox.last()
    }
}
