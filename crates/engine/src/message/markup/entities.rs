//! Character references in text that is no longer HTML, or never was.

use std::borrow::Cow;

use super::references::{named, number, numbered};

/// What becomes of a reference to a character that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Illegal {
    /// It goes, if it ends in a semicolon.
    Remove,
    /// It stays as it is.
    Keep,
}

/// The text, its character references replaced, but for those whose names (in lower case) are to stay. The semicolon may
/// miss.
///
/// w3lib's `replace_entities`; the names are those of HTML5, and Python's are those of HTML 4.
#[must_use]
pub fn replace_entities<'a>(text: &'a str, keep: &[&str], illegal: Illegal) -> Cow<'a, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, reference) = rest.split_at(at);
        let Some((what, length)) = read(reference) else {
            let (skipped, after) = rest.split_at(at + 1);
            out.push_str(skipped);
            rest = after;
            continue;
        };
        out.push_str(before);
        let (whole, after) = reference.split_at(length);
        rest = after;
        let is_closed = whole.ends_with(';');
        let found = match what {
            What::Name(name) if keep.iter().any(|kept| name.eq_ignore_ascii_case(kept)) => {
                out.push_str(whole);
                continue;
            }
            What::Name(name) => character_of(name),
            What::Number(number) => numbered(number).map(|c| (c, None)),
        };
        match found {
            Some((first, second)) => {
                out.push(first);
                out.extend(second);
            }
            None if is_closed && illegal == Illegal::Remove => {}
            None => out.push_str(whole),
        }
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether there is anything that looks like a character reference.
#[must_use]
pub fn has_entities(text: &str) -> bool {
    memchr::memchr_iter(b'&', text.as_bytes()).any(|at| read(&text[at..]).is_some())
}

enum What<'a> {
    Name(&'a str),
    Number(u32),
}

/// The reference at the text's beginning, and how long it is with its semicolon.
fn read(text: &str) -> Option<(What<'_>, usize)> {
    let (digits, radix) = match text.as_bytes() {
        [b'&', b'#', b'x' | b'X', ..] => (&text[3..], 16),
        [b'&', b'#', ..] => (&text[2..], 10),
        _ => (&text[1..], 36),
    };
    let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    let (word, after) = digits.split_at(length);
    let what = if radix == 36 { What::Name(word) } else { What::Number(number(word, radix)) };
    let end = text.len() - after.len();
    Some((what, end + usize::from(after.starts_with(';'))))
}

/// By its name as it is written, else in lower case.
fn character_of(name: &str) -> Option<(char, Option<char>)> {
    /// Longer than any name.
    const LONG: usize = 32;
    if name.len() > LONG {
        return None;
    }
    let look = |name: &str| named(name).or_else(|| named(&format!("{name};")));
    look(name).or_else(|| look(&name.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_or_stay() {
        let plain = |text| replace_entities(text, &[], Illegal::Remove).into_owned();
        assert_eq!(plain("&lt;&LT&Aacute!&sup3;&hellip &AMP;&apos;"), "<<Á!³… &'");
        assert_eq!(plain("a & b &; &# &#x &no;&no &#157;&#1114112;&#99999999999;"), "a & b &; &# &#x &no ");
        assert_eq!(replace_entities("&lt;&AMP;&amp", &["amp"], Illegal::Keep), "<&AMP;&amp");
        assert_eq!(replace_entities("&no;&#157;", &[], Illegal::Keep), "&no;&#157;");
        assert!(matches!(replace_entities("plain", &[], Illegal::Keep), Cow::Borrowed("plain")));
    }
}
