//! The form in which a request waits: about 90 bytes instead of the 700 of a [`Request`] with empty maps in it.
//!
//! A version byte, then postcard, then a checksum of four bytes. New fields only with a new version: what version 1 had
//! not stands behind what it had.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::message::{Options, Reach, Redirect, Request, Sealed, Via};

const VERSION: u8 = 2;
const FIRST: u8 = 1;
/// Headers that are secrets whether or not they are marked as such.
const SECRETS: [HeaderName; 3] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

/// A queued request that cannot be read: damaged, or written by another version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueuedError {
    /// Written in a form that this build does not know.
    #[error("it has version {found}, and this build reads version {VERSION}")]
    Version {
        /// The version byte.
        found: u8,
    },
    /// Damaged.
    #[error("it is damaged")]
    Damaged,
    /// It carries a header that must not be written down.
    #[error("its header `{name}` is a secret, and queued requests are written to disk: set it in a middleware")]
    Secret {
        /// The header.
        name: HeaderName,
    },
    /// Its URL has a password in it.
    #[error(
        "its URL or proxy has a password in it, and queued requests are written to disk: sign in with `open`, name the \
         proxy in the settings"
    )]
    Password,
}

#[derive(Serialize, Deserialize)]
struct Queued<'a> {
    method: Option<&'a str>,
    url: &'a str,
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a [u8])>,
    body: &'a [u8],
    priority: i32,
    depth: u32,
    attempts: u32,
    sign_ins: u32,
    /// Milliseconds since the epoch.
    due: Option<u64>,
    step: &'a [u8],
    referrer: Option<&'a str>,
    unfiltered: bool,
    redirects: Vec<(&'a str, u16, bool)>,
    original: Option<Box<Queued<'a>>>,
    given: u64,
}

/// What version 2 has beside.
#[derive(Serialize, Deserialize)]
struct More {
    reach: Reach,
    /// Of the request as the spider wished it.
    original_reach: Reach,
    options: Option<Box<Options>>,
}

/// Writes a request down.
pub(super) fn write(request: &Request) -> Result<Vec<u8>, QueuedError> {
    check(request, false)?;
    let original_reach = request.original.as_ref().map_or(request.reach, |original| original.reach);
    let more = More { reach: request.reach, original_reach, options: request.options.clone() };
    let bytes = postcard::to_extend(&queued(request), vec![VERSION]);
    let mut bytes = bytes.and_then(|bytes| postcard::to_extend(&more, bytes)).map_err(|_| QueuedError::Damaged)?;
    bytes.extend_from_slice(&checksum(&bytes));
    Ok(bytes)
}

/// Whether a request may be written down: nothing in it is a secret. What goes to a disk is looked at more closely.
pub(super) fn check(request: &Request, is_for_disk: bool) -> Result<(), QueuedError> {
    let is_secret = |name: &HeaderName| is_for_disk && SECRETS.contains(name);
    if let Some((name, _)) = request.headers.iter().find(|(name, value)| value.is_sensitive() || is_secret(name)) {
        return Err(QueuedError::Secret { name: name.clone() });
    }
    let proxy = match &request.options().via {
        Some(Via::Proxy(proxy)) => proxy.password(),
        _ => None,
    };
    match request.url.password().or(proxy) {
        Some(_) if is_for_disk => Err(QueuedError::Password),
        _ => Ok(()),
    }
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxh3_64(bytes).to_le_bytes();
    [a, b, c, d]
}

/// Reads a request back.
pub(super) fn read(bytes: &[u8]) -> Result<Request, QueuedError> {
    let Some((bytes, sum)) = bytes.split_last_chunk::<4>() else { return Err(QueuedError::Damaged) };
    if checksum(bytes) != *sum {
        return Err(QueuedError::Damaged);
    }
    match bytes.split_first() {
        Some((&version, rest)) if version == FIRST || version == VERSION => {
            let (queued, rest) = postcard::take_from_bytes(rest).map_err(|_| QueuedError::Damaged)?;
            let mut request = request(&queued).ok_or(QueuedError::Damaged)?;
            if version == VERSION {
                let more: More = postcard::from_bytes(rest).map_err(|_| QueuedError::Damaged)?;
                if let Some(original) = &mut request.original {
                    (original.reach, original.options) = (more.original_reach, more.options.clone());
                }
                (request.reach, request.options) = (more.reach, more.options);
            }
            Ok(request)
        }
        Some((&found, _)) => Err(QueuedError::Version { found }),
        None => Err(QueuedError::Damaged),
    }
}

fn queued(request: &Request) -> Queued<'_> {
    Queued {
        method: (request.method != Method::GET).then(|| request.method.as_str()),
        url: request.url.as_str(),
        headers: request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
        body: &request.body,
        priority: request.priority,
        depth: request.depth,
        attempts: request.attempts,
        sign_ins: request.sign_ins,
        due: request.due.map(|due| {
            let since = due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        }),
        step: &request.step.0,
        referrer: request.referrer.as_ref().map(Url::as_str),
        unfiltered: request.unfiltered,
        redirects: request.redirects.iter().map(|hop| (hop.url.as_str(), hop.status, hop.sets_cookie)).collect(),
        original: request.original.as_deref().map(|original| Box::new(queued(original))),
        given: request.given,
    }
}

fn request(queued: &Queued<'_>) -> Option<Request> {
    let mut headers = HeaderMap::with_capacity(queued.headers.len());
    for (name, value) in &queued.headers {
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    let redirects = (queued.redirects.iter())
        .map(|(url, status, sets_cookie)| {
            Some(Redirect { url: Url::parse(url).ok()?, status: *status, sets_cookie: *sets_cookie })
        })
        .collect::<Option<_>>()?;
    Some(Request {
        method: queued.method.map_or(Some(Method::GET), |method| Method::from_bytes(method.as_bytes()).ok())?,
        url: Url::parse(queued.url).ok()?,
        headers,
        body: Bytes::copy_from_slice(queued.body),
        priority: queued.priority,
        depth: queued.depth,
        attempts: queued.attempts,
        sign_ins: queued.sign_ins,
        due: queued.due.and_then(|due| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(due))),
        step: Sealed(Bytes::copy_from_slice(queued.step)),
        referrer: queued.referrer.map(Url::parse).transpose().ok()?,
        unfiltered: queued.unfiltered,
        redirects,
        original: queued.original.as_deref().map(|original| request(original).map(Box::new)).unwrap_or_default(),
        given: queued.given,
        reach: Reach::default(),
        options: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn a_request_comes_back_as_it_went() {
        let mut wish = Request::post(url("http://example.com/a?b")).form([("c", "d")]).priority(-3).unfiltered();
        wish.depth = 4;
        wish.attempts = 2;
        wish.due = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123));
        wish.step = Sealed(Bytes::from_static(br#"{"Pictures":{"page":7}}"#));
        wish.referrer = Some(url("http://example.com/"));
        wish.redirects.push(Redirect { url: url("http://example.com/old"), status: 302, sets_cookie: true });
        wish.reach = Reach::Public;
        wish.options_mut().jar = Some("second".into());
        // redirects change neither options nor what they were
        let options = wish.options.clone();
        wish.original = Some(Box::new(Request { options, ..Request::get(url("http://example.com/old")) }));
        let back = read(&write(&wish).expect("written")).expect("read");
        assert_eq!(format!("{back:?}"), format!("{wish:?}"));
    }

    #[test]
    fn a_plain_link_is_small() {
        let mut wish = Request::get(url("http://127.0.0.1:8080/p/12345"));
        wish.step = Sealed(Bytes::from_static(b"\"Page\""));
        assert!(write(&wish).expect("written").len() < 60);
    }

    #[test]
    fn damage_and_other_versions_are_refused() {
        let mut bytes = write(&Request::get(url("http://example.com/"))).expect("written");
        assert!(matches!(read(&bytes[..bytes.len() - 3]), Err(QueuedError::Damaged)));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(matches!(read(&damaged), Err(QueuedError::Damaged)), "byte {at}");
        }
        bytes[0] = 9;
        let length = bytes.len() - 4;
        let sum = checksum(&bytes[..length]);
        bytes[length..].copy_from_slice(&sum);
        assert!(matches!(read(&bytes), Err(QueuedError::Version { found: 9 })));
        assert!(matches!(read(&[]), Err(QueuedError::Damaged)));
    }

    #[test]
    fn a_secret_header_is_not_written_down() {
        let mut value = HeaderValue::from_static("Bearer 12345");
        value.set_sensitive(true);
        let error = write(&Request::get(url("http://example.com/")).header(http::header::AUTHORIZATION, value));
        let text = error.expect_err("refused").to_string();
        assert!(text.contains("`authorization`") && !text.contains("12345"), "{text}");
    }
}
