//! Which failure an error of the client is: read from the chain of its causes.

use std::error::Error as _;
use std::io;

use rustls::CertificateError;
use url::Url;

use super::dialer::{Blocked, NameError};
use crate::message::{Failure, FailureKind};

/// The failure, with what its last cause says: `connection refused`, `no address for …`.
pub(super) fn explain(error: &reqwest::Error, url: &Url) -> Failure {
    let mut kind = match error {
        error if error.is_timeout() => FailureKind::ConnectTimeout,
        error if error.is_connect() => FailureKind::Connect,
        error if error.is_builder() => FailureKind::BadRequest,
        error if error.is_body() || error.is_decode() => FailureKind::IncompleteBody,
        _ => FailureKind::BadFraming,
    };
    let mut detail = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<NameError>() {
            kind = match error {
                NameError::Unknown(_) => FailureKind::DnsNxdomain,
                NameError::Temporary { kind, .. } => *kind,
            };
        } else if error.is::<Blocked>() {
            kind = FailureKind::BlockedAddress;
        } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
            kind = of_tls(error);
        } else if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() {
                kind = FailureKind::IncompleteBody;
            } else if error.is_parse_too_large() {
                kind = FailureKind::HeadTooLarge;
            } else if error.is_parse() {
                kind = FailureKind::BadFraming;
            }
        } else if let Some(error) = error.downcast_ref::<h2::Error>() {
            kind = if error.is_io() { FailureKind::IncompleteBody } else { FailureKind::BadFraming };
        } else if let Some(error) = error.downcast_ref::<io::Error>() {
            if let Some(error) = tls_within(error) {
                kind = of_tls(error);
            } else if let Some(found) = of_system(error) {
                kind = found;
            } else if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) {
                // a chunk's size that is none (RFC 9112, section 7.1)
                kind = FailureKind::BadFraming;
            } else if matches!(kind, FailureKind::BadFraming) {
                kind = FailureKind::IncompleteBody;
            }
        }
        // the last cause says it best: `connection refused`, `no address for …`
        detail = error.to_string();
        if detail.starts_with("tunnel error") || detail.starts_with("SOCKS error") {
            kind = FailureKind::Proxy;
        }
        cause = error.source();
    }
    if detail.is_empty() {
        detail = error.to_string();
    }
    Failure::new(kind, url.clone(), detail)
}

/// Whether a connection was closed before a byte of the answer came, as one is that was idle for too long.
pub(super) fn was_closed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_incomplete_message() || error.is_closed())
            || error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe))
        {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether the server says that it has not looked at the request: a stream that it refuses, or one that came after it had
/// said that it takes no more (RFC 9113, sections 6.8 and 8.7).
pub(super) fn was_refused(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            return error.is_remote()
                && (error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM)
                    || error.is_go_away() && reason == Some(h2::Reason::NO_ERROR));
        }
        cause = error.source();
    }
    false
}

/// Whether the two ends do not understand each other in HTTP/2: HTTP/1.1 may still do.
pub(super) fn is_http2(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<h2::Error>().is_some_and(|error| !error.is_io()) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What the machine itself lacks.
pub(super) fn of_system(error: &io::Error) -> Option<FailureKind> {
    // too many open files, in the process and in the system, are the same numbers on every Unix
    const DESCRIPTORS: [i32; 2] = [23, 24];
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Some(FailureKind::Network),
        io::ErrorKind::AddrNotAvailable => Some(FailureKind::NoSockets),
        _ if cfg!(unix) && error.raw_os_error().is_some_and(|code| DESCRIPTORS.contains(&code)) => {
            Some(FailureKind::NoSockets)
        }
        _ => None,
    }
}

fn of_tls(error: &rustls::Error) -> FailureKind {
    let rustls::Error::InvalidCertificate(error) = error else { return FailureKind::Tls };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => FailureKind::TlsCertExpired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => FailureKind::TlsCertNotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            FailureKind::TlsCertWrongHost
        }
        CertificateError::UnknownIssuer => FailureKind::TlsCertUntrusted,
        // a certificate that signs itself and is no authority's
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            FailureKind::TlsCertUntrusted
        }
        _ => FailureKind::TlsCertInvalid,
    }
}

/// A TLS error hides in an `io::Error`, or in one within it, whose `source` leaves it out.
fn tls_within(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner.downcast_ref().or_else(|| tls_within(inner.downcast_ref()?))
}
