//! From bytes to text: which encoding, who said so, and the text, whatever the bytes are.
//!
//! The order is that of browsers (HTML standard, section 13.2.3.2) and of Scrapy: what the caller knows, the byte order
//! mark, the header's charset, what the page declares, a guess. Nothing fails: what cannot be decoded becomes U+FFFD, and
//! a label that nobody knows is none. Who comes from Python: this is `w3lib.encoding`.
//!
//! ```
//! use dragline::message::charset::{self, Hints, Source};
//!
//! let page = b"<meta charset='koi8-r'>\xf0\xd2\xc9\xd7\xc5\xd4";
//! let read = charset::decode(page, &Hints::default());
//! assert_eq!((&*read.text, read.charset.name(), read.source), ("<meta charset='koi8-r'>Привет", "KOI8-R", Source::Declared));
//! ```

mod declared;
mod guess;
mod header;

use std::borrow::Cow;
use std::fmt;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

pub use declared::{PRESCAN, in_html, in_xml};
pub use guess::guess;
pub use header::of_content_type;

/// How bytes stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// An encoding of the Encoding Standard.
    Known(&'static Encoding),
    /// UTF-32, the low byte first. Browsers do not know it; a byte order mark tells it apart all the same.
    Utf32Le,
    /// UTF-32, the high byte first.
    Utf32Be,
}

/// Who says which encoding it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Whoever asks.
    Given,
    /// The first bytes.
    ByteOrderMark,
    /// `Content-Type: text/html; charset=…`
    Header,
    /// `<meta charset=…>`, `<meta http-equiv=content-type …>` or `<?xml encoding=…?>`.
    Declared,
    /// The bytes themselves.
    Guessed,
}

/// What is known beside the bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The encoding, by whoever asks.
    pub given: Option<Charset>,
    /// The header `Content-Type`.
    pub content_type: Option<&'a str>,
    /// Whether it is XML, so that only its declaration counts.
    pub is_xml: bool,
    /// The last label of the host's name, in lower case: `jp`. It helps to guess.
    pub top_level_domain: Option<&'a str>,
}

/// Bytes as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, without its byte order mark. Borrows where the bytes are UTF-8.
    pub text: Cow<'a, str>,
    /// The encoding.
    pub charset: Charset,
    /// Who said so.
    pub source: Source,
}

/// Bytes as text, by the best that is known of their encoding.
#[must_use]
pub fn decode<'a>(body: &'a [u8], hints: &Hints<'_>) -> Decoded<'a> {
    let (charset, source) = encoding_of(body, hints);
    Decoded { text: charset.decode(body), charset, source }
}

/// The encoding of bytes, and who says so.
#[must_use]
pub fn encoding_of(body: &[u8], hints: &Hints<'_>) -> (Charset, Source) {
    if let Some(given) = hints.given {
        return (given.read(body), Source::Given);
    }
    if let Some((mark, _)) = byte_order_mark(body) {
        return (mark, Source::ByteOrderMark);
    }
    if let Some(charset) = hints.content_type.and_then(of_content_type) {
        return (charset.read(body), Source::Header);
    }
    let head = &body[..body.len().min(PRESCAN)];
    if let Some(charset) = if hints.is_xml { in_xml(head) } else { in_html(head) } {
        return (charset, Source::Declared);
    }
    (guess(body, hints.top_level_domain), Source::Guessed)
}

/// The encoding that a byte order mark tells, and how many bytes the mark has.
#[must_use]
pub fn byte_order_mark(body: &[u8]) -> Option<(Charset, usize)> {
    match body {
        // a UTF-16 text that begins with NUL would look the same, and there is none
        [0xFF, 0xFE, 0, 0, ..] => Some((Charset::Utf32Le, 4)),
        [0, 0, 0xFE, 0xFF, ..] => Some((Charset::Utf32Be, 4)),
        _ => Encoding::for_bom(body).map(|(encoding, length)| (Charset::Known(encoding), length)),
    }
}

impl Charset {
    /// UTF-8.
    pub const UTF_8: Self = Self::Known(UTF_8);

    /// The encoding that a label names: one of the Encoding Standard's, or another spelling of one (`latin-1`, `utf_8`).
    ///
    /// Those that the standard replaces for the sake of browsers' users (`iso-2022-kr`, `hz-gb-2312`) and UTF-7 are none.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        /// Longer than any label.
        const LONG: usize = 64;
        let label = label.trim_ascii();
        if label.len() > LONG {
            return None;
        }
        let known = |label: &str| Encoding::for_label_no_replacement(label.as_bytes()).map(Self::Known);
        known(label).or_else(|| {
            let dashed = label.replace('_', "-").to_ascii_lowercase();
            let closed: String = dashed.chars().filter(|c| *c != '-').collect();
            match &*closed {
                "utf16be" => Some(Self::Known(UTF_16BE)),
                "utf16le" => Some(Self::Known(UTF_16LE)),
                "utf32" | "utf32le" => Some(Self::Utf32Le),
                "utf32be" => Some(Self::Utf32Be),
                // Python's names
                "gb180302000" => known("gb18030"),
                "iso2022jp" => known("iso-2022-jp"),
                "big5hkscs" => known("big5"),
                _ => known(&dashed).or_else(|| known(&closed)),
            }
        })
    }

    /// Its name in the Encoding Standard.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Known(encoding) => encoding.name(),
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
        }
    }

    /// The encoding in which the query of a page's links is written (URL standard, "output encoding").
    #[must_use]
    pub fn of_queries(self) -> &'static Encoding {
        match self {
            Self::Known(encoding) => encoding.output_encoding(),
            Self::Utf32Le | Self::Utf32Be => UTF_8,
        }
    }

    /// Bytes in this encoding as text, without a byte order mark of this encoding.
    #[must_use]
    pub fn decode(self, body: &[u8]) -> Cow<'_, str> {
        let mark = byte_order_mark(body).filter(|(mark, _)| *mark == self).map_or(0, |(_, length)| length);
        match self {
            Self::Known(encoding) => encoding.decode_without_bom_handling(&body[mark..]).0,
            Self::Utf32Le => utf_32(&body[mark..], u32::from_le_bytes).into(),
            Self::Utf32Be => utf_32(&body[mark..], u32::from_be_bytes).into(),
        }
    }

    /// What a label means for these bytes: `utf-16` alone does not say which byte comes first, but its zeros do.
    fn read(self, body: &[u8]) -> Self {
        if self != Self::Known(UTF_16LE) {
            return self;
        }
        match byte_order_mark(body) {
            Some((mark @ Self::Known(encoding), _)) if encoding == UTF_16BE => mark,
            Some(_) => self,
            None => guess::utf_16(body).unwrap_or(self),
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn utf_32(body: &[u8], number: fn([u8; 4]) -> u32) -> String {
    let (whole, rest) = body.as_chunks::<4>();
    let character = |bytes: &[u8; 4]| char::from_u32(number(*bytes)).unwrap_or(char::REPLACEMENT_CHARACTER);
    let torn = (!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER);
    whole.iter().map(character).chain(torn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], content_type: Option<&str>) -> (String, &'static str, Source) {
        let read = decode(body, &Hints { content_type, ..Hints::default() });
        (read.text.into_owned(), read.charset.name(), read.source)
    }

    #[test]
    fn the_mark_beats_the_header_and_the_header_beats_the_page() {
        let (text, name, source) = read(b"\xef\xbb\xbf\xc3\xa4", Some("text/html; charset=latin-1"));
        assert_eq!((&*text, name, source), ("ä", "UTF-8", Source::ByteOrderMark));
        let (text, name, source) = read(b"<meta charset=utf-8>\xe4", Some("text/html; charset=ISO-8859-1"));
        assert_eq!((&*text, name, source), ("<meta charset=utf-8>ä", "windows-1252", Source::Header));
        let (text, name, source) = read(b"<meta charset='windows-1251'>\xe4", Some("text/html"));
        assert_eq!((&text[29..], name, source), ("д", "windows-1251", Source::Declared));
        let given =
            Hints { given: Charset::of_label("koi8-r"), content_type: Some("a/b;charset=utf-8"), ..Hints::default() };
        let read = decode(b"\xc1", &given);
        assert_eq!((&*read.text, read.source), ("а", Source::Given));
    }

    #[test]
    fn p07_a_label_that_lies_replaces_what_it_cannot_read() {
        for (body, content_type, text, name) in [
            (&b"a\xffb"[..], Some("text/html; charset=utf-8"), "a\u{fffd}b", "UTF-8"),
            (b"a", Some("text/html; charset=no-such-thing"), "a", "windows-1252"),
            (b"\xff\xfea", Some("text/html; charset=utf-8"), "\u{fffd}", "UTF-16LE"),
            (b"\xfe\xff\0a\xd8\0", None, "a\u{fffd}", "UTF-16BE"),
            (b"\xff\xfe\0\0a\0\0\0\0\xd8\0\0a", None, "a\u{fffd}\u{fffd}", "UTF-32LE"),
            (b"+ADw-b+AD4-", Some("text/html; charset=utf-7"), "+ADw-b+AD4-", "windows-1252"),
            (b"a\0b", Some("text/html; charset=utf-8"), "a\0b", "UTF-8"),
            (b"\xed\xa0\x80", Some("text/html; charset=utf-8"), "\u{fffd}\u{fffd}\u{fffd}", "UTF-8"),
            (b"\0h\0i", Some("text/html; charset=utf-16"), "hi", "UTF-16BE"),
            (b"\x1b$)Ca", Some("text/html; charset=iso-2022-kr"), "\x1b$)Ca", "windows-1252"),
            (b"<meta", None, "<meta", "windows-1252"),
            (b"", None, "", "windows-1252"),
        ] {
            let (read, known, _) = read(body, content_type);
            assert_eq!((&*read, known), (text, name), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn labels_have_many_spellings() {
        let name = |label: &str| Charset::of_label(label).map(Charset::name);
        for (label, known) in
            [("latin-1", "windows-1252"), ("UTF_8", "UTF-8"), ("iso_8859_1", "windows-1252"), ("utf-16-be", "UTF-16BE")]
        {
            assert_eq!(name(label), Some(known), "{label}");
        }
        for none in ["UTF_7", "unicode-1-1-utf-7", "", "cp852", "hz-gb-2312", &"x".repeat(100)] {
            assert_eq!(name(none), None, "{none}");
        }
    }
}
