//! A URL as people and pages write it, read as browsers read it.

use std::borrow::Cow;
use std::fmt::Write;

use encoding_rs::UTF_8;
use url::Url;

use super::shown::shown;
use super::{Encoding, UrlError};

/// The encodings in which what is not ASCII is escaped. Both are UTF-8 in a URL that comes from nowhere; the query of a
/// link is in the encoding of its page (WHATWG URL, section 4.4, "query state").
#[derive(Debug, Clone, Copy)]
pub struct Spelling {
    /// Of the query.
    pub query: &'static Encoding,
    /// Of the path: UTF-8 in every browser, something else on servers that are older than that.
    pub path: &'static Encoding,
}

impl Default for Spelling {
    fn default() -> Self {
        Self { query: UTF_8, path: UTF_8 }
    }
}

/// The URL that a text is: white space around it, line ends within it, letters that must be escaped, names that are not
/// ASCII are all seen to (w3lib's `safe_url_string`).
///
/// # Errors
/// If it is no absolute URL. A relative one is joined to its base: [`Url::join`].
pub fn from_text(text: &str) -> Result<Url, UrlError> {
    from_text_in(text, Spelling::default())
}

/// The same, where the query or the path is escaped in another encoding than UTF-8. What an encoding lacks is written as
/// a browser's form writes it, `&#8364;`.
///
/// # Errors
/// As [`from_text`].
pub fn from_text_in(text: &str, spelling: Spelling) -> Result<Url, UrlError> {
    let written = escape_path(text, spelling.path);
    let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| Cow::Owned(encode(query, spelling.query));
    let mut options = Url::options();
    if spelling.query.output_encoding() != UTF_8 {
        options = options.encoding_override(Some(encode));
    }
    options.parse(&written).map_err(|reason| UrlError::NotAUrl { text: shown(text), reason })
}

/// The URL that a page's reference is: relative to its base, its query in the encoding of the page.
///
/// More than two slashes are as good as two (URL standard, "special authority ignore slashes state"), which the parser knows
/// of whole URLs only.
///
/// # Errors
/// As [`from_text`].
pub fn join(base: &Url, reference: &str, encoding: &'static Encoding) -> Result<Url, UrlError> {
    let reference = reference.trim_matches(|c: char| c <= ' ');
    let rest = reference.trim_start_matches(['/', '\\']);
    let slashes = reference.len() - rest.len();
    let written = if slashes > 2 { Cow::Owned(format!("//{rest}")) } else { Cow::Borrowed(reference) };
    let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| Cow::Owned(encode(query, encoding));
    let mut options = Url::options().base_url(Some(base));
    if encoding.output_encoding() != UTF_8 {
        options = options.encoding_override(Some(encode));
    }
    options.parse(&written).map_err(|reason| UrlError::NotAUrl { text: shown(reference), reason })
}

/// The same from bytes that are in the query's encoding. Bytes that are not keep their place as escapes.
///
/// # Errors
/// As [`from_text`].
pub fn from_bytes(bytes: &[u8], spelling: Spelling) -> Result<Url, UrlError> {
    if spelling.query != UTF_8 {
        return from_text_in(&spelling.query.decode_without_bom_handling(bytes).0, spelling);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // writing to a String cannot fail
            let _ = write!(text, "%{byte:02X}");
        }
    }
    from_text_in(&text, spelling)
}

/// The URL that is asked of a server: without its fragment, which never leaves the client (w3lib's `safe_download_url`).
///
/// # Errors
/// As [`from_text`].
pub fn for_download(text: &str) -> Result<Url, UrlError> {
    let mut url = from_text(text)?;
    url.set_fragment(None);
    Ok(url)
}

/// The bytes of a text in an encoding; what it lacks becomes the escape of a numeric reference.
fn encode(text: &str, encoding: &'static Encoding) -> Vec<u8> {
    let (bytes, _, lacks_some) = encoding.encode(text);
    if !lacks_some {
        return bytes.into_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for character in text.chars() {
        let (bytes, _, is_lacking) = encoding.encode(character.encode_utf8(&mut buffer));
        if is_lacking {
            out.extend(format!("%26%23{}%3B", u32::from(character)).bytes());
        } else {
            out.extend_from_slice(&bytes);
        }
    }
    out
}

/// Escapes what is not ASCII in the path, if that is not the parser's own work.
fn escape_path<'a>(text: &'a str, encoding: &'static Encoding) -> Cow<'a, str> {
    if encoding.output_encoding() == UTF_8 {
        return Cow::Borrowed(text);
    }
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let authority = text[..end].find("://").map_or(0, |at| at + 3);
    let Some(begin) = text[authority..end].find(['/', '\\']).map(|at| authority + at) else {
        return Cow::Borrowed(text);
    };
    let mut out = text[..begin].to_owned();
    for byte in encode(&text[begin..end], encoding) {
        if byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out.push_str(&text[end..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{ISO_2022_JP, WINDOWS_1252};

    #[test]
    fn a_query_is_escaped_in_the_encoding_of_its_page_and_a_path_in_utf_8() {
        let spelling = Spelling { query: WINDOWS_1252, ..Default::default() };
        let url = from_text_in("http://example.com/é?q=é#é", spelling).expect("a URL");
        assert_eq!(url.as_str(), "http://example.com/%C3%A9?q=%E9#%C3%A9");
        let url = from_text_in("http://example.com/?q=Ж&b=é", spelling).expect("a URL");
        assert_eq!(url.as_str(), "http://example.com/?q=%26%231046%3B&b=%E9");
        let spelling = Spelling { path: WINDOWS_1252, query: ISO_2022_JP };
        let url = from_text_in("http://é@example.com\\é/é?q=素", spelling).expect("a URL");
        assert_eq!(url.as_str(), "http://%C3%A9@example.com/%E9/%E9?q=%1B$BAG%1B(B");
    }

    #[test]
    fn what_is_no_url_is_named_without_its_password() {
        let error = from_text("http://joe:canary@[::1/").expect_err("no URL").to_string();
        assert_eq!(error, "`http://***@[::1/` is not a URL: invalid IPv6 address");
        assert!(from_text("/foo/").expect_err("no URL").to_string().contains("relative URL without a base"));
    }
}
