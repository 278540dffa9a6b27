//! Which failure an error of the client is: read from the chain of its causes.

use std::error::Error as _;
use std::io;

use url::Url;

use super::resolve::NoAddress;
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
        if error.is::<NoAddress>() {
            kind = FailureKind::DnsNxdomain;
        } else if error.is::<rustls::Error>() {
            kind = FailureKind::Tls;
        } else if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_incomplete_message() {
                kind = FailureKind::IncompleteBody;
            } else if error.is_parse() {
                kind = FailureKind::BadFraming;
            }
        } else if let Some(error) = error.downcast_ref::<io::Error>() {
            if hides_tls(error) {
                kind = FailureKind::Tls;
            } else if matches!(kind, FailureKind::BadFraming) {
                kind = FailureKind::IncompleteBody;
            }
        }
        // the last cause says it best: `connection refused`, `no address for …`
        detail = error.to_string();
        cause = error.source();
    }
    if detail.is_empty() {
        detail = error.to_string();
    }
    Failure::new(kind, url.clone(), detail)
}

/// A TLS error hides in an `io::Error`, or in one within it, whose `source` leaves it out.
fn hides_tls(error: &io::Error) -> bool {
    error
        .get_ref()
        .is_some_and(|inner| inner.is::<rustls::Error>() || inner.downcast_ref::<io::Error>().is_some_and(hides_tls))
}
