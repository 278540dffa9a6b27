//! A request as it came, down to its bytes, and what a scenario wants to know of it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::faults::script::{Reply, Script};

/// How many different requests are counted; beyond it the count begins anew, so that endless sites cost no endless
/// memory.
const MAX_COUNTED: usize = 1_000_000;

/// A request whose body has been read.
#[derive(Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query as they came.
    pub(crate) target: String,
    /// In the order in which they came, names as they were written.
    pub(crate) fields: Vec<(String, String)>,
    /// Request line and fields with the empty line, byte for byte.
    pub(crate) head: Bytes,
    pub(crate) body: Bytes,
    /// Whether the client wants the connection closed after the answer.
    pub(crate) last: bool,
}

impl Request {
    /// The first value of a field, by its name in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The host as the client named it, with its port.
    pub(crate) fn host(&self) -> &str {
        self.field("host").unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }
}

/// What the server remembers and was told, shared by all connections.
#[derive(Debug)]
pub(crate) struct Site {
    /// Pages of each small site.
    pub(crate) pages: usize,
    /// The wait before each answer.
    pub(crate) latency: Duration,
    counts: Mutex<HashMap<String, u64>>,
}

impl Site {
    pub(crate) fn new(pages: usize, latency: Duration) -> Self {
        Self { pages, latency, counts: Mutex::default() }
    }

    /// How often this was called with the same key before.
    fn count(&self, key: String) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MAX_COUNTED {
            counts.clear();
        }
        let count = counts.entry(key).or_default();
        *count += 1;
        *count - 1
    }
}

/// A request that has found its scenario.
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    pub(crate) site: &'a Site,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    /// What stands in the pattern's places, as it came.
    pub(crate) places: Vec<(&'static str, String)>,
}

/// Why a scenario cannot be played, as the text of a 400.
pub(crate) struct Unplayable(pub(crate) String);

impl Asked<'_> {
    /// What stands in a place of the pattern, percent-decoded.
    pub(crate) fn text(&self, place: &str) -> String {
        decoded(self.places.iter().find(|(name, _)| *name == place).map_or("", |(_, value)| value))
    }

    /// The number that stands in a place; `10^18` is a way to write it.
    pub(crate) fn number(&self, place: &str) -> Result<u64, Unplayable> {
        let text = self.text(place);
        number(&text).ok_or_else(|| Unplayable(format!("{place} is `{text}`, which is no number")))
    }

    /// The number in a place that says how much is kept in memory.
    pub(crate) fn size(&self, place: &str, most: usize) -> Result<usize, Unplayable> {
        let size = self.number(place)?;
        usize::try_from(size)
            .ok()
            .filter(|size| *size <= most)
            .ok_or_else(|| Unplayable(format!("{place} is {size}, which is over {most}")))
    }

    pub(crate) fn status(&self, place: &str) -> Result<u16, Unplayable> {
        let status = self.number(place)?;
        u16::try_from(status)
            .ok()
            .filter(|status| (100..=999).contains(status))
            .ok_or_else(|| Unplayable(format!("{place} is {status}, which is no status: 100 to 999")))
    }

    /// The query's fields in their order, decoded.
    pub(crate) fn query(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.request.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
    }

    /// The first value of a field in the query.
    pub(crate) fn asked_for(&self, field: &str) -> Option<String> {
        self.query().find(|(name, _)| name == field).map(|(_, value)| value)
    }

    /// The number in the query's field, or what to take without one.
    pub(crate) fn number_asked_for(&self, field: &str, otherwise: u64) -> Result<u64, Unplayable> {
        match self.asked_for(field) {
            Some(text) => number(&text).ok_or_else(|| Unplayable(format!("`{field}={text}` is no number"))),
            None => Ok(otherwise),
        }
    }

    /// The value of a cookie that came.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.request.fields.iter().filter(|(key, _)| key.eq_ignore_ascii_case("cookie"));
        let pairs = headers.flat_map(|(_, value)| value.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// How often exactly this path and query of this host was asked for before.
    pub(crate) fn before(&self) -> u64 {
        self.site.count(format!("{}{}", self.request.host(), self.request.target))
    }

    /// How often any page of this host that calls this was asked for before.
    pub(crate) fn host_before(&self) -> u64 {
        self.site.count(self.request.host().to_owned())
    }

    /// An absolute URL on this server under another first label, in the scheme of this request.
    pub(crate) fn elsewhere(&self, label: &str, path: &str) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        let port = self.request.host().rsplit_once(':').map_or(String::new(), |(_, port)| format!(":{port}"));
        format!("{scheme}://{label}.localhost{port}{path}")
    }

    /// The answer as it should be.
    pub(crate) fn answer(&self, reply: Reply) -> Script {
        reply.script(self.request.is_head())
    }
}

/// `1000`, or `10^3`.
fn number(text: &str) -> Option<u64> {
    match text.split_once('^') {
        Some((base, power)) => base.parse::<u64>().ok()?.checked_pow(power.parse().ok()?),
        None => text.parse().ok(),
    }
}

/// Percent-decoded; what is no UTF-8 is replaced.
fn decoded(text: &str) -> String {
    // a `+` is a `+` in a path, and the decoder of forms would take it for a space
    let query = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(query.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_written_as_powers() {
        assert_eq!((number("10^18"), number("12")), (Some(1_000_000_000_000_000_000), Some(12)));
        assert_eq!((number("10^20"), number("-1"), number("")), (None, None, None));
    }

    #[test]
    fn a_place_is_decoded_as_a_path_is() {
        assert_eq!(decoded("Fri,%2031%20Dec%201999+&=%2F"), "Fri, 31 Dec 1999+&=/");
        assert_eq!(decoded(""), "");
    }
}
