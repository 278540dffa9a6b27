//! Which request is next. A frontier holds every wish from the moment it is submitted until it is settled.
//!
//! It leases *hosts*, not URLs: whoever holds a host's lease is its only client, so politeness is local and exact and
//! connections stay warm. A request leaves only by [`Frontier::settle`], which commits its outcome, its children and
//! its records together; records wait in the *outbox* until the feeds have them.
//!
//! Every backend runs [`conformance::run`].
//!
//! The books are kept in memory (`ledger`), where every question is answered at once. [`Memory`] is that and no more;
//! [`Disk`] commits what has changed to a file, many changes at a time, on a thread of its own.

pub mod conformance;
pub mod disk;
mod fingerprint;
mod key;
mod ledger;
mod memory;
mod outbox;
mod queued;
mod seen;
mod shelf;

use std::collections::VecDeque;
use std::fmt::Display;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use disk::Disk;
pub use fingerprint::{Fingerprinter, canonical};
pub use memory::Memory;
pub use queued::QueuedError;
pub use seen::Seen;

use xxhash_rust::xxh3::xxh3_64;

use crate::message::{FailureKind, Host, Record, RecordError, Request};
use crate::stats::Name;

/// `[frontier]`: the order of requests and how many are taken at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The order within a host, after priority.
    pub order: Order,
    /// Requests taken from one host's queue at a time.
    pub batch: usize,
    /// When a job's changes count as kept.
    pub durability: Durability,
    /// Changes gather for this long before they are committed together.
    #[serde(with = "humantime_serde")]
    pub commit: Duration,
    /// Changes that are committed at once, however short they have gathered.
    pub events: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let commit = Duration::from_millis(100);
        Self { order: Order::DepthFirst, batch: 50, durability: Durability::Normal, commit, events: 1000 }
    }
}

/// When a job's changes count as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// At the next commit: a crash takes the job back by that much, and nothing is lost or written twice by it.
    Normal,
    /// At once: whoever settles waits until it is on the disk.
    Strict,
}

/// The order of requests of one host and one priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The children of the latest page first, in the order of the page: small queues.
    DepthFirst,
    /// First come, first served.
    BreadthFirst,
}

/// Which request is next, and what became of each. Every method may be called from any task.
#[async_trait]
pub trait Frontier: Display + Send + Sync {
    /// Opens what it keeps its books in, before anything else is asked of it: its first side effect.
    async fn open(&self) -> Result<Opened, FrontierError> {
        Ok(Opened::default())
    }

    /// Takes requests in. Idempotent: one that was seen before is not queued again, unless it is unfiltered.
    async fn submit(&self, requests: Vec<Request>) -> Result<Admitted, FrontierError>;

    /// Takes first requests in, as [`submit`](Self::submit), and remembers in the same step that they were taken from
    /// the spider, and whether they were the last.
    async fn seed(&self, requests: Vec<Request>, last: bool) -> Result<Admitted, FrontierError>;

    /// Hosts that are due, and up to so many requests of each; and more requests for leases that are held.
    async fn lease(&self, want: Want) -> Result<Vec<Lease>, FrontierError>;

    /// Ends requests: outcome, children and records of each settlement are committed all or not at all.
    /// A settlement under a lease that was lost is refused whole.
    async fn settle(&self, batch: Vec<Settlement>) -> Result<Settled, FrontierError>;

    /// Says that leases are still worked on. A lost one is not renewed, and its results will be refused.
    async fn renew(&self, leases: &[LeaseId]) -> Result<Vec<Renewal>, FrontierError>;

    /// Gives a lease back with what is left of its requests; the host is not leased again before `pace` says.
    async fn release(&self, lease: LeaseId, pace: Pace) -> Result<(), FrontierError>;

    /// Records of the outbox that come after `after`, in sequence, `limit` at most: those that the frontier will have
    /// after a crash, so that no feed ever has what its job does not know.
    async fn drain(&self, after: Seq, limit: usize) -> Result<Vec<(Seq, Record)>, FrontierError>;

    /// Names the feeds of this run, and learns how far each one is: nothing yet, or where a run before this one left
    /// it. A record stays until all of them have it; a feed that is no longer named holds nothing back.
    async fn attach(&self, feeds: Vec<FeedId>) -> Result<Vec<Export>, FrontierError>;

    /// Says that a feed has everything up to `upto` and stands at `position`.
    async fn exported(&self, feed: &FeedId, upto: Seq, position: Position) -> Result<(), FrontierError>;

    /// How far the job is.
    async fn progress(&self) -> Result<Progress, FrontierError>;

    /// Asks `memory` at every commit for what else the runs after this one will need.
    fn remember(&self, _memory: Arc<dyn Memories>) {}

    /// What a run before this one remembered under a name.
    async fn remembered(&self, _name: &str) -> Result<Option<Bytes>, FrontierError> {
        Ok(None)
    }

    /// The counts that came with settlements, over all runs of the job.
    async fn counts(&self) -> Result<Vec<(String, u64)>, FrontierError>;

    /// Whether so much waits to be kept that nothing new should be begun: the disk is slow, or full.
    fn is_behind(&self) -> bool {
        false
    }

    /// Waits until everything that was settled will be there after a crash, so that [`drain`](Self::drain) gives it.
    async fn flush(&self) -> Result<(), FrontierError> {
        Ok(())
    }

    /// Keeps everything that is not kept yet. Nothing is asked of it afterwards but [`progress`](Self::progress).
    async fn close(&self, _reason: &str) -> Result<(), FrontierError> {
        Ok(())
    }

    /// The part of the seen set that this process can look at before a request is made. What it does not know may
    /// still be seen: only [`Frontier::submit`] and [`Frontier::settle`] decide.
    fn seen(&self) -> Option<Seen> {
        None
    }
}

/// What a job is to have beside its requests and records, for the runs to come.
pub trait Memories: Send + Sync {
    /// All of it, by name. It is asked for on another thread, often, and should not take long.
    fn memories(&self) -> Vec<(String, Bytes)>;
}

/// What [`Frontier::open`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// How many runs there were before this one.
    pub runs: u64,
    /// The job's own name, the same for all of its runs.
    pub id: Option<String>,
    /// The last of them ended in order: nothing was settled or written after its last commit.
    pub is_closed: bool,
    /// When the first of them began.
    pub created: Option<SystemTime>,
}

/// What [`Frontier::submit`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Queued now.
    pub queued: usize,
    /// Seen before, so not queued.
    pub seen: usize,
    /// Those that cannot be written down, so not queued.
    pub refused: usize,
}

impl AddAssign for Admitted {
    fn add_assign(&mut self, other: Self) {
        self.queued += other.queued;
        self.seen += other.seen;
        self.refused += other.refused;
    }
}

/// What the engine can work on now.
#[derive(Debug, Clone, Default)]
pub struct Want {
    /// New hosts, at most.
    pub hosts: usize,
    /// Requests of each host, at most.
    pub requests: usize,
    /// Leases that are held and have run out of requests.
    pub refill: Vec<LeaseId>,
}

/// A host, for one worker alone, and the first of its requests. A refilled lease comes under its old id.
#[derive(Debug)]
pub struct Lease {
    /// The lease.
    pub id: LeaseId,
    /// The host.
    pub host: Host,
    /// Requests, the most urgent first.
    pub requests: VecDeque<Leased>,
}

/// A request that is to be settled under this id.
#[derive(Debug)]
pub struct Leased {
    /// Its id within the job.
    pub id: RequestId,
    /// The request.
    pub request: Request,
}

/// The end of one request, or its return.
#[derive(Debug)]
pub struct Settlement {
    /// The lease that it was given under.
    pub lease: LeaseId,
    /// The request.
    pub request: RequestId,
    /// What became of it.
    pub outcome: Outcome,
    /// The requests that its page led to.
    pub children: Vec<Request>,
    /// The records that its page gave.
    pub records: Vec<Record>,
    /// What is counted for it, once it is settled and only then.
    pub counts: Vec<(Name, u64)>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// Answered and understood.
    Done,
    /// It has no usable answer.
    Failed(Failed),
    /// It was not sent, on purpose: the reason's stable name.
    Skipped(&'static str),
    /// It is to be sent (again) in this form, not before its due time: the same wish, so not tested against the seen set.
    Again(Box<Request>),
}

/// Why a request has no usable answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The stable name of the reason.
    pub kind: String,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// What is known beyond the kind, for people.
    pub detail: String,
}

impl Failed {
    /// A reason of which no more is known.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), status: None, detail: String::new() }
    }

    /// The reason, with the status where there is one: `http_status/404`.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.status {
            Some(status) => format!("{}/{status}", self.kind),
            None => self.kind.clone(),
        }
    }
}

impl From<FailureKind> for Failed {
    fn from(kind: FailureKind) -> Self {
        Self::new(&kind.to_string())
    }
}

/// What [`Frontier::settle`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// What became of the children.
    pub children: Admitted,
    /// Requests whose settlement was refused because their lease was lost.
    pub refused: Vec<RequestId>,
    /// Records that wait in the outbox.
    pub outbox: usize,
    /// What they come to, in bytes.
    pub outbox_bytes: usize,
}

/// What [`Frontier::renew`] answers for each lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The lease holds.
    Renewed,
    /// The lease was lost: its results will be refused.
    Lost,
}

/// When a released host may be leased again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    /// Not before then; at once if there is none.
    pub not_before: Option<SystemTime>,
}

/// How far a job is. Always: scheduled = done + failed + skipped + pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests ever queued.
    pub scheduled: u64,
    /// Requests answered and understood.
    pub done: u64,
    /// Requests without a usable answer.
    pub failed: u64,
    /// Requests not sent on purpose.
    pub skipped: u64,
    /// Requests queued, delayed or leased.
    pub pending: u64,
    /// Of those, the leased ones.
    pub leased: u64,
    /// When the next delayed request is due.
    pub next_due: Option<SystemTime>,
    /// Records that wait for a feed.
    pub outbox: usize,
    /// What they come to, in bytes.
    pub outbox_bytes: usize,
    /// First requests that were taken from the spider.
    pub seeds: u64,
    /// Those were all.
    pub started: bool,
}

/// A lease's number, never used twice in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub u64);

/// A request's number, never used twice in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// A record's number in the outbox; the first one is 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seq(pub u64);

/// Which feed: its URI.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedId(pub String);

impl FeedId {
    /// Stands for the feed in the names of files.
    #[must_use]
    pub fn number(&self) -> u64 {
        xxh3_64(self.0.as_bytes())
    }
}

/// A place in a feed to which it can be cut back; only the feed knows what it means.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position(pub String);

/// How far a feed is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The feed.
    pub feed: FeedId,
    /// The last record that it has; 0 if it has none.
    pub upto: Seq,
    /// Where it stood then; none if it has nothing.
    pub position: Option<Position>,
}

/// A frontier that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontierError {
    /// A request that cannot be written down.
    #[error("a request cannot be queued")]
    Queued(#[from] QueuedError),
    /// A record that cannot be written down.
    #[error("a record cannot be kept")]
    Record(#[from] RecordError),
    /// A job that cannot be opened or written to.
    #[error(transparent)]
    Job(#[from] disk::JobError),
    /// The backend's own trouble: its server.
    #[error("the frontier cannot go on")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
