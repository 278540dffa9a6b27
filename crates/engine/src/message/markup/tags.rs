//! The tags of a text, where they begin and end, as the HTML standard's tokenizer sees them (section 13.2.5): comments are
//! none, and what stands in a script is text. Nothing is copied, and each byte is looked at once.

use std::ops::Range;

/// Elements whose content is text (section 13.2.6.4.7).
const RAW: [&str; 8] = ["script", "style", "xmp", "iframe", "noembed", "noframes", "title", "textarea"];

/// Whether a tag opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    End,
}

/// One tag.
#[derive(Debug, Clone)]
pub(crate) struct Tag<'a> {
    text: &'a str,
    pub(crate) kind: Kind,
    /// From its `<` to behind its `>`, or to the text's end.
    pub(crate) place: Range<usize>,
    /// False if the text ends within it: to browsers it is none then.
    pub(crate) is_whole: bool,
    name: Range<usize>,
}

/// One attribute of a tag: where its name and its value are. A value without quotes stands as it is, without a value it is
/// empty.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

impl<'a> Tag<'a> {
    /// Its name, as it is written.
    pub(crate) fn name(&self) -> &'a str {
        &self.text[self.name.clone()]
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = Attribute> + use<'a> {
        let mut attributes = Attributes::new(self.text, self.name.end, Angle::Belongs);
        std::iter::from_fn(move || attributes.next())
    }

    /// The value of the first attribute of a name, as it is written.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'a str> {
        let text = self.text;
        let found = self.attributes().find(|attribute| text[attribute.name.clone()].eq_ignore_ascii_case(name))?;
        Some(&text[found.value])
    }
}

/// What a `<` within a tag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Angle {
    /// A part of it, as in browsers.
    Belongs,
    /// The end of what was no tag, as in w3lib.
    Breaks,
}

/// How a tag ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Behind its `>`.
    At(usize),
    /// It is none, as a `<` shows.
    Broken,
    /// The text has ended.
    Missing,
}

/// The end of the tag whose name ends at a place; if it is no tag, how far that had to be looked for. Quotes count only
/// where a value begins.
pub(super) fn end_of_tag(text: &str, name_end: usize, angle: Angle) -> Result<usize, usize> {
    let mut attributes = Attributes::new(text, name_end, angle);
    while attributes.next().is_some() {}
    match attributes.end {
        End::At(end) => Ok(end),
        End::Broken | End::Missing => Err(attributes.at),
    }
}

/// Where the name ends that begins at a place.
fn end_of_name(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    start + bytes.iter().position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>')).unwrap_or(bytes.len())
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
    angle: Angle,
    end: End,
}

impl<'a> Attributes<'a> {
    fn new(text: &'a str, at: usize, angle: Angle) -> Self {
        Self { bytes: text.as_bytes(), at, angle, end: End::Missing }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn breaks(&mut self, byte: u8) -> bool {
        let breaks = byte == b'<' && self.angle == Angle::Breaks;
        if breaks {
            self.end = End::Broken;
        }
        breaks
    }

    /// The next one; none at the end of the tag, which `end` then tells.
    fn next(&mut self) -> Option<Attribute> {
        while self.peek().is_some_and(|byte| is_space(byte) || byte == b'/') {
            self.at += 1;
        }
        let start = self.at;
        match self.peek()? {
            b'>' => {
                self.end = End::At(self.at + 1);
                return None;
            }
            byte if self.breaks(byte) => return None,
            // the first character may be `=`
            _ => self.at += 1,
        }
        while let Some(byte) = self.peek().filter(|byte| !is_space(*byte) && !matches!(byte, b'=' | b'/' | b'>')) {
            if self.breaks(byte) {
                return None;
            }
            self.at += 1;
        }
        let name = start..self.at;
        self.skip_space();
        if self.peek() != Some(b'=') {
            return Some(Attribute { value: name.end..name.end, name });
        }
        self.at += 1;
        self.skip_space();
        let value = match self.peek()? {
            quote @ (b'"' | b'\'') => {
                let start = self.at + 1;
                let length = memchr::memchr(quote, &self.bytes[start..]);
                let end = length.map_or(self.bytes.len(), |length| start + length);
                self.at = self.bytes.len().min(end + 1);
                start..end
            }
            _ => {
                let start = self.at;
                while let Some(byte) = self.peek().filter(|byte| !is_space(*byte) && *byte != b'>') {
                    if self.breaks(byte) {
                        return None;
                    }
                    self.at += 1;
                }
                start..self.at
            }
        };
        Some(Attribute { name, value })
    }
}

/// All tags of a text, in order.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Within `<svg>` or `<math>` no element is text.
    is_foreign: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, is_foreign: false }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn tag(&mut self, kind: Kind) -> Tag<'a> {
        let start = self.at;
        let name = start + 1 + usize::from(kind == Kind::End);
        let name = name..end_of_name(self.text, name);
        let end = end_of_tag(self.text, name.end, Angle::Belongs);
        self.at = end.unwrap_or(self.text.len());
        let tag = Tag { text: self.text, kind, place: start..self.at, is_whole: end.is_ok(), name };
        self.enter(&tag);
        tag
    }

    /// Passes over what a start tag makes text.
    fn enter(&mut self, tag: &Tag<'a>) {
        let name = tag.name();
        // most names are told by their length
        if !(3..=13).contains(&name.len()) {
            return;
        }
        if tag.is("svg") || tag.is("math") {
            self.is_foreign = tag.kind == Kind::Start;
        } else if self.is_foreign && ["foreignObject", "desc", "annotation-xml"].iter().any(|name| tag.is(name)) {
            self.is_foreign = tag.kind == Kind::End;
        } else if tag.kind == Kind::Start && !self.is_foreign {
            if tag.is("plaintext") {
                self.at = self.text.len();
            } else if tag.is("script") {
                self.at = end_of_script(self.text, self.at);
            } else if RAW.iter().any(|raw| tag.is(raw)) {
                self.at = end_of_raw(self.text, self.at, name);
            }
        }
    }

    fn skip_to(&mut self, what: &[u8]) {
        let found = memchr::memmem::find(self.rest(), what);
        self.at = found.map_or(self.text.len(), |found| self.at + found + what.len());
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            self.at += memchr::memchr(b'<', self.rest())?;
            match &self.rest()[1..] {
                [b'a'..=b'z' | b'A'..=b'Z', ..] => return Some(self.tag(Kind::Start)),
                [b'/', b'a'..=b'z' | b'A'..=b'Z', ..] => return Some(self.tag(Kind::End)),
                [b'!', b'-', b'-', rest @ ..] => {
                    self.at += 4;
                    match rest {
                        [b'>', ..] => self.at += 1,
                        [b'-', b'>', ..] => self.at += 2,
                        _ => self.at = end_of_comment(self.text, self.at),
                    }
                }
                [b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] if self.is_foreign => self.skip_to(b"]]>"),
                [b'!' | b'?' | b'/', ..] => self.skip_to(b">"),
                _ => self.at += 1,
            }
        }
    }
}

fn end_of_comment(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while let Some(found) = memchr::memmem::find(&bytes[at..], b"--") {
        at += found + 2;
        match &bytes[at..] {
            [b'>', ..] => return at + 1,
            [b'!', b'>', ..] => return at + 2,
            // `--->` ends it too
            _ => at -= 1,
        }
    }
    text.len()
}

/// Where `</name` stands, and is a whole name.
fn end_of_raw(text: &str, start: usize, name: &str) -> usize {
    let bytes = text.as_bytes();
    memchr::memmem::find_iter(&bytes[start..], b"</")
        .map(|found| start + found)
        .find(|found| is_word(&bytes[found + 2..], name.as_bytes()))
        .unwrap_or(text.len())
}

/// Where a script ends: a script within a comment within it does not end it (section 13.2.5.17 and after).
fn end_of_script(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut is_comment, mut is_inner) = (start, false, false);
    loop {
        let rest = &bytes[at..];
        let found = if is_comment { memchr::memchr2(b'<', b'-', rest) } else { memchr::memchr(b'<', rest) };
        let Some(found) = found else { return text.len() };
        at += found;
        match &bytes[at..] {
            [b'<', b'/', rest @ ..] if is_word(rest, b"script") => {
                if !is_inner {
                    return at;
                }
                is_inner = false;
            }
            [b'<', b'!', b'-', b'-', ..] => {
                is_comment = true;
                // its dashes may be those of its end
                at += 1;
            }
            [b'<', rest @ ..] if is_comment && is_word(rest, b"script") => is_inner = true,
            [b'-', b'-', b'>', ..] => (is_comment, is_inner) = (false, false),
            _ => {}
        }
        at += 1;
    }
}

/// Whether a text begins with a word, and the word ends there as the name of a tag does.
pub(super) fn is_word(text: &[u8], word: &[u8]) -> bool {
    let is_end = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>');
    text.get(..word.len()).is_some_and(|name| name.eq_ignore_ascii_case(word))
        && text.get(word.len()).is_none_or(is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<&str> {
        Scanner::new(text).map(|tag| &text[tag.place]).collect()
    }

    #[test]
    fn tags_end_where_browsers_end_them() {
        for (text, expected) in [
            ("<a b='>' c=d'>x</a >", &["<a b='>' c=d'>", "</a >"][..]),
            ("a < b <> </> </ a> <!x > <?y ><p", &["<p"]),
            ("<!--><a>--><!---><b><!-- <i> --!><u><!-- <s> ---><q><!-- <x>", &["<a>", "<b>", "<u>", "<q>"]),
            ("<script><a></scripty></SCRIPT ><a>", &["<script>", "</SCRIPT >", "<a>"]),
            ("<script><!--<script></script>--></script><a>", &["<script>", "</script>", "<a>"]),
            ("<script><!--<script></script></script><a>", &["<script>", "</script>", "<a>"]),
            ("<title><a></title><textarea><b>", &["<title>", "</title>", "<textarea>"]),
            ("<svg><title><a></title><![CDATA[<b>]]></svg>", &["<svg>", "<title>", "<a>", "</title>", "</svg>"]),
            ("<plaintext><a>", &["<plaintext>"]),
        ] {
            assert_eq!(tags(text), expected, "{text}");
        }
    }

    #[test]
    fn attributes_are_found_as_browsers_find_them() {
        let text = "<p/a =1/b c='x y'd=\"z\"==e f= g/ >";
        let tag = Scanner::new(text).next().expect("a tag");
        let pairs: Vec<(&str, &str)> = tag.attributes().map(|one| (&text[one.name], &text[one.value])).collect();
        assert_eq!(pairs, [("a", "1/b"), ("c", "x y"), ("d", "z"), ("=", "e"), ("f", "g/")]);
        assert_eq!(tag.attribute("C"), Some("x y"));
    }
}
