//! The header fields that caching turns on, read as RFC 9110 and RFC 9111 say: `Cache-Control`, dates, seconds, lists.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::fmt::rfc2822;

/// The longest time that a header may speak of; a longer one counts as this (RFC 9111, section 1.2.2: 2^31 seconds).
const LONGEST: u64 = 1 << 31;

/// The directives of a `Cache-Control` field (RFC 9111, section 5.2): names in lower case, values without quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheControl(Vec<(String, Option<String>)>);

impl CacheControl {
    /// The directives of all `Cache-Control` lines of a message. Of one that comes twice the first counts (section 4.2.1).
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        for line in headers.get_all(header::CACHE_CONTROL) {
            for part in split_list(&String::from_utf8_lossy(line.as_bytes())) {
                let (name, value) = match part.split_once('=') {
                    Some((name, value)) => (name, Some(unquote(value.trim()))),
                    None => (part, None),
                };
                let name = name.trim().to_ascii_lowercase();
                if !name.is_empty() && !all.has(&name) {
                    all.0.push((name, value));
                }
            }
        }
        all
    }

    /// Without these directives.
    #[must_use]
    pub fn without(mut self, names: &[String]) -> Self {
        self.0.retain(|(name, _)| !names.iter().any(|ignored| ignored.eq_ignore_ascii_case(name)));
        self
    }

    /// Whether a directive is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// A directive's value in seconds: none if the directive is not there, and no time at all if it makes no sense.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<Option<Duration>> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_deref().and_then(seconds))
    }

    /// All directives, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

/// Seconds as headers give them (RFC 9111, section 1.2.2).
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(LONGEST).min(LONGEST)))
}

/// A time: the three forms of RFC 9110, section 5.6.7, and what comes near to them, such as another zone than `GMT`.
#[must_use]
pub fn http_date(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    httpdate::parse_http_date(text).ok().or_else(|| {
        let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
        let time = parser.parse_timestamp(text).ok()?;
        // before 1970 nobody had a web
        (time >= jiff::Timestamp::UNIX_EPOCH).then(|| SystemTime::from(time))
    })
}

/// The time in a field; none if it is not there or cannot be read.
pub(super) fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    http_date(headers.get(name)?.to_str().ok()?)
}

/// Sets `Date` where it is missing: whoever has a clock must say when a message came (RFC 9110, section 6.6.1).
pub(super) fn set_date(headers: &mut HeaderMap, now: SystemTime) {
    if !headers.contains_key(header::DATE)
        && let Ok(value) = HeaderValue::try_from(httpdate::fmt_http_date(clamped(now)))
    {
        headers.insert(header::DATE, value);
    }
}

/// A time that can be written as a date: `httpdate` has no others.
fn clamped(time: SystemTime) -> SystemTime {
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    time.clamp(SystemTime::UNIX_EPOCH, last)
}

/// The members of all lines of a field that is a list, in lower case.
pub(super) fn names(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines.flat_map(|line| split_list(&line).map(str::to_ascii_lowercase).collect::<Vec<_>>()).collect()
}

/// A field's lines as one value, as a cache compares them (RFC 9111, section 4.1).
pub(super) fn joined<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, [u8]>> {
    let mut lines = headers.get_all(name).iter().map(|line| line.as_bytes().trim_ascii());
    let first = lines.next()?;
    let mut all = Cow::Borrowed(first);
    for line in lines {
        all.to_mut().extend_from_slice(b", ");
        all.to_mut().extend_from_slice(line);
    }
    Some(all)
}

/// What stands between commas that are not in quotes, without the blanks around it; nothing that is empty.
fn split_list(line: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    line.split(move |character| {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' => return !is_quoted,
            _ => {}
        }
        false
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let (mut out, mut is_escaped) = (String::new(), false);
    for character in inner.strip_suffix('"').unwrap_or(inner).chars() {
        is_escaped = character == '\\' && !is_escaped;
        if !is_escaped {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(lines: &[&str]) -> CacheControl {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CACHE_CONTROL, HeaderValue::try_from(*line).expect("a header"));
        }
        CacheControl::of(&headers)
    }

    #[test]
    fn directives_are_read_with_quotes_and_in_any_case() {
        let read = control(&[r#"No-Cache="a, no-store", , MAX-AGE="60""#, "max-age=10, x=\"a\\\"b\""]);
        let all: Vec<_> = read.iter().collect();
        assert_eq!(all, [("no-cache", Some("a, no-store")), ("max-age", Some("60")), ("x", Some("a\"b"))]);
        assert_eq!(read.seconds("max-age"), Some(Some(Duration::from_secs(60))), "the first of two counts");
        assert!(!read.has("no-store"));
    }

    #[test]
    fn seconds_that_are_too_many_or_none_do_no_harm() {
        let of = |line| control(&[line]).seconds("max-age");
        assert_eq!(of("max-age=99999999999999999999999"), Some(Some(Duration::from_secs(1 << 31))));
        for odd in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=soon"] {
            assert_eq!(of(odd), Some(None), "{odd}");
        }
        assert_eq!(of("no-cache"), None);
    }

    #[test]
    fn dates_are_read_in_their_three_forms_and_near_them() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 -0000",
            "Sun, 06 Nov 1994 09:49:37 +0100",
            "06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(text), at(784_111_777), "{text}");
        }
        for text in ["", "0", "-1", "foo", "Sun, 99 Nov 1994 08:49:37 GMT", "Fri, 01 Jan 1800 00:00:00 GMT"] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }
}
