//! The attributes of a tag, and so where it ends (HTML standard, sections 13.2.5.32 to 13.2.5.40).

use std::ops::Range;

/// One attribute of a tag: where its name and its value are. A value without quotes stands as it is, without a value it is
/// empty.
#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
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
    if angle == Angle::Belongs
        && let Some(end) = end_of_plain_tag(text.as_bytes(), name_end)
    {
        return Ok(end);
    }
    let mut attributes = Attributes::new(text, name_end, angle);
    while attributes.next().is_some() {}
    match attributes.end {
        End::At(end) => Ok(end),
        End::Broken | End::Missing => Err(attributes.at),
    }
}

/// The end of a tag whose values all stand in quotes right behind their `=`, as most do: told by few bytes.
fn end_of_plain_tag(bytes: &[u8], name_end: usize) -> Option<usize> {
    let mut at = name_end;
    loop {
        let found = at + memchr::memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        if bytes[found] == b'>' {
            return Some(found + 1);
        }
        let (last, names) = bytes[at..found].split_last()?;
        // an earlier `=` may have a value of its own, and one that no name stands before begins one
        let is_name = |byte: &u8| !is_space(*byte) && *byte != b'/';
        if *last != b'=' || names.contains(&b'=') || !names.last().is_some_and(is_name) {
            return None;
        }
        at = found + 2 + memchr::memchr(bytes[found], &bytes[found + 1..])?;
    }
}

/// Where the name ends that begins at a place.
pub(super) fn end_of_name(text: &str, start: usize) -> usize {
    let bytes = &text.as_bytes()[start..];
    start + bytes.iter().position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>')).unwrap_or(bytes.len())
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

/// The attributes of a tag, one after the other, and then how it ends.
pub(super) struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
    angle: Angle,
    end: End,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(text: &'a str, at: usize, angle: Angle) -> Self {
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
    pub(super) fn next(&mut self) -> Option<Attribute> {
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
