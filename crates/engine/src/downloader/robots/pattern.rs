//! A rule's path and what it matches: literal pieces between asterisks, found one after the other. Each piece is taken
//! where it comes first, which is never worse than further on, so nothing is tried twice and the work is linear.

use std::iter;

use memchr::{memchr, memchr_iter, memmem};
use url::{Position, Url};

/// A path and query as rules see them: percent-encoding is undone on both sides, but for `%2F` and `%25`, which is what
/// encoding all else would come to (RFC 9309, section 2.2.2).
#[derive(Debug)]
pub(super) struct Target {
    text: Vec<u8>,
    /// With `%2F` undone in the query as well, where a slash divides nothing; if that makes a difference.
    open: Option<Vec<u8>>,
}

impl Target {
    pub(super) fn new(url: &Url) -> Self {
        let raw = url[Position::BeforePath..Position::AfterQuery].as_bytes();
        let text = decoded(raw, Slashes::Apart);
        let open = memchr(b'?', raw).map(|mark| {
            let (path, query) = raw.split_at(mark);
            [decoded(path, Slashes::Apart), decoded(query, Slashes::Alike)].concat()
        });
        Self { open: open.filter(|open| *open != text), text }
    }

    fn seen_by(&self, pattern: &Pattern) -> &[u8] {
        self.open.as_deref().filter(|_| pattern.has_query).unwrap_or(&self.text)
    }
}

/// The path of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pattern {
    /// How specific it is (RFC 9309, section 2.2.2): its octets, as percent-encoding would write them. First, so that
    /// patterns are sorted by it.
    octets: usize,
    /// The literal pieces, one after the other: a path begins with the first, and has anything before each other.
    text: Box<[u8]>,
    /// Where each piece but the last ends. A box for each would make much of a file that is all asterisks.
    ends: Box<[u32]>,
    /// A path ends with the last piece: `$`.
    is_anchored: bool,
    /// There is a literal `?`, so that what follows it is a query.
    has_query: bool,
}

impl Pattern {
    /// Nothing, if no path could match: RFC 9309 wants a slash at the beginning, and an asterisk stands for one.
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        if !matches!(value, [b'/' | b'*', ..]) {
            return None;
        }
        let (path, is_anchored) = match value {
            [path @ .., b'$'] => (path, true),
            path => (path, false),
        };
        let asterisks = memchr_iter(b'*', path).count();
        let (mut text, mut ends, mut has_query) = (Vec::new(), Vec::new(), false);
        for (place, raw) in path.split(|byte| *byte == b'*').enumerate() {
            let piece = piece(raw, &mut has_query);
            // an empty piece says nothing, but before `$`: there it lets a path end as it likes
            if place > 0 && (!piece.is_empty() || (is_anchored && place == asterisks)) {
                ends.push(u32::try_from(text.len()).ok()?);
            }
            text.extend(piece);
        }
        let octets = octets(&text) + asterisks + usize::from(is_anchored);
        Some(Self { octets, text: text.into(), ends: ends.into(), is_anchored, has_query })
    }

    /// `/` for `/index.html`.
    pub(super) fn of_index(value: &[u8]) -> Option<Self> {
        let folder = value.strip_suffix(b"index.html").filter(|folder| folder.ends_with(b"/"))?;
        Self::read(&[folder, b"$"].concat())
    }

    pub(super) fn octets(&self) -> usize {
        self.octets
    }

    pub(super) fn matches(&self, target: &Target) -> bool {
        self.matches_by(target.seen_by(self), memmem::find)
    }

    /// With a search of one's own, so that a test may count what it does.
    fn matches_by(&self, path: &[u8], mut find: impl FnMut(&[u8], &[u8]) -> Option<usize>) -> bool {
        let mut pieces = self.pieces().peekable();
        let Some(mut rest) = pieces.next().and_then(|head| path.strip_prefix(head)) else { return false };
        if pieces.peek().is_none() {
            return !self.is_anchored || rest.is_empty();
        }
        while let Some(piece) = pieces.next() {
            if self.is_anchored && pieces.peek().is_none() {
                return rest.ends_with(piece);
            }
            let Some(at) = find(rest, piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        true
    }

    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let ends = || self.ends.iter().map(|end| *end as usize);
        let starts = iter::once(0).chain(ends());
        starts.zip(ends().chain([self.text.len()])).map(|(start, end)| &self.text[start..end])
    }
}

fn piece(raw: &[u8], has_query: &mut bool) -> Vec<u8> {
    if *has_query {
        return decoded(raw, Slashes::Alike);
    }
    let Some(mark) = memchr(b'?', raw) else { return decoded(raw, Slashes::Apart) };
    *has_query = true;
    let (path, query) = raw.split_at(mark);
    [decoded(path, Slashes::Apart), decoded(query, Slashes::Alike)].concat()
}

/// Whether `%2F` is another thing than `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slashes {
    Apart,
    Alike,
}

fn decoded(raw: &[u8], slashes: Slashes) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr(b'%', rest) {
        let (before, escape) = rest.split_at(at);
        text.extend_from_slice(before);
        rest = match byte(escape) {
            Some(b'%') => {
                text.extend_from_slice(b"%25");
                &escape[3..]
            }
            Some(b'/') if slashes == Slashes::Apart => {
                text.extend_from_slice(b"%2F");
                &escape[3..]
            }
            Some(byte) => {
                text.push(byte);
                &escape[3..]
            }
            None => {
                text.push(b'%');
                &escape[1..]
            }
        };
    }
    text.extend_from_slice(rest);
    text
}

/// What `%` and two digits at the beginning stand for.
fn byte(escape: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*escape.get(at)?).to_digit(16);
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

fn octets(piece: &[u8]) -> usize {
    piece.iter().map(|byte| if byte.is_ascii_graphic() { 1 } else { 3 }).sum()
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    /// Whether it matches, and the bytes that were looked at.
    fn work(pattern: &Pattern, path: &[u8]) -> (bool, usize) {
        let mut bytes = pattern.pieces().next().map_or(0, <[u8]>::len);
        let is_match = pattern.matches_by(path, |rest, piece| {
            let at = memmem::find(rest, piece);
            bytes += at.map_or(rest.len(), |at| at + piece.len());
            at
        });
        (is_match, bytes)
    }

    #[test]
    fn p06_asterisks_look_at_each_byte_of_a_path_once() {
        let path = [b"/".as_slice(), &b"a".repeat(8 << 10)].concat();
        for rule in ["/*a*a*a*a*a*b".to_owned(), format!("/{}b", "*a".repeat(64)), format!("/{}b$", "*a*".repeat(64))] {
            let (is_match, bytes) = work(&Pattern::read(rule.as_bytes()).expect("a path"), &path);
            assert!(!is_match, "{rule}");
            assert!(bytes <= path.len(), "{rule}: {bytes} bytes");
        }
    }

    /// What the rule means, written down as it is said: asterisks are any bytes.
    fn means(rule: &[u8], path: &[u8]) -> bool {
        match (rule, path) {
            ([], _) => true,
            (b"$", _) => path.is_empty(),
            ([b'*', rest @ ..], _) => (0..=path.len()).any(|at| means(rest, &path[at..])),
            ([byte, rule @ ..], [first, path @ ..]) => byte == first && means(rule, path),
            (_, []) => false,
        }
    }

    #[test]
    fn it_matches_what_trying_everything_matches() {
        let mut random = StdRng::seed_from_u64(9309);
        let mut text = |letters: &[u8], most: usize| -> Vec<u8> {
            let length = random.random_range(0..most);
            [b'/'].into_iter().chain((0..length).map(|_| letters[random.random_range(0..letters.len())])).collect()
        };
        let mut matched = 0;
        for _ in 0..20_000 {
            let (rule, path) = (text(b"ab**$", 9), text(b"ab$", 9));
            let (is_match, bytes) = work(&Pattern::read(&rule).expect("a path"), &path);
            assert_eq!(is_match, means(&rule, &path), "{rule:?} {path:?}");
            assert!(bytes <= path.len() + rule.len());
            matched += usize::from(is_match);
        }
        assert!(matched > 1_000, "{matched}");
    }

    #[test]
    fn p06_a_rule_of_nothing_but_asterisks_takes_no_room() {
        let rule = Pattern::read(&[b"/".as_slice(), &b"*".repeat(500_000)].concat()).expect("a path");
        assert_eq!((rule.text.len(), rule.ends.len(), rule.octets), (1, 0, 500_001));
    }

    #[test]
    fn octets_are_counted_as_they_would_be_encoded() {
        let octets = |rule: &str| Pattern::read(rule.as_bytes()).expect("a path").octets();
        assert_eq!((octets("/a*$"), octets("/%61"), octets("/ö"), octets("/%C3%B6"), octets("/%2f")), (4, 2, 7, 7, 4));
        assert_eq!(Pattern::read(b"a"), None);
        assert_eq!(Pattern::read(b"https://a.example/"), None);
    }
}
