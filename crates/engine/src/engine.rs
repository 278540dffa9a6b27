//! The loop: takes requests from the frontier, lets them fly in their hosts' turns, and settles what comes back.
//!
//! One task owns the state of a crawl; the others hold what they were given and answer with an [`Event`].

mod begin;
mod flight;
mod heads;
mod limits;
mod send;
mod settle;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::flight::{Event, Find, Flight};
use self::heads::Heads;
use self::limits::Limits;
use crate::downloader::{Downloader, Fetch};
use crate::error::{Error, Result, SpaceError};
use crate::feed::Writer;
use crate::frontier::{Frontier, FrontierError, Pace, Progress, Settlement};
use crate::hosts::Hosts;
use crate::message::Host;
use crate::observer::{Happening, Observer};
use crate::pipeline::Chain;
use crate::settings::Settings;
use crate::spider::{FillNames, Parsers, Plan, Runnable, Seeds, Traps};
use crate::stats::Stats;

/// Events that may wait for the engine; who has more to say waits.
const EVENTS: usize = 1024;
/// Records that may wait for the feeds, and what they may come to in bytes; more of them make the crawl wait.
const OUTBOX: usize = 10_000;
const OUTBOX_BYTES: usize = 128 * 1024 * 1024;
/// How often what makes the crawl wait is looked at: a full outbox, a disk that is behind or full.
const LOOK: Duration = Duration::from_millis(50);

/// What the engine drives.
pub(crate) struct Parts {
    pub(crate) spider: Arc<dyn Runnable>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) frontier: Arc<dyn Frontier>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) downloader: Arc<Downloader>,
    pub(crate) fetch: Fetch,
    pub(crate) chain: Arc<Chain>,
    pub(crate) stats: Arc<Stats>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    /// How far the job was when this run began.
    pub(crate) progress: Progress,
    /// True while a disk is nearly full, and why it has been so for too long.
    pub(crate) space: watch::Receiver<Space>,
    /// Turns true when no more requests are to be taken.
    pub(crate) stop: watch::Receiver<bool>,
}

/// Whether the disks have room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Space {
    /// They do.
    Enough,
    /// One does not: no request is sent until it does again.
    Low,
    /// One has not for too long, and this is what is to be said of it.
    Gone(SpaceError),
}

/// How a crawl ended.
pub(crate) struct Ended {
    /// Scrapy's word for it: `finished`, `shutdown`.
    pub(crate) reason: &'static str,
    pub(crate) error: Option<Error>,
}

/// A source of requests that is pulled as there is room for them.
struct Source {
    seeds: Seeds,
    /// The page that it comes from, which is settled when it is dry; none for the spider's `start`.
    page: Option<(Box<Flight>, Box<Find>)>,
}

/// The state of a crawl.
pub(crate) struct Engine {
    parts: Parts,
    events: mpsc::Receiver<Event>,
    say: mpsc::Sender<Event>,
    parsers: Arc<Parsers<Box<Flight>>>,
    tasks: JoinSet<()>,
    heads: Heads,
    /// The names of the items' fields in the figures.
    fields: FillNames,
    /// Requests on the wire, with the parsers or between.
    flying: usize,
    most_flying: usize,
    /// Records in the pipelines.
    refining: usize,
    /// Records that wait for the feeds, and what they come to.
    outbox: (usize, usize),
    settlements: Vec<Settlement>,
    limits: Limits,
    /// What links are held against, unless `traps.enabled` is off.
    traps: Option<Arc<Traps>>,
    /// Where more requests come from, the next source first.
    seeds: VecDeque<Source>,
    /// Seeds are being taken from the spider.
    seeding: bool,
    /// The frontier may have something for us.
    ask: bool,
    /// When a delayed request is due.
    due: Option<SystemTime>,
    signing_in: bool,
    /// How often `open` has ended well.
    signed_in: u64,
    /// Of those, how many since a page was last understood.
    in_vain: u32,
    held: HashSet<Host>,
    /// Hosts of which something must be known first, which is being fetched.
    preparing: HashSet<Host>,
    /// No more requests are to be taken: somebody said so.
    stopping: bool,
    ending: Option<Ended>,
    wake_writer: Arc<Notify>,
    /// The writer has ended before it was told to: it could not go on.
    writer_over: bool,
}

impl Engine {
    /// Starts the parser threads; nothing else happens before [`Engine::run`].
    pub(crate) fn new(parts: Parts) -> Result<Self> {
        let (say, events) = mpsc::channel(EVENTS);
        let threads = match parts.settings.spider.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        // two for each thread wait, so that none is idle while an answer comes in
        let most_flying = parts.settings.crawl.concurrency + 2 * threads;
        let done = {
            let say = say.clone();
            // a parser thread waits here while the engine is busy; the engine never waits for a parser thread
            move |flight, read| drop(say.blocking_send(Event::Read(flight, Box::new(read))))
        };
        // failures that the engine itself reports need room beside those that fly
        let plan = Plan {
            threads,
            room: 2 * (most_flying + parts.hosts.most_lent()),
            slow: parts.settings.spider.slow_parse,
            stats: parts.stats.clone(),
        };
        let parsers = Parsers::start(plan, &parts.spider, done).map_err(Error::other)?;
        Ok(Self {
            events,
            say,
            parsers: Arc::new(parsers),
            tasks: JoinSet::new(),
            heads: Heads::default(),
            fields: FillNames::default(),
            flying: 0,
            most_flying,
            refining: 0,
            outbox: (0, 0),
            settlements: Vec::new(),
            traps: parts.settings.traps.enabled.then(|| Arc::new(Traps::new(parts.settings.traps.clone()))),
            limits: Limits::new(parts.settings.limits.clone(), &parts.stats),
            seeds: VecDeque::new(),
            seeding: false,
            ask: true,
            due: None,
            signing_in: false,
            signed_in: 0,
            in_vain: 0,
            held: HashSet::new(),
            preparing: HashSet::new(),
            stopping: false,
            ending: None,
            wake_writer: Arc::new(Notify::new()),
            writer_over: false,
            parts,
        })
    }

    /// Crawls to the end, or until it is stopped.
    pub(crate) async fn run(mut self, writer: Writer) -> Ended {
        let (last, finishing) = watch::channel(false);
        let mut writer = tokio::spawn(writer.run(self.wake_writer.clone(), finishing));
        if let Err(error) = self.crawl(&mut writer).await {
            let is_disk = matches!(&error, Error::Frontier(FrontierError::Job(_)));
            self.end(if is_disk { "disk_failed" } else { "internal_error" }, Some(error));
        }
        self.tasks.abort_all();
        for (host, lease) in self.heads.take_all() {
            let pace = Pace { not_before: self.parts.hosts.rests_until(&host).map(as_time) };
            if let Err(error) = self.parts.frontier.release(lease, pace).await {
                self.end("internal_error", Some(error.into()));
            }
        }
        // the feeds get what the job has for good
        let grace = self.parts.settings.crawl.grace;
        match tokio::time::timeout(grace, self.parts.frontier.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.end("disk_failed", Some(error.into())),
            // a full disk is not waited for when the run is over; what is not committed has not happened
            Err(_) => tracing::warn!("the job's disk does not take what is left; the next run does that again"),
        }
        let _ = last.send(true);
        if !self.writer_over
            && let Err(error) = ended(writer.await)
        {
            self.end("feed_failed", Some(error));
        }
        self.parts.chain.close().await;
        let ended = self.ending.unwrap_or(Ended { reason: "finished", error: None });
        tell(&self.parts.observers, &Happening::Closed { reason: ended.reason });
        ended
    }

    async fn crawl(&mut self, writer: &mut JoinHandle<Result<()>>) -> Result<()> {
        let (mut stop, mut space) = (self.parts.stop.clone(), self.parts.space.clone());
        self.stopping = *stop.borrow();
        let mut deadline = None;
        if !self.stopping {
            self.sign_in();
        }
        loop {
            self.settle().await?;
            while self.tasks.try_join_next().is_some() {}
            let quiet = self.flying == 0 && self.refining == 0 && !self.signing_in && !self.seeding;
            if let Some(reason) = self.limits.reached(&self.parts.stats).filter(|_| !self.is_ending()) {
                self.end(reason, None);
            }
            if self.is_ending() {
                deadline.get_or_insert_with(|| Instant::now() + self.parts.settings.crawl.grace);
                if quiet {
                    break;
                }
            } else if self.signed_in > 0 {
                self.take_and_send().await?;
                let idle = quiet && self.flying == 0 && self.heads.waiting() == 0 && !self.seeding;
                if idle && self.seeds.is_empty() && self.parts.frontier.progress().await?.pending == 0 {
                    return Ok(());
                }
            }
            let wake = if self.is_ending() { deadline } else { self.wake_at() };
            tokio::select! {
                biased;
                event = self.events.recv() => {
                    let mut next = event;
                    // everything that is there, so that one settlement serves many
                    while let Some(event) = next {
                        self.handle(event);
                        next = self.events.try_recv().ok();
                    }
                }
                () = self.parts.hosts.freed() => {}
                _ = stop.changed(), if !self.stopping => self.stopping = *stop.borrow(),
                _ = space.changed(), if !self.is_ending() => {
                    if let Space::Gone(error) = &*space.borrow_and_update() {
                        self.end("disk_full", Some(error.clone().into()));
                    }
                }
                over = &mut *writer, if !self.writer_over => {
                    self.writer_over = true;
                    self.end("feed_failed", ended(over).err());
                }
                () = sleep_until(wake) => {
                    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                        break;
                    }
                    self.ask = true;
                }
            }
        }
        let all_done = self.seeds.is_empty() && !self.seeding && self.parts.frontier.progress().await?.pending == 0;
        if self.stopping && !(all_done && self.signed_in > 0) {
            self.end("shutdown", None);
        }
        Ok(())
    }

    /// Remembers why the crawl ends. The first reason stays, but an orderly one gives way to an error: what ends with one
    /// has not been left in order.
    fn end(&mut self, reason: &'static str, error: Option<Error>) {
        let is_orderly = self.ending.as_ref().is_none_or(|ending| ending.error.is_none() && error.is_some());
        if is_orderly {
            self.ending = Some(Ended { reason, error });
        }
    }

    /// What is under way may end, and nothing else begins.
    fn is_ending(&self) -> bool {
        self.stopping || self.ending.is_some()
    }

    /// When there is something to do although nothing happens.
    fn wake_at(&self) -> Option<Instant> {
        // what was turned away has no answer to come, and is to be settled all the same
        if !self.settlements.is_empty() {
            return Some(Instant::now());
        }
        let due = self.due.map(|due| Instant::now() + due.duration_since(SystemTime::now()).unwrap_or_default());
        // what we wait for there comes without telling us
        // a host whose time has come waits with the others while there is no room
        let has_room = self.has_room();
        let heads = self.heads.wake().filter(|_| has_room);
        // a host that stands in line has found no place
        let place = self.parts.hosts.lends_at().filter(|_| has_room && self.heads.is_anyone_ready());
        let looks = self.is_outbox_full() || self.parts.frontier.is_behind();
        let look = looks.then(|| Instant::now() + LOOK);
        [heads, place, due, look, self.limits.deadline()].into_iter().flatten().min()
    }
}

/// The time of the clock on the wall.
fn as_time(at: Instant) -> SystemTime {
    SystemTime::now() + at.saturating_duration_since(Instant::now())
}

fn tell(observers: &[Arc<dyn Observer>], happening: &Happening<'_>) {
    for observer in observers {
        observer.observe(happening);
    }
}

fn ended(writer: std::result::Result<Result<()>, tokio::task::JoinError>) -> Result<()> {
    writer.unwrap_or_else(|_| Err(Error::other("the feed writer panicked")))
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
