//! The threads on which pages are parsed: as many as cores, with stacks for deep pages, under `catch_unwind`.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use url::Url;

use super::watchdog::{Slot, Watchdog};
use super::{Context, Parsed, Runnable};
use crate::error::Error;
use crate::message::mask::Shown;
use crate::message::{Failure, FailureKind, Response, Sealed};
use crate::page::Page;
use crate::stats::{Name, Stats};

/// What a thread has on which a spider runs.
pub(crate) const STACK: usize = 8 * 1024 * 1024;

/// Something for the spider to read.
pub(crate) enum Job {
    /// A page.
    Page(Box<Response>),
    /// A request that failed for good.
    Failed(Failure),
}

/// A job with what it needs; `ticket` comes back with the result.
pub(crate) struct Work<T> {
    pub(crate) ticket: T,
    pub(crate) step: Sealed,
    pub(crate) context: Context,
    pub(crate) job: Job,
}

/// What came of a job. Its pages' finds are kept whatever the end.
pub(crate) struct Read {
    pub(crate) parsed: Parsed,
    pub(crate) end: End,
}

/// How a job ended.
pub(crate) enum End {
    /// Understood.
    Done,
    /// The page is the login form.
    SignedOut,
    /// Not understood; or the failure that the spider was told of.
    Failed(Failure),
}

/// The threads. When this is dropped they finish what they have and end; nobody waits for one that does not.
pub(crate) struct Parsers<T> {
    work: Sender<Work<T>>,
    _watchdog: Watchdog,
}

/// What the threads are told.
pub(crate) struct Plan {
    /// How many there are.
    pub(crate) threads: usize,
    /// How much work may wait; the engine never gives more.
    pub(crate) room: usize,
    /// What takes longer is said and counted.
    pub(crate) slow: Duration,
    pub(crate) stats: Arc<Stats>,
}

impl<T: Send + 'static> Parsers<T> {
    /// Starts the threads. `done` gets each result.
    pub(crate) fn start(
        plan: Plan,
        spider: &Arc<dyn Runnable>,
        done: impl Fn(T, Read) + Clone + Send + 'static,
    ) -> std::io::Result<Self> {
        let (work, receiver) = crossbeam_channel::bounded(plan.room);
        let slots: Vec<Arc<Slot>> = (0..plan.threads).map(|_| Arc::default()).collect();
        for (number, slot) in slots.iter().enumerate() {
            let (receiver, spider, done, slot) = (receiver.clone(), spider.clone(), done.clone(), slot.clone());
            let thread = std::thread::Builder::new().name(format!("dragline-parser-{number}")).stack_size(STACK);
            thread.spawn(move || {
                for Work { ticket, step, context, job } in receiver {
                    slot.begin(job.url(), &step, plan.slow);
                    let read = read(spider.as_ref(), &step, context, job);
                    slot.end();
                    done(ticket, read);
                }
            })?;
        }
        let watchdog = Watchdog::start(slots, plan.slow, spider.clone(), plan.stats)?;
        Ok(Self { work, _watchdog: watchdog })
    }

    /// Gives work to the threads; false if there is no room, which the engine's own bound rules out.
    pub(crate) fn give(&self, work: Work<T>) -> bool {
        self.work.try_send(work).is_ok()
    }
}

impl Job {
    fn url(&self) -> &Url {
        match self {
            Self::Page(response) => &response.url,
            Self::Failed(failure) => &failure.url,
        }
    }
}

/// Lets the spider read one page, or one failure.
pub(crate) fn read(spider: &dyn Runnable, step: &Sealed, mut context: Context, job: Job) -> Read {
    let url = job.url().clone();
    let attempt = catch_unwind(AssertUnwindSafe(|| match job {
        Job::Page(response) => read_page(spider, step, context, *response),
        Job::Failed(failure) => {
            context.page = Some(Arc::new(failure.url.clone()));
            let (mut parsed, result) = spider.failed(step, &failure, context);
            if let Err(error) = result {
                tracing::warn!(url = %Shown(&failure.url), %error, "`failed` failed");
            }
            parsed.fault = None;
            Read { parsed, end: End::Failed(failure) }
        }
    }));
    attempt.unwrap_or_else(|payload| {
        let failure = Failure::new(FailureKind::ParsePanic, url, panic_message(payload.as_ref()));
        Read { parsed: Parsed::default(), end: End::Failed(failure) }
    })
}

fn read_page(spider: &dyn Runnable, step: &Sealed, mut context: Context, response: Response) -> Read {
    let Response { url, status, headers, body, reach, .. } = response;
    let body = match body.into_bytes() {
        Ok(body) => body,
        Err(error) => {
            let failure = Failure::new(FailureKind::Disk, url, error.to_string());
            return Read { parsed: Parsed::default(), end: End::Failed(failure) };
        }
    };
    let page = Page::new(url, status, headers, body, context.depth).within(context.limits);
    (context.page, context.reach) = (Some(Arc::new(page.url().clone())), reach);
    let traps = context.traps.clone();
    let (mut parsed, result) = spider.parse(step, &page, context);
    if page.is_cut() {
        tracing::warn!(url = %Shown(page.url()), "page cut: it is too deep, has too many nodes, or takes too long to parse");
    }
    parsed.counts.extend(page.losses().map(|(name, count)| (Name::from(name), count)));
    let (item, selector) = (parsed.fault.take(), page.take_fault());
    let result = match result {
        Err(Error::SignedOut) => Err(Error::SignedOut),
        // a selector that is none explains why nothing matched it
        result => selector.map_or(result, Err).and(item.map_or(Ok(()), Err)),
    };
    if let (Ok(()), Some(traps)) = (&result, traps) {
        traps.saw(page.url(), page.body());
    }
    let end = match result {
        Ok(()) => End::Done,
        Err(Error::SignedOut) => End::SignedOut,
        Err(error) => End::Failed(Failure::new(FailureKind::ParseError, page.url().clone(), error.to_string())),
    };
    Read { parsed, end }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = (payload.downcast_ref::<&str>().copied())
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    format!("`parse` panicked: {text}")
}
