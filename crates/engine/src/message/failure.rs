//! Why a request has no usable answer. Every failure has one stable name: in stats, in `failed`, in logs, in items.

use std::borrow::Cow;
use std::fmt;

use http::StatusCode;
use url::Url;

use super::mask;

/// A request that came to nothing, and why.
#[derive(Clone)]
pub struct Failure {
    /// What sort of failure: the stable name.
    pub kind: FailureKind,
    /// The URL that was asked.
    pub url: Url,
    /// The status, where there was one.
    pub status: Option<StatusCode>,
    /// What happened, for people: without the secrets of URLs.
    pub detail: String,
}

/// The closed list of failures. [`FailureKind::name`] is the stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// The host's name does not exist, or has no address (RFC 8020; RFC 2308, section 2).
    DnsNxdomain,
    /// No answer about the host's name, for now: a server that fails, is silent or cannot be reached.
    DnsTemporary,
    /// The address may not be dialled: `download.address_policy`.
    BlockedAddress,
    /// The port is one of those that browsers refuse (Fetch, section 2.9, "bad port").
    BadPort,
    /// The scheme is not one that may be fetched.
    BadScheme,
    /// No connection: refused, unreachable, reset while connecting.
    Connect,
    /// This machine has no way to the network, or to the host's part of it.
    Network,
    /// This machine has no more sockets or file descriptors.
    NoSockets,
    /// The proxy cannot be reached, or refuses.
    Proxy,
    /// The TLS handshake failed for another reason than the certificate.
    Tls,
    /// The certificate has ended.
    TlsCertExpired,
    /// The certificate is not valid yet.
    TlsCertNotYetValid,
    /// The certificate is for another name.
    TlsCertWrongHost,
    /// Nobody that is trusted has signed the certificate: self-signed, or an unknown or missing issuer.
    TlsCertUntrusted,
    /// The certificate cannot be used for another reason.
    TlsCertInvalid,
    /// No connection within `download.connect_timeout`.
    ConnectTimeout,
    /// No complete head within `download.head_timeout`.
    HeadTimeout,
    /// No byte of the body within `download.idle_timeout`.
    IdleTimeout,
    /// Not finished within `download.timeout`.
    TotalTimeout,
    /// Fewer bytes than `download.slow_floor` for as long as `download.slow_time`.
    SlowTimeout,
    /// The connection ended before the response did.
    IncompleteBody,
    /// The body is over its limit.
    TooLarge,
    /// Whoever asked for it saw by its first bytes that it is not wanted.
    Unwanted,
    /// The head is over `download.max_head` or has more fields than `download.max_headers`.
    HeadTooLarge,
    /// The other end does not speak HTTP as it should.
    BadFraming,
    /// The body's content coding is unknown, damaged, or stacked too high.
    BadEncoding,
    /// A request that cannot be sent: a header that is not one, a method without sense.
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
    /// The host's robots.txt cannot be had, so nothing may be asked of the host (RFC 9309, section 2.3.1.4).
    RobotsUnreachable,
    /// The host's robots.txt asks for more time between requests than is waited for.
    RobotsDelay,
    /// A layer says that it is not to be sent: off site, forbidden by robots.txt. Pages of this kind are skipped, and what
    /// belongs to a page, such as an image, has failed.
    Skipped,
    /// Only the cache was to be asked, and it has no answer.
    CacheMiss,
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
    /// All of them.
    pub const ALL: [Self; 42] = [
        Self::DnsNxdomain,
        Self::DnsTemporary,
        Self::BlockedAddress,
        Self::BadPort,
        Self::BadScheme,
        Self::Connect,
        Self::Network,
        Self::NoSockets,
        Self::Proxy,
        Self::Tls,
        Self::TlsCertExpired,
        Self::TlsCertNotYetValid,
        Self::TlsCertWrongHost,
        Self::TlsCertUntrusted,
        Self::TlsCertInvalid,
        Self::ConnectTimeout,
        Self::HeadTimeout,
        Self::IdleTimeout,
        Self::TotalTimeout,
        Self::SlowTimeout,
        Self::IncompleteBody,
        Self::TooLarge,
        Self::Unwanted,
        Self::HeadTooLarge,
        Self::BadFraming,
        Self::BadEncoding,
        Self::BadRequest,
        Self::UrlTooLong,
        Self::Stopped,
        Self::HttpStatus,
        Self::RedirectLoop,
        Self::TooManyRedirects,
        Self::BadRedirect,
        Self::RobotsUnreachable,
        Self::RobotsDelay,
        Self::Skipped,
        Self::CacheMiss,
        Self::SignedOut,
        Self::ParseError,
        Self::ParsePanic,
        Self::Disk,
        Self::Internal,
    ];

    /// The one of a stable name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The stable name, as it stands in stats and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DnsNxdomain => "dns.nxdomain",
            Self::DnsTemporary => "dns.temporary",
            Self::BlockedAddress => "blocked_address",
            Self::BadPort => "bad_port",
            Self::BadScheme => "bad_scheme",
            Self::Connect => "connect",
            Self::Network => "network",
            Self::NoSockets => "no_sockets",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::TlsCertExpired => "tls.cert.expired",
            Self::TlsCertNotYetValid => "tls.cert.not_yet_valid",
            Self::TlsCertWrongHost => "tls.cert.wrong_host",
            Self::TlsCertUntrusted => "tls.cert.untrusted",
            Self::TlsCertInvalid => "tls.cert.invalid",
            Self::ConnectTimeout => "timeout.connect",
            Self::HeadTimeout => "timeout.head",
            Self::IdleTimeout => "timeout.idle",
            Self::TotalTimeout => "timeout.total",
            Self::SlowTimeout => "timeout.slow",
            Self::IncompleteBody => "incomplete_body",
            Self::TooLarge => "too_large",
            Self::Unwanted => "unwanted",
            Self::HeadTooLarge => "head_too_large",
            Self::BadFraming => "bad_framing",
            Self::BadEncoding => "bad_encoding",
            Self::BadRequest => "bad_request",
            Self::UrlTooLong => "url_too_long",
            Self::Stopped => "stopped",
            Self::HttpStatus => "http_status",
            Self::RedirectLoop => "redirect_loop",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BadRedirect => "bad_redirect",
            Self::RobotsUnreachable => "robots_unreachable",
            Self::RobotsDelay => "robots_delay",
            Self::Skipped => "skipped",
            Self::CacheMiss => "cache_miss",
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
            Self::DnsTemporary
                | Self::Connect
                | Self::Network
                | Self::NoSockets
                | Self::Proxy
                | Self::ConnectTimeout
                | Self::HeadTimeout
                | Self::IdleTimeout
                | Self::TotalTimeout
                | Self::SlowTimeout
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
        let mut detail = detail.into();
        if let Cow::Owned(masked) = mask::text(&detail) {
            detail = masked;
        }
        Self { kind, url, status: None, detail }
    }

    /// A status that is not a success.
    #[must_use]
    pub fn status(status: StatusCode, url: Url) -> Self {
        Self { kind: FailureKind::HttpStatus, url, status: Some(status), detail: format!("answered {status}") }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.kind, mask::text(&self.detail), mask::url(&self.url))
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure")
            .field("kind", &self.kind)
            .field("url", &mask::Shown(&self.url))
            .field("status", &self.status)
            .field("detail", &mask::text(&self.detail))
            .finish()
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_name() {
        for (place, kind) in FailureKind::ALL.into_iter().enumerate() {
            assert_eq!(FailureKind::of_name(kind.name()), Some(kind));
            assert_eq!(kind as usize, place, "all are there, in their order");
        }
        assert_eq!((FailureKind::Internal as usize + 1, FailureKind::of_name("bad")), (FailureKind::ALL.len(), None));
    }

    #[test]
    fn l01_a_failure_prints_without_secrets() {
        let url = Url::parse("http://me:canary@a.example/?token=canary").expect("a URL");
        let mut failure = Failure::new(FailureKind::Proxy, url, "http://me:canary@proxy:3128 refuses");
        assert_eq!(failure.detail, "http://***@proxy:3128 refuses");
        failure.detail = "at http://me:canary@a.example/".to_owned();
        assert_eq!(failure.to_string(), "proxy: at http://***@a.example/ (http://***@a.example/?token=***)");
        assert!(!format!("{failure:?}").contains("canary"));
    }
}
