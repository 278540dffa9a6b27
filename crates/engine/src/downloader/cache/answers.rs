//! What touches the disk: looking up, confirming, keeping. All of it blocks.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use super::caching::{Clock, Looked};
use super::{CacheError, Found, Rules, Store, policy};
use crate::message::{Body, Request, Response};
use crate::stats::Stats;

/// What a 304 was about.
pub(super) enum Confirmed {
    /// This.
    Answer(Box<Response>),
    /// Something that is not there any more, or not whole.
    Gone,
    /// What the spider itself has.
    NotOurs,
}

/// Answers out of the store, by the rules.
pub(super) struct Answers {
    pub(super) rules: Rules,
    pub(super) stats: Arc<Stats>,
    pub(super) clock: Clock,
}

impl Answers {
    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(super) fn open(&self) -> Result<Store, CacheError> {
        Store::open(&self.rules.settings().dir, self.rules.limits(), self.now())
    }

    fn find(&self, store: &Store, request: &Request) -> Result<Option<Found>, CacheError> {
        let now = self.now();
        store.find(request, |entry| self.rules.fits(entry, request, store, now))
    }

    pub(super) fn look(&self, store: &Store, request: &Request) -> Result<Looked, CacheError> {
        let Some(found) = self.find(store, request)? else { return Ok(Looked::Nothing) };
        let headers = found.entry.headers();
        if !self.rules.is_fresh(request, &found.entry.kept(&headers), self.now()) {
            let mut conditions = HeaderMap::new();
            policy::ask_for_changes(&mut conditions, &headers);
            return Ok(Looked::Ask(conditions));
        }
        let Some(response) = self.answer(store, &found, request)? else { return Ok(Looked::Nothing) };
        self.stats.add("httpcache/hit", 1);
        Ok(Looked::Answer(Box::new(response)))
    }

    pub(super) fn stand_in(&self, store: &Store, request: &Request) -> Result<Option<Response>, CacheError> {
        let Some(found) = self.find(store, request)? else { return Ok(None) };
        let headers = found.entry.headers();
        if !self.rules.may_stand_in(request, &found.entry.kept(&headers), self.now()) {
            return Ok(None);
        }
        let response = self.answer(store, &found, request)?;
        if response.is_some() {
            self.stats.add("httpcache/errorrecovery", 1);
        }
        Ok(response)
    }

    pub(super) fn confirm(
        &self,
        store: &Store,
        sent: &Request,
        wish: &Request,
        not_modified: &HeaderMap,
        delay: Duration,
    ) -> Result<Confirmed, CacheError> {
        let asks = |request: &Request| {
            request.headers.contains_key(header::IF_NONE_MATCH)
                || request.headers.contains_key(header::IF_MODIFIED_SINCE)
        };
        let Some(mut found) = self.find(store, sent)? else {
            let is_own = asks(wish) || !asks(sent);
            return Ok(if is_own { Confirmed::NotOurs } else { Confirmed::Gone });
        };
        let mut headers = found.entry.headers();
        let is_validated = headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
        if !is_validated && asks(wish) {
            return Ok(Confirmed::NotOurs);
        }
        if !policy::is_about(&headers, not_modified) {
            // nothing may make the next request conditional again
            store.remove_url(sent)?;
            return Ok(Confirmed::Gone);
        }
        let Some(body) = self.body(store, &found)? else { return Ok(Confirmed::Gone) };
        policy::freshen(&mut headers, not_modified);
        let mut lasting = headers.clone();
        if !self.rules.keeps_cookies() {
            lasting.remove(header::SET_COOKIE);
        }
        store.confirm(&mut found, sent, &lasting, delay, self.now())?;
        self.stats.add("httpcache/revalidate", 1);
        Ok(Confirmed::Answer(Box::new(Response { body: Body::Memory(body), ..found.entry.response(sent, headers) })))
    }

    pub(super) fn keep(
        &self,
        store: &Store,
        request: &Request,
        head: &Response,
        body: Option<&[u8]>,
    ) -> Result<(), CacheError> {
        let before = self.find(store, request)?;
        self.stats.add(if before.is_some() { "httpcache/invalidate" } else { "httpcache/firsthand" }, 1);
        if let Some(body) = body
            && self.rules.keeps(request, head)
        {
            let gone = store.put(request, head, body, self.now(), self.rules.keeps_cookies())?;
            self.stats.add("httpcache/store", 1);
            if gone > 0 {
                self.stats.add("httpcache/evict", gone);
            }
            return Ok(());
        }
        self.stats.add("httpcache/uncacheable", 1);
        // a newer answer that may not be kept makes the older one wrong all the same
        match before {
            Some(before) if !head.status.is_server_error() && head.status != StatusCode::NOT_MODIFIED => {
                store.remove(&before)
            }
            _ => Ok(()),
        }
    }

    fn answer(&self, store: &Store, found: &Found, request: &Request) -> Result<Option<Response>, CacheError> {
        let Some(body) = self.body(store, found)? else { return Ok(None) };
        let now = self.now();
        store.touch(found, now)?;
        let headers = found.entry.headers();
        let headers = self.rules.headers(&found.entry.kept(&headers), now);
        Ok(Some(Response { body: Body::Memory(body), ..found.entry.response(request, headers) }))
    }

    fn body(&self, store: &Store, found: &Found) -> Result<Option<Bytes>, CacheError> {
        let body = store.body(found)?;
        if body.is_none() {
            self.stats.add("httpcache/retrieve_error", 1);
        }
        Ok(body)
    }
}
