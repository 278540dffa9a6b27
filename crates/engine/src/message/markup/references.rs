//! Character references: `&amp;`, `&#228;`, `&#xe4;` (HTML standard, section 13.5).

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;
use html5ever::data::NAMED_ENTITIES;

/// What a name stands for: one character or two. With its semicolon, or, if it is one of the old names, without.
pub(crate) fn named(name: &str) -> Option<(char, Option<char>)> {
    let (first, second) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)?;
    Some((char::from_u32(*first)?, char::from_u32(*second).filter(|c| *c != '\0')))
}

/// What a number stands for, as browsers read it: those of windows-1252 between 0x80 and 0x9F, and U+FFFD for NUL and
/// surrogates. None if there is no such character.
pub(crate) fn numbered(number: u32) -> Option<char> {
    match number {
        0 | 0xD800..=0xDFFF => Some(char::REPLACEMENT_CHARACTER),
        0x80..=0x9F => {
            let byte = [u8::try_from(number).ok()?];
            // five of them are in no use
            WINDOWS_1252.decode_without_bom_handling(&byte).0.chars().next().filter(|c| !c.is_control())
        }
        _ => char::from_u32(number),
    }
}

/// The digits of a number, and the number; what is too large for one is larger than any character.
pub(crate) fn number(digits: &str, radix: u32) -> u32 {
    digits
        .chars()
        .fold(0_u32, |number, digit| number.saturating_mul(radix).saturating_add(digit.to_digit(radix).unwrap_or(0)))
}

/// The value of an attribute, its references replaced as browsers do it: a name without its semicolon counts only where
/// no letter, digit or `=` follows.
pub(super) fn in_attribute(value: &str) -> Cow<'_, str> {
    if memchr::memchr(b'&', value.as_bytes()).is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = of_attribute(rest, &mut out).unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = &rest[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes what the reference at the text's beginning stands for; how long it is.
fn of_attribute(text: &str, out: &mut String) -> Option<usize> {
    /// The longest name, with its semicolon.
    const LONGEST: usize = 32;
    if let Some(digits) = text.strip_prefix("&#") {
        let (radix, digits) = match digits.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, digits),
        };
        let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        if length == 0 {
            return None;
        }
        let number = number(&digits[..length], radix);
        let plain = char::from_u32(number).filter(|_| (0x80..0xA0).contains(&number));
        out.push(numbered(number).or(plain).unwrap_or(char::REPLACEMENT_CHARACTER));
        let end = text.len() - digits.len() + length;
        return Some(end + usize::from(text[end..].starts_with(';')));
    }
    let name = &text[1..];
    let length = name.bytes().take(LONGEST).take_while(u8::is_ascii_alphanumeric).count();
    let is_closed = name[length..].starts_with(';');
    let (length, (first, second)) = if is_closed && let Some(found) = named(&name[..=length]) {
        (length + 1, found)
    } else {
        // the longest old name that it begins with
        let (length, found) = (1..=length).rev().find_map(|length| Some((length, named(&name[..length])?)))?;
        let follows = name[length..].bytes().next();
        if follows.is_some_and(|byte| byte == b'=' || byte.is_ascii_alphanumeric()) {
            return None;
        }
        (length, found)
    };
    out.push(first);
    out.extend(second);
    Some(length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_in_attributes_are_those_of_browsers() {
        for (value, expected) in [
            ("a&amp;b&lt&#x41;&#65x", "a&b<AAx"),
            ("?a=1&copy=2&copy;&copyx&notit;&not", "?a=1&copy=2©&copyx&notit;¬"),
            ("&#0;&#xD800;&#x110000;&#99999999999;&#x80;&#x81;", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}€\u{81}"),
            ("&&#;&#x;&;&nothing;&NotEqualTilde;", "&&#;&#x;&;&nothing;≂̸"),
        ] {
            assert_eq!(in_attribute(value), expected, "{value}");
        }
    }
}
