//! A page's text, decoded once. Where the body is UTF-8 as it stands, nothing is copied.

use std::borrow::Cow;

use url::{Host, Url};

use crate::message::charset::{self, Charset, Decoded, Hints, Source};

/// The encoding that a page was read in, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    /// The encoding: `charset.name()` is its name.
    pub charset: Charset,
    /// Who said so.
    pub source: Source,
}

/// What is known of a text.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) encoding: Encoding,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    /// The body, from this byte on.
    Body(usize),
    Own(String),
}

impl Text {
    pub(super) fn of(body: &[u8], hints: &Hints<'_>) -> Self {
        let Decoded { text, charset, source } = charset::decode(body, hints);
        let kept = match text {
            Cow::Borrowed(text) => Kept::Body(body.len() - text.len()),
            Cow::Owned(text) => Kept::Own(text),
        };
        Self { encoding: Encoding { charset, source }, kept }
    }

    pub(super) fn get<'a>(&'a self, body: &'a [u8]) -> &'a str {
        match &self.kept {
            Kept::Body(start) => std::str::from_utf8(&body[*start..]).unwrap_or_default(),
            Kept::Own(text) => text,
        }
    }
}

/// The last label of a host's name.
pub(super) fn top_level_domain(url: &Url) -> Option<&str> {
    match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').rsplit('.').next(),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    #[test]
    fn a_body_that_is_utf_8_is_not_copied() {
        for body in ["plain", "größer", "\u{feff}größer"] {
            let text = Text::of(body.as_bytes(), &Hints::default());
            assert!(matches!(text.kept, Kept::Body(_)), "{body}");
            assert_eq!(text.get(body.as_bytes()), body.trim_start_matches('\u{feff}'));
        }
    }

    #[test]
    fn p07_a_page_says_how_it_was_read() {
        let page = Page::from_html("http://a.example/", "<p>ä");
        assert_eq!((page.encoding().charset.name(), page.encoding().source), ("UTF-8", Source::Header));
        let page = page.with_charset(Charset::of_label("latin1").expect("a label"));
        assert_eq!((page.text(), page.encoding().source), ("<p>Ã¤", Source::Given));
    }
}
