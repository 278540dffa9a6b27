//! The loop: takes requests from the frontier, lets them fly in their hosts' turns, and settles what comes back.
//!
//! One task owns the state of a crawl; the others hold what they were given and answer with an [`Event`].

mod flight;
mod heads;

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::flight::{Event, Flight, fly, give, say};
use self::heads::Heads;
use crate::downloader::{Downloader, Fetch};
use crate::error::{Error, Result};
use crate::feed::Writer;
use crate::frontier::{Admitted, Frontier, Outcome, Pace, RequestId, Settlement, Want};
use crate::hosts::{Answer, Hosts};
use crate::message::{Failure, FailureKind, Host, Record, Request};
use crate::observer::{Happening, Observer};
use crate::pipeline::{Chain, Passage};
use crate::settings::Settings;
use crate::spider::{Context, End, Job, Parsed, Parsers, Read, Runnable, Seeds, Session};
use crate::stats::{Name, Stats};

/// Events that may wait for the engine; who has more to say waits.
const EVENTS: usize = 1024;
/// First requests taken from a spider's seeds at a time.
const SEEDS: usize = 1000;
/// Records that may wait for the feeds; more of them make the crawl wait.
const OUTBOX: usize = 10_000;
/// Requests that are held in memory, taken from the frontier and not sent.
const HELD: usize = 10_000;
/// A host that may not be asked for longer than this is given back.
const HELD_FOR: Duration = Duration::from_secs(10);
/// How often a full outbox is looked at.
const OUTBOX_LOOK: Duration = Duration::from_millis(50);
/// Times that a spider is signed in anew for one wish, or without any page being understood in between.
const SIGN_INS: u32 = 3;

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
    /// Turns true when no more requests are to be taken.
    pub(crate) stop: watch::Receiver<bool>,
}

/// How a crawl ended.
pub(crate) struct Ended {
    /// Scrapy's word for it: `finished`, `shutdown`.
    pub(crate) reason: &'static str,
    pub(crate) error: Option<Error>,
}

/// The state of a crawl.
pub(crate) struct Engine {
    parts: Parts,
    events: mpsc::Receiver<Event>,
    say: mpsc::Sender<Event>,
    parsers: Arc<Parsers<Box<Flight>>>,
    tasks: JoinSet<()>,
    heads: Heads,
    /// Requests on the wire, with the parsers or between.
    flying: usize,
    most_flying: usize,
    /// Records in the pipelines.
    refining: usize,
    /// Records that wait for the feeds.
    outbox: usize,
    settlements: Vec<Settlement>,
    /// Where more first requests come from, the next one first.
    seeds: VecDeque<Seeds>,
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
        let parsers = Parsers::start(threads, 2 * most_flying, &parts.spider, done).map_err(Error::other)?;
        Ok(Self {
            parts,
            events,
            say,
            parsers: Arc::new(parsers),
            tasks: JoinSet::new(),
            heads: Heads::default(),
            flying: 0,
            most_flying,
            refining: 0,
            outbox: 0,
            settlements: Vec::new(),
            seeds: VecDeque::new(),
            seeding: false,
            ask: true,
            due: None,
            signing_in: false,
            signed_in: 0,
            in_vain: 0,
            held: HashSet::new(),
            stopping: false,
            ending: None,
            wake_writer: Arc::new(Notify::new()),
            writer_over: false,
        })
    }

    /// Crawls to the end, or until it is stopped.
    pub(crate) async fn run(mut self, writer: Writer) -> Ended {
        let (last, finishing) = watch::channel(false);
        let mut writer = tokio::spawn(writer.run(self.wake_writer.clone(), finishing));
        if let Err(error) = self.crawl(&mut writer).await {
            self.end("internal_error", Some(error));
        }
        self.tasks.abort_all();
        for lease in self.heads.take_all() {
            if let Err(error) = self.parts.frontier.release(lease, Pace::default()).await {
                self.end("internal_error", Some(error.into()));
            }
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
        let mut stop = self.parts.stop.clone();
        self.stopping = *stop.borrow();
        let mut deadline = None;
        if !self.stopping {
            self.sign_in();
        }
        loop {
            self.settle().await?;
            while self.tasks.try_join_next().is_some() {}
            let quiet = self.flying == 0 && self.refining == 0 && !self.signing_in && !self.seeding;
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
        let all_done = self.seeds.is_empty() && self.parts.frontier.progress().await?.pending == 0;
        if self.stopping && !(all_done && self.signed_in > 0) {
            self.end("shutdown", None);
        }
        Ok(())
    }

    /// Remembers why the crawl ends; the first reason stays.
    fn end(&mut self, reason: &'static str, error: Option<Error>) {
        self.ending.get_or_insert(Ended { reason, error });
    }

    /// What is under way may end, and nothing else begins.
    fn is_ending(&self) -> bool {
        self.stopping || self.ending.is_some()
    }

    /// When there is something to do although nothing happens.
    fn wake_at(&self) -> Option<Instant> {
        let due = self.due.map(|due| Instant::now() + due.duration_since(SystemTime::now()).unwrap_or_default());
        // a full outbox gets smaller without telling us
        let outbox = (self.outbox >= OUTBOX).then(|| Instant::now() + OUTBOX_LOOK);
        [self.heads.wake(), due, outbox].into_iter().flatten().min()
    }

    // -- out: from the frontier to the wire

    /// Sends what may go, and asks the frontier for more while there is room.
    async fn take_and_send(&mut self) -> Result<()> {
        if self.outbox >= OUTBOX {
            self.outbox = self.parts.frontier.progress().await?.outbox;
        }
        if self.due.is_some_and(|due| due <= SystemTime::now()) {
            (self.due, self.ask) = (None, true);
        }
        self.heads.freed(self.parts.hosts.take_freed());
        loop {
            self.dispatch().await?;
            let may_hold = self.heads.waiting() < HELD;
            if !(self.has_room() && may_hold && (self.ask || self.heads.has_empty())) {
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
            && let Some(seeds) = self.seeds.pop_front()
        {
            self.pull(seeds);
        }
        Ok(())
    }

    /// Asks the frontier for hosts, and for more requests of those that are held. False if it has none.
    async fn take_requests(&mut self) -> Result<bool> {
        let (hosts, batch) = (self.parts.settings.crawl.concurrency, self.parts.settings.frontier.batch);
        let empty = self.heads.take_empty();
        let refill = empty.iter().map(|(_, lease)| *lease).collect();
        let leases = self.parts.frontier.lease(Want { hosts, requests: batch, refill }).await?;
        self.ask = !leases.is_empty();
        for lease in leases {
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
            match self.parts.hosts.try_turn(&host, now) {
                Answer::Granted(turn) => {
                    let Some((lease, leased)) = self.heads.pop(host.clone()) else { continue };
                    let signed_in = self.signed_in;
                    let flight = Flight { lease, id: leased.id, host, request: leased.request, signed_in };
                    self.flying += 1;
                    let context = self.context(flight.request.depth);
                    let (downloader, parsers) = (self.parts.downloader.clone(), self.parsers.clone());
                    let say = self.say.clone();
                    self.tasks.spawn(fly(Box::new(flight), turn, context, downloader, parsers, say));
                }
                Answer::NotBefore(at) => {
                    let wait = at.saturating_duration_since(now);
                    if self.heads.later(host.clone(), at) && wait > HELD_FOR {
                        // a host that rests for long rests in the frontier
                        let not_before = Some(SystemTime::now() + wait);
                        self.due = [self.due, not_before].into_iter().flatten().min();
                        if let Some(lease) = self.heads.take(&host) {
                            self.parts.frontier.release(lease, Pace { not_before }).await?;
                        }
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

    /// Whether another page may be fetched: what pages gave must be dealt with as fast as they come.
    fn has_room(&self) -> bool {
        self.flying < self.most_flying
            && self.refining < self.parts.settings.pipelines.concurrency
            && self.outbox < OUTBOX
    }

    fn context(&self, depth: u32) -> Context {
        let settings = &self.parts.settings;
        let (max_depth, max_url) = (settings.spider.max_depth, settings.download.max_url);
        Context { page: None, depth, max_depth, max_url, seen: self.parts.frontier.seen() }
    }

    // -- back: from the wire to the frontier

    fn handle(&mut self, event: Event) {
        match event {
            Event::Read(flight, read) => self.read(flight, *read),
            Event::Again(flight, request) => {
                self.flying -= 1;
                self.settle_later(flight, Outcome::Again(request), Vec::new(), Vec::new());
            }
            Event::Dropped(flight, reason) => {
                self.flying -= 1;
                self.parts.stats.add(Name::from(format!("downloader/dropped_count/{}", reason.0)), 1);
                self.settle_later(flight, Outcome::Skipped(reason.0), Vec::new(), Vec::new());
            }
            Event::Refined { flight, outcome, children, records, given } => {
                self.refining -= given;
                self.settle_later(flight, outcome, children, records);
            }
            Event::Broken { given, error } => {
                self.refining -= given;
                if let Some(error) = error {
                    self.end("disk_failed", Some(error));
                }
            }
            Event::SignedIn(result) => self.signed_in(result),
            Event::Seeded(result) => {
                self.seeding = false;
                match result {
                    Ok((seeds, counts)) => {
                        // what is left of a source goes on before those that pages gave in the meantime
                        if let Some(seeds) = seeds {
                            self.seeds.push_front(seeds);
                        }
                        self.parts.stats.add_all(counts);
                    }
                    Err(error) => self.end("start_error", Some(error)),
                }
                self.ask = true;
            }
            Event::Submitted(Ok(admitted)) => {
                self.ask = true;
                self.count_seen(admitted);
            }
            Event::Submitted(Err(error)) => self.end("internal_error", Some(error.into())),
        }
    }

    fn read(&mut self, flight: Box<Flight>, read: Read) {
        self.flying -= 1;
        let Read { parsed, end } = read;
        let Parsed { requests, records, seeds, counts, .. } = parsed;
        let stats = &self.parts.stats;
        stats.add_all(counts);
        let outcome = match end {
            End::Done => {
                self.in_vain = 0;
                stats.add("response_received_count", 1);
                stats.max("request_depth_max", u64::from(flight.request.depth));
                let (url, requests, records) = (&flight.request.url, requests.len(), records.len());
                tracing::debug!(%url, requests, records, "page");
                tell(&self.parts.observers, &Happening::Page { url, requests, records });
                Outcome::Done
            }
            End::SignedOut => return self.signed_out(flight),
            End::Failed(failure) => {
                self.count_failure(&flight, &failure);
                Outcome::Failed(failure.kind)
            }
        };
        self.seeds.extend(seeds);
        if records.is_empty() || self.parts.chain.is_empty() {
            return self.settle_later(flight, outcome, requests, records);
        }
        self.refine(flight, outcome, requests, records);
    }

    /// Sends a page's records through the pipelines, all at once, and settles the page when the last one is through.
    fn refine(&mut self, flight: Box<Flight>, outcome: Outcome, mut children: Vec<Request>, records: Vec<Record>) {
        let given = records.len();
        self.refining += given;
        let (chain, stats, say) = (self.parts.chain.clone(), self.parts.stats.clone(), self.say.clone());
        // What is filtered may go ahead: submitting is idempotent, so a crash before the page is settled only means
        // that the page comes again and its children do not.
        let ahead: Vec<Request> = children.extract_if(.., |child| !child.unfiltered).collect();
        let frontier = self.parts.frontier.clone();
        self.tasks.spawn(async move {
            if !ahead.is_empty() {
                let submitted = frontier.submit(ahead).await;
                self::say(&say, Event::Submitted(submitted)).await;
            }
            let passages = records.into_iter().map(|record| {
                let kind = record.kind.clone();
                let (chain, stats) = (&chain, &stats);
                async move {
                    let passage = AssertUnwindSafe(chain.process(record, stats)).catch_unwind().await;
                    passage.unwrap_or_else(|_| {
                        tracing::error!(%kind, "a pipeline panicked; the item is lost");
                        stats.add("item_error_count", 1);
                        Passage::Ended
                    })
                }
            });
            let mut records = Vec::with_capacity(given);
            for passage in futures_util::future::join_all(passages).await {
                match passage {
                    Passage::Through(record) => records.push(record),
                    Passage::Ended => {}
                    // the page is not settled, so it comes again
                    Passage::Stopped => return self::say(&say, Event::Broken { given, error: None }).await,
                    Passage::Blocked(error) => {
                        return self::say(&say, Event::Broken { given, error: Some(error) }).await;
                    }
                }
            }
            self::say(&say, Event::Refined { flight, outcome, children, records, given }).await;
        });
    }

    fn settle_later(&mut self, flight: Box<Flight>, outcome: Outcome, children: Vec<Request>, records: Vec<Record>) {
        if let Outcome::Again(request) = &outcome
            && let Some(due) = request.due
        {
            self.due = Some(self.due.map_or(due, |known| known.min(due)));
        }
        self.heads.settled(&flight.host);
        self.settlements.push(Settlement { lease: flight.lease, request: flight.id, outcome, children, records });
    }

    /// Commits what has come back since the last time.
    async fn settle(&mut self) -> Result<()> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.settlements);
        let given: Vec<(RequestId, u64)> =
            batch.iter().map(|settlement| (settlement.request, settlement.records.len() as u64)).collect();
        let again = batch.iter().any(|settlement| matches!(settlement.outcome, Outcome::Again(_)));
        for record in batch.iter().flat_map(|settlement| &settlement.records) {
            tell(&self.parts.observers, &Happening::Record(record));
        }
        let settled = self.parts.frontier.settle(batch).await?;
        let stats = &self.parts.stats;
        let kept = |(request, _): &&(RequestId, u64)| !settled.refused.contains(request);
        let records: u64 = given.iter().filter(kept).map(|(_, records)| records).sum();
        if records > 0 {
            stats.add("item_scraped_count", records);
            self.wake_writer.notify_one();
        }
        if !settled.refused.is_empty() {
            stats.add("scheduler/settlements_refused", settled.refused.len() as u64);
        }
        self.count_seen(settled.children);
        self.outbox = settled.outbox;
        self.ask |= settled.children.queued > 0 || again;
        Ok(())
    }

    fn count_seen(&self, admitted: Admitted) {
        if admitted.seen > 0 {
            self.parts.stats.add("dupefilter/filtered", admitted.seen as u64);
        }
    }

    fn count_failure(&self, flight: &Flight, failure: &Failure) {
        let step = self.parts.spider.describe(&flight.request.step);
        let (url, kind, detail) = (&failure.url, failure.kind, failure.detail.as_str());
        tracing::warn!(%url, step, %kind, detail, "request failed");
        tell(&self.parts.observers, &Happening::Failed(failure));
        let stats = &self.parts.stats;
        stats.add(Name::from(format!("requests/failed_count/{kind}")), 1);
        match failure.kind {
            FailureKind::HttpStatus => {
                let status = failure.status.map_or(0, |status| status.as_u16());
                stats.add_all([
                    (Name::from("httperror/response_ignored_count"), 1),
                    (Name::from(format!("httperror/response_ignored_status_count/{status}")), 1),
                ]);
            }
            FailureKind::ParseError | FailureKind::ParsePanic => stats.add_all([
                (Name::from("spider_exceptions/count"), 1),
                (Name::from(format!("spider_exceptions/{kind}")), 1),
            ]),
            _ => {}
        }
    }

    // -- signing in, and the first requests

    fn sign_in(&mut self) {
        self.signing_in = true;
        let session = Session::new(&self.parts.fetch);
        let (spider, say) = (self.parts.spider.clone(), self.say.clone());
        self.tasks.spawn(async move {
            let opened = AssertUnwindSafe(spider.open(&session)).catch_unwind().await;
            let opened = opened.unwrap_or_else(|_| Err(Error::other("the spider's `open` panicked")));
            self::say(&say, Event::SignedIn(opened)).await;
        });
    }

    fn signed_in(&mut self, result: Result<()>) {
        self.signing_in = false;
        for host in self.held.drain() {
            self.parts.hosts.hold(&host, false);
        }
        if let Err(error) = result {
            return self.end("sign_in_failed", Some(error));
        }
        self.signed_in += 1;
        if self.signed_in == 1 && !self.is_ending() {
            tell(&self.parts.observers, &Happening::Opened);
            self.start();
        }
    }

    /// A page turned out to be the login form: the wish is sent again once `open` has signed in again.
    fn signed_out(&mut self, flight: Box<Flight>) {
        self.parts.stats.add("spider/signed_out_count", 1);
        let mut wish = flight.request.clone().as_wished();
        wish.sign_ins = flight.request.sign_ins;
        // an answer to a request that was sent before the last sign-in says nothing about that
        let is_news = flight.signed_in == self.signed_in;
        if is_news && !self.is_ending() {
            if wish.sign_ins >= SIGN_INS || self.in_vain >= SIGN_INS {
                let detail = format!("signed out again after {SIGN_INS} sign-ins");
                let failure = Failure::new(FailureKind::SignedOut, flight.request.url.clone(), detail);
                self.flying += 1;
                let context = self.context(flight.request.depth);
                return give(&self.parsers, flight, context, Job::Failed(failure));
            }
            wish.sign_ins += 1;
            for host in [flight.host.clone(), wish.host()] {
                self.parts.hosts.hold(&host, true);
                self.held.insert(host);
            }
            if !self.signing_in {
                self.in_vain += 1;
                tracing::info!(url = %flight.request.url, "signed out; signing in again");
                self.sign_in();
            }
        }
        self.settle_later(flight, Outcome::Again(Box::new(wish)), Vec::new(), Vec::new());
    }

    /// Asks the spider for its first requests, on a thread where it may take its time.
    fn start(&mut self) {
        let (spider, context) = (self.parts.spider.clone(), self.context(0));
        self.seed(move || {
            let Parsed { requests, seeds, counts, fault, .. } = spider.start(context);
            if let Some(fault) = fault {
                return Err(fault);
            }
            if requests.is_empty() && seeds.is_none() && !counts.is_empty() {
                let refused: Vec<String> = counts.iter().map(|(name, count)| format!("{name}: {count}")).collect();
                let message = format!(
                    "none of the first requests can be sent ({}): a URL begins with http:// or https://",
                    refused.join(", ")
                );
                return Err(Error::Setting { key: String::new(), message });
            }
            Ok((requests, seeds, counts))
        });
    }

    /// Takes the next first requests from their source.
    fn pull(&mut self, mut seeds: Seeds) {
        self.seed(move || {
            let requests: Vec<Request> = seeds.by_ref().take(SEEDS).collect();
            let more = requests.len() == SEEDS;
            Ok((requests, more.then_some(seeds), Vec::new()))
        });
    }

    fn seed(&mut self, take: impl FnOnce() -> Result<Taken> + Send + 'static) {
        self.seeding = true;
        let (frontier, say) = (self.parts.frontier.clone(), self.say.clone());
        self.tasks.spawn(async move {
            let seeded = async {
                let taken = tokio::task::spawn_blocking(take).await;
                let (requests, seeds, counts) = taken.map_err(|_| Error::other("the spider's `start` panicked"))??;
                frontier.submit(requests).await?;
                Ok((seeds, counts))
            };
            let seeded = seeded.await;
            self::say(&say, Event::Seeded(seeded)).await;
        });
    }
}

/// First requests, where more come from, and what was refused.
type Taken = (Vec<Request>, Option<Seeds>, Vec<(Name, u64)>);

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
