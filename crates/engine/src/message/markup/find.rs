//! The elements that say where a page's references lead: `<base>` and `<meta http-equiv=refresh>`.

use std::time::Duration;

use encoding_rs::UTF_8;
use url::Url;

use super::references::in_attribute;
use super::refresh::refresh;
use super::tags::{Kind, Scanner, Tag};
use crate::message::urls::join;

/// The first `<base href>` of a text that is an http(s) URL, if it begins within so many bytes; in a comment, a script or
/// a `noscript` it is none. To browsers a first one that is no URL hides the others; here it is passed over.
#[must_use]
pub fn base_url(text: &str, page: &Url, max_scan: usize) -> Option<Url> {
    if !mentions(text, b"base") {
        return None;
    }
    Elements::new(text, &["noscript"], max_scan).find_map(|tag| base(&tag, page))
}

/// The first refresh of a text that can be read, if it begins within so many bytes: when it leads on, and where to. In a
/// comment, a script, a `template` or one of the elements that are named it is none.
#[must_use]
pub fn meta_refresh(text: &str, page: &Url, ignored: &[&str], max_scan: usize) -> Option<(Duration, Url)> {
    let mut around = None;
    for tag in Elements::new(text, ignored, max_scan) {
        around = around.or_else(|| base(&tag, page));
        let is_refresh = |tag: &Tag<'_>| {
            tag.is("meta")
                && tag.attribute("http-equiv").is_some_and(|name| in_attribute(name).eq_ignore_ascii_case("refresh"))
        };
        if !is_refresh(&tag) {
            continue;
        }
        let content = in_attribute(tag.attribute("content").unwrap_or_default());
        if let Some(refresh) = refresh(&content) {
            let target = if refresh.place.is_empty() {
                Some(page.clone())
            } else {
                join(around.as_ref().unwrap_or(page), refresh.place, UTF_8).ok()
            };
            return target.map(|target| (refresh.delay, target));
        }
    }
    None
}

/// The URL of a `<base>`.
fn base(tag: &Tag<'_>, page: &Url) -> Option<Url> {
    let href = tag.is("base").then(|| tag.attribute("href"))??;
    let href = in_attribute(href);
    let href = Some(href.trim_ascii()).filter(|href| !href.is_empty())?;
    page.join(href).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether a tag of this name may be there: most pages have none, and are told so by a look at the bytes.
fn mentions(text: &str, name: &[u8]) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'<', bytes)
        .any(|at| bytes.get(at + 1..=at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)))
}

/// The start tags of a text that count.
struct Elements<'a> {
    tags: Scanner<'a>,
    ignored: &'a [&'a str],
    max_scan: usize,
    /// The ignored element that it is in, and how many of that name lie around.
    within: Option<(&'a str, usize)>,
}

impl<'a> Elements<'a> {
    fn new(text: &'a str, ignored: &'a [&'a str], max_scan: usize) -> Self {
        Self { tags: Scanner::new(text), ignored, max_scan, within: None }
    }

    /// Whether a tag belongs to what is ignored.
    fn passes_over(&mut self, tag: &Tag<'a>) -> bool {
        let is_start = tag.kind == Kind::Start;
        match self.within.as_mut() {
            Some((name, depth)) => {
                if tag.is(name) {
                    *depth = if is_start { *depth + 1 } else { *depth - 1 };
                    if *depth == 0 {
                        self.within = None;
                    }
                }
                true
            }
            None => {
                let is_ignored = tag.is("template") || self.ignored.iter().any(|name| tag.is(name));
                if is_start && is_ignored {
                    self.within = Some((tag.name(), 1));
                }
                is_ignored
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Tag<'a>;

    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let tag = self.tags.next().filter(|tag| tag.is_whole && tag.place.start < self.max_scan)?;
            if !self.passes_over(&tag) && tag.kind == Kind::Start {
                return Some(tag);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p10_only_the_first_base_of_the_web_counts() {
        let page = Url::parse("http://a.example/dir/page").expect("a URL");
        for (html, base) in [
            ("<base href='/b/'><base href='/c/'>", Some("http://a.example/b/")),
            ("<base href=javascript:alert(1)><base href=' //b.example '>", Some("http://b.example/")),
            (
                "<base target=x><base href><base href=' '><base href=data:,x><BASE HREF=&#47;b>",
                Some("http://a.example/b"),
            ),
            ("<base href='http://[x'><base href=ftp://b.example/><base href=mailto:a@b>", None),
            ("<!-- <base href=/b> --><script><base href=/b></script><noscript><base href=/b></noscript>", None),
            ("<title><base href=/b></title><template><base href=/b></template><base href='/b'", None),
            ("<basefont href=/b><x base='<base href=/b>'>", None),
            ("<svg><style></style></svg><base href=/b>", Some("http://a.example/b")),
        ] {
            assert_eq!(base_url(html, &page, usize::MAX).map(String::from).as_deref(), base, "{html}");
        }
        assert!(base_url("     <base href=/b>", &page, 5).is_none());
    }
}
