//! Start tags of XML, and what is made of those that are wrong, as by libxml2: an attribute without a value is none, and
//! one whose value has no quotes ends the tag there; what follows is text.

use std::collections::HashSet;

use crate::page::tree::Limits;

/// How a tag ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// `>`
    Open,
    /// `/>`
    Empty,
    /// Where it is no longer one. Its element is empty.
    Broken,
}

#[derive(Debug)]
pub(super) struct StartTag<'a> {
    /// With its prefix.
    pub(super) name: &'a str,
    /// As they are written.
    pub(super) attributes: Vec<(&'a str, &'a str)>,
    /// Behind it.
    pub(super) end: usize,
    pub(super) ends: Ends,
    /// Whether something is over the limits, and so not here.
    pub(super) is_cut: bool,
}

/// Few attributes are compared one by one.
const FEW: usize = 16;

impl<'a> StartTag<'a> {
    /// The tag that begins at a `<`; none if the text ends within it.
    pub(super) fn read(text: &'a str, at: usize, limits: &Limits) -> Option<Self> {
        let mut cursor = Cursor { text, at: at + 1 };
        let name = cursor.name();
        let mut tag = Self { name, attributes: Vec::new(), end: 0, ends: Ends::Broken, is_cut: false };
        let mut seen = HashSet::new();
        loop {
            cursor.space();
            let rest = cursor.rest();
            if rest.starts_with('>') {
                tag.ends = Ends::Open;
                cursor.at += 1;
                break;
            }
            if rest.starts_with("/>") {
                tag.ends = Ends::Empty;
                cursor.at += 2;
                break;
            }
            match cursor.attribute()? {
                Found::Nothing => break,
                Found::Name => {}
                Found::Pair(name, value) => {
                    if tag.attributes.len() == FEW {
                        seen.extend(tag.attributes.iter().map(|(name, _)| *name));
                    }
                    let is_few = tag.attributes.len() < FEW;
                    let is_known = if is_few {
                        tag.attributes.iter().any(|(known, _)| *known == name)
                    } else {
                        !seen.insert(name)
                    };
                    // the first of a name counts
                    if is_known {
                        continue;
                    }
                    if tag.attributes.len() >= limits.attributes {
                        tag.is_cut = true;
                        continue;
                    }
                    tag.is_cut |= value.len() > limits.attribute_size;
                    let value = &value[..value.floor_char_boundary(limits.attribute_size)];
                    tag.attributes.push((name, value));
                }
            }
        }
        tag.end = cursor.at;
        Some(tag)
    }
}

/// What stands where an attribute may.
enum Found<'a> {
    Pair(&'a str, &'a str),
    /// One without a value.
    Name,
    /// None; the tag is broken.
    Nothing,
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    fn name(&mut self) -> &'a str {
        let rest = self.rest();
        let name = &rest[..rest.find(ends_name).unwrap_or(rest.len())];
        self.at += name.len();
        name
    }

    /// Nothing at all at the text's end.
    fn attribute(&mut self) -> Option<Found<'a>> {
        if self.rest().is_empty() {
            return None;
        }
        let name = self.name();
        if !name.starts_with(begins_name) {
            self.at -= name.len();
            return Some(Found::Nothing);
        }
        self.space();
        let Some(rest) = self.rest().strip_prefix('=') else { return Some(Found::Name) };
        self.at += 1;
        self.space();
        let quote = match rest.trim_ascii_start().bytes().next()? {
            quote @ (b'"' | b'\'') => quote,
            _ => return Some(Found::Nothing),
        };
        let inner = &self.rest()[1..];
        let bytes = inner.as_bytes();
        let mut end = memchr::memchr2(quote, b'<', bytes)?;
        if bytes[end] == b'<' {
            // `title="1 < 2"` is meant; `title="1>text<` is not closed
            end += memchr::memchr2(quote, b'>', &bytes[end..])?;
            if bytes[end] == b'>' {
                return Some(Found::Nothing);
            }
        }
        self.at += end + 2;
        Some(Found::Pair(name, &inner[..end]))
    }
}

/// Whether a name may begin with this.
pub(super) fn begins_name(c: char) -> bool {
    !ends_name(c) && !matches!(c, '-' | '.' | '0'..='9')
}

/// Whether this is no part of a name.
pub(super) fn ends_name(c: char) -> bool {
    if c.is_ascii() { !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')) } else { c.is_whitespace() }
}
