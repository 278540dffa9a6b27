//! A body's bytes to text: byte order mark, then the header's charset, then what the page declares, then UTF-8 if it
//! is that, else windows-1252 (the order of browsers and of Scrapy).

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Where a page may declare its encoding (WHATWG HTML asks for 1,024 bytes; Scrapy looks at 4,096).
const PRESCAN: usize = 4096;

/// The text of a body. Borrows where the bytes are UTF-8; what cannot be decoded becomes U+FFFD.
pub(super) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, length)) = Encoding::for_bom(body) {
        return encoding.decode_without_bom_handling(&body[length..]).0;
    }
    let declared = content_type.and_then(charset_of).or_else(|| declared_in(&body[..body.len().min(PRESCAN)]));
    match declared {
        Some(encoding) => encoding.decode_without_bom_handling(body).0,
        None => match std::str::from_utf8(body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(body).0,
        },
    }
}

/// The encoding in which [`decode`] reads a body.
pub(super) fn encoding(body: &[u8], content_type: Option<&str>) -> &'static Encoding {
    let marked = Encoding::for_bom(body).map(|(encoding, _)| encoding);
    let said = marked.or_else(|| content_type.and_then(charset_of));
    let said = said.or_else(|| declared_in(&body[..body.len().min(PRESCAN)]));
    said.unwrap_or_else(|| if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 })
}

/// `text/html; charset=iso-8859-2`
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    let at = find_ignoring_case(content_type.as_bytes(), b"charset=")?;
    label(&content_type.as_bytes()[at + b"charset=".len()..])
}

/// `<meta charset=…>`, `<meta … content="text/html; charset=…">` or `<?xml encoding=…?>`.
fn declared_in(head: &[u8]) -> Option<&'static Encoding> {
    let found = if head.starts_with(b"<?xml") {
        let end = memchr::memchr(b'>', head)?;
        find_ignoring_case(&head[..end], b"encoding=").map(|at| at + b"encoding=".len())
    } else {
        None
    };
    let found = found.or_else(|| {
        let mut rest = 0;
        loop {
            let tag = rest + find_ignoring_case(&head[rest..], b"<meta")?;
            let end = tag + memchr::memchr(b'>', &head[tag..]).unwrap_or(head.len() - tag);
            if let Some(at) = find_ignoring_case(&head[tag..end], b"charset=") {
                return Some(tag + at + b"charset=".len());
            }
            rest = end;
        }
    })?;
    // a page that could be read this far is not UTF-16, whatever it says (WHATWG HTML, prescan, step 15)
    label(&head[found..]).map(|encoding| if encoding == UTF_16BE || encoding == UTF_16LE { UTF_8 } else { encoding })
}

fn label(text: &[u8]) -> Option<&'static Encoding> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\"").or_else(|| text.strip_prefix(b"'")).unwrap_or(text);
    let end = text.iter().position(|byte| b"\"'; >?/".contains(byte) || byte.is_ascii_whitespace());
    Encoding::for_label(&text[..end.unwrap_or(text.len())])
}

fn find_ignoring_case(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window.eq_ignore_ascii_case(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_beats_the_header_and_the_header_beats_the_page() {
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa4", Some("text/html; charset=latin-1")), "ä");
        assert_eq!(decode(b"<meta charset=utf-8>\xe4", Some("text/html; charset=ISO-8859-1")), "<meta charset=utf-8>ä");
        assert!(decode(b"<meta charset='windows-1251'>\xe4", Some("text/html")).ends_with('д'));
        assert!(decode(b"<META http-equiv=x content=\"text/html; CHARSET=koi8-r\">\xc1", None).ends_with('а'));
        assert!(decode(b"<?xml version='1.0' encoding=\"iso-8859-1\"?>\xe4", None).ends_with('ä'));
    }

    #[test]
    fn nothing_declared_is_utf_8_or_windows_1252() {
        assert_eq!(decode("ä€".as_bytes(), None), "ä€");
        assert_eq!(decode(b"\xe4\x80", None), "ä€");
        assert_eq!(decode(b"<meta charset=utf-16>ok", None), "<meta charset=utf-16>ok");
    }

    #[test]
    fn a_label_that_lies_replaces_what_it_cannot_read() {
        assert_eq!(decode(b"a\xffb", Some("text/html; charset=utf-8")), "a\u{fffd}b");
        assert_eq!(decode(b"a", Some("text/html; charset=no-such-thing")), "a");
        assert_eq!(decode(b"<meta", None), "<meta");
    }
}
