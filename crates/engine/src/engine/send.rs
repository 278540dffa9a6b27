//! Out: from the frontier, through the heads and the hosts' turns, to the wire.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use tokio::time::Instant;

use super::flight::{self, Event, Find, Flight, fly, give};
use super::{Engine, OUTBOX, OUTBOX_BYTES, Space};
use crate::downloader::{Admission, Reason};
use crate::error::Result;
use crate::frontier::{Outcome, Pace, Want};
use crate::hosts::Answer;
use crate::message::{Failure, Host, Reach, Request};
use crate::spider::{Context, Job};

/// Requests that are held in memory, taken from the frontier and not sent.
const HELD: usize = 10_000;
/// A host that may not be asked for longer than this is given back.
const HELD_FOR: Duration = Duration::from_secs(10);
/// The same where many requests are held already.
const HELD_FOR_IF_MANY: Duration = Duration::from_secs(1);
/// A host that is left alone for longer than this is named in the log.
const WORTH_SAYING: Duration = Duration::from_secs(60);

impl Engine {
    /// Sends what may go, and asks the frontier for more while there is room.
    pub(super) async fn take_and_send(&mut self) -> Result<()> {
        if self.is_outbox_full() {
            let progress = self.parts.frontier.progress().await?;
            self.outbox = (progress.outbox, progress.outbox_bytes);
        }
        if self.due.is_some_and(|due| due <= SystemTime::now()) {
            (self.due, self.ask) = (None, true);
        }
        self.heads.freed(self.parts.hosts.take_freed());
        for (host, at) in self.heads.take_resting() {
            self.rest(host, at).await?;
        }
        loop {
            self.dispatch().await?;
            let may_hold = self.heads.waiting() < HELD;
            if !(self.has_room() && may_hold && (self.ask || self.heads.has_emptied())) {
                break;
            }
            if !self.take_requests().await? {
                break;
            }
        }
        // what is here cannot go, or there is nothing: then it is time for more first requests
        if self.has_room()
            && !self.ask
            && !self.seeding
            && self.heads.waiting() < HELD
            && let Some(source) = self.seeds.pop_front()
        {
            self.pull(source);
        }
        Ok(())
    }

    /// Asks the frontier for hosts, and for more requests of those that are held. False if it has none.
    async fn take_requests(&mut self) -> Result<bool> {
        // what was turned away belongs to a lease that may be given back here
        self.settle().await?;
        let (hosts, batch) = (self.parts.settings.crawl.concurrency, self.parts.settings.frontier.batch);
        let empty = self.heads.empty();
        let refill = empty.iter().map(|(_, lease)| *lease).collect();
        let leases = self.parts.frontier.lease(Want { hosts, requests: batch, refill }).await?;
        self.ask = !leases.is_empty();
        for lease in leases {
            if self.heads.is_new(&lease.host)
                && let Some(first) = lease.requests.front()
            {
                self.parts.downloader.prefetch(&first.request);
            }
            self.heads.take_in(lease);
        }
        for (host, lease) in empty {
            if self.heads.drop_if_idle(&host) {
                self.parts.frontier.release(lease, Pace::default()).await?;
            }
        }
        if !self.ask {
            let next_due = self.parts.frontier.progress().await?.next_due;
            self.due = [self.due, next_due].into_iter().flatten().min();
        }
        Ok(self.ask)
    }

    /// Sends what has its turn.
    async fn dispatch(&mut self) -> Result<()> {
        while self.has_room() {
            let now = Instant::now();
            let Some(host) = self.heads.next(now) else { break };
            let Some(request) = self.heads.first_of(&host) else { continue };
            match self.parts.downloader.admit(request) {
                Admission::Send => {}
                Admission::Wait => {
                    self.prepare(&host);
                    continue;
                }
                Admission::Later(at) => {
                    if self.heads.later(host.clone(), at) {
                        self.rest(host, at).await?;
                    }
                    continue;
                }
                Admission::Drop(reason) => {
                    self.turn_away(host, reason);
                    continue;
                }
                Admission::Fail(kind, detail) => {
                    let failure = Failure::new(kind, request.url.clone(), detail);
                    self.fail_unsent(host, failure);
                    continue;
                }
            }
            match self.parts.hosts.try_turn(&host, now) {
                Answer::Granted(turn) => {
                    let Some(flight) = self.pop(host) else { continue };
                    self.flying += 1;
                    let context = self.context(&flight.request);
                    let (downloader, parsers) = (self.parts.downloader.clone(), self.parsers.clone());
                    let say = self.say.clone();
                    self.tasks.spawn(fly(flight, turn, context, downloader, parsers, say));
                }
                Answer::NotBefore(at) => {
                    if self.heads.later(host.clone(), at) {
                        self.rest(host, at).await?;
                    }
                }
                Answer::Busy => self.heads.busy(&host),
                Answer::Full => {
                    self.heads.first(host);
                    break;
                }
            }
        }
        Ok(())
    }

    /// What must be known of a host first is fetched; its requests wait for that, and no other host does.
    fn prepare(&mut self, host: &Host) {
        self.heads.busy(host);
        if !self.preparing.insert(host.clone()) {
            return;
        }
        let Some(request) = self.heads.first_of(host).cloned() else { return };
        let (downloader, fetch) = (self.parts.downloader.clone(), self.parts.fetch.clone());
        let (say, host) = (self.say.clone(), host.clone());
        self.tasks.spawn(async move {
            let prepared = AssertUnwindSafe(downloader.prepare(&request, &fetch)).catch_unwind().await;
            if prepared.is_err() {
                tracing::error!(%host, "a middleware panicked before it knew the host");
            }
            flight::say(&say, Event::Prepared(host)).await;
        });
    }

    /// The host's first request is not to be sent.
    fn turn_away(&mut self, host: Host, reason: Reason) {
        if let Some(flight) = self.pop(host) {
            let mut find = Find::nothing(Outcome::Skipped(reason.0));
            find.count(format!("downloader/dropped_count/{}", reason.0));
            self.settle_later(flight, find);
        }
    }

    /// The host's first request has failed before it was sent.
    fn fail_unsent(&mut self, host: Host, failure: Failure) {
        if let Some(flight) = self.pop(host) {
            self.flying += 1;
            let context = self.context(&flight.request);
            give(&self.parsers, flight, context, Job::Failed(failure));
        }
    }

    fn pop(&mut self, host: Host) -> Option<Box<Flight>> {
        let (lease, leased) = self.heads.pop(host.clone())?;
        Some(Box::new(Flight { lease, id: leased.id, host, request: leased.request, signed_in: self.signed_in }))
    }

    /// A host that rests for long, and has nothing under way, rests in the frontier: others need its place here.
    async fn rest(&mut self, host: Host, at: Instant) -> Result<()> {
        let wait = at.saturating_duration_since(Instant::now());
        let long = if self.heads.waiting() > HELD / 10 { HELD_FOR_IF_MANY } else { HELD_FOR };
        if wait <= long {
            return Ok(());
        }
        let not_before = Some(SystemTime::now() + wait);
        if wait > WORTH_SAYING {
            tracing::info!(%host, seconds = wait.as_secs(), "the host has asked for time; nothing is sent there until then");
        }
        self.due = [self.due, not_before].into_iter().flatten().min();
        self.settle().await?;
        if let Some(lease) = self.heads.take(&host) {
            self.parts.frontier.release(lease, Pace { not_before }).await?;
        }
        Ok(())
    }

    /// Whether another page may be fetched: what pages gave must be dealt with as fast as they come.
    pub(super) fn has_room(&self) -> bool {
        self.flying < self.most_flying + self.parts.hosts.lent()
            && self.refining < self.parts.settings.pipelines.concurrency
            && !self.is_outbox_full()
            && !self.parts.frontier.is_behind()
            && *self.parts.space.borrow() == Space::Enough
            && self.limits.allow_one_more(self.flying)
    }

    pub(super) fn is_outbox_full(&self) -> bool {
        let (records, bytes) = self.outbox;
        records >= OUTBOX || bytes >= OUTBOX_BYTES
    }

    pub(super) fn context(&self, request: &Request) -> Context {
        let context = self.context_of_start(request.depth, request.reach);
        Context { way: request.options().way(), ..context }
    }

    /// The same where no request led.
    pub(super) fn context_of_start(&self, depth: u32, reach: Reach) -> Context {
        let settings = &self.parts.settings;
        let (max_depth, max_url) = (settings.spider.max_depth, settings.download.max_url);
        let limits = settings.spider.page_limits(&settings.traps);
        let traps = self.traps.clone();
        Context {
            page: None,
            reach,
            way: None,
            depth,
            max_depth,
            max_url,
            limits,
            seen: self.parts.frontier.seen(),
            traps,
        }
    }
}
