//! What a page says of itself: title, metadata, canonical URL, base. Without a tree where the tags alone are enough.

use std::borrow::Cow;

use html5ever::ns;
use scraper::ElementRef;
use url::Url;

use super::scan::{Found, Scan};
use super::{Page, clean};

/// An element of a page: found by its tag, or in the tree.
#[derive(Debug, Clone)]
pub(super) enum Element<'a> {
    /// By its tag.
    Tag(Found<'a>),
    /// In the tree.
    Node(ElementRef<'a>),
}

impl<'a> Element<'a> {
    /// An attribute's value.
    pub(super) fn attr(&self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Self::Tag(found) => found.attr(name),
            Self::Node(element) => element.value().attr(name).map(Cow::Borrowed),
        }
    }

    /// All text that is in it, as it stands.
    pub(super) fn prose(&self) -> String {
        match self {
            Self::Tag(found) => found.prose(),
            Self::Node(element) => element.text().collect(),
        }
    }

    /// Whether an attribute that is a list of words has this one in it, in whatever case.
    pub(super) fn says(&self, name: &str, word: &str) -> bool {
        self.attr(name).is_some_and(|words| has_word(&words, word))
    }
}

/// Whether a word is in a list with commas or spaces, in whatever case.
pub(super) fn has_word(words: &str, word: &str) -> bool {
    words.split([',', ' ', '\t', '\n', '\r', '\x0c']).any(|known| known.eq_ignore_ascii_case(word))
}

impl Page {
    /// The title, white space collapsed.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        let title = match self.scan() {
            Some(scan) => scan.title(self.text())?,
            None => Cow::Owned(self.html_elements("title").next()?.text().collect()),
        };
        Some(title.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The `content` of the first `<meta>` of this `name` or `property`, in whatever case: `description`, `og:image`.
    #[must_use]
    pub fn meta(&self, name: &str) -> Option<String> {
        let is_it =
            |value: Option<Cow<'_, str>>| value.is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(name));
        let mut metas =
            self.elements("meta", Scan::metas).filter(|meta| is_it(meta.attr("name")) || is_it(meta.attr("property")));
        metas.find_map(|meta| meta.attr("content")).map(Cow::into_owned)
    }

    /// The URL that the page says is its own: its first `<link rel="canonical">`, absolute.
    #[must_use]
    pub fn canonical(&self) -> Option<Url> {
        let mut links = self.elements("link", Scan::relations).filter(|link| link.says("rel", "canonical"));
        links.find_map(|link| self.join(&link.attr("href")?).ok())
    }

    /// What the page's references are relative to: its first `<base href>` that is an http(s) URL, else its own URL.
    #[must_use]
    pub fn base(&self) -> &Url {
        let declared = || clean::base_url(self.text(), &self.url, usize::MAX);
        self.base.get_or_init(|| declared().unwrap_or_else(|| self.url.clone()))
    }

    /// The pass over the page's tags; none if there is a tree already, if only the tree knows, or in XML.
    pub(super) fn scan(&self) -> Option<&Scan> {
        if self.tree.get().is_some() || self.is_xml() {
            return None;
        }
        self.scan.get_or_init(|| Scan::of(self.text(), &self.limits)).as_ref()
    }

    /// The elements of this name, which the pass finds so.
    fn elements<'a, I>(
        &'a self,
        name: &'static str,
        of: fn(&'a Scan, &'a str) -> I,
    ) -> Box<dyn Iterator<Item = Element<'a>> + 'a>
    where
        I: Iterator<Item = Found<'a>> + 'a,
    {
        match self.scan() {
            Some(scan) => Box::new(of(scan, self.text()).map(Element::Tag)),
            None => Box::new(self.html_elements(name).map(Element::Node)),
        }
    }

    /// The elements of this name; in HTML those of SVG and MathML are others.
    fn html_elements<'a>(&'a self, name: &'static str) -> impl Iterator<Item = ElementRef<'a>> + 'a {
        (self.tree().tree.root().descendants().filter_map(ElementRef::wrap))
            .filter(move |element| element.value().name() == name)
            .filter(|element| self.is_xml() || element.value().name.ns == ns!(html))
    }

    /// Each `<a href>` and `<area href>`.
    pub(super) fn anchors<'a>(&'a self) -> Box<dyn Iterator<Item = Element<'a>> + 'a> {
        if let Some(scan) = self.scan() {
            return Box::new(scan.links(self.text()).map(Element::Tag));
        }
        let elements = self.tree().tree.root().descendants().filter_map(ElementRef::wrap);
        let is_link = |element: &ElementRef<'_>| {
            matches!(element.value().name(), "a" | "area") && element.value().attr("href").is_some()
        };
        Box::new(elements.filter(is_link).map(Element::Node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_it_is() {
        let html = r#"<svg><title>no</title></svg><META NAME=Description content="a &amp; b"><title>A
            &quot;page&quot;</title><meta property="og:image" content="/x.png"><link rel="x Canonical" href="/own">"#;
        for is_tree in [false, true] {
            let page = Page::from_html("http://a.example/b", html);
            assert!(!is_tree || !page.css("title").is_empty());
            assert_eq!(page.title().as_deref(), Some("A \"page\""));
            assert_eq!(page.meta("description").as_deref(), Some("a & b"));
            assert_eq!(page.meta("og:image").as_deref(), Some("/x.png"));
            assert_eq!(page.meta("robots"), None);
            assert_eq!(page.canonical().map(String::from).as_deref(), Some("http://a.example/own"));
            assert_eq!(page.tree.get().is_some(), is_tree);
        }
    }
}
