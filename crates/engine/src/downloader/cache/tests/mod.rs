//! The rules, the store, and both together behind the middleware.

mod policy;
mod session;
mod store;

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Limits;
use crate::message::{Body, Request, Response};

/// Tue, 14 Nov 2023 22:13:20 GMT, and so many seconds more.
fn at(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_700_000_000_u64.saturating_add_signed(seconds))
}

fn date(seconds: i64) -> String {
    httpdate::fmt_http_date(at(seconds))
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).expect("a name"), HeaderValue::try_from(*value).expect("a value"))
    };
    pairs.iter().map(pair).collect()
}

fn get(url: &str, pairs: &[(&str, &str)]) -> Request {
    Request { headers: headers(pairs), ..Request::get(url.parse().expect("a URL")) }
}

fn response(url: &str, status: u16, pairs: &[(&str, &str)], body: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let (headers, body) = (headers(pairs), Body::Memory(body.to_owned().into()));
    Response { headers, body, ..Response::new(url.parse().expect("a URL"), status) }
}

fn limits() -> Limits {
    Limits { max_size: 1 << 30, max_age: Duration::ZERO, max_variants: 4, spill: 1000 }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
