//! `[download]`: what a server may take and send.

use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

/// `[download]`: what a server may take and send.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Until there is a connection, TLS included.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// From the request until the response's head is there.
    #[serde(with = "humantime_serde")]
    pub head_timeout: Duration,
    /// Between two pieces of a body.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// From the request until the end of the body.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// A body that brings fewer bytes in a second than this, for as long as `slow_time`, is given up.
    pub slow_floor: ByteSize,
    /// For how long a body may be slower than `slow_floor`.
    #[serde(with = "humantime_serde")]
    pub slow_time: Duration,
    /// The longest body of a page.
    pub max_body: ByteSize,
    /// The longest head of a response.
    pub max_head: ByteSize,
    /// The most header fields of a response.
    pub max_headers: usize,
    /// The longest URL.
    pub max_url: usize,
    /// HTTP/2 where a server offers it.
    pub http2: bool,
    /// Whether first requests may be for `file:` URLs. What a page leads to never is.
    pub file_urls: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(30),
            timeout: Duration::from_secs(180),
            slow_floor: ByteSize::kib(1),
            slow_time: Duration::from_secs(30),
            max_body: ByteSize::mib(64),
            max_head: ByteSize::kib(256),
            max_headers: 256,
            max_url: 8192,
            http2: true,
            file_urls: false,
        }
    }
}
