//! What people may see of what a crawl carries: URLs, texts, headers and JSON with `***` in the place of secrets.
//!
//! A URL loses who signs in (`user:password@`) and the values of parameters whose [names are known for
//! secrets](is_secret_name), in its query, its fragment, its path (`;jsessionid=`) and in URLs within it, encoded or not.
//! Nothing is copied where there is nothing to hide, and what is masked once stays as it is.
//!
//! ```
//! use dragline::message::mask;
//!
//! let url = url::Url::parse("https://me:pass@a.example/cb?id=7&access_token=eyJ0#code=4%2F0A")?;
//! assert_eq!(mask::url(&url), "https://***@a.example/cb?id=7&access_token=***#code=***");
//! assert_eq!(mask::text("refused by http://me:pass@proxy:3128/ for good"), "refused by http://***@proxy:3128/ for good");
//! # Ok::<(), url::ParseError>(())
//! ```

mod names;
mod scan;

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

pub use names::{is_secret_header, is_secret_name};
use scan::{Begin, masked};

/// What stands in the place of a secret.
pub const STARS: &str = "***";

/// A URL.
#[must_use]
pub fn url(url: &Url) -> Cow<'_, str> {
    masked(url.as_str(), Begin::Url)
}

/// A text in which URLs may stand, whole or in parts.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    masked(text, Begin::Text)
}

/// A path and query.
pub(super) fn target(target: &str) -> Cow<'_, str> {
    masked(target, Begin::Url)
}

/// Urlencoded pairs: a form, or a query without its `?`.
#[must_use]
pub fn form(pairs: &str) -> Cow<'_, str> {
    masked(pairs, Begin::Form)
}

/// A header's value: nothing of one that is [secret](is_secret_header), and of others what is no secret in URLs.
#[must_use]
pub fn header<'a>(name: &HeaderName, value: &'a HeaderValue) -> Cow<'a, [u8]> {
    if is_secret_header(name, value) {
        return Cow::Borrowed(STARS.as_bytes());
    }
    match std::str::from_utf8(value.as_bytes()).map(text) {
        Ok(Cow::Owned(masked)) => Cow::Owned(masked.into_bytes()),
        _ => Cow::Borrowed(value.as_bytes()),
    }
}

/// A JSON value: the fields whose names are known for secrets, and URLs in its texts. True if it had any.
pub fn json(value: &mut Value) -> bool {
    match value {
        Value::Array(values) => values.iter_mut().fold(false, |is_any, value| json(value) | is_any),
        Value::Object(fields) => fields.iter_mut().fold(false, |is_any, (name, value)| {
            let is_secret = is_secret_name(name) && !value.is_null() && value != STARS;
            if is_secret {
                *value = STARS.into();
            }
            is_secret || json(value) | is_any
        }),
        Value::String(string) => match text(string) {
            Cow::Owned(masked) => {
                *string = masked;
                true
            }
            Cow::Borrowed(_) => false,
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A URL as `Debug` and `Display` print it in a message or a log line: `tracing::warn!(url = %Shown(&url))`.
#[derive(Clone, Copy)]
pub struct Shown<'a>(pub &'a Url);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&url(self.0))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Headers as `Debug` prints them.
pub(super) struct Headers<'a>(pub(super) &'a HeaderMap);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|(name, value)| (name.as_str(), header(name, value)));
        f.debug_map().entries(lines.map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))).finish()
    }
}

#[cfg(test)]
mod tests;
