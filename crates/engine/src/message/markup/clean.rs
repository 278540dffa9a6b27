//! Tags, comments and line breaks out of a text.
//!
//! A tag ends at the first `>` outside of a value in quotes, and never holds a `<` there: what looks like one and does is
//! text.

use std::borrow::Cow;
use std::ops::Range;

use super::tags::{Angle, end_of_tag, is_space};

/// Which tags, by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags<'a> {
    /// All of them.
    All,
    /// Those of these names.
    Only(&'a [&'a str]),
    /// All but those of these names.
    Except(&'a [&'a str]),
}

impl Tags<'_> {
    fn has(&self, name: &str) -> bool {
        let is_among = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match self {
            Self::All => true,
            Self::Only(names) => is_among(names),
            Self::Except(names) => !is_among(names),
        }
    }
}

/// The text without these tags; what stands between them stays.
#[must_use]
pub fn remove_tags<'a>(text: &'a str, which: Tags<'_>) -> Cow<'a, str> {
    let is_gone = |tag: &Range<usize>| {
        let start = tag.start + 1 + usize::from(text[tag.start..].starts_with("</"));
        which.has(&text[start..end_of_whole_name(text, start)])
    };
    let tags = tags(text, |first| !first.is_ascii_whitespace() && !b"/>".contains(&first)).filter(is_gone);
    replace(text, tags, "")
}

/// The text with something in the place of each tag, comment or declaration.
#[must_use]
pub fn replace_tags<'a>(text: &'a str, by: &str) -> Cow<'a, str> {
    replace(text, tags(text, |first| first.is_ascii_alphabetic() || first == b'!'), by)
}

/// The text without its comments; one that does not end goes to the text's end.
#[must_use]
pub fn remove_comments(text: &str) -> Cow<'_, str> {
    let mut at = 0;
    let comments = std::iter::from_fn(|| {
        let start = at + memchr::memmem::find(text.get(at..)?.as_bytes(), b"<!--")?;
        let inner = start + 4;
        let end = memchr::memmem::find(&text.as_bytes()[inner..], b"-->");
        at = end.map_or(text.len(), |end| inner + end + 3);
        Some(start..at)
    });
    replace(text, comments, "")
}

/// The text with something in the place of each of these characters or words: w3lib takes `\n`, `\t` and `\r`.
#[must_use]
pub fn replace_escape_chars<'a>(text: &'a str, which: &[&str], by: &str) -> Cow<'a, str> {
    let mut out = Cow::Borrowed(text);
    for what in which.iter().filter(|what| !what.is_empty()) {
        if out.contains(what) {
            out = Cow::Owned(out.replace(what, by));
        }
    }
    out
}

/// Where tags are whose names begin in this way.
fn tags(text: &str, begins: impl Fn(u8) -> bool) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut patience = Patience::new(text);
    std::iter::from_fn(move || {
        loop {
            let start = at + memchr::memchr(b'<', &bytes[at..])?;
            at = start + 1;
            let name = at + usize::from(bytes.get(at) == Some(&b'/'));
            let is_end = name > at;
            let Some(first) = bytes.get(name) else { continue };
            // `</1>` is a tag to w3lib, and `<1>` none
            if !begins(*first) && !(is_end && *first != b'<' && *first != b'>') {
                continue;
            }
            if let Some(end) = patience.end_of_tag(name)? {
                at = end;
                return Some(start..end);
            }
        }
    })
}

/// Where the name ends that begins at a place; a `<` is no part of it.
pub(super) fn end_of_whole_name(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    let is_end = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>' | b'<');
    start + bytes.iter().position(is_end).unwrap_or(bytes.len())
}

/// How much may be looked at in vain: tags that are none may lie within each other's quotes, so that each of them would be
/// read to the text's end.
pub(super) struct Patience<'a> {
    text: &'a str,
    left: usize,
}

impl<'a> Patience<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, left: text.len().saturating_mul(8) }
    }

    /// The end of the tag whose name begins at a place, if it is one; nothing at all if there is no patience left.
    pub(super) fn end_of_tag(&mut self, name: usize) -> Option<Option<usize>> {
        let name_end = end_of_whole_name(self.text, name);
        match end_of_tag(self.text, name_end, Angle::Breaks) {
            Ok(end) => Some(Some(end)),
            Err(reached) => {
                self.left = self.left.checked_sub(reached - name)?;
                Some(None)
            }
        }
    }
}

/// The text with something in these places, which come in order.
pub(super) fn replace<'a>(text: &'a str, places: impl Iterator<Item = Range<usize>>, by: &str) -> Cow<'a, str> {
    let mut out = String::new();
    let mut at = 0;
    for place in places {
        out.push_str(&text[at..place.start]);
        out.push_str(by);
        at = place.end;
    }
    if at == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn tags_go_and_their_content_stays() {
        let html = "<p class='a>b'>x<br/>y</P><!doctype z> 1 < 2 <3";
        assert_eq!(remove_tags(html, Tags::All), "xy 1 < 2 <3");
        assert_eq!(remove_tags(html, Tags::Only(&["P"])), "x<br/>y<!doctype z> 1 < 2 <3");
        assert_eq!(remove_tags(html, Tags::Except(&["br"])), "x<br/>y 1 < 2 <3");
        assert_eq!(replace_tags("a<b>c</b>d", "-"), "a-c-d");
        assert_eq!(remove_comments("a<!-- <b> -->c<!-- d"), "ac");
        assert_eq!(replace_escape_chars("a\n\tb", &["\n", "\t"], ""), "ab");
    }

    #[test]
    fn what_never_ends_takes_no_longer() {
        let begin = Instant::now();
        for bomb in ["<a", "<a ", "<a b='", "<", "</", "<!--", "<a b='<a' ", "<a b=\"<"] {
            let text = bomb.repeat(200_000);
            let _ = (remove_tags(&text, Tags::All), replace_tags(&text, "x"), remove_comments(&text));
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    }
}
