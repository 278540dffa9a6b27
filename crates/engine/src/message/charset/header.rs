//! The charset of a `Content-Type`. A parameter that is not written as RFC 9110 asks (section 5.6.6) is not believed.

use super::Charset;

/// The encoding that a `Content-Type` names, if it is one.
///
/// ```
/// use dragline::message::charset::of_content_type;
///
/// let charset = of_content_type(r#"text/html; Charset="Shift_JIS""#);
/// assert_eq!(charset.map(|charset| charset.name()), Some("Shift_JIS"));
/// assert_eq!(of_content_type("text/html; charset = utf-8"), None);
/// ```
#[must_use]
pub fn of_content_type(value: &str) -> Option<Charset> {
    parameters(value)
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .and_then(|(_, label)| Charset::of_label(label))
}

/// The parameters that are well written: `a=b`, `a="b"`. A comma ends a value as a semicolon does, for a header may have
/// been sent twice.
fn parameters(mut rest: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (part, after) = split(rest);
            rest = after;
            if let Some((name, value)) = part.trim_ascii().split_once('=')
                && let Some(value) = plain(value)
            {
                return Some((name, value));
            }
        }
        None
    })
}

/// What stands before the first `;` or `,` that is not in quotes, and what stands after it.
fn split(text: &str) -> (&str, &str) {
    let mut is_quoted = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => drop(bytes.next()),
            b';' | b',' if !is_quoted => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// A token, or what is in quotes.
fn plain(value: &str) -> Option<&str> {
    let is_token = |text: &str| !text.contains(|c: char| c == '"' || c.is_ascii_whitespace());
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains('"')),
        None => Some(value).filter(|value| is_token(value)),
    }
}
