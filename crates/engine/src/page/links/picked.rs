//! Links on their way through a filter.

use std::collections::HashSet;

use scraper::ElementRef;
use url::Url;

use super::Link;
use super::filter::Links;
use crate::message::urls::{Canonical, Encoding, canonicalise, join};
use crate::page::Page;
use crate::page::head::Element;

/// What a filter has let through.
pub(super) struct Picked<'a> {
    page: &'a Page,
    filter: &'a Links,
    encoding: &'static Encoding,
    seen: HashSet<String>,
    links: Vec<Link>,
}

impl<'a> Picked<'a> {
    pub(super) fn new(page: &'a Page, filter: &'a Links) -> Self {
        Self { page, filter, encoding: page.url_encoding(), seen: HashSet::new(), links: Vec::new() }
    }

    pub(super) fn into_links(self) -> Vec<Link> {
        self.links
    }

    /// Offers all that the filter's regions have, one region after the other.
    pub(super) fn offer_regions(&mut self) {
        let page = self.page;
        let (expressions, selectors) = self.filter.regions();
        if expressions.is_empty() && selectors.is_empty() {
            return self.offer_all(page.tree().root_element());
        }
        let found = expressions.iter().map(|expression| page.xpath(expression));
        let found = found.chain(selectors.iter().map(|selector| page.css(selector)));
        for region in found.flat_map(|selection| selection.iter().collect::<Vec<_>>()) {
            if let Some(element) = region.element() {
                self.offer_all(element);
            }
        }
    }

    /// Offers whatever the filter looks at in an element and in those below it.
    fn offer_all(&mut self, region: ElementRef<'a>) {
        let filter = self.filter;
        let elements = region.descendants().filter_map(ElementRef::wrap);
        for element in elements.filter(|element| filter.takes_tag(element.value().name())) {
            for (_, value) in element.value().attrs().filter(|(name, _)| filter.takes_attr(name)) {
                self.offer(value, &Element::Node(element));
            }
        }
    }

    /// Takes a link, if the filter does.
    pub(super) fn offer(&mut self, value: &str, element: &Element<'_>) {
        let page = self.page;
        if self.links.len() >= page.limits.links {
            page.lose("links/over_limit_count", 1);
            return;
        }
        let nofollow = element.says("rel", "nofollow");
        let Some(mut url) = self.url(value) else { return };
        if nofollow && self.filter.obeys_nofollow() || !self.filter.takes_url(&url) {
            return;
        }
        if self.filter.is_canonical() {
            url = canonicalise(&url, Canonical::default());
        }
        if self.filter.is_unique() && self.seen.contains(url.as_str()) {
            return;
        }
        let text = element.prose();
        if !self.filter.takes_text(&text) {
            return;
        }
        if self.filter.is_unique() {
            self.seen.insert(url.as_str().to_owned());
        }
        self.links.push(Link { url, text, nofollow });
    }

    /// What a value says, absolute; what is not a URL is counted.
    fn url(&self, value: &str) -> Option<Url> {
        let value = if self.filter.strips() { value.trim_ascii() } else { value };
        let absolute = join(self.page.base(), value, self.encoding);
        let url = match &absolute {
            Ok(url) => self.filter.mapped(url.as_str()),
            Err(_) => None,
        };
        let url = match url {
            Some(mapped) => join(self.page.url(), &mapped?, self.encoding),
            None => absolute,
        };
        if url.is_err() {
            self.page.lose("links/bad_count", 1);
        }
        url.ok()
    }
}
