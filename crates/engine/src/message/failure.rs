//! Why a request has no usable answer. Every failure has one stable name: in stats, in `failed`, in logs, in items.

use std::fmt;

use http::StatusCode;
use url::Url;

/// A request that came to nothing, and why.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What sort of failure: the stable name.
    pub kind: FailureKind,
    /// The URL that was asked.
    pub url: Url,
    /// The status, where there was one.
    pub status: Option<StatusCode>,
    /// What happened, for people.
    pub detail: String,
}

/// The closed list of failures. [`FailureKind::name`] is the stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The host's name has no address.
    Dns,
    /// No connection: refused, unreachable, reset while connecting.
    Connect,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// No connection within `download.connect_timeout`.
    ConnectTimeout,
    /// No complete head within `download.head_timeout`.
    HeadTimeout,
    /// No byte of the body within `download.idle_timeout`.
    IdleTimeout,
    /// Not finished within `download.timeout`.
    TotalTimeout,
    /// The connection ended before the response did.
    IncompleteBody,
    /// The body is over its limit.
    TooLarge,
    /// The other end does not speak HTTP as it should.
    BadFraming,
    /// The body is packed in a way that was not asked for.
    BadEncoding,
    /// A request that cannot be sent: a scheme that is not http(s), a header that is not one.
    BadRequest,
    /// The URL is longer than `download.max_url`.
    UrlTooLong,
    /// It waited for a time that lies beyond the end of the crawl.
    Stopped,
    /// A status other than 2xx.
    HttpStatus,
    /// The redirects lead back to where they began.
    RedirectLoop,
    /// More redirects than `middlewares.redirect.limit`.
    TooManyRedirects,
    /// A redirect whose `Location` is missing or is not a http(s) URL.
    BadRedirect,
    /// The spider says that it is signed out, and signing in again did not help.
    SignedOut,
    /// `parse` returned an error.
    ParseError,
    /// `parse` panicked.
    ParsePanic,
    /// The local disk refused a body or a record.
    Disk,
    /// A fault of Dragline or of one of its components.
    Internal,
}

impl FailureKind {
    /// The stable name, as it stands in stats and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::ConnectTimeout => "timeout.connect",
            Self::HeadTimeout => "timeout.head",
            Self::IdleTimeout => "timeout.idle",
            Self::TotalTimeout => "timeout.total",
            Self::IncompleteBody => "incomplete_body",
            Self::TooLarge => "too_large",
            Self::BadFraming => "bad_framing",
            Self::BadEncoding => "bad_encoding",
            Self::BadRequest => "bad_request",
            Self::UrlTooLong => "url_too_long",
            Self::Stopped => "stopped",
            Self::HttpStatus => "http_status",
            Self::RedirectLoop => "redirect_loop",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BadRedirect => "bad_redirect",
            Self::SignedOut => "signed_out",
            Self::ParseError => "parse_error",
            Self::ParsePanic => "parse_panic",
            Self::Disk => "disk",
            Self::Internal => "internal",
        }
    }

    /// Whether the wire failed, so that another attempt may succeed.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Connect
                | Self::ConnectTimeout
                | Self::HeadTimeout
                | Self::IdleTimeout
                | Self::TotalTimeout
                | Self::IncompleteBody
                | Self::BadFraming
        )
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Failure {
    /// A failure without a status.
    #[must_use]
    pub fn new(kind: FailureKind, url: Url, detail: impl Into<String>) -> Self {
        Self { kind, url, status: None, detail: detail.into() }
    }

    /// A status that is not a success.
    #[must_use]
    pub fn status(status: StatusCode, url: Url) -> Self {
        Self { kind: FailureKind::HttpStatus, url, status: Some(status), detail: format!("answered {status}") }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.kind, self.detail, self.url)
    }
}

impl std::error::Error for Failure {}
