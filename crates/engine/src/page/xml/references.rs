//! Text of XML as it is read: line ends made one (XML 1.0, section 2.11), references replaced, what no document may have
//! left out. A reference that means nothing stays as it is written.

use std::borrow::Cow;

use crate::message::markup::named;

/// Text between tags.
pub(super) fn in_text(text: &str) -> Cow<'_, str> {
    read(text, |byte| byte == b'&' || is_odd(byte), |c| c)
}

/// Text that has no references: `CDATA`.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    read(text, is_odd, |c| c)
}

/// The value of an attribute: white space is spaces (section 3.3.3).
pub(super) fn in_attribute(text: &str) -> Cow<'_, str> {
    let space = |c| if matches!(c, '\t' | '\n') { ' ' } else { c };
    read(text, |byte| byte == b'&' || byte < b' ', space)
}

fn is_odd(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n')
}

/// The text; bytes for which `stops` holds are looked at, and what remains of a white space is told by `space`.
fn read(text: &str, stops: impl Fn(u8) -> bool, space: impl Fn(char) -> char) -> Cow<'_, str> {
    let find = |text: &str| text.bytes().position(&stops);
    let Some(mut at) = find(text) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match rest.as_bytes() {
            [b'&', ..] => reference(rest, &mut out),
            [b'\r', b'\n', ..] => &rest[1..],
            [b'\r', ..] => {
                out.push(space('\n'));
                &rest[1..]
            }
            [white @ (b'\t' | b'\n'), ..] => {
                out.push(space(char::from(*white)));
                &rest[1..]
            }
            _ => &rest[1..],
        };
        match find(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Writes what the reference at the text's beginning stands for; what follows it.
fn reference<'a>(text: &'a str, out: &mut String) -> &'a str {
    /// The longest name, with its marks.
    const LONGEST: usize = 40;
    let window = &text.as_bytes()[..text.len().min(LONGEST)];
    let found = memchr::memchr(b';', window).and_then(|end| {
        let name = &text[1..end];
        let (first, second) = match name.strip_prefix('#') {
            Some(digits) => (number(digits)?, None),
            None => named(&text[1..=end])?,
        };
        // what no document may have is left out
        out.extend(Some(first).filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r')));
        out.extend(second);
        Some(&text[end + 1..])
    });
    found.unwrap_or_else(|| {
        out.push('&');
        &text[1..]
    })
}

fn number(digits: &str) -> Option<char> {
    let (digits, radix) = match digits.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (digits, 10),
    };
    digits
        .chars()
        .all(|c| c.is_digit(radix))
        .then(|| u32::from_str_radix(digits, radix).ok())
        .flatten()
        .and_then(char::from_u32)
}
