//! What URLs have in common: hashes of their shape, pattern, names, and of what is left without session ids.

use url::{Position, Url};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::tables::mix;

/// Names of session ids, whatever their value.
const SESSIONS: [&str; 9] =
    ["jsessionid", "phpsessid", "sessionid", "session_id", "sessid", "cfid", "cftoken", "oscsid", "zenid"];
/// Names of session ids if the value looks like one: they name stories and shops too.
const PERHAPS: [&str; 4] = ["sid", "s", "session", "token"];
/// Names of what tells where a visitor came from.
const TRACKERS: [&str; 8] = ["gclid", "fbclid", "msclkid", "yclid", "dclid", "igshid", "mc_eid", "_ga"];
/// The shortest value that looks like a session id.
const TOKEN: usize = 16;
/// Segments that are looked at for repetition.
const MANY: usize = 32;

/// A URL's hashes. All of them have the host in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    pub(super) host: u64,
    /// The number of segments and the names of the query.
    pub(super) shape: u64,
    /// The path, digits as one.
    pub(super) path: u64,
    /// The folder, segments with digits as one, and the names of the query.
    pub(super) body: u64,
    /// The names of the query, if it has one.
    pub(super) names: Option<u64>,
    /// The URL without session ids and trackers, if it has such.
    pub(super) variant: Option<u64>,
    pub(super) segments: usize,
}

impl Pattern {
    pub(super) fn of(url: &Url, key: u64) -> Self {
        let hash = |text: &str| xxh3_64_with_seed(text.as_bytes(), key);
        let host = hash(&url[Position::BeforeHost..Position::AfterPort]);
        let path = url.path();
        let query = url.query();
        let (mut folder, mut last, mut whole) = (host, host, host);
        let (mut segments, mut has_session) = (0, false);
        for segment in path.strip_prefix('/').unwrap_or(path).split('/') {
            let plain = without_session(segment);
            has_session |= plain.len() != segment.len();
            folder = mix(folder, last);
            let letters = if has_digit(plain) { hash_without_digits(plain, key) } else { hash(plain) };
            last = if has_digit(plain) { 1 } else { letters };
            whole = mix(whole, letters);
            segments += 1;
        }
        if path.ends_with('/') {
            segments -= 1;
        }
        // in any order, and as often as each comes
        let mut names = 0_u64;
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if is_passing(name, value) {
                has_session = true;
            } else {
                names = names.wrapping_add(hash_without_digits(name, key) | 1);
            }
        }
        let body = if query.is_some() { mix(mix(folder, last), names) } else { folder };
        Self {
            host,
            shape: mix(mix(host, segments as u64), names),
            path: whole,
            body,
            names: query.is_some().then_some(names),
            variant: has_session.then(|| without_passing(url, host, key)),
            segments,
        }
    }
}

/// What is left of a URL without what says something of the visitor.
fn without_passing(url: &Url, host: u64, key: u64) -> u64 {
    let hash = |text: &str| xxh3_64_with_seed(text.as_bytes(), key);
    let path = url.path().split('/').fold(host, |path, segment| mix(path, hash(without_session(segment))));
    let pairs = url.query().unwrap_or_default().split('&').filter(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !pair.is_empty() && !is_passing(name, value)
    });
    mix(path, pairs.fold(0, |pairs, pair| pairs.wrapping_add(hash(pair) | 1)))
}

/// Whether a part of the path comes more than so often in a row.
pub(super) fn repeats(path: &str, limit: usize) -> bool {
    let mut all = [""; MANY];
    let mut count = 0;
    for (place, segment) in all.iter_mut().zip(path.strip_prefix('/').unwrap_or(path).split('/')) {
        *place = segment;
        count += 1;
    }
    let segments = &all[..count];
    (1..=count / (limit + 1)).any(|period| {
        let mut run = 0;
        segments.iter().skip(period).zip(segments).any(|(segment, before)| {
            let is_number = period == 1 && !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
            run = if segment == before && !is_number { run + 1 } else { 0 };
            run >= period * limit
        })
    })
}

/// A segment without `;jsessionid=…`, and without ASP.NET's `(S(…))`.
fn without_session(segment: &str) -> &str {
    if segment.starts_with("(S(") {
        return "";
    }
    let Some((plain, parameter)) = segment.split_once(';') else { return segment };
    let name = parameter.split('=').next().unwrap_or_default();
    if SESSIONS.iter().any(|known| name.eq_ignore_ascii_case(known)) { plain } else { segment }
}

/// Whether a parameter says something of the visitor and nothing of the page.
fn is_passing(name: &str, value: &str) -> bool {
    let is_one_of = |known: &[&str]| known.iter().any(|known| name.eq_ignore_ascii_case(known));
    let starts = |with: &str| name.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    // most names are neither
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'a') => starts("aspsessionid"),
        Some(b'u') => starts("utm_"),
        Some(b'c' | b'd' | b'f' | b'g' | b'i' | b'j' | b'm' | b'o' | b'p' | b's' | b't' | b'y' | b'z' | b'_') => {
            is_one_of(&SESSIONS) || is_one_of(&TRACKERS) || (is_one_of(&PERHAPS) && looks_random(value))
        }
        _ => false,
    }
}

/// Long, of letters and digits, and both.
fn looks_random(value: &str) -> bool {
    value.len() >= TOKEN
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// A hash in which every row of digits is one.
fn hash_without_digits(text: &str, key: u64) -> u64 {
    if !has_digit(text) {
        return xxh3_64_with_seed(text.as_bytes(), key);
    }
    text.split(|letter: char| letter.is_ascii_digit())
        .filter(|piece| !piece.is_empty())
        .fold(1, |hash, piece| mix(hash, xxh3_64_with_seed(piece.as_bytes(), key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Pattern {
        Pattern::of(&Url::parse(text).expect("a URL"), 7)
    }

    #[test]
    fn rows_of_segments_are_found_and_dates_are_none() {
        for (path, is) in [
            ("/a/a/a/a", true),
            ("/a/a/a", false),
            ("/x/a/b/a/b/a/b/a/b/y", true),
            ("/a/b/a/b/a/b", false),
            ("/a/b/c/a/b/c/a/b/c/a/b/c", true),
            ("/2011/11/11/11/11", false),
            ("/1/2/1/2/1/2/1/2", true),
            ("/a/////b", true),
            ("/a//b", false),
            ("/", false),
        ] {
            assert_eq!(repeats(path, 3), is, "{path}");
        }
        assert!(repeats("/a/a", 1) && !repeats("/a/b", 1));
        assert!(repeats(&"/a".repeat(1000), 3));
    }

    #[test]
    fn one_page_under_two_sessions_is_one_variant() {
        for (a, b) in [
            ("http://a.example/x;jsessionid=1?y=2", "http://a.example/x;JSESSIONID=2?y=2"),
            ("http://a.example/(S(abc))/x", "http://a.example/(S(def))/x"),
            ("http://a.example/x?y=2&PHPSESSID=1", "http://a.example/x?PHPSESSID=2&y=2"),
            ("http://a.example/x?sid=0123456789abcdef", "http://a.example/x?sid=fedcba9876543210"),
            ("http://a.example/x?utm_source=1", "http://a.example/x?gclid=2"),
        ] {
            assert!(of(a).variant.is_some(), "{a}");
            assert_eq!(of(a).variant, of(b).variant, "{a} {b}");
        }
        for text in [
            "http://a.example/x?sid=13/05/01",
            "http://a.example/x?s=shoes",
            "http://a.example/x;v=1",
            "http://a.example/",
        ] {
            assert_eq!(of(text).variant, None, "{text}");
        }
    }

    #[test]
    fn shapes_and_patterns_are_those_of_their_kind() {
        assert_eq!(of("http://a.example/blog/one").shape, of("http://a.example/news/two").shape);
        assert_ne!(of("http://a.example/blog/one").shape, of("http://a.example/blog/").shape);
        assert_ne!(of("http://a.example/?a=1").shape, of("http://a.example/?a=1&a=2").shape);
        assert_eq!(of("http://a.example/?a=1&b=2").shape, of("http://a.example/?b=3&a=4").shape);
        assert_eq!(of("http://a.example/p/17/x").body, of("http://a.example/p/a1/y").body);
        assert_ne!(of("http://a.example/p/x?a").body, of("http://a.example/p/y?a").body);
        assert_ne!(of("http://a.example/").host, of("http://a.example:8080/").host);
    }
}
