//! What the store knows of a response beside its body, and the bytes in which that lies on disk.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::fields;
use super::policy::{self, Kept};
use crate::message::{Reach, Request, Response};

/// The form of an entry; another one is read as a damaged entry and goes.
const FORM: u8 = 1;

/// A one-way hash with the store's own salt: what was sent is compared and never written down.
pub(super) type Mark = [u8; 20];

/// A response in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// The method that was asked with.
    pub method: String,
    /// The URL that was asked, without user, password and fragment.
    pub url: String,
    /// The URL that answered, if it was another.
    pub answered: Option<String>,
    /// The status.
    pub status: u16,
    is_http2: bool,
    headers: Vec<(String, Vec<u8>)>,
    reach: Reach,
    /// When it came or was last confirmed, in milliseconds since 1970.
    received: u64,
    /// How long it took to come, in milliseconds.
    delay: u64,
    /// When it was put into the store, in milliseconds since 1970.
    stored: u64,
    /// The request's headers that the response was chosen by, and the marks of what stood in them.
    vary: Vec<(String, Option<Mark>)>,
    /// The length of the body.
    pub length: u64,
    /// Of the body.
    pub(super) checksum: u128,
    /// The body lies in a file of its own.
    pub(super) in_file: bool,
}

impl Entry {
    /// The entry of a response whose body is still to be weighed.
    pub(super) fn new(request: &Request, response: &Response, salt: &[u8], now: SystemTime, cookies: bool) -> Self {
        let (url, answered) = (public(&request.url), public(&response.url));
        let mut headers = policy::lasting(&response.headers);
        if !cookies {
            headers.remove(header::SET_COOKIE);
        }
        Self {
            method: request.method.to_string(),
            answered: (answered != url).then_some(answered),
            url,
            status: response.status.as_u16(),
            is_http2: response.version == Version::HTTP_2,
            headers: flat(&headers),
            reach: response.reach,
            received: millis(now),
            delay: u64::try_from(response.timing.head.as_millis()).unwrap_or(u64::MAX),
            stored: millis(now),
            vary: marks(request, &headers, salt),
            length: 0,
            checksum: 0,
            in_file: false,
        }
    }

    /// Whether this is an entry of that URL and method. Hashes may meet.
    pub(super) fn is_of(&self, request: &Request) -> bool {
        self.method == request.method.as_str() && self.url == public(&request.url)
    }

    /// Whether the response was chosen by what this request says too (RFC 9111, section 4.1).
    pub(super) fn varies_as(&self, request: &Request, salt: &[u8]) -> bool {
        self.vary.iter().all(|(name, mark)| name != "*" && *mark == mark_of(request, name, salt))
    }

    /// What tells this response from others to the same URL.
    pub(super) fn variant(&self) -> [u8; 16] {
        let mut hash = Sha1::new();
        for (name, mark) in &self.vary {
            hash.update(name.as_bytes());
            hash.update([0, u8::from(mark.is_some())]);
            hash.update(mark.unwrap_or_default());
        }
        let mut variant = [0; 16];
        variant.copy_from_slice(&hash.finalize()[..16]);
        if self.vary.is_empty() { [0; 16] } else { variant }
    }

    /// The headers as they are kept.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(String, Vec<u8>)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        self.headers.iter().filter_map(pair).collect()
    }

    /// Confirmed by a 304: its headers are those now, and its age begins anew.
    pub(super) fn confirmed(
        &mut self,
        request: &Request,
        headers: &HeaderMap,
        delay: Duration,
        salt: &[u8],
        now: SystemTime,
    ) {
        self.vary = marks(request, headers, salt);
        self.headers = flat(headers);
        self.received = millis(now);
        self.delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
    }

    /// What the rules ask of it.
    #[must_use]
    pub fn kept<'a>(&self, headers: &'a HeaderMap) -> Kept<'a> {
        let delay = Duration::from_millis(self.delay);
        Kept { status: self.status(), headers, received: self.received(), delay }
    }

    /// The status; 0 and the like are 500.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// When it came or was last confirmed.
    #[must_use]
    pub fn received(&self) -> SystemTime {
        time(self.received)
    }

    /// When it was put into the store.
    #[must_use]
    pub fn stored(&self) -> SystemTime {
        time(self.stored)
    }

    /// Whether it was put into the store longer ago than that; 0 is no limit.
    #[must_use]
    pub fn is_older_than(&self, most: Duration, now: SystemTime) -> bool {
        !most.is_zero() && now.duration_since(self.stored()).unwrap_or_default() > most
    }

    /// Whether a request may have it: a page of the world must not lead to what only this network was shown.
    pub(super) fn is_within_reach(&self, request: &Request) -> bool {
        request.reach == Reach::Anywhere || self.reach == Reach::Public
    }

    /// The response that it answers a request with, without its body.
    #[must_use]
    pub fn response(&self, request: &Request, headers: HeaderMap) -> Response {
        let answered = self.answered.as_deref().and_then(|url| Url::parse(url).ok());
        let version = if self.is_http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        let url = answered.unwrap_or_else(|| request.url.clone());
        Response { version, headers, reach: self.reach, from_cache: true, ..Response::new(url, self.status()) }
    }

    /// What it takes in the store, body included; the index has its own rows.
    pub(super) fn size(&self) -> u64 {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
        self.length + (headers + self.url.len()) as u64 + 256
    }

    /// As it lies on disk: form, checksum, postcard.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![FORM; 9];
        // plain data in memory: there is nothing in it that postcard refuses
        bytes = postcard::to_extend(self, bytes).unwrap_or_default();
        if let Some(checksum) = bytes.get(9..).map(xxh3_64) {
            bytes[1..9].copy_from_slice(&checksum.to_le_bytes());
        }
        bytes
    }

    /// Read back; none if it is damaged or has another form.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(9)?;
        if head[0] != FORM || head[1..] != xxh3_64(rest).to_le_bytes() {
            return None;
        }
        postcard::from_bytes(rest).ok()
    }
}

/// A one-way hash of parts that cannot run into one another.
pub(super) fn mark(salt: &[u8], parts: &[&[u8]]) -> Mark {
    let mut hash = Sha1::new();
    hash.update(salt);
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The marks of what a response was chosen by.
fn marks(request: &Request, headers: &HeaderMap, salt: &[u8]) -> Vec<(String, Option<Mark>)> {
    let mut names = fields::names(headers, header::VARY);
    names.sort();
    names.dedup();
    names.into_iter().map(|name| (mark_of(request, &name, salt), name)).map(|(mark, name)| (name, mark)).collect()
}

fn mark_of(request: &Request, name: &str, salt: &[u8]) -> Option<Mark> {
    // the cache's own conditions are no part of what was wished
    let is_ours = matches!(name, "if-none-match" | "if-modified-since");
    let value = fields::joined(&request.headers, name).filter(|_| !is_ours)?;
    Some(mark(salt, &[&value]))
}

/// A URL as it may be written down: no user, no password, no fragment.
fn public(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // fails where a URL can have none
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

fn flat(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect()
}

pub(super) fn millis(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

/// A time from the disk, which may say anything: none later than the year 9999.
fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.min(253_402_300_799_000))
}
