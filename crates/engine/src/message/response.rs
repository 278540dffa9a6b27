//! One answer, as it came over the wire.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderMap, StatusCode, Version};
use url::Url;

use super::{Body, Reach, mask};

/// A whole response: a body that ended early is a [`Failure`](super::Failure) and never gets here.
pub struct Response {
    /// The URL that answered.
    pub url: Url,
    /// The status code.
    pub status: StatusCode,
    /// HTTP/1.1 or HTTP/2.
    pub version: Version,
    /// The headers, in the order in which they came.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Body,
    /// How far what stands in it may lead.
    pub reach: Reach,
    /// The address that answered; none for what did not come over the wire.
    pub remote: Option<SocketAddr>,
    /// How long it took.
    pub timing: Timing,
    /// It came from the HTTP cache.
    pub from_cache: bool,
}

/// How long a response took, from the request on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// Until the head was there.
    pub head: Duration,
    /// Until the body's end.
    pub total: Duration,
}

impl Response {
    /// A response without headers or body, to be filled in.
    #[must_use]
    pub fn new(url: Url, status: StatusCode) -> Self {
        Self {
            url,
            status,
            version: Version::HTTP_11,
            headers: HeaderMap::new(),
            body: Body::default(),
            reach: Reach::default(),
            remote: None,
            timing: Timing::default(),
            from_cache: false,
        }
    }

    /// The first value of a header as text, if it is there and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

// by hand: cookies are secrets, and so are some URLs
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("url", &mask::Shown(&self.url))
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &mask::Headers(&self.headers))
            .field("body", &self.body)
            .field("reach", &self.reach)
            .field("remote", &self.remote)
            .field("timing", &self.timing)
            .field("from_cache", &self.from_cache)
            .finish()
    }
}
