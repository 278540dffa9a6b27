//! The hosts that this run holds, and the first requests of each: all of the frontier that is in memory here.
//!
//! A host with requests stands in one of three places: *ready* to be asked for its turn, *later* until a time, or
//! *busy* until one of its turns ends. Finding the next one costs the same however many are held.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap, VecDeque};

use tokio::time::Instant;

use crate::frontier::{Lease, LeaseId, Leased};
use crate::message::{Host, Request};

/// Leased hosts with the heads of their queues.
#[derive(Debug, Default)]
pub(super) struct Heads {
    by_host: HashMap<Host, Head>,
    ready: VecDeque<Host>,
    later: BinaryHeap<Reverse<(Instant, Host)>>,
    /// Hosts that have run out of requests, until the frontier has more for them.
    empty: BTreeSet<Host>,
    /// One has become so since the frontier was last asked.
    emptied: bool,
    /// Hosts that are not to be asked before a time, and whose last request has come back since they were looked at.
    resting: Vec<Host>,
    waiting: usize,
}

#[derive(Debug)]
struct Head {
    lease: LeaseId,
    requests: VecDeque<Leased>,
    /// Requests that were taken and are not settled.
    out: usize,
    place: Place,
}

/// Where a host stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In `ready`.
    Ready,
    /// In `later`, for this time.
    Later(Instant),
    /// In neither: a turn that ends puts it into `ready`.
    Busy,
    /// It has no requests.
    Empty,
}

impl Heads {
    /// Takes new leases in, and requests for those that are held.
    pub(super) fn take_in(&mut self, lease: Lease) {
        self.waiting += lease.requests.len();
        let head = self.by_host.entry(lease.host.clone()).or_insert_with(|| Head {
            lease: lease.id,
            requests: VecDeque::new(),
            out: 0,
            place: Place::Empty,
        });
        head.requests.extend(lease.requests);
        if head.place == Place::Empty && !head.requests.is_empty() {
            head.place = Place::Ready;
            self.empty.remove(&lease.host);
            self.ready.push_back(lease.host);
        } else if head.place == Place::Empty {
            // it is asked for more, or given back
            self.empty.insert(lease.host);
            self.emptied = true;
        }
    }

    /// The next host to be asked for its turn. It must be given to one of [`pop`](Self::pop), [`later`](Self::later),
    /// [`busy`](Self::busy) or [`first`](Self::first) then.
    pub(super) fn next(&mut self, now: Instant) -> Option<Host> {
        while let Some(Reverse((at, _))) = self.later.peek() {
            if *at > now {
                break;
            }
            let Some(Reverse((at, host))) = self.later.pop() else { break };
            if let Some(head) = self.by_host.get_mut(&host).filter(|head| head.place == Place::Later(at)) {
                head.place = Place::Ready;
                self.ready.push_back(host);
            }
        }
        loop {
            let host = self.ready.pop_front()?;
            // a host that was given back may still stand here
            if self.by_host.get(&host).is_some_and(|head| head.place == Place::Ready) {
                return Some(host);
            }
        }
    }

    /// The host's next request.
    pub(super) fn first_of(&self, host: &Host) -> Option<&Request> {
        self.by_host.get(host)?.requests.front().map(|leased| &leased.request)
    }

    /// Whether nothing of this host is held.
    pub(super) fn is_new(&self, host: &Host) -> bool {
        !self.by_host.contains_key(host)
    }

    /// Whether a host stands in line to be asked for its turn.
    pub(super) fn is_anyone_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes the host's next request, and puts the host at the end of the line.
    pub(super) fn pop(&mut self, host: Host) -> Option<(LeaseId, Leased)> {
        let head = self.by_host.get_mut(&host)?;
        let leased = head.requests.pop_front()?;
        head.out += 1;
        self.waiting -= 1;
        let lease = head.lease;
        if head.requests.is_empty() {
            head.place = Place::Empty;
            self.empty.insert(host);
            self.emptied = true;
        } else {
            self.ready.push_back(host);
        }
        Some((lease, leased))
    }

    /// The host is not to be asked before then. True if it has nothing under way.
    pub(super) fn later(&mut self, host: Host, at: Instant) -> bool {
        let Some(head) = self.by_host.get_mut(&host) else { return false };
        head.place = Place::Later(at);
        let idle = head.out == 0;
        self.later.push(Reverse((at, host)));
        idle
    }

    /// The host is not to be asked before one of its turns ends.
    pub(super) fn busy(&mut self, host: &Host) {
        if let Some(head) = self.by_host.get_mut(host) {
            head.place = Place::Busy;
        }
    }

    /// The host is to be asked first the next time.
    pub(super) fn first(&mut self, host: Host) {
        self.ready.push_front(host);
    }

    /// Turns of these hosts have ended.
    pub(super) fn freed(&mut self, hosts: Vec<Host>) {
        for host in hosts {
            if let Some(head) = self.by_host.get_mut(&host).filter(|head| head.place == Place::Busy) {
                head.place = Place::Ready;
                self.ready.push_back(host);
            }
        }
    }

    /// A request of this host is settled.
    pub(super) fn settled(&mut self, host: &Host) {
        if let Some(head) = self.by_host.get_mut(host) {
            head.out = head.out.saturating_sub(1);
            match (head.out, head.place) {
                // it may be given back
                (0, Place::Empty) => self.emptied = true,
                (0, Place::Later(_)) => self.resting.push(host.clone()),
                _ => {}
            }
        }
    }

    /// Whether a host has run out of requests, or may be given back, since the frontier was last asked.
    pub(super) fn has_emptied(&self) -> bool {
        self.emptied
    }

    /// The hosts that have run out of requests, and their leases: whoever asks the frontier asks for all of them, for
    /// it may have more for one that it had nothing for the last time.
    pub(super) fn empty(&mut self) -> Vec<(Host, LeaseId)> {
        self.emptied = false;
        let lease = |host: &Host| self.by_host.get(host).map(|head| (host.clone(), head.lease));
        self.empty.iter().filter_map(lease).collect()
    }

    /// Hosts that rest until a time, and have had nothing under way since.
    pub(super) fn take_resting(&mut self) -> Vec<(Host, Instant)> {
        let resting = std::mem::take(&mut self.resting);
        let until = |host: Host| match self.by_host.get(&host)?.place {
            Place::Later(at) => Some((host, at)),
            _ => None,
        };
        resting.into_iter().filter_map(until).collect()
    }

    /// Forgets a host if it has nothing waiting and nothing under way. True if it is to be given back.
    pub(super) fn drop_if_idle(&mut self, host: &Host) -> bool {
        let idle = self.by_host.get(host).is_some_and(|head| head.requests.is_empty() && head.out == 0);
        if idle {
            self.empty.remove(host);
            self.by_host.remove(host);
        }
        idle
    }

    /// Forgets a host with what it has; its lease is to be given back.
    pub(super) fn take(&mut self, host: &Host) -> Option<LeaseId> {
        let head = self.by_host.remove(host)?;
        self.empty.remove(host);
        self.waiting -= head.requests.len();
        Some(head.lease)
    }

    /// All leases, to be given back.
    pub(super) fn take_all(&mut self) -> Vec<(Host, LeaseId)> {
        let leases = self.by_host.iter().map(|(host, head)| (host.clone(), head.lease)).collect();
        *self = Self::default();
        leases
    }

    /// When the first host is to be asked that must not be asked now.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.later.peek().map(|Reverse((at, _))| *at)
    }

    /// Requests that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::RequestId;
    use std::time::Duration;

    fn lease(id: u64, host: &str, requests: u64) -> Lease {
        let request = || Request::get(format!("http://{host}/").parse().expect("a URL"));
        let leased = |number| Leased { id: RequestId(100 * id + number), request: request() };
        Lease { id: LeaseId(id), host: host.into(), requests: (0..requests).map(leased).collect() }
    }

    #[tokio::test]
    async fn hosts_take_turns_and_an_empty_one_is_asked_for_more() {
        let mut heads = Heads::default();
        heads.take_in(lease(1, "a", 2));
        heads.take_in(lease(2, "b", 1));
        let mut order = Vec::new();
        while let Some(host) = heads.next(Instant::now()) {
            order.push(host.to_string());
            heads.pop(host).expect("a request");
        }
        assert_eq!(order, ["a", "b", "a"]);
        let empty = |heads: &mut Heads| heads.empty().into_iter().map(|(_, LeaseId(id))| id).collect::<Vec<_>>();
        assert!(heads.has_emptied());
        assert_eq!((empty(&mut heads), heads.waiting(), heads.has_emptied()), (vec![1, 2], 0, false));
        // there was nothing for them, and there may be the next time
        assert_eq!(empty(&mut heads), [1, 2]);
        assert!(!heads.drop_if_idle(&"a".into()), "its requests are under way");
        heads.settled(&"b".into());
        assert!(heads.has_emptied() && heads.drop_if_idle(&"b".into()));
        assert_eq!(empty(&mut heads), [1]);
    }

    #[tokio::test]
    async fn who_must_wait_or_is_busy_does_not_stand_in_the_way() {
        let mut heads = Heads::default();
        for (id, host) in [(1, "slow"), (2, "busy"), (3, "good")] {
            heads.take_in(lease(id, host, 2));
        }
        let now = Instant::now();
        let later = now + Duration::from_secs(3);
        let slow = heads.next(now).expect("slow");
        assert!(heads.later(slow, later));
        let busy = heads.next(now).expect("busy");
        heads.busy(&busy);
        assert_eq!(heads.next(now).as_deref(), Some("good"));
        assert_eq!((heads.next(now), heads.wake()), (None, Some(later)));
        heads.freed(vec!["busy".into(), "good".into()]);
        assert_eq!(heads.next(now).as_deref(), Some("busy"));
        assert_eq!(heads.next(later).as_deref(), Some("slow"));
        assert_eq!(heads.take(&"slow".into()), Some(LeaseId(1)));
        assert_eq!(heads.waiting(), 4);
    }
}
