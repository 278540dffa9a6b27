//! The text of JSON: it is UTF-8 (RFC 8259, section 8.1), UTF-16 or UTF-32 by its mark or its zeros (RFC 4627, section 3),
//! or, where it is none of them, as its page is encoded.

use std::borrow::Cow;

use encoding_rs::{UTF_16BE, UTF_16LE};

/// The text of a body, without a byte order mark.
pub(super) fn of<'a>(body: &'a [u8], page: impl FnOnce() -> &'a str) -> Cow<'a, str> {
    let text = match body {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf_8(rest, page),
        [0xff, 0xfe, 0, 0, rest @ ..] => Cow::Owned(utf_32(rest, u32::from_le_bytes)),
        [0, 0, 0xfe, 0xff, rest @ ..] => Cow::Owned(utf_32(rest, u32::from_be_bytes)),
        [0xff, 0xfe, rest @ ..] => UTF_16LE.decode_without_bom_handling(rest).0,
        [0xfe, 0xff, rest @ ..] => UTF_16BE.decode_without_bom_handling(rest).0,
        [0, 0, _, _, ..] => Cow::Owned(utf_32(body, u32::from_be_bytes)),
        [_, 0, 0, 0, ..] => Cow::Owned(utf_32(body, u32::from_le_bytes)),
        [0, _, ..] => UTF_16BE.decode_without_bom_handling(body).0,
        [_, 0, ..] => UTF_16LE.decode_without_bom_handling(body).0,
        _ => utf_8(body, page),
    };
    match without_halves(&text) {
        Some(text) => Cow::Owned(text),
        None => text,
    }
}

fn utf_8<'a>(body: &'a [u8], page: impl FnOnce() -> &'a str) -> Cow<'a, str> {
    // whatever a header says: JSON that can be read as UTF-8 is that, as it is for Scrapy
    Cow::Borrowed(std::str::from_utf8(body).unwrap_or_else(|_| page()))
}

fn utf_32(body: &[u8], number: impl Fn([u8; 4]) -> u32) -> String {
    let (whole, rest) = body.as_chunks::<4>();
    let decoded = whole.iter().map(|bytes| char::from_u32(number(*bytes)).unwrap_or(char::REPLACEMENT_CHARACTER));
    decoded.chain((!rest.is_empty()).then_some(char::REPLACEMENT_CHARACTER)).collect()
}

/// The text with `\ufffd` for each escaped surrogate that is alone, if it has any: an emoji that was cut in two is no
/// reason to lose a page (RFC 8259, section 8.2, leaves it open). Each replacement is as long as what it replaces.
pub(super) fn without_halves(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut mended: Option<Vec<u8>> = None;
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'\\', &bytes[from..]).map(|found| from + found) {
        from = at + 2;
        let Some(first) = escape(bytes, at) else { continue };
        from = at + 6;
        let is_high = (0xd800..0xdc00).contains(&first);
        if is_high && escape(bytes, from).is_some_and(|second| (0xdc00..0xe000).contains(&second)) {
            from += 6;
        } else if is_high || (0xdc00..0xe000).contains(&first) {
            mended.get_or_insert_with(|| bytes.to_vec())[at..at + 6].copy_from_slice(b"\\ufffd");
        }
        if from > bytes.len() {
            break;
        }
    }
    String::from_utf8(mended?).ok()
}

/// The number of `\uXXXX` at a place, if it stands there.
fn escape(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}
