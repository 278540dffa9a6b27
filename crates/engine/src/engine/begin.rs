//! The beginning: signing in, again where it must be, and the spider's first requests.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::flight::{self, Event, Find, Flight, Seeded, give};
use super::{Engine, Source, tell};
use crate::error::{Error, Result};
use crate::frontier::{Outcome, Progress};
use crate::message::mask::Shown;
use crate::message::{Failure, FailureKind, Reach, Request};
use crate::observer::Happening;
use crate::spider::{Context, Job, Parsed, Seeds, Session};
use crate::stats::Name;

/// First requests taken from a spider's seeds at a time.
const SEEDS: usize = 1000;
/// Times that a spider is signed in anew for one wish, or without any page being understood in between.
const SIGN_INS: u32 = 3;

/// First requests, where more come from, and what was refused.
type Taken = (Vec<Request>, Option<Seeds>, Vec<(Name, u64)>);

impl Engine {
    pub(super) fn sign_in(&mut self) {
        self.signing_in = true;
        let session = Session::new(&self.parts.fetch);
        let (spider, say) = (self.parts.spider.clone(), self.say.clone());
        self.tasks.spawn(async move {
            let opened = AssertUnwindSafe(spider.open(&session)).catch_unwind().await;
            let opened = opened.unwrap_or_else(|_| Err(Error::other("the spider's `open` panicked")));
            flight::say(&say, Event::SignedIn(opened)).await;
        });
    }

    pub(super) fn signed_in(&mut self, result: Result<()>) {
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
            if !self.parts.progress.started {
                let progress = self.parts.progress.clone();
                self.start(&progress);
            }
        }
    }

    /// A page turned out to be the login form: the wish is sent again once `open` has signed in again.
    pub(super) fn signed_out(&mut self, flight: Box<Flight>) {
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
                let context = self.context(&flight.request);
                return give(&self.parsers, flight, context, Job::Failed(failure));
            }
            wish.sign_ins += 1;
            for host in [flight.host.clone(), wish.host()] {
                self.parts.hosts.hold(&host, true);
                self.held.insert(host);
            }
            if !self.signing_in {
                self.in_vain += 1;
                tracing::info!(url = %Shown(&flight.request.url), "signed out; signing in again");
                self.sign_in();
            }
        }
        self.settle_later(flight, Find::nothing(Outcome::Again(Box::new(wish))));
    }

    /// Asks the spider for its first requests, on a thread where it may take its time. A run before this one may have
    /// taken some already: those are passed over.
    fn start(&mut self, progress: &Progress) {
        // what is known is listed too: those that were taken are told by their number
        let context = Context { seen: None, ..self.context_of_start(0, Reach::Anywhere) };
        let (spider, taken) = (self.parts.spider.clone(), progress.seeds);
        self.seed(None, move || {
            let Parsed { mut requests, seeds, counts, fault, .. } = spider.start(context);
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
            let mut left = usize::try_from(taken).unwrap_or(usize::MAX);
            left -= requests.drain(..left.min(requests.len())).count();
            let seeds = seeds.map(|seeds| -> Seeds { Box::new(seeds.skip(left)) });
            Ok((requests, seeds, if taken == 0 { counts } else { Vec::new() }))
        });
    }

    /// Takes the next requests from a source.
    pub(super) fn pull(&mut self, source: Source) {
        let Source { mut seeds, page } = source;
        self.seed(page, move || {
            let requests: Vec<Request> = seeds.by_ref().take(SEEDS).collect();
            let more = requests.len() == SEEDS;
            Ok((requests, more.then_some(seeds), Vec::new()))
        });
    }

    fn seed(
        &mut self,
        mut page: Option<(Box<Flight>, Box<Find>)>,
        take: impl FnOnce() -> Result<Taken> + Send + 'static,
    ) {
        self.seeding = true;
        let (frontier, say) = (self.parts.frontier.clone(), self.say.clone());
        self.tasks.spawn(async move {
            let seeded = async {
                let taken = tokio::task::spawn_blocking(take).await;
                let (requests, more, counts) = taken.map_err(|_| Error::other("the spider's `start` panicked"))??;
                let admitted = match &mut page {
                    Some((_, find)) => {
                        // if the page comes again, what is filtered does not, but the others would
                        let (unfiltered, filtered) = requests.into_iter().partition(|request| request.unfiltered);
                        find.children.extend::<Vec<Request>>(unfiltered);
                        frontier.submit(filtered).await?
                    }
                    None => frontier.seed(requests, more.is_none()).await?,
                };
                Ok(Seeded { more, page, admitted, counts })
            };
            let seeded = seeded.await;
            flight::say(&say, Event::Seeded(seeded)).await;
        });
    }

    pub(super) fn seeded(&mut self, result: Result<Seeded>) {
        self.seeding = false;
        self.ask = true;
        let Seeded { more, page, admitted, counts } = match result {
            Ok(seeded) => seeded,
            Err(error) => return self.end("start_error", Some(error)),
        };
        self.parts.stats.add_all(counts);
        self.count_admitted(admitted);
        match (more, page) {
            // what is left of a source goes on before those that pages gave in the meantime
            (Some(seeds), page) => self.seeds.push_front(Source { seeds, page }),
            (None, Some((flight, find))) => self.finish(flight, *find),
            (None, None) => {}
        }
    }
}
