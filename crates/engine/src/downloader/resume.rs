//! A body whose connection broke: its beginning is kept, and the next attempt asks for the rest (RFC 9110, section 14).
//!
//! Only what is certain to be a part of the same bytes is joined: the beginning came with a strong validator, the rest
//! is asked for under that (`If-Range`), and says that it begins where the beginning ends. Everything else begins anew.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use url::Url;

use super::parts::Begun;
use crate::message::{FailureKind, Request};

/// A `Last-Modified` is a strong validator once it lies so far back (RFC 9110, section 8.8.2.2).
const SETTLED: Duration = Duration::from_secs(60);
/// Less than this is quickly asked for again.
const WORTH: u64 = 16 * 1024;

/// The place where the beginning of a body waits between two attempts at it. Clones are the same place.
#[derive(Debug, Clone, Default)]
pub struct Resume(Arc<Mutex<Option<Beginning>>>);

/// The beginning of a body.
#[derive(Debug)]
pub(super) struct Beginning {
    url: Url,
    validator: HeaderValue,
    pub(super) begun: Begun,
    /// The head that the whole body belongs to.
    pub(super) headers: HeaderMap,
}

/// What the answer to a request for the rest is.
#[derive(Debug)]
pub(super) enum Rest {
    /// The rest: the body goes on.
    Follows(Box<Beginning>),
    /// A whole body, or an answer of another kind.
    Whole,
    /// Not what was asked for: the next attempt begins anew.
    Wrong(String),
}

impl Resume {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Beginning>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the beginning of this request's body, and has the request ask for the rest.
    pub(super) fn take(&self, request: &Request) -> Option<Beginning> {
        let beginning = self.slot().take()?;
        let is_same = beginning.url == request.url && request.method == Method::GET;
        (is_same && !request.headers.contains_key(header::RANGE)).then_some(beginning)
    }

    /// Keeps what came of a body before it broke, if the rest can be asked for.
    pub(super) fn keep(&self, request: &Request, headers: &HeaderMap, begun: Begun) {
        if request.method != Method::GET || begun.length < WORTH || request.headers.contains_key(header::RANGE) {
            return;
        }
        // what is packed is joined as it is packed, but a server may pack it anew
        let is_plain = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
        let takes = headers.get(header::ACCEPT_RANGES).is_none_or(|unit| unit != "none");
        if let Some(validator) = validator(headers).filter(|_| is_plain && takes) {
            let (url, headers) = (request.url.clone(), headers.clone());
            *self.slot() = Some(Beginning { url, validator, begun, headers });
        }
    }
}

impl Beginning {
    /// The fields that ask for the rest.
    pub(super) fn fields(&self) -> [(header::HeaderName, HeaderValue); 2] {
        let range = HeaderValue::from_str(&format!("bytes={}-", self.begun.length));
        [
            // digits make a field's value
            (header::RANGE, range.unwrap_or_else(|_| HeaderValue::from_static("bytes=0-"))),
            (header::IF_RANGE, self.validator.clone()),
        ]
    }

    /// What the answer is.
    pub(super) fn judge(self, status: StatusCode, headers: &HeaderMap) -> Rest {
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Rest::Wrong("the rest of the body was asked for and is refused with 416".to_owned());
        }
        if status != StatusCode::PARTIAL_CONTENT {
            return Rest::Whole;
        }
        let range = headers.get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
        let changed = headers
            .get(header::ETAG)
            .is_some_and(|tag| self.headers.get(header::ETAG).is_some_and(|known| known != tag));
        let first = range.strip_prefix("bytes ").and_then(|range| range.split_once('-')).map(|(first, _)| first);
        if changed || first.and_then(|first| first.parse().ok()) != Some(self.begun.length) {
            return Rest::Wrong(format!("the rest of the body was asked for and `{range}` of another came"));
        }
        Rest::Follows(Box::new(self))
    }
}

/// Failures after which the rest may still be had.
pub(super) fn is_interruption(kind: FailureKind) -> bool {
    use FailureKind::{IdleTimeout, IncompleteBody, SlowTimeout, TotalTimeout};
    matches!(kind, IdleTimeout | IncompleteBody | SlowTimeout | TotalTimeout)
}

/// Whether a 206 that nobody asked for has all there is: `bytes 0-7/8`.
pub(super) fn is_all(headers: &HeaderMap) -> bool {
    let range = headers.get(header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let ends = range.and_then(|range| range.strip_prefix("bytes 0-")?.split_once('/'));
    let numbers = ends.and_then(|(last, all)| Some((last.parse::<u64>().ok()?, all.parse::<u64>().ok()?)));
    numbers.is_some_and(|(last, all)| last.checked_add(1) == Some(all))
}

/// What stands for exactly these bytes: an `ETag` that is not weak, or a `Last-Modified` well before the answer's `Date`.
fn validator(headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(tag) = headers.get(header::ETAG) {
        return Some(tag.clone()).filter(|tag| tag.as_bytes().starts_with(b"\""));
    }
    let time = |name| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
    let age = time(header::DATE)?.duration_since(time(header::LAST_MODIFIED)?).ok()?;
    headers.get(header::LAST_MODIFIED).cloned().filter(|_| age >= SETTLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value))).collect()
    }

    fn beginning(fields: &[(&'static str, &'static str)]) -> Option<Beginning> {
        let request = Request::get("http://a.example/a.jpg".parse().expect("a URL"));
        let (resume, mut begun) = (Resume::default(), Begun::default());
        begun.length += 20_000;
        resume.keep(&request, &headers(fields), begun);
        let other = Request::get("http://a.example/b.jpg".parse().expect("a URL"));
        let beginning = resume.take(&request);
        assert!(resume.take(&other).is_none());
        beginning
    }

    #[test]
    fn only_a_strong_validator_stands_for_the_same_bytes() {
        let modified = "Sat, 21 Nov 2026 10:00:00 GMT";
        for (fields, is_kept) in [
            (&[("etag", "\"v1\"")][..], true),
            (&[("etag", "W/\"v1\"")], false),
            (&[("etag", "W/\"v1\""), ("last-modified", modified), ("date", "Sat, 21 Nov 2026 11:00:00 GMT")], false),
            (&[("last-modified", modified), ("date", "Sat, 21 Nov 2026 10:01:00 GMT")], true),
            (&[("last-modified", modified), ("date", "Sat, 21 Nov 2026 10:00:59 GMT")], false),
            (&[("last-modified", modified)], false),
            (&[("etag", "\"v1\""), ("accept-ranges", "none")], false),
            (&[("etag", "\"v1\""), ("content-encoding", "gzip")], false),
            (&[], false),
        ] {
            assert_eq!(beginning(fields).is_some(), is_kept, "{fields:?}");
        }
    }

    #[test]
    fn a_part_that_nobody_asked_for_may_be_the_whole() {
        for (range, all) in [
            ("bytes 0-7/8", true),
            ("bytes 0-7/9", false),
            ("bytes 1-7/8", false),
            ("bytes 0-7/*", false),
            ("bytes 0-18446744073709551615/0", false),
            ("", false),
        ] {
            assert_eq!(is_all(&headers(&[("content-range", range)])), all, "{range}");
        }
        assert!(!is_all(&HeaderMap::new()));
    }

    #[test]
    fn what_does_not_go_on_where_the_beginning_ends_is_not_joined() {
        let judged = |status: u16, fields: &[(&'static str, &'static str)]| {
            let beginning = beginning(&[("etag", "\"v1\"")]).expect("a beginning");
            assert_eq!(beginning.fields()[0].1, "bytes=20000-");
            beginning.judge(StatusCode::from_u16(status).expect("a status"), &headers(fields))
        };
        assert!(matches!(judged(206, &[("content-range", "bytes 20000-29999/30000")]), Rest::Follows(_)));
        assert!(matches!(judged(206, &[("content-range", "bytes 20001-29999/30000")]), Rest::Wrong(_)));
        assert!(matches!(judged(206, &[]), Rest::Wrong(_)));
        let changed = [("content-range", "bytes 20000-29999/30000"), ("etag", "\"v2\"")];
        assert!(matches!(judged(206, &changed), Rest::Wrong(_)));
        assert!(matches!(judged(416, &[]), Rest::Wrong(_)));
        assert!(matches!(judged(200, &[]), Rest::Whole));
        assert!(matches!(judged(503, &[]), Rest::Whole));
    }
}
