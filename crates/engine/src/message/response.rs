//! One answer, as it came over the wire.

use http::{HeaderMap, StatusCode, Version};
use url::Url;

use super::Body;

/// A whole response: a body that ended early is a [`Failure`](super::Failure) and never gets here.
#[derive(Debug)]
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
}

impl Response {
    /// The first value of a header as text, if it is there and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
