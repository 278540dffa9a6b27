//! One feed on its way through the outbox: drain, write, sync, tell the frontier. When it fails it backs off, is opened
//! anew and goes on from the last position that the frontier has; the other feeds do not wait for it.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::catalogue::Plan;
use super::writer::Sync;
use super::{Context, Feed};
use crate::error::{Error, Result};
use crate::frontier::{FeedId, Frontier, Position, Seq};
use crate::message::Record;
use crate::stats::Name;

/// Records taken out of the outbox at a time.
const BATCH: usize = 500;
/// What may be unsynced: less than the outbox holds, which would else be full because of it.
const UNSYNCED: usize = 5_000;
/// The same in bytes.
const UNSYNCED_BYTES: usize = 32 * 1024 * 1024;
/// The first wait after a failure; it doubles.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest one.
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// One feed, and how far it is.
pub(super) struct Lane {
    pub(super) id: FeedId,
    /// None is a crawl without feeds, whose records still leave the outbox.
    pub(super) plan: Option<Plan>,
    pub(super) context: Context,
    pub(super) frontier: Arc<dyn Frontier>,
    pub(super) sync: Sync,
    pub(super) patience: Duration,
    feed: Option<Box<dyn Feed>>,
    /// The last record that the frontier knows the feed to have, and the place after it.
    kept: Seq,
    position: Option<Position>,
    /// The last record that was written or passed over.
    at: Seq,
    /// The records that were written and are not kept yet.
    unsynced: VecDeque<Seq>,
    /// Of the records that the feed speaks of, so many are known to be kept.
    counted: u64,
    bytes: usize,
    synced: Instant,
    failing: Option<Failing>,
}

struct Failing {
    since: Instant,
    attempts: u32,
    /// How far the feed was then.
    kept: Seq,
}

/// How often a job is asked whether it has committed more.
const LOOK: Duration = Duration::from_millis(100);

/// What a turn came to.
enum Turn {
    Again,
    Idle,
    Over,
}

impl Lane {
    pub(super) fn new(
        id: FeedId,
        plan: Option<Plan>,
        context: Context,
        frontier: Arc<dyn Frontier>,
        sync: Sync,
        patience: Duration,
    ) -> Self {
        Self {
            id,
            plan,
            context,
            frontier,
            sync,
            patience,
            feed: None,
            kept: Seq(0),
            position: None,
            at: Seq(0),
            unsynced: VecDeque::new(),
            counted: 0,
            bytes: 0,
            synced: Instant::now(),
            failing: None,
        }
    }

    /// Opens the feed where the frontier says that it stands.
    pub(super) async fn begin(&mut self, upto: Seq, position: Option<Position>) -> Result<()> {
        (self.kept, self.at, self.position) = (upto, upto, position);
        self.open().await
    }

    async fn open(&mut self) -> Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        self.context.resuming = self.position.is_some();
        let mut feed = plan.open(&self.context).await?;
        (self.at, self.counted, self.bytes) = (self.kept, 0, 0);
        self.unsynced.clear();
        match &self.position {
            Some(position) => feed.rewind(position).await?,
            None => {
                // from now on there is a place to go back to
                let begin = feed.sync().await?.position;
                self.frontier.exported(&self.id, self.kept, begin.clone()).await?;
                self.position = Some(begin);
            }
        }
        self.feed = Some(feed);
        // from here on it is as this run leaves it
        self.context.closed = false;
        self.synced = Instant::now();
        Ok(())
    }

    /// Writes until `last` turns true and the outbox is empty.
    pub(super) async fn run(
        mut self,
        mut more: watch::Receiver<u64>,
        mut last: watch::Receiver<bool>,
        mut give_up: watch::Receiver<Option<Instant>>,
    ) -> Result<()> {
        loop {
            // before the look into the outbox, so that nothing that comes later is missed
            more.borrow_and_update();
            let is_last = *last.borrow();
            match self.turn(is_last).await {
                Ok(Turn::Again) => {}
                Ok(Turn::Over) => return Ok(()),
                Ok(Turn::Idle) => {
                    // what was settled is given out once it is committed, which nobody says
                    let waits = self.sync != Sync::AtEnd && self.frontier.progress().await?.outbox > 0;
                    let look = waits.then(|| Instant::now() + LOOK);
                    let sync_at = [self.sync_at(), look].into_iter().flatten().min();
                    tokio::select! {
                        changed = more.changed() => if changed.is_err() { return Ok(()) },
                        changed = last.changed() => if changed.is_err() { return Ok(()) },
                        () = until(sync_at) => {}
                    }
                }
                Err(error) => {
                    let wait = self.fail(error, *give_up.borrow())?;
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        // whoever wants to stop does not wait for the longest back-off
                        _ = give_up.changed() => {}
                    }
                }
            }
        }
    }

    /// Brings the feed one batch on.
    async fn turn(&mut self, is_last: bool) -> Result<Turn> {
        if self.feed.is_none() && self.plan.is_some() {
            self.open().await?;
        }
        let drained = self.frontier.drain(self.at, BATCH).await?;
        let is_idle = drained.is_empty();
        if let Some((upto, _)) = drained.last() {
            let upto = *upto;
            self.write(drained).await?;
            self.at = upto;
        }
        let is_due = self.sync_at().is_some_and(|at| at <= Instant::now());
        let is_much = self.unsynced.len() >= UNSYNCED || self.bytes >= UNSYNCED_BYTES;
        if is_due || is_much || (is_idle && is_last && self.at > self.kept) {
            self.sync().await?;
        }
        // that it could be opened says little: a full disk lets that happen too
        let works = self.failing.as_ref().is_some_and(|failing| self.kept > failing.kept);
        if works || (is_idle && !is_last && self.at == self.kept) {
            self.recover();
        }
        if !is_idle {
            return Ok(Turn::Again);
        }
        if !is_last {
            return Ok(Turn::Idle);
        }
        if let (Some(feed), Some(plan)) = (self.feed.take(), &self.plan) {
            if self.sync != Sync::AtEnd {
                // behind this place it is never cut back again
                self.frontier.flush().await?;
            }
            feed.finish().await?;
            self.context.stats.add(Name::from(format!("feedexport/success_count/{}", plan.kind())), 1);
        }
        Ok(Turn::Over)
    }

    async fn write(&mut self, drained: Vec<(Seq, Record)>) -> Result<()> {
        let (Some(plan), Some(feed)) = (&self.plan, &mut self.feed) else { return Ok(()) };
        let kinds = &plan.settings().kinds;
        let mut records = Vec::with_capacity(drained.len());
        for (seq, record) in drained {
            if kinds.is_empty() || kinds.iter().any(|kind| **kind == *record.kind) {
                self.unsynced.push_back(seq);
                self.bytes += record.weight();
                records.push(record);
            }
        }
        if records.is_empty() { Ok(()) } else { feed.write(&records).await }
    }

    /// Tells the frontier what the feed has for good.
    async fn sync(&mut self) -> Result<()> {
        if self.sync != Sync::AtEnd {
            // what a feed keeps only until the frontier has its position may go at the next sync
            self.frontier.flush().await?;
        }
        self.synced = Instant::now();
        let Some(feed) = &mut self.feed else {
            self.kept = self.at;
            return Ok(self.frontier.exported(&self.id, self.at, Position::default()).await?);
        };
        let kept = feed.sync().await?;
        let news = kept.records.saturating_sub(self.counted);
        self.counted = kept.records;
        for _ in 0..news {
            if let Some(seq) = self.unsynced.pop_front() {
                self.kept = seq;
            }
        }
        if self.unsynced.is_empty() {
            // and what was passed over after the last one
            self.kept = self.at;
            self.bytes = 0;
        }
        self.frontier.exported(&self.id, self.kept, kept.position.clone()).await?;
        self.position = Some(kept.position);
        Ok(())
    }

    /// When the feed is to be synced, if there is a reason to.
    fn sync_at(&self) -> Option<Instant> {
        let is_timed = self.plan.as_ref().is_some_and(|plan| plan.settings().batch_time.is_some());
        if self.at == self.kept && !is_timed {
            return None;
        }
        let every = match (&self.plan, self.sync) {
            (None, _) | (_, Sync::Always) => Duration::ZERO,
            (_, Sync::Every(time)) => time,
            // it costs no disk, and empties the outbox
            (_, Sync::AtEnd) => Duration::from_millis(100),
        };
        Some(self.synced + if self.at == self.kept { every.max(Duration::from_millis(100)) } else { every })
    }

    /// Counts a failure and says how long to wait, or that there is no use in waiting.
    fn fail(&mut self, error: Error, give_up: Option<Instant>) -> Result<Duration> {
        self.feed = None;
        let Some(plan) = &self.plan else { return Err(error) };
        self.context.stats.add(Name::from(format!("feedexport/failed_count/{}", plan.kind())), 1);
        let now = Instant::now();
        let failing = self.failing.get_or_insert(Failing { since: now, attempts: 0, kept: self.kept });
        let end = give_up.unwrap_or(failing.since + self.patience).min(failing.since + self.patience);
        if is_final(&error) || now >= end {
            return Err(error);
        }
        let detail = chain(&error);
        if failing.attempts == 0 {
            tracing::warn!(
                feed = plan.settings().shown(),
                detail,
                "a feed fails; the crawl waits for it and loses nothing"
            );
        } else {
            tracing::debug!(feed = plan.settings().shown(), detail, "a feed still fails");
        }
        let most = BACKOFF.saturating_mul(1 << failing.attempts.min(6)).min(MAX_BACKOFF);
        failing.attempts += 1;
        Ok(most.mul_f64(rand::random_range(0.5..1.0)).min(end - now))
    }

    fn recover(&mut self) {
        if let (Some(failing), Some(plan)) = (self.failing.take(), &self.plan) {
            let seconds = failing.since.elapsed().as_secs();
            tracing::info!(feed = plan.settings().shown(), seconds, "a feed works again");
        }
    }
}

/// Whether another attempt would come to the same: a file that holds something else, a pipe that nobody reads.
fn is_final(error: &Error) -> bool {
    match error {
        Error::Disk { source, .. } => matches!(source.kind(), ErrorKind::InvalidData | ErrorKind::BrokenPipe),
        Error::Setting { .. } | Error::Unknown { .. } | Error::Frontier(_) => true,
        _ => false,
    }
}

/// The error and its causes in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
