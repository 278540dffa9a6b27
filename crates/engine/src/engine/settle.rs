//! Back: what came of each request, through the pipelines, into the frontier.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::flight::{self, Event, Find, Flight};
use super::{Engine, Source, tell};
use crate::error::Result;
use crate::frontier::{Admitted, Failed, Outcome, RequestId, Settlement};
use crate::message::mask::{self, Shown};
use crate::message::{Failure, FailureKind, Request};
use crate::observer::Happening;
use crate::pipeline::Passage;
use crate::spider::{End, Fill, Parsed, Read};
use crate::stats::Name;

/// The most of a failure's detail that is remembered, in bytes.
const DETAIL: usize = 500;

impl Engine {
    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Read(flight, read) => self.read(flight, *read),
            Event::Again(flight, request) => {
                self.flying -= 1;
                self.settle_later(flight, Find::nothing(Outcome::Again(request)));
            }
            Event::Dropped(flight, reason) => {
                self.flying -= 1;
                let mut find = Find::nothing(Outcome::Skipped(reason.0));
                find.count(format!("downloader/dropped_count/{}", reason.0));
                self.settle_later(flight, find);
            }
            Event::Refined { flight, find, given } => {
                self.refining -= given;
                self.settle_later(flight, *find);
            }
            Event::Broken { given, error } => {
                self.refining -= given;
                if let Some(error) = error {
                    self.end("disk_failed", Some(error));
                }
            }
            Event::Prepared(host) => {
                self.preparing.remove(&host);
                self.heads.freed(vec![host]);
            }
            Event::SignedIn(result) => self.signed_in(result),
            Event::Seeded(result) => self.seeded(result),
            Event::Submitted(Ok(admitted)) => {
                self.ask = true;
                self.count_admitted(admitted);
            }
            Event::Submitted(Err(error)) => self.end("internal_error", Some(error.into())),
        }
    }

    fn read(&mut self, flight: Box<Flight>, read: Read) {
        self.flying -= 1;
        let Read { parsed, end } = read;
        let Parsed { requests, records, seeds, counts, fill, .. } = parsed;
        let mut find = Find { outcome: Outcome::Done, children: requests, records: Vec::new(), counts };
        match end {
            End::Done => {
                self.in_vain = 0;
                self.limits.pages += 1;
                find.count("response_received_count");
                self.parts.stats.max("request_depth_max", u64::from(flight.request.depth));
                let (url, requests, records) = (&flight.request.url, find.children.len(), records.len());
                tracing::debug!(url = %Shown(url), requests, records, "page");
                tell(&self.parts.observers, &Happening::Page { url, requests, records });
            }
            End::SignedOut => {
                self.parts.stats.add_all(find.counts);
                return self.signed_out(flight);
            }
            End::Failed(failure) => {
                if self.limits.are_errors_used_up() {
                    // it is not to count, so it has not happened: it comes again in the next run
                    let again = Outcome::Again(Box::new(flight.request.clone()));
                    return self.settle_later(flight, Find::nothing(again));
                }
                self.count_failure(&flight, &failure, &mut find);
                find.outcome = Outcome::Failed(failed(&failure));
            }
        }
        // if the page was here before, a limit let only so many of its records pass
        find.records = (0..).zip(records).filter(|(number, _)| *number >= flight.request.given).collect();
        let fill =
            if flight.request.given == 0 { fill } else { Fill::of(find.records.iter().map(|(_, record)| record)) };
        self.fields.counts(fill, &mut find.counts);
        match seeds {
            // the page is settled when all that it leads to is in the frontier
            Some(seeds) => self.seeds.push_back(Source { seeds, page: Some((flight, Box::new(find))) }),
            None => self.finish(flight, find),
        }
    }

    /// All that a page leads to is known.
    pub(super) fn finish(&mut self, flight: Box<Flight>, find: Find) {
        if find.records.is_empty() || self.parts.chain.is_empty() {
            return self.settle_later(flight, find);
        }
        self.refine(flight, find);
    }

    /// Sends a page's records through the pipelines, all at once, and settles the page when the last one is through.
    fn refine(&mut self, flight: Box<Flight>, mut find: Find) {
        let records = std::mem::take(&mut find.records);
        let given = records.len();
        self.refining += given;
        let (chain, stats, say) = (self.parts.chain.clone(), self.parts.stats.clone(), self.say.clone());
        // What is filtered may go ahead: submitting is idempotent, so a crash before the page is settled only means
        // that the page comes again and its children do not.
        let ahead: Vec<Request> = find.children.extract_if(.., |child| !child.unfiltered).collect();
        let frontier = self.parts.frontier.clone();
        self.tasks.spawn(async move {
            if !ahead.is_empty() {
                let submitted = frontier.submit(ahead).await;
                flight::say(&say, Event::Submitted(submitted)).await;
            }
            let passages = records.into_iter().map(|(number, record)| {
                let kind = record.kind.clone();
                let (chain, stats) = (&chain, &stats);
                async move {
                    let passage = AssertUnwindSafe(chain.process(record, stats)).catch_unwind().await;
                    let passage = passage.unwrap_or_else(|_| {
                        tracing::error!(item = %kind, "a pipeline panicked; the item is lost");
                        stats.add("item_error_count", 1);
                        Passage::Ended
                    });
                    (number, passage)
                }
            });
            for (number, passage) in futures_util::future::join_all(passages).await {
                match passage {
                    Passage::Through(record) => find.records.push((number, record)),
                    Passage::Ended => {}
                    // the page is not settled, so it comes again
                    Passage::Stopped => return flight::say(&say, Event::Broken { given, error: None }).await,
                    Passage::Blocked(error) => {
                        return flight::say(&say, Event::Broken { given, error: Some(error) }).await;
                    }
                }
            }
            flight::say(&say, Event::Refined { flight, find: Box::new(find), given }).await;
        });
    }

    pub(super) fn settle_later(&mut self, flight: Box<Flight>, mut find: Find) {
        self.keep_within_items(&flight, &mut find);
        if let Outcome::Again(request) = &find.outcome
            && let Some(due) = request.due
        {
            self.due = Some(self.due.map_or(due, |known| known.min(due)));
        }
        self.heads.settled(&flight.host);
        let Find { outcome, children, records, counts } = find;
        let records = records.into_iter().map(|(_, record)| record).collect();
        let (lease, request) = (flight.lease, flight.id);
        self.settlements.push(Settlement { lease, request, outcome, children, records, counts });
    }

    /// Commits what has come back since the last time.
    pub(super) async fn settle(&mut self) -> Result<()> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.settlements);
        let counts: Vec<(RequestId, Vec<(Name, u64)>)> =
            batch.iter().map(|settlement| (settlement.request, settlement.counts.clone())).collect();
        let again = batch.iter().any(|settlement| matches!(settlement.outcome, Outcome::Again(_)));
        for record in batch.iter().flat_map(|settlement| &settlement.records) {
            tell(&self.parts.observers, &Happening::Record(record));
        }
        let any_records = batch.iter().any(|settlement| !settlement.records.is_empty());
        let settled = self.parts.frontier.settle(batch).await?;
        let stats = &self.parts.stats;
        for (request, counts) in counts {
            if settled.refused.contains(&request) {
                stats.add("scheduler/settlements_refused", 1);
            } else {
                stats.add_all(counts);
            }
        }
        if any_records {
            self.wake_writer.notify_one();
        }
        self.count_admitted(settled.children);
        self.outbox = (settled.outbox, settled.outbox_bytes);
        self.ask |= settled.children.queued > 0 || again;
        Ok(())
    }

    pub(super) fn count_admitted(&self, admitted: Admitted) {
        if admitted.seen > 0 {
            self.parts.stats.add("dupefilter/filtered", admitted.seen as u64);
        }
        if admitted.refused > 0 {
            self.parts.stats.add("scheduler/unserializable", admitted.refused as u64);
        }
    }

    fn count_failure(&mut self, flight: &Flight, failure: &Failure, find: &mut Find) {
        self.limits.errors += 1;
        let step = self.parts.spider.describe(&flight.request.step);
        let (url, kind, detail) = (&failure.url, failure.kind, failure.detail.as_str());
        tracing::warn!(url = %Shown(url), step, %kind, detail, "request failed");
        tell(&self.parts.observers, &Happening::Failed(failure));
        find.count(format!("requests/failed_count/{kind}"));
        match failure.kind {
            FailureKind::HttpStatus => {
                let status = failure.status.map_or(0, |status| status.as_u16());
                find.count("httperror/response_ignored_count");
                find.count(format!("httperror/response_ignored_status_count/{status}"));
            }
            FailureKind::ParseError | FailureKind::ParsePanic => {
                find.count("spider_exceptions/count");
                find.count(format!("spider_exceptions/{kind}"));
            }
            _ => {}
        }
    }
}

/// Why a request has no usable answer, as the frontier remembers it.
fn failed(failure: &Failure) -> Failed {
    let status = failure.status.map(|status| status.as_u16());
    let mut detail = mask::text(&failure.detail).into_owned();
    detail.truncate(detail.floor_char_boundary(DETAIL));
    Failed { kind: failure.kind.to_string(), status, detail }
}
