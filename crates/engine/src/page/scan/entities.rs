//! Character references of HTML, `&amp;`, as the tokenizer of browsers reads them (WHATWG HTML, section 13.2.5.72).

use std::borrow::Cow;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};
use memchr::memchr2;

/// Where a reference stands: in an attribute `&copy=1` is none, for URLs' sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    Attribute,
}

/// A text with its references replaced and its line ends made one kind.
pub(super) fn decoded(text: &str, place: Place) -> Cow<'_, str> {
    let mut rest = text;
    let mut out = String::new();
    while let Some(at) = memchr2(b'&', b'\r', rest.as_bytes()) {
        out.reserve(text.len());
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if rest.as_bytes()[at] == b'\r' {
            out.push('\n');
            rest = after.strip_prefix('\n').unwrap_or(after);
            continue;
        }
        let length = match after.strip_prefix('#') {
            Some(number) => number_of(number, &mut out).map(|length| length + 1),
            None => name_of(after, place, &mut out),
        };
        if length.is_none() {
            out.push('&');
        }
        rest = &after[length.unwrap_or(0)..];
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands after `&#`; how long it is, if it is a number.
fn number_of(text: &str, out: &mut String) -> Option<usize> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if length == 0 {
        return None;
    }
    // what is too long is no character either
    let number = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
    let windows = number.checked_sub(0x80).and_then(|index| C1_REPLACEMENTS.get(index as usize).copied().flatten());
    let character = windows.or_else(|| char::from_u32(number).filter(|c| *c != '\0'));
    out.push(character.unwrap_or('\u{fffd}'));
    let semicolon = usize::from(digits[length..].starts_with(';'));
    Some(text.len() - digits.len() + length + semicolon)
}

/// The longest name that the text begins with; how long it is, if it stands for something here.
fn name_of(text: &str, place: Place, out: &mut String) -> Option<usize> {
    let mut found = None;
    for length in 1..=text.len() {
        // the table has every beginning of a name, too
        match text.get(..length).and_then(|name| NAMED_ENTITIES.get(name)) {
            Some((0, _)) => {}
            Some(characters) => found = Some((length, characters)),
            None => break,
        }
    }
    let (length, (first, second)) = found?;
    let next = text.as_bytes().get(length);
    let goes_on = next.is_some_and(|byte| *byte == b'=' || byte.is_ascii_alphanumeric());
    if place == Place::Attribute && !text[..length].ends_with(';') && goes_on {
        return None;
    }
    out.extend([*first, *second].into_iter().filter(|number| *number != 0).filter_map(char::from_u32));
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    #[test]
    fn references_are_read_as_in_browsers() {
        for (text, want) in [
            ("a&amp;b&ampc&lt;&LT", "a&b&c<<"),
            ("&notit; &notin; &bogus; & &; &", "\u{ac}it; \u{2209} &bogus; & &; &"),
            (
                "&#65;&#x42&#X43;&#0;&#x110000;&#99999999999;&#xD800;&#128;&#129;",
                "ABC\u{fffd}\u{fffd}\u{fffd}\u{fffd}€\u{81}",
            ),
            ("&#;&#x;&#xg;&acE;\r\n\r", "&#;&#x;&#xg;\u{223e}\u{333}\n\n"),
        ] {
            assert_eq!(decoded(text, Place::Text), want);
        }
        assert_eq!(decoded("?a=1&copy=2&copy;&copy&amp;&notit", Place::Attribute), "?a=1&copy=2©©&&notit");
        assert!(matches!(decoded("a;b", Place::Text), Cow::Borrowed("a;b")));
    }

    #[test]
    fn every_reference_is_what_the_parser_makes_of_it() {
        for (name, _) in NAMED_ENTITIES.entries() {
            for after in ["", "=", "a", "1", ";", " ", "ä"] {
                let text = format!("x&{name}{after}");
                let page = Page::from_html("http://a.example/", &format!("<p title=\"{text}\">{text}"));
                let node = page.css("p").first().expect("a paragraph");
                assert_eq!(decoded(&text, Place::Text), node.raw(), "{text}");
                assert_eq!(Some(&*decoded(&text, Place::Attribute)), node.attr("title"), "{text}");
            }
        }
    }
}
