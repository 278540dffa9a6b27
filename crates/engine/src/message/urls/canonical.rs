//! Two spellings of one page as one.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use url::Url;

use super::query::pairs_between;

/// What need not be escaped is not (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The URL in the form in which two spellings of one page are equal: what the seen set compares. Borrows where nothing is
/// to be changed.
///
/// The fragment is dropped, percent escapes are written one way (RFC 3986, section 6.2.2: upper-case hex, unreserved
/// characters plain) and the query's pairs are sorted by key and value. Case of scheme and host, default ports and dot
/// segments are the URL parser's work. [`canonicalise`] goes further: it reads the query as a form.
#[must_use]
pub fn canonical(url: &Url) -> Cow<'_, str> {
    let text = url.as_str();
    // an opaque path may end in spaces only before a fragment (WHATWG URL, "strip trailing spaces from an opaque path")
    let text = text.split_once('#').map_or(text, |(before, _)| before.trim_end_matches(' '));
    let simple_query = url.query().is_none_or(|query| !query.is_empty() && !query.contains(['&', '+']));
    if simple_query && !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    let mut out = plain_escapes(before).into_owned();
    let mut pairs: Vec<Cow<'_, str>> = query.split('&').filter(|pair| !pair.is_empty()).map(plain_query).collect();
    // `a` and `a=` are two pairs of one key and one value: they too have an order of their own
    pairs.sort_by(|a, b| key_and_value(a).cmp(&key_and_value(b)).then_with(|| a.cmp(b)));
    for (index, pair) in pairs.iter().enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(pair);
    }
    Cow::Owned(out)
}

/// What [`canonicalise`] keeps, and how the query's pairs are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Canonical {
    /// Keeps the fragment.
    pub fragment: bool,
    /// Keeps pairs without a value.
    pub blank_values: bool,
    /// What stands between the query's pairs.
    pub separator: char,
}

impl Default for Canonical {
    fn default() -> Self {
        Self { fragment: false, blank_values: true, separator: '&' }
    }
}

/// As [`canonical`], and the query is read as a form and written anew: `?b&a=%2c` becomes `?a=%2C&b=` (w3lib's
/// `canonicalize_url`). For keys of one's own: two requests may have one such form and still be two wishes to a crawl,
/// for some servers do tell `?b` from `?b=`.
#[must_use]
pub fn canonicalise(url: &Url, options: Canonical) -> Url {
    let text = url.as_str();
    let (text, fragment) = text.split_once('#').map_or((text, None), |(text, fragment)| (text, Some(fragment)));
    let (before, query) = text.split_once('?').unwrap_or((text, ""));
    let mut pairs = pairs_between(query.as_bytes(), options.separator, options.blank_values);
    pairs.sort();
    let mut out = plain_escapes(before).into_owned();
    for (index, (key, value)) in pairs.iter().enumerate() {
        out.push(if index == 0 { '?' } else { options.separator });
        out.push_str(&written(key));
        out.push('=');
        out.push_str(&written(value));
    }
    if let Some(fragment) = fragment.filter(|_| options.fragment) {
        out.push('#');
        out.push_str(fragment);
    }
    let mut canonical = Url::parse(&out).unwrap_or_else(|_| url.clone());
    // the parser leaves the case of hosts alone where it does not know the scheme (RFC 3986, section 6.2.2.1)
    if let Some(host) = canonical.host_str().filter(|host| host.contains(|c: char| c.is_ascii_uppercase())) {
        let host = host.to_ascii_lowercase();
        // what was a host is one
        let _ = canonical.set_host(Some(&host));
    }
    canonical
}

/// Bytes of a form: unreserved characters plain, a space as `+`.
fn written(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string().replace("%20", "+")
}

fn key_and_value(pair: &str) -> (&str, &str) {
    pair.split_once('=').unwrap_or((pair, ""))
}

/// As [`plain_escapes`], and a `+` is the space that it stands for in a query.
fn plain_query(pair: &str) -> Cow<'_, str> {
    if pair.contains('+') {
        Cow::Owned(plain_escapes(&pair.replace('+', "%20")).into_owned())
    } else {
        plain_escapes(pair)
    }
}

/// Upper-case hex; what need not be escaped (RFC 3986, section 2.3) is not, unless it would make an escape of a `%` that
/// is none: `%%341` is not `%41`.
fn plain_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        // `from_str_radix` would take a sign for a digit
        let hex = rest.get(at + 1..at + 3).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let escape = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok().zip(Some(hex)));
        match escape {
            Some((byte, _)) if is_unreserved(byte) && !(byte.is_ascii_hexdigit() && ends_in_escape(&out)) => {
                out.push(char::from(byte));
            }
            Some((_, hex)) => {
                out.push('%');
                out.push_str(&hex.to_ascii_uppercase());
            }
            None => {
                out.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Whether a text ends in a `%` that is to be followed by one or two digits.
fn ends_in_escape(text: &str) -> bool {
    matches!(text.as_bytes(), [.., b'%'] | [.., b'%', b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_that_is_canonical_stays_as_it_is() {
        for (url, want) in [
            ("http://a.example/%%34%31%7E", "http://a.example/%%341~"),
            ("http://a.example/%4%31", "http://a.example/%4%31"),
            ("http://a.example/%+a%+A", "http://a.example/%+a%+A"),
            ("mailto:a #b", "mailto:a"),
            ("http://a.example/?a=&a&%61", "http://a.example/?a&a&a="),
        ] {
            let url = Url::parse(url).expect("a URL");
            assert_eq!(canonical(&url), want);
            assert_eq!(canonical(&Url::parse(want).expect("a URL")), want);
        }
    }

    #[test]
    fn a_form_is_read_and_written_anew() {
        for (url, want) in [
            ("http://a.example/?b&a=%2c,&c=x+y%20z#f", "http://a.example/?a=%2C%2C&b=&c=x+y+z"),
            ("http://a.example/%7euser?", "http://a.example/~user"),
            ("mailto:a%2db", "mailto:a-b"),
            ("sftp://Joe@A.example/B", "sftp://Joe@a.example/B"),
        ] {
            let once = canonicalise(&Url::parse(url).expect("a URL"), Canonical::default());
            assert_eq!(once.as_str(), want);
            assert_eq!(canonicalise(&once, Canonical::default()), once, "{url}");
        }
        let options = Canonical { fragment: true, blank_values: false, separator: ';' };
        let url = Url::parse("http://a.example/?b;c=2;a=1#f").expect("a URL");
        assert_eq!(canonicalise(&url, options).as_str(), "http://a.example/?a=1;c=2#f");
    }
}
