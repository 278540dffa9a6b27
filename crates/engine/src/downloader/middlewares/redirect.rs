//! Redirects, as new requests (Fetch standard, section 4.4, HTTP-redirect fetch; RFC 9110, section 15.4).

mod onward;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use encoding_rs::UTF_8;
use http::{HeaderMap, HeaderValue, header};
use percent_encoding::{AsciiSet, percent_encode};
use serde::{Deserialize, Serialize};

use super::referrer;
pub(in crate::downloader::middlewares) use onward::{Onward, is_same_page, is_web, sets_cookie};

use crate::downloader::{Hooks, Inbound, Middleware, Trip};
use crate::error::Error;
use crate::message::urls::join;
use crate::message::{Failure, FailureKind, Request, Response};
use crate::stats::Stats;

/// What is not ASCII; what is, a URL's parser knows how to read.
const NOT_ASCII: AsciiSet = AsciiSet::EMPTY;

/// `[middlewares.redirect]`: also for refreshes, which are redirects by other means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The longest chain.
    pub limit: usize,
    /// Added to the priority at each hop, so that what was begun is finished.
    pub priority_adjust: i32,
    /// What to do where https leads to http.
    pub downgrade: Downgrade,
    /// Whether a body goes on to another origin.
    pub cross_origin_body: bool,
    /// Headers that are not for another origin, beside `authorization`, `proxy-authorization` and `cookie`.
    pub sensitive_headers: Vec<String>,
}

/// What to do where https leads to http.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Downgrade {
    /// Follow.
    Follow,
    /// Fail, as `bad_redirect`.
    Refuse,
    /// Ask for the same by https.
    Upgrade,
}

impl Default for Settings {
    fn default() -> Self {
        let headers = [
            "x-api-key",
            "api-key",
            "apikey",
            "x-auth-token",
            "x-access-token",
            "x-session-token",
            "x-csrf-token",
            "x-csrftoken",
            "x-xsrf-token",
            "x-amz-security-token",
            "x-goog-api-key",
            "private-token",
        ];
        Self {
            limit: 20,
            priority_adjust: 2,
            downgrade: Downgrade::Follow,
            cross_origin_body: false,
            sensitive_headers: headers.map(str::to_owned).into(),
        }
    }
}

/// Makes the request that a redirect asks for.
#[derive(Debug)]
pub struct Redirects {
    onward: Onward,
}

impl Redirects {
    /// Follows redirects by these settings, to URLs of at most `max_url` bytes.
    ///
    /// # Errors
    /// If a name in `sensitive_headers` is not that of a header.
    pub fn new(settings: Settings, max_url: usize, stats: Arc<Stats>) -> Result<Self, Error> {
        Ok(Self { onward: Onward::new(settings, max_url, stats)? })
    }

    fn follow(&self, wish: &Request, response: &Response) -> Result<Option<Request>, Failure> {
        let status = response.status;
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) || wish.options().redirects == Some(0) {
            return Ok(None);
        }
        let fail = |kind, what| {
            let detail = format!("answered {status} {what}");
            Err(Failure { status: Some(status), ..Failure::new(kind, wish.url.clone(), detail) })
        };
        let Ok(location) = location(&response.headers) else {
            return fail(FailureKind::BadRedirect, "with several `Location`s");
        };
        // a redirect that leads nowhere is an answer like others
        let Some(location) = location else { return Ok(None) };
        let Ok(mut target) = join(&wish.url, &location, UTF_8) else {
            return fail(FailureKind::BadRedirect, "to what is not a URL");
        };
        if !is_web(&target) {
            return fail(FailureKind::BadScheme, "to what is not a http(s) URL");
        }
        if target.fragment().is_none() {
            target.set_fragment(wish.url.fragment());
        }
        self.onward.request(wish, response, target).map(Some)
    }
}

/// The one place that a response names, if it names one: empty values say nothing. Several are an error.
fn location(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, ()> {
    let mut places = headers.get_all(header::LOCATION).iter().filter(|value| !value.as_bytes().trim_ascii().is_empty());
    let Some(first) = places.next() else { return Ok(None) };
    if places.any(|other| other != first) { Err(()) } else { Ok(Some(text(first))) }
}

/// A header's value as browsers read a URL in it: bytes that are not UTF-8 are percent-encoded.
pub(in crate::downloader::middlewares) fn text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => percent_encode(value.as_bytes(), &NOT_ASCII).into(),
    }
}

impl fmt::Display for Redirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redirect")
    }
}

#[async_trait]
impl Middleware for Redirects {
    fn hooks(&self) -> Hooks {
        Hooks::BACK
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Ok(response) = &outcome else { return Inbound::Pass(outcome) };
        match self.follow(trip.wish, response) {
            Ok(Some(mut next)) => {
                referrer::redirected(&mut next, trip.sent, response);
                Inbound::Again(next)
            }
            Ok(None) => Inbound::Pass(outcome),
            Err(failure) => Inbound::Pass(Err(failure)),
        }
    }
}

#[cfg(test)]
mod tests;
