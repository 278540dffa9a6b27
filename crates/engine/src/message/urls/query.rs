//! The parameters of a query: read, kept, dropped, set. What is not touched stays as it was written.

use std::borrow::Cow;

use form_urlencoded::byte_serialize;
use percent_encoding::percent_decode;
use url::Url;

/// The pairs of a query, decoded to the bytes that they stand for, in order (w3lib's `parse_qsl_to_bytes`). Pairs
/// without a value are left out unless `blank_values`.
#[must_use]
pub fn query_pairs(query: &[u8], blank_values: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs_between(query, '&', blank_values)
}

/// The first value of a parameter, if it is there (w3lib's `url_query_parameter`). Bytes that are not UTF-8 become
/// U+FFFD.
#[must_use]
pub fn query_parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Which parameters are meant, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which<'a> {
    /// These, and no others.
    Only(&'a [&'a str]),
    /// All but these.
    Without(&'a [&'a str]),
}

/// What else [`clean_query`] leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clean {
    /// Keeps each pair of a name that comes more than once, and not only the first.
    pub duplicates: bool,
    /// Keeps the fragment.
    pub fragment: bool,
    /// What stands between the pairs.
    pub separator: char,
}

impl Default for Clean {
    fn default() -> Self {
        Self { duplicates: false, fragment: false, separator: '&' }
    }
}

/// The URL with some of its parameters, in their order and as they were written (w3lib's `url_query_cleaner`).
#[must_use]
pub fn clean_query(url: &Url, which: Which<'_>, options: Clean) -> Url {
    let mut kept: Vec<&str> = Vec::new();
    let mut names: Vec<Cow<'_, [u8]>> = Vec::new();
    for pair in url.query().unwrap_or_default().split(options.separator).filter(|pair| !pair.is_empty()) {
        let name = decoded(pair.split('=').next().unwrap_or_default().as_bytes());
        let is_meant = match which {
            Which::Only(names) => names.iter().any(|known| known.as_bytes() == &*name),
            Which::Without(names) => !names.iter().any(|known| known.as_bytes() == &*name),
        };
        if is_meant && (options.duplicates || !names.contains(&name)) {
            kept.push(pair);
            names.push(name);
        }
    }
    let mut clean = url.clone();
    clean.set_query((!kept.is_empty()).then(|| kept.join(&options.separator.to_string())).as_deref());
    if !options.fragment {
        clean.set_fragment(None);
    }
    clean
}

/// The URL with a parameter set: in the place of the first of that name, or at the end; further ones of that name go
/// (w3lib's `add_or_replace_parameter`).
#[must_use]
pub fn set_parameter(url: &Url, name: &str, value: &str) -> Url {
    set_parameters(url, &[(name, value)])
}

/// The same for many; a name that is given twice has its last value (w3lib's `add_or_replace_parameters`).
#[must_use]
pub fn set_parameters(url: &Url, parameters: &[(&str, &str)]) -> Url {
    set_parameters_between(url, parameters, '&')
}

/// The same where something else than `&` stands between the pairs.
#[must_use]
pub fn set_parameters_between(url: &Url, parameters: &[(&str, &str)], separator: char) -> Url {
    let write = |name: &str| -> String {
        let value = parameters.iter().rev().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        byte_serialize(name.as_bytes()).chain(["="]).chain(byte_serialize(value.as_bytes())).collect()
    };
    let mut set: Vec<&str> = Vec::new();
    let mut pairs: Vec<Cow<'_, str>> = Vec::new();
    for pair in url.query().unwrap_or_default().split(separator).filter(|pair| !pair.is_empty()) {
        let key = decoded(pair.split('=').next().unwrap_or_default().as_bytes());
        match parameters.iter().map(|(name, _)| *name).find(|name| name.as_bytes() == &*key) {
            None => pairs.push(Cow::Borrowed(pair)),
            Some(name) if set.contains(&name) => {}
            Some(name) => {
                pairs.push(Cow::Owned(write(name)));
                set.push(name);
            }
        }
    }
    for (name, _) in parameters {
        if !set.contains(name) {
            pairs.push(Cow::Owned(write(name)));
            set.push(name);
        }
    }
    let query = pairs.join(&separator.to_string());
    let mut url = url.clone();
    url.set_query((!query.is_empty()).then_some(&query));
    url
}

/// Decoded pairs of a query in which something else than `&` may stand between them.
pub(super) fn pairs_between(query: &[u8], separator: char, blank_values: bool) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut buffer = [0; 4];
    let separator = separator.encode_utf8(&mut buffer).as_bytes();
    let mut pairs = Vec::new();
    let mut rest = query;
    while !rest.is_empty() {
        let end = rest.windows(separator.len()).position(|window| window == separator).unwrap_or(rest.len());
        let pair = &rest[..end];
        rest = rest.get(end + separator.len()..).unwrap_or_default();
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (key, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
        if !pair.is_empty() && (blank_values || !value.is_empty()) {
            pairs.push((decoded(key).into_owned(), decoded(value).into_owned()));
        }
    }
    pairs
}

/// What a form's bytes stand for.
fn decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.contains(&b'+') {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return Cow::Owned(percent_decode(&spaced).collect());
    }
    percent_decode(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn what_is_not_set_stays_as_it_was_written() {
        let before = url("http://a.example/?q=%7e,%2c&x&id=1&id=2&caf%e9=1#f");
        let after = set_parameters(&before, &[("id", "a b&c"), ("new", "ä")]);
        assert_eq!(after.as_str(), "http://a.example/?q=%7e,%2c&x&id=a+b%26c&caf%e9=1&new=%C3%A4#f");
        assert_eq!(set_parameters(&before, &[]), before);
        assert_eq!(set_parameter(&url("http://a.example/"), "", "").as_str(), "http://a.example/?=");
    }

    #[test]
    fn a_parameter_is_known_by_its_name_however_it_is_escaped() {
        let before = url("http://a.example/?%69d=1&id=2&a+b=3&utm=4");
        let only = clean_query(&before, Which::Only(&["id", "a b"]), Clean::default());
        assert_eq!(only.as_str(), "http://a.example/?%69d=1&a+b=3");
        let without = clean_query(&before, Which::Without(&["utm"]), Clean { duplicates: true, ..Default::default() });
        assert_eq!(without.as_str(), "http://a.example/?%69d=1&id=2&a+b=3");
        assert_eq!(query_parameter(&before, "a b").as_deref(), Some("3"));
    }

    #[test]
    fn bytes_stay_bytes() {
        assert_eq!(query_pairs(b"\x81=%ff&&a", true), [(vec![0x81], vec![0xff]), (b"a".to_vec(), vec![])]);
        assert_eq!(pairs_between("a=1·b=2".as_bytes(), '·', false).len(), 2);
    }
}
