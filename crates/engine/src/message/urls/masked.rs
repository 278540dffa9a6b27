//! URLs as they may stand in logs and messages: without passwords and tokens, and not endless.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;

/// The longest text in an error.
const LONG: usize = 200;
/// Names of parameters whose values are secrets.
const SECRETS: [&str; 12] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "client_secret",
    "passwd",
    "password",
    "pwd",
    "refresh_token",
    "secret",
    "signature",
    "token",
];

/// Whether a query's or form's field of this name is a secret: `password`, `api_key`, `token` and nine more.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// The URL with `***` for its user, its password, and the values of parameters whose [name is known for a
/// secret](is_secret_name).
#[must_use]
pub fn masked(url: &Url) -> String {
    let text = without_userinfo(url.as_str());
    let (text, fragment) = text.split_once('#').map_or((&*text, None), |(text, fragment)| (text, Some(fragment)));
    let mut out = match text.split_once('?') {
        Some((before, query)) => format!("{before}?{}", masked_form(query)),
        None => text.to_owned(),
    };
    if let Some(fragment) = fragment {
        out.push('#');
        // where implicit grants put their tokens (RFC 6749, section 4.2.2)
        out.push_str(&masked_form(fragment));
    }
    out
}

/// Urlencoded pairs with `***` for the values of secrets.
pub(in crate::message) fn masked_form(pairs: &str) -> String {
    let masked = pairs.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_secret_name(&percent_decode_str(name).decode_utf8_lossy()) => {
            Cow::Owned(format!("{name}=***"))
        }
        _ => Cow::Borrowed(pair),
    });
    masked.collect::<Vec<_>>().join("&")
}

/// Any text for a message: no password, no line end, not long.
pub(super) fn shown(text: &str) -> String {
    let text = without_userinfo(text.trim());
    let mut shown: String = text.chars().take(LONG).flat_map(printable).collect();
    if text.chars().nth(LONG).is_some() {
        shown.push('…');
    }
    shown
}

fn without_userinfo(text: &str) -> Cow<'_, str> {
    let Some(begin) = text.find("//").map(|at| at + 2) else { return Cow::Borrowed(text) };
    let end = text[begin..].find(['/', '\\', '?', '#']).map_or(text.len(), |at| begin + at);
    match text[begin..end].rfind('@') {
        Some(at) => Cow::Owned(format!("{}***{}", &text[..begin], &text[begin + at..])),
        None => Cow::Borrowed(text),
    }
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
    fn no_secret_is_shown() {
        let url =
            Url::parse("https://joe:canary@a.example/p@th?id=1&Token=canary&q=%26&pass%77ord=canary#token=canary");
        let masked = masked(&url.expect("a URL"));
        assert_eq!(masked, "https://***@a.example/p@th?id=1&Token=***&q=%26&pass%77ord=***#token=***");
    }

    #[test]
    fn a_text_in_a_message_is_one_short_line() {
        assert_eq!(shown("a\n\u{1b}[31m\u{202e}b"), "a\\n\\u{1b}[31m\\u{202e}b");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
    }
}
