//! Back: what came of each request, through the pipelines, into the frontier.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::flight::{self, Event, Flight, Seeded};
use super::{Engine, tell};
use crate::error::Result;
use crate::frontier::{Admitted, Outcome, RequestId, Settlement};
use crate::message::{Failure, FailureKind, Record, Request};
use crate::observer::Happening;
use crate::pipeline::Passage;
use crate::spider::{End, Parsed, Read};
use crate::stats::Name;

impl Engine {
    pub(super) fn handle(&mut self, event: Event) {
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
                    Ok(Seeded { more, counts }) => {
                        // what is left of a source goes on before those that pages gave in the meantime
                        if let Some(more) = more {
                            self.seeds.push_front(more);
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
                flight::say(&say, Event::Submitted(submitted)).await;
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
                    Passage::Stopped => return flight::say(&say, Event::Broken { given, error: None }).await,
                    Passage::Blocked(error) => {
                        return flight::say(&say, Event::Broken { given, error: Some(error) }).await;
                    }
                }
            }
            flight::say(&say, Event::Refined { flight, outcome, children, records, given }).await;
        });
    }

    pub(super) fn settle_later(
        &mut self,
        flight: Box<Flight>,
        outcome: Outcome,
        children: Vec<Request>,
        records: Vec<Record>,
    ) {
        if let Outcome::Again(request) = &outcome
            && let Some(due) = request.due
        {
            self.due = Some(self.due.map_or(due, |known| known.min(due)));
        }
        self.heads.settled(&flight.host);
        self.settlements.push(Settlement { lease: flight.lease, request: flight.id, outcome, children, records });
    }

    /// Commits what has come back since the last time.
    pub(super) async fn settle(&mut self) -> Result<()> {
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
}
