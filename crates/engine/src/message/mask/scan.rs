//! Finding what is to be hidden, in one pass and whatever the text: a page may have written it.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::STARS;
use super::names::is_secret_name;

/// URLs within URLs, encoded so many times over.
const NESTED: u8 = 3;
/// How far behind a `/` the rest of a password is looked for, in bytes.
const PASSWORD: usize = 128;
/// What is encoded again in a value that was taken apart.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a text begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// A URL and nothing else: spaces and quotes are its own.
    Url,
    /// Words with URLs among them.
    Text,
    /// `name=value&…`
    Form,
}

/// The part of a URL.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Query,
    Fragment,
}

pub(super) fn masked(text: &str, begin: Begin) -> Cow<'_, str> {
    masked_within(text, begin, NESTED)
}

fn masked_within(text: &str, begin: Begin, nested: u8) -> Cow<'_, str> {
    let mut scan = Scan { text, is_text: begin == Begin::Text, nested, out: String::new(), copied: 0, looked: 0 };
    scan.run(begin == Begin::Form);
    if scan.copied == 0 {
        return Cow::Borrowed(text);
    }
    scan.out.push_str(&text[scan.copied..]);
    Cow::Owned(scan.out)
}

struct Scan<'a> {
    text: &'a str,
    is_text: bool,
    nested: u8,
    out: String,
    /// Up to here the text is in `out`.
    copied: usize,
    /// Up to here values have been looked into, so that no byte is decoded twice.
    looked: usize,
}

impl<'a> Scan<'a> {
    fn run(&mut self, is_form: bool) {
        let bytes = self.text.as_bytes();
        let (mut at, mut part) = (0, Part::Path);
        if is_form {
            part = Part::Query;
            at = self.pair(0, part);
        }
        while at < bytes.len() {
            at = match (bytes[at], part) {
                (b'/', _) if bytes.get(at + 1) == Some(&b'/') && self.may_begin_authority(at) => {
                    part = Part::Path;
                    self.authority(at + 2)
                }
                (b'?', Part::Path) => {
                    part = Part::Query;
                    self.pair(at + 1, part)
                }
                (b'#', _) => {
                    part = Part::Fragment;
                    self.pair(at + 1, part)
                }
                (b'&' | b';', _) => self.pair(at + 1, part),
                // implicit grants have been seen behind `#/path?`
                (b'?', Part::Fragment) => self.pair(at + 1, part),
                (byte, _) => {
                    if self.ends_word(byte) {
                        part = Part::Path;
                    }
                    at + 1
                }
            };
        }
    }

    /// Hides who signs in, if somebody does; where to go on.
    fn authority(&mut self, begin: usize) -> usize {
        let rest = &self.text[begin..];
        let is_end = |byte: u8| matches!(byte, b'/' | b'\\' | b'?' | b'#') || self.ends_word(byte);
        let length = rest.bytes().position(is_end).unwrap_or(rest.len());
        let user = rest[..length].rfind('@').or_else(|| self.unescaped(rest, length));
        let Some(user) = user else { return begin };
        self.hide(begin..begin + user);
        begin + user
    }

    /// The end of a password in which what ends a host was not escaped: `http://me:a/b@host` is no URL, and has to be
    /// told to its author.
    fn unescaped(&self, rest: &str, length: usize) -> Option<usize> {
        let (_, port) = rest[..length].rsplit_once(':').filter(|_| !rest.starts_with('['))?;
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let end = rest.floor_char_boundary(length + PASSWORD);
        let end = rest[..end].bytes().position(|byte| self.ends_word(byte)).unwrap_or(end);
        rest[length.min(end)..end].rfind('@').map(|at| length + at)
    }

    /// Hides the value of the pair that begins here, if its name says so; where to go on.
    fn pair(&mut self, begin: usize, part: Part) -> usize {
        let rest = &self.text[begin..];
        let ends_name = |byte: u8| matches!(byte, b'=' | b'&' | b';' | b'#' | b'?' | b'/') || self.ends_word(byte);
        let Some(name) = rest.bytes().position(ends_name).filter(|end| rest.as_bytes()[*end] == b'=') else {
            return begin;
        };
        let is_secret = is_secret_name(&percent_decode_str(&rest[..name]).decode_utf8_lossy());
        if !is_secret && begin < self.looked {
            return begin + name + 1;
        }
        let ends_value = |byte: u8| match (byte, part) {
            (b'&', _) => true,
            (b'#', Part::Path | Part::Query) => true,
            (b'?' | b'/', Part::Path) => true,
            // it ends no secret: one may have it
            (b';', Part::Path) => true,
            (b';', _) => !is_secret,
            (byte, _) => self.ends_word(byte),
        };
        let value = &rest[name + 1..];
        let value = &value[..value.bytes().position(ends_value).unwrap_or(value.len())];
        let range = begin + name + 1..begin + name + 1 + value.len();
        if is_secret && !value.is_empty() {
            let end = range.end;
            self.hide(range);
            return end;
        }
        if let Some(encoded) = Self::within(value, self.nested) {
            let end = range.end;
            self.replace(range, &encoded);
            return end;
        }
        self.looked = range.end;
        range.start
    }

    /// An encoded value without the secrets within it; none if it has none.
    fn within(value: &str, nested: u8) -> Option<String> {
        let nested = nested.checked_sub(1).filter(|_| value.contains('%'))?;
        let decoded = percent_decode_str(value).decode_utf8().ok()?;
        let masked = match masked_within(&decoded, Begin::Text, nested) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => Self::within(&decoded, nested)?,
        };
        Some(utf8_percent_encode(&masked, VALUE).to_string())
    }

    /// `://`, or `//` where a word begins.
    fn may_begin_authority(&self, at: usize) -> bool {
        let before = at.checked_sub(1).map(|before| self.text.as_bytes()[before]);
        before.is_none_or(|byte| matches!(byte, b':' | b'(' | b'=' | b'\'' | b',') || self.ends_word(byte))
    }

    fn ends_word(&self, byte: u8) -> bool {
        self.is_text && (byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'<' | b'>' | b'`'))
    }

    fn hide(&mut self, range: Range<usize>) {
        let hidden = &self.text[range.clone()];
        // what stands behind the stars is not of the value: `(http://a/?token=***).`
        let is_hidden =
            hidden.strip_prefix(STARS).is_some_and(|rest| rest.bytes().all(|byte| b")]}.,:;'\\".contains(&byte)));
        if !is_hidden {
            self.replace(range, STARS);
        }
    }

    fn replace(&mut self, range: Range<usize>, by: &str) {
        self.out.push_str(&self.text[self.copied..range.start]);
        self.out.push_str(by);
        self.copied = range.end;
    }
}
