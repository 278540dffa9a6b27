//! One URL: what is known of it, what is in the store, and if that is too old or nothing, what its server says.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dragline::downloader::{Held, Keep, Look, Sight};
use dragline::error::Result;
use dragline::message::{Failure, FailureKind, Request, Response};
use dragline_store::StoreError;
use dragline_store::manifest::Visit;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jiff::Timestamp;

use super::check::{Checker, Seeing, Unkept};
use super::filter::{Filtered, side};
use super::ledger::Past;
use super::media::{Ask, Media, disk};
use super::opt_outs;
use super::recall::Found;
use super::settings::OptOuts;
use crate::entry::{Entry, Status};

/// Why the first kilobytes of a body were enough: the reason's stable name.
type Seen = Arc<OnceLock<&'static str>>;

impl Media {
    /// The entry of a URL that this run has not asked about.
    pub(super) async fn obtain(&self, ask: &Ask) -> Result<Entry> {
        let past = self.past(ask).await;
        if let Some(visit) = past.visit.as_ref().filter(|visit| self.is_final(visit)) {
            let reason = visit.reason.as_deref().unwrap_or("failed");
            let detail = format!("it failed in an earlier run, and `{}.retry_failed` is false", self.table);
            return Ok(Entry { http_status: visit.http_status, ..Entry::failed(ask.text.clone(), reason, detail) });
        }
        let visit = past.visit.clone();
        let found = self.recall(ask, past).await?;
        let found = match found {
            Some(found) if !self.is_over(&found) => return self.uptodate(ask, found, None).await,
            found => found,
        };
        let seen = Arc::default();
        match self.fetch(ask, found.as_ref(), &seen).await {
            Ok(Held { response, place: _place }) => match found {
                Some(found) if response.status == StatusCode::NOT_MODIFIED => {
                    self.uptodate(ask, found, Some(&response)).await
                }
                _ => self.keep(ask, response, visit).await,
            },
            Err(failure) if failure.kind == FailureKind::Stopped => Err(failure.into()),
            Err(Failure { kind: FailureKind::Disk, detail, .. }) => Err(disk(StoreError::new(&self.store, detail))),
            Err(failure) => Ok(self.failed(ask, &failure, &seen, visit)),
        }
    }

    /// What earlier runs knew of a URL.
    async fn past(&self, ask: &Ask) -> Past {
        // what a `data:` URL carries is in the item
        if ask.url.scheme() == "data" || (self.ledger().is_new() && !self.known.has_forgotten()) {
            return Past::default();
        }
        self.ledger().past(ask.url.as_str()).await
    }

    /// Whether what failed in an earlier run is not asked for again. What was too small for one wish may do for another.
    fn is_final(&self, visit: &Visit) -> bool {
        is_failure(visit) && !self.common.retry_failed && visit.reason.as_deref() != Some("filtered_min_side")
    }

    fn is_over(&self, found: &Found) -> bool {
        // what failed since has to be asked for; what nobody knows the age of may be of any
        let has_failed = found.visit.as_ref().is_some_and(is_failure);
        let age = found.since.map(|since| Timestamp::now().duration_since(since).try_into().unwrap_or(Duration::ZERO));
        has_failed || self.common.expires.is_over(age.unwrap_or(Duration::MAX))
    }

    async fn fetch(&self, ask: &Ask, found: Option<&Found>, seen: &Seen) -> Result<Held, Failure> {
        let accept = match &*self.checker {
            Checker::Images(_) => "image/*,*/*;q=0.8",
            Checker::Files(_) => "*/*",
        };
        let mut request = Request::get(ask.url.clone()).header(header::ACCEPT, HeaderValue::from_static(accept));
        request.referrer = Some((*ask.page).clone());
        request.reach = ask.reach;
        request.options = ask.way.as_deref().map(|way| Box::new(way.clone()));
        if let Some(visit) = found.and_then(|found| found.visit.as_ref()) {
            set(&mut request.headers, header::IF_NONE_MATCH, visit.etag.as_deref());
            set(&mut request.headers, header::IF_MODIFIED_SINCE, visit.last_modified.as_deref());
        }
        let keep = Keep {
            limit: self.common.max_body.as_u64(),
            setting: Cow::Owned(format!("{}.max_body", self.table)),
            cut: false,
            spill: self.store.parts().map(|parts| (parts, self.common.spill.as_u64())),
            look: self.look(seen, ask.min_side),
            resume: None,
        };
        self.fetch.fetch_into(request, &keep, &self.bodies).await
    }

    /// Looks at the first kilobytes: the rest of what is not to be kept need not come. `seen` has the reason then.
    fn look(&self, seen: &Seen, min_side: u32) -> Option<Look> {
        let Checker::Images(_) = &*self.checker else { return None };
        let (checker, seen) = (self.checker.clone(), seen.clone());
        Some(Look(Arc::new(move |head| match checker.glance(head, min_side) {
            Ok(Seeing::More) => Sight::More,
            Ok(Seeing::Enough) => Sight::Wanted,
            Err(Unkept::Refused { reason, detail }) => {
                // nobody else has set it: a body is looked at by one
                let _ = seen.set(reason);
                Sight::Unwanted(detail)
            }
            Err(Unkept::Store(_)) => Sight::Wanted,
        })))
    }

    /// The entry of an object that is there and is still what its URL leads to; `unchanged` is its server's word for it.
    async fn uptodate(&self, ask: &Ask, mut found: Found, unchanged: Option<&Response>) -> Result<Entry> {
        if let (Some(width), Some(height)) = (found.facts.width, found.facts.height)
            && let Some(Filtered { reason, detail }) = side(width, height, ask.min_side)
        {
            // it is there for somebody else
            return Ok(Entry::failed(ask.text.clone(), reason, detail));
        }
        let signals = match (unchanged.map(|response| opt_outs::read(&response.headers)), &found.visit) {
            (Some(signals), _) if !signals.is_empty() => signals,
            (_, Some(visit)) => visit.opt_outs.clone(),
            (signals, None) => signals.unwrap_or_default(),
        };
        if let Some(entry) = self.opted_out(ask, &signals) {
            return Ok(entry);
        }
        let thumbs = self.thumbs_of(&found).await?;
        if unchanged.is_some() {
            found.since = Some(Timestamp::now());
        }
        let mut entry = self.entry_of(ask, Status::Uptodate, &found.name, &found.facts, thumbs);
        (entry.fetched_at, entry.opt_outs) = (found.since, signals);
        if let Some(response) = unchanged {
            entry.http_status = Some(response.status.as_u16());
            entry.final_url = ask.is_wire().then(|| response.url.as_str().to_owned());
        } else if let Some(visit) = &found.visit {
            entry.final_url.clone_from(&visit.final_url);
        }
        self.note_again(ask, found, &entry, unchanged);
        Ok(entry)
    }

    /// Notes what an unchanged object's server said, and what the manifest did not know.
    fn note_again(&self, ask: &Ask, found: Found, entry: &Entry, unchanged: Option<&Response>) {
        let row = self.row(&found.name, &found.facts, &entry.thumbs, found.object.as_ref());
        let is_known = found.object.as_ref() == Some(&row) && found.visit.is_some();
        if is_known && unchanged.is_none() {
            return;
        }
        let mut visit = found.visit.unwrap_or_else(|| ask.visit(Status::Uptodate));
        visit.name = Some(found.name.to_string());
        visit.fetched_at = found.since;
        visit.opt_outs.clone_from(&entry.opt_outs);
        if let Some(response) = unchanged {
            (visit.status, visit.reason) = (Status::Uptodate.name().to_owned(), None);
            visit.http_status = Some(response.status.as_u16());
            // what a 304 does not say stays as it was (RFC 9111, section 3.2)
            visit.etag = text(&response.headers, &header::ETAG).or(visit.etag);
            visit.last_modified = text(&response.headers, &header::LAST_MODIFIED).or(visit.last_modified);
        }
        self.note(ask, visit, Some(row));
    }

    /// The entry of what could not be fetched.
    fn failed(&self, ask: &Ask, failure: &Failure, seen: &Seen, before: Option<Visit>) -> Entry {
        let reason = match (failure.kind, seen.get()) {
            (FailureKind::Unwanted, Some(reason)) => reason,
            (kind, _) => kind.name(),
        };
        let entry = Entry {
            final_url: ask.is_wire().then(|| failure.url.as_str().to_owned()),
            http_status: failure.status.map(|status| status.as_u16()),
            ..Entry::failed(ask.text.clone(), reason, failure.detail.clone())
        };
        self.note_failure(ask, &entry, before);
        entry
    }

    /// Notes a failure; an object that was there before stays the URL's.
    pub(super) fn note_failure(&self, ask: &Ask, entry: &Entry, before: Option<Visit>) {
        let mut visit = ask.visit(Status::Failed);
        (visit.reason, visit.http_status) = (entry.reason.clone(), entry.http_status);
        (visit.final_url, visit.opt_outs) = (entry.final_url.clone(), entry.opt_outs.clone());
        visit.fetched_at = Some(Timestamp::now());
        if let Some(before) = before {
            (visit.name, visit.etag, visit.last_modified) = (before.name, before.etag, before.last_modified);
        }
        self.note(ask, visit, None);
    }

    /// The entry of what is not to be kept for what its server says, where that is obeyed.
    pub(super) fn opted_out(&self, ask: &Ask, signals: &[String]) -> Option<Entry> {
        let signal = opt_outs::against(signals).filter(|_| self.common.opt_outs == OptOuts::Obey)?;
        let detail = format!("its server says `{signal}`, and `{}.opt_outs` is \"obey\"", self.table);
        let entry = Entry::failed(ask.text.clone(), "opted_out", detail);
        Some(Entry { opt_outs: signals.to_vec(), ..entry })
    }
}

fn is_failure(visit: &Visit) -> bool {
    visit.status == Status::Failed.name()
}

/// Sets a header to what a server once said; what is no header's value was none.
fn set(headers: &mut HeaderMap, name: HeaderName, value: Option<&str>) {
    if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(name, value);
    }
}

/// A header's text.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
