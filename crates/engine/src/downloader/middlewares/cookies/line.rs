//! A `Set-Cookie` line taken apart (RFC 6265bis, section 5.6).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::date::cookie_date;
use super::{Refusal, Settings};

/// What a `Set-Cookie` line says. Of attributes that come twice the last one counts.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) domain: &'a [u8],
    /// None if there is no such attribute.
    pub(super) path: Option<&'a [u8]>,
    pub(super) expires: Option<Timestamp>,
    /// Seconds; 0 or less ends the cookie.
    pub(super) max_age: Option<i64>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<SameSite>,
    /// Attributes that were too long to be looked at.
    pub(super) too_long: u64,
}

/// From which sites' pages a browser would send it. A crawler's requests are all its user's own, so this is kept for
/// those who get the cookie after us, and keeps nothing back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SameSite {
    Strict,
    Lax,
    None,
}

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a [u8], settings: &Settings) -> Result<Self, Refusal> {
        if line.iter().any(|byte| is_control(*byte)) {
            return Err(Refusal::Control);
        }
        let mut parts = line.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next().unwrap_or_default());
        // a cookie may be nameless, as browsers have it
        let (name, value) = value.map_or((&b""[..], name), |value| (name, value));
        if name.is_empty() && value.is_empty() {
            return Err(Refusal::Empty);
        }
        if name.len() + value.len() > settings.max_cookie {
            return Err(Refusal::TooLarge);
        }
        let mut this = Self { name, value, ..Self::default() };
        for (name, value) in parts.map(pair) {
            let value = value.unwrap_or_default();
            if value.len() > settings.max_attribute {
                this.too_long += 1;
            } else {
                this.attribute(name, value);
            }
        }
        Ok(this)
    }

    fn attribute(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        if is(b"expires") {
            // the last days of 9999 are later than any time stamp
            let expires = cookie_date(value).map(|date| TimeZone::UTC.to_timestamp(date).unwrap_or(Timestamp::MAX));
            self.expires = expires.or(self.expires);
        } else if is(b"max-age") {
            self.max_age = seconds(value).or(self.max_age);
        } else if is(b"domain") {
            self.domain = value.strip_prefix(b".").unwrap_or(value);
        } else if is(b"path") {
            self.path = Some(value);
        } else if is(b"secure") {
            self.secure = true;
        } else if is(b"httponly") {
            self.http_only = true;
        } else if is(b"samesite") {
            self.same_site = SameSite::read(value);
        }
    }
}

impl SameSite {
    /// By its name in headers and in browsers' files; none for any other.
    pub(super) fn read(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"strict") => Some(Self::Strict),
            () if is(b"lax") => Some(Self::Lax),
            () if is(b"none") || is(b"no_restriction") => Some(Self::None),
            () => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// Whether a byte makes a whole cookie unwelcome: all controls but the tab.
pub(super) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Name and value, without the white space around them; no value where there is no `=`.
fn pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (trim(&part[..at]), Some(trim(&part[at + 1..]))),
        None => (trim(part), None),
    }
}

fn trim(text: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().position(|byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// `Max-Age`: digits, maybe after a minus; more than fit are as many as fit.
fn seconds(value: &[u8]) -> Option<i64> {
    let (is_negative, digits) = value.strip_prefix(b"-").map_or((false, value), |digits| (true, digits));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse().unwrap_or(i64::MAX);
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Line<'_>, Refusal> {
        Line::parse(line.as_bytes(), &Settings::default())
    }

    #[test]
    fn c09_a_control_byte_spoils_the_whole_cookie() {
        for byte in (0..=0x1F).chain([0x7F]).filter(|byte| *byte != b'\t') {
            for line in [format!("a{}=b", char::from(byte)), format!("a=b; Path=/{}", char::from(byte))] {
                assert_eq!(parse(&line).err(), Some(Refusal::Control), "{byte:#x}");
            }
        }
        assert_eq!(parse("a=\tb\tc\t").expect("a cookie").value, b"b\tc");
    }

    #[test]
    fn a_cookie_may_be_nameless_but_not_nothing() {
        for (line, name, value) in
            [("foo", "", "foo"), ("=foo", "", "foo"), ("a==b=", "a", "=b="), (" a = b ", "a", "b")]
        {
            let line = parse(line).expect("a cookie");
            assert_eq!((line.name, line.value), (name.as_bytes(), value.as_bytes()));
        }
        for line in ["", "=", " ; Path=/", " = ;"] {
            assert_eq!(parse(line).err(), Some(Refusal::Empty), "{line:?}");
        }
    }

    #[test]
    fn c08_a_giant_is_ignored_and_so_is_a_giant_attribute() {
        let name_and_value = |length: usize| format!("a={}", "x".repeat(length - 1));
        assert!(parse(&name_and_value(4096)).is_ok());
        assert_eq!(parse(&name_and_value(4097)).err(), Some(Refusal::TooLarge));
        let line = format!("a=b; Path=/short; Path=/{}; Domain={}; Secure", "p".repeat(1024), "d".repeat(1025));
        let line = parse(&line).expect("a cookie");
        assert_eq!((line.path, line.domain, line.secure, line.too_long), (Some(&b"/short"[..]), &b""[..], true, 2));
        assert_eq!(parse(&format!("a=b; Path=/{}", "p".repeat(1023))).expect("a cookie").too_long, 0);
    }

    #[test]
    fn the_last_attribute_of_a_kind_counts_unless_it_cannot_be_read() {
        let line =
            parse("a=b; max-age=5; MAX-AGE=7; Max-Age=x; Max-Age; Domain=.A.example; path=/x; path=").expect("it");
        assert_eq!((line.max_age, line.domain, line.path), (Some(7), &b"A.example"[..], Some(&b""[..])));
        let line = parse("a=b; Max-Age=99999999999999999999; SameSite=LAX; HttpOnly=no; Secure=").expect("a cookie");
        assert_eq!((line.max_age, line.same_site), (Some(i64::MAX), Some(SameSite::Lax)));
        assert!(line.http_only && line.secure);
        for (text, seconds) in
            [("-1", Some(-1)), ("0", Some(0)), ("-", None), ("+1", None), ("1,000", None), ("", None)]
        {
            assert_eq!(parse(&format!("a=b; Max-Age={text}")).expect("a cookie").max_age, seconds, "{text}");
        }
    }
}
