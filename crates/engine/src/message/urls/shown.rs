//! Text that is no URL, as a message may show it: without passwords, in one line, not endless.

use crate::message::mask;

/// The longest text in an error.
const LONG: usize = 200;

/// Any text for a message: no secret, no line end, not long.
pub(super) fn shown(text: &str) -> String {
    let text = mask::text(text.trim());
    let mut shown: String = text.chars().take(LONG).flat_map(printable).collect();
    if text.chars().nth(LONG).is_some() {
        shown.push('…');
    }
    shown
}

/// A character as it may be printed: what is not visible is escaped.
fn printable(character: char) -> impl Iterator<Item = char> {
    let is_plain = matches!(character, '\'' | '"' | '\\');
    let escaped = (!is_plain).then(|| character.escape_debug());
    is_plain.then_some(character).into_iter().chain(escaped.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_a_message_is_one_short_line() {
        assert_eq!(shown("a\n\u{1b}[31m\u{202e}b"), "a\\n\\u{1b}[31m\\u{202e}b");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
        assert_eq!(shown("http://me:canary@a b/"), "http://***@a b/");
    }
}
