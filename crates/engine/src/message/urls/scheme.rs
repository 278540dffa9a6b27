//! Text as people type it where a URL is asked for.

use std::borrow::Cow;
use std::path::Path;

use url::Url;

use super::{UrlError, file_url, from_text};

/// Whether a text is an absolute URL of http, https or file (w3lib's `is_url`).
#[must_use]
pub fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "file"))
}

/// The text with `http://` before it, unless it has a scheme (w3lib's `add_http_if_no_scheme`). What comes of it need not
/// be a URL.
#[must_use]
pub fn with_http(text: &str) -> Cow<'_, str> {
    match scheme_of(text) {
        Some(scheme) if text[scheme.len()..].starts_with("://") => Cow::Borrowed(text),
        _ if text.starts_with("//") => Cow::Owned(format!("http:{text}")),
        _ => Cow::Owned(format!("http://{text}")),
    }
}

/// The URL that is most likely meant: a file for what looks like its path, else a page (w3lib's `guess_scheme`).
///
/// # Errors
/// If it is no URL then either.
pub fn guess(text: &str) -> Result<Url, UrlError> {
    if !is_path(text) {
        return from_text(&with_http(text));
    }
    // two slashes at the beginning mean no other machine here
    let slashes = text.len() - text.trim_start_matches('/').len();
    file_url(Path::new(&text[slashes.saturating_sub(1)..]))
}

/// `/a`, `./a`, `../a`, `.a/b`, `~/a`, `C:\a`, `\\a`.
fn is_path(text: &str) -> bool {
    let windows = matches!(text.as_bytes(), [b'\\', b'\\', ..])
        || matches!(text.as_bytes(), [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
    let Some(slash) = text.find('/') else { return windows };
    let has_more = text.len() > slash + 1;
    let first = &text[..slash];
    let is_start =
        matches!(first, "" | "." | ".." | "~") || first.strip_prefix('.').is_some_and(|name| !name.contains('.'));
    windows || (has_more && is_start)
}

/// The scheme that a text begins with (RFC 3986, section 3.1), if it has one.
pub(super) fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_one = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_one.then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_added_where_there_is_none() {
        for (text, want) in [
            ("example.com:80/a", "http://example.com:80/a"),
            ("//example.com", "http://example.com"),
            ("svn+ssh://example.com", "svn+ssh://example.com"),
            ("", "http://"),
        ] {
            assert_eq!(with_http(text), want);
        }
    }

    #[test]
    fn paths_are_guessed_to_be_files() {
        for (text, is) in [("./a", true), ("../a", true), (".a/b", true), ("~/a", true), ("/", false), ("a/b", false)] {
            assert_eq!(is_path(text), is, "{text}");
        }
        assert!(is_path("C:\\a") && is_path("\\\\server") && !is_path("example.com"));
        assert!(is_url("file:///a") && !is_url("ftp://a") && !is_url("http://") && !is_url("/a"));
    }
}
