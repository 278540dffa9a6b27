//! What RFC 9111 says of a response: may it be kept, is it fresh, how is it asked for again, what a 304 changes.
//!
//! Pure functions of headers and a moment. The cache is a private one (section 1): it belongs to one operator, and
//! different users within a crawl have different keys. Where the RFC leaves the choice, Scrapy's answer is taken.
//!
//! The crate `http-cache-semantics` is not used here but held against this module by a test: it panics on an `Age`
//! near 2^64, takes `Date` for the time of arrival (section 4.2.3 does not), knows `No-Store` in lower case only,
//! reads one of the three forms of a date, keeps one of several lines of a field and drops what a 304 adds.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use super::fields::{self, CacheControl};
use crate::message::Request;

/// Scrapy's and Firefox's: a permanent redirect that says nothing of its life.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Statuses that may be kept although nothing says for how long (RFC 9110, section 15.1), whole ones.
const HEURISTIC: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];

/// Headers of a connection, not of a response (RFC 9111, section 3.1).
const OF_THE_CONNECTION: [HeaderName; 8] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// How strictly the RFC is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Keep whatever is not forbidden, whether or not it says for how long.
    pub always_store: bool,
    /// Directives of responses that are passed over.
    pub ignored: Vec<String>,
    /// Whether a stale response may answer when the server fails.
    pub stale_on_error: bool,
}

/// A response that is kept, as far as the rules ask.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// When it came.
    pub received: SystemTime,
    /// How long it took to come.
    pub delay: Duration,
}

impl Policy {
    /// Whether a response to this request may be looked up and kept at all: a safe method, no `no-store`, the whole.
    #[must_use]
    pub fn takes(&self, request: &Request) -> bool {
        matches!(request.method, Method::GET | Method::HEAD)
            && request.body.is_empty()
            && !request.headers.contains_key(header::RANGE)
            && !CacheControl::of(&request.headers).has("no-store")
    }

    /// Whether a response may be kept (RFC 9111, section 3), and whether there is any use in it.
    #[must_use]
    pub fn keeps(&self, request: &Request, status: StatusCode, headers: &HeaderMap) -> bool {
        let control = self.control(headers);
        // what somebody signed in was shown is kept only if the server says so (section 3.5)
        let is_personal = request.headers.contains_key(header::AUTHORIZATION) || has_credentials(request);
        // a status whose meaning is unknown here (section 5.2.2.3)
        let is_beyond = control.has("must-understand") && !is_understood(status);
        let is_for_all = ["public", "must-revalidate", "s-maxage"].iter().any(|name| control.has(name));
        if !is_whole(status, headers)
            || control.has("no-store")
            || fields::names(headers, header::VARY).iter().any(|name| name == "*")
            || is_beyond
            || is_personal && !is_for_all
        {
            return false;
        }
        let can_be_validated = headers.contains_key(header::ETAG) || headers.contains_key(header::LAST_MODIFIED);
        let may_guess = HEURISTIC.contains(&status.as_u16()) || control.has("public");
        self.always_store
            || control.has("max-age")
            || headers.contains_key(header::EXPIRES)
            || is_permanent(status)
            || may_guess && can_be_validated
    }

    /// Whether a response answers a request as it is, without a word from the server (sections 4.2 and 5.2.1).
    #[must_use]
    pub fn is_fresh(&self, request: &Request, kept: &Kept<'_>, now: SystemTime) -> bool {
        let (control, asked) = (self.control(kept.headers), CacheControl::of(&request.headers));
        if control.has("no-cache") || control.has("no-store") || demands_validation(request, &asked) {
            return false;
        }
        let (age, mut lifetime) = (self.age(kept, now), self.lifetime(kept));
        if let Some(most) = asked.seconds("max-age") {
            lifetime = lifetime.min(most.unwrap_or_default());
        }
        let margin = asked.seconds("min-fresh").flatten().unwrap_or_default();
        if age < lifetime && age.saturating_add(margin) <= lifetime {
            return true;
        }
        let past = age.saturating_sub(lifetime);
        let is_pardoned = asked.iter().any(|(name, value)| match (name, value) {
            ("max-stale", None) => true,
            ("max-stale", Some(_)) => asked.seconds("max-stale").flatten().is_some_and(|most| past < most),
            _ => false,
        });
        is_pardoned && margin.is_zero() && !control.has("must-revalidate")
    }

    /// Whether a response that is not fresh may answer because the server fails (section 4.2.4, RFC 5861 section 4).
    #[must_use]
    pub fn may_stand_in(&self, request: &Request, kept: &Kept<'_>, now: SystemTime) -> bool {
        let (control, asked) = (self.control(kept.headers), CacheControl::of(&request.headers));
        let is_forbidden = ["no-cache", "no-store", "must-revalidate"].iter().any(|name| control.has(name));
        if is_forbidden || demands_validation(request, &asked) {
            return false;
        }
        let stale_for = self.age(kept, now).saturating_sub(self.lifetime(kept));
        match control.seconds("stale-if-error").or_else(|| asked.seconds("stale-if-error")) {
            Some(most) => stale_for <= most.unwrap_or_default(),
            None => self.stale_on_error,
        }
    }

    /// How old a response is (section 4.2.3). A clock that was set back makes it no younger than new.
    #[must_use]
    pub fn age(&self, kept: &Kept<'_>, now: SystemTime) -> Duration {
        let date = fields::date(kept.headers, header::DATE).unwrap_or(kept.received);
        let apparent = kept.received.duration_since(date).unwrap_or_default();
        let told = kept.headers.get(header::AGE).and_then(|age| fields::seconds(age.to_str().ok()?));
        let corrected = told.map_or(Duration::ZERO, |told| told.saturating_add(kept.delay));
        let resident = now.duration_since(kept.received).unwrap_or_default();
        apparent.max(corrected).saturating_add(resident)
    }

    /// For how long a response is fresh from its beginning on (section 4.2.1).
    #[must_use]
    pub fn lifetime(&self, kept: &Kept<'_>) -> Duration {
        let control = self.control(kept.headers);
        if let Some(lifetime) = control.seconds("max-age") {
            return lifetime.unwrap_or_default();
        }
        let date = fields::date(kept.headers, header::DATE).unwrap_or(kept.received);
        if kept.headers.contains_key(header::EXPIRES) {
            // what is no date lies in the past (section 5.3)
            let expires = fields::date(kept.headers, header::EXPIRES);
            return expires.and_then(|expires| expires.duration_since(date).ok()).unwrap_or_default();
        }
        if !HEURISTIC.contains(&kept.status.as_u16()) && !control.has("public") && !self.always_store {
            return Duration::ZERO;
        }
        // a tenth of the time for which it has not changed (section 4.2.2)
        let modified = fields::date(kept.headers, header::LAST_MODIFIED);
        match modified.and_then(|modified| date.duration_since(modified).ok()) {
            Some(unchanged) => unchanged / 10,
            None if is_permanent(kept.status) => YEAR,
            None => Duration::ZERO,
        }
    }

    fn control(&self, headers: &HeaderMap) -> CacheControl {
        CacheControl::of(headers).without(&self.ignored)
    }
}

/// Makes a request ask whether a response has changed (section 4.3.1).
pub fn ask_for_changes(request: &mut HeaderMap, kept: &HeaderMap) {
    for (validator, condition) in
        [(header::ETAG, header::IF_NONE_MATCH), (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE)]
    {
        if let Some(value) = kept.get(validator) {
            request.insert(condition, value.clone());
        }
    }
}

/// Whether a 304 speaks of this response (section 4.3.4). One without validators speaks of that which was asked for.
#[must_use]
pub fn is_about(kept: &HeaderMap, not_modified: &HeaderMap) -> bool {
    let opaque = |headers: &HeaderMap| {
        let tag = headers.get(header::ETAG)?.as_bytes().trim_ascii();
        Some(tag.strip_prefix(b"W/").unwrap_or(tag).to_vec())
    };
    match (opaque(kept), opaque(not_modified)) {
        (Some(old), Some(new)) => old == new,
        (None, Some(_)) => false,
        (_, None) => match not_modified.get(header::LAST_MODIFIED) {
            Some(new) => kept.get(header::LAST_MODIFIED).is_none_or(|old| {
                let time = |value: &http::HeaderValue| fields::http_date(value.to_str().ok()?);
                old == new || time(old).is_some() && time(old) == time(new)
            }),
            None => true,
        },
    }
}

/// What a 304 changes in the headers that are kept (section 3.2): all it brings, but nothing that describes the body.
pub fn freshen(kept: &mut HeaderMap, not_modified: &HeaderMap) {
    // the age was that of the old answer; a warning of the first hundred was about its staleness (RFC 7234, section 5.5)
    kept.remove(header::AGE);
    let lasting = kept.get_all(header::WARNING).iter().filter(|line| !line.as_bytes().starts_with(b"1"));
    let lasting: Vec<_> = lasting.cloned().collect();
    kept.remove(header::WARNING);
    for line in lasting {
        kept.append(header::WARNING, line);
    }
    let bound = fields::names(not_modified, header::CONNECTION);
    for name in not_modified.keys() {
        let of_the_body = [header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_RANGE].contains(name);
        if of_the_body || OF_THE_CONNECTION.contains(name) || bound.iter().any(|bound| name == bound.as_str()) {
            continue;
        }
        kept.remove(name);
        for line in not_modified.get_all(name) {
            kept.append(name.clone(), line.clone());
        }
    }
}

/// The headers that are kept of a response: none of the connection (section 3.1).
#[must_use]
pub fn lasting(headers: &HeaderMap) -> HeaderMap {
    let bound = fields::names(headers, header::CONNECTION);
    let is_lasting =
        |name: &HeaderName| !OF_THE_CONNECTION.contains(name) && !bound.iter().any(|bound| name == bound.as_str());
    headers.iter().filter(|(name, _)| is_lasting(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether this is a final response and all of it.
#[must_use]
pub fn is_whole(status: StatusCode, headers: &HeaderMap) -> bool {
    status.as_u16() >= 200
        && !matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED)
        && !headers.contains_key(header::CONTENT_RANGE)
}

fn is_permanent(status: StatusCode) -> bool {
    matches!(status, StatusCode::MULTIPLE_CHOICES | StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

fn is_understood(status: StatusCode) -> bool {
    HEURISTIC.contains(&status.as_u16()) || matches!(status.as_u16(), 302 | 303 | 307)
}

/// `Pragma` counts where there is no `Cache-Control` (section 5.4).
fn demands_validation(request: &Request, asked: &CacheControl) -> bool {
    asked.has("no-cache")
        || !request.headers.contains_key(header::CACHE_CONTROL)
            && fields::names(&request.headers, header::PRAGMA).iter().any(|name| name == "no-cache")
}

fn has_credentials(request: &Request) -> bool {
    !request.url.username().is_empty() || request.url.password().is_some()
}
