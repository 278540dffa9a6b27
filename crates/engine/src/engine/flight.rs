//! One request under way: the task that takes it to the wire and its answer to the parser threads, and what is said
//! of it to the engine.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::mpsc;

use crate::downloader::{Downloader, Exchange, Reason};
use crate::error::{Error, Result};
use crate::frontier::{Admitted, FrontierError, LeaseId, Outcome, RequestId};
use crate::hosts::Turn;
use crate::message::{Failure, FailureKind, Host, Record, Request};
use crate::spider::{Context, Job, Parsers, Read, Seeds, Work};
use crate::stats::Name;

/// A request that was taken from its host's head and is not settled.
pub(super) struct Flight {
    pub(super) lease: LeaseId,
    pub(super) id: RequestId,
    /// The host that it was leased under.
    pub(super) host: Host,
    pub(super) request: Request,
    /// How often the spider had signed in when it was sent.
    pub(super) signed_in: u64,
}

/// What came of a request: what its settlement will be.
pub(super) struct Find {
    pub(super) outcome: Outcome,
    pub(super) children: Vec<Request>,
    /// Each with its number on the page.
    pub(super) records: Vec<(u64, Record)>,
    pub(super) counts: Vec<(Name, u64)>,
}

impl Find {
    /// An outcome and nothing beside it.
    pub(super) fn nothing(outcome: Outcome) -> Self {
        Self { outcome, children: Vec::new(), records: Vec::new(), counts: Vec::new() }
    }

    /// Counts one of something, once it is settled.
    pub(super) fn count(&mut self, name: impl Into<Name>) {
        self.counts.push((name.into(), 1));
    }
}

/// What the tasks say to the engine, which alone owns the state of the crawl.
pub(super) enum Event {
    /// The parser threads have read it.
    Read(Box<Flight>, Box<Read>),
    /// It is to be sent again, in this form.
    Again(Box<Flight>, Box<Request>),
    /// A middleware dropped it.
    Dropped(Box<Flight>, Reason),
    /// Its records went through the pipelines.
    Refined { flight: Box<Flight>, find: Box<Find>, given: usize },
    /// Its records did not all come through the pipelines, and it is to come again: the crawl ends.
    Broken { given: usize, error: Option<Error> },
    /// What must be known of a host before it is asked is known, or cannot be.
    Prepared(Host),
    /// `open` has ended.
    SignedIn(Result<()>),
    /// First requests went to the frontier; where more come from, and what was refused.
    Seeded(Result<Seeded>),
    /// Children of a page whose records are still in the pipelines went to the frontier.
    Submitted(Result<Admitted, FrontierError>),
}

/// What the next requests of a source came to.
pub(super) struct Seeded {
    /// Where more come from.
    pub(super) more: Option<Seeds>,
    /// The page that they come from, if it is not the spider's `start`.
    pub(super) page: Option<(Box<Flight>, Box<Find>)>,
    pub(super) admitted: Admitted,
    /// What was refused, by the names of the stats.
    pub(super) counts: Vec<(Name, u64)>,
}

/// Takes a request to the wire, and the answer to the parsers. Holds the host's turn no longer than the wire is busy.
pub(super) async fn fly(
    flight: Box<Flight>,
    turn: Turn,
    context: Context,
    downloader: Arc<Downloader>,
    parsers: Arc<Parsers<Box<Flight>>>,
    events: mpsc::Sender<Event>,
) {
    let keep = downloader.keep_page();
    let trip = AssertUnwindSafe(downloader.exchange(&flight.request, &keep, &turn)).catch_unwind().await;
    drop(turn);
    let url = flight.request.url.clone();
    let job = match trip {
        Ok(Exchange::Answered(response)) if response.status.is_success() => Job::Page(Box::new(response)),
        Ok(Exchange::Answered(response)) => Job::Failed(Failure::status(response.status, response.url)),
        Ok(Exchange::Failed(failure)) => Job::Failed(failure),
        Ok(Exchange::Again(request)) => return say(&events, Event::Again(flight, Box::new(request))).await,
        Ok(Exchange::Dropped(reason)) => return say(&events, Event::Dropped(flight, reason)).await,
        Err(_) => Job::Failed(Failure::new(FailureKind::Internal, url, "a middleware panicked")),
    };
    give(&parsers, flight, context, job);
}

/// Gives a job to the parser threads. There is room: the engine never has more under way than the queue holds.
pub(super) fn give(parsers: &Parsers<Box<Flight>>, flight: Box<Flight>, context: Context, job: Job) {
    let step = flight.request.step.clone();
    let given = parsers.give(Work { ticket: flight, step, context, job });
    debug_assert!(given, "the parsers' queue is as long as what may be under way");
}

/// The engine is gone only when the crawl is.
pub(super) async fn say(events: &mpsc::Sender<Event>, event: Event) {
    let _ = events.send(event).await;
}
