//! A response as a spider reads it: lazy, so that nothing is decoded or parsed until somebody asks.

mod head;
mod links;
mod node;
mod scan;
mod selection;
mod text;
mod tree;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use scraper::Html;
use url::Url;

pub use dragline_query as query;
pub use links::{Link, Links};
pub use node::Node;
pub use selection::Selection;
pub use tree::Limits;

use self::scan::Scan;
use crate::error::{Error, Result};
use crate::message::ReferrerPolicy;
use crate::message::urls::{self, Encoding};

/// One page: URL, status, headers, body; its text and its tree when they are asked for.
#[derive(Debug)]
pub struct Page {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    depth: u32,
    /// None where the body is UTF-8 as it stands.
    text: OnceCell<Option<String>>,
    tree: OnceCell<Html>,
    /// What its tags say; nothing where only the tree knows.
    scan: OnceCell<Option<Scan>>,
    base: OnceCell<Url>,
    /// The first misuse, such as a selector that is none: reported once `parse` returns.
    fault: RefCell<Option<Error>>,
    bad_links: Cell<u64>,
    links_over_limit: Cell<u64>,
    limits: Limits,
    cut: Cell<bool>,
}

impl Page {
    /// A page from its parts; `depth` is the number of links between it and the start.
    #[must_use]
    pub fn new(url: Url, status: StatusCode, headers: HeaderMap, body: Bytes, depth: u32) -> Self {
        Self {
            url,
            status,
            headers,
            body,
            depth,
            text: OnceCell::new(),
            tree: OnceCell::new(),
            scan: OnceCell::new(),
            base: OnceCell::new(),
            fault: RefCell::new(None),
            bad_links: Cell::new(0),
            links_over_limit: Cell::new(0),
            limits: Limits::default(),
            cut: Cell::new(false),
        }
    }

    /// The same page, its tree within these limits.
    pub(crate) fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A page from HTML: for tests of spiders.
    ///
    /// # Panics
    /// If `url` is not a URL.
    #[must_use]
    #[expect(clippy::panic, reason = "a test's own mistake")]
    pub fn from_html(url: &str, html: &str) -> Self {
        let url = Url::parse(url).unwrap_or_else(|error| panic!("`{url}` is not a URL: {error}"));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Self::new(url, StatusCode::OK, headers, Bytes::copy_from_slice(html.as_bytes()), 0)
    }

    /// The URL that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The status; 2xx, or the spider would not see it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The first value of a header, if it is there and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers, in the order in which they came.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// What its header says of how it is named to those that it leads to.
    pub(crate) fn referrer_policy(&self) -> Option<ReferrerPolicy> {
        ReferrerPolicy::of_response(&self.headers)
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// How many links lie between the start (0) and this page.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The body as text: by its byte order mark, the header's charset, what it declares, or a guess, in this order.
    #[must_use]
    pub fn text(&self) -> &str {
        let decoded = self.text.get_or_init(|| match text::decode(&self.body, self.header("content-type")) {
            // a byte order mark borrows too, but less than the whole
            Cow::Borrowed(text) if text.len() == self.body.len() => None,
            text => Some(text.into_owned()),
        });
        match decoded {
            Some(text) => text,
            None => std::str::from_utf8(&self.body).unwrap_or_default(),
        }
    }

    /// The document itself: the node above all others.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::root(self)
    }

    /// The nodes that a CSS selector finds (Selectors Level 4, as far as Servo has it, with `::text` and
    /// `::attr(name)`), in document order.
    ///
    /// A selector that does not parse finds nothing and fails the page with a message that names it.
    #[must_use]
    pub fn css(&self, selector: &str) -> Selection<'_> {
        self.root().css(selector)
    }

    /// The nodes that an XPath 1.0 expression finds, in document order; or its one value, if it gives a number, a string
    /// or a truth value.
    ///
    /// An expression that does not parse finds nothing and fails the page with a message that names it.
    #[must_use]
    pub fn xpath(&self, expression: &str) -> Selection<'_> {
        self.root().xpath(expression)
    }

    /// The encoding of its text: that of a link's query, too (WHATWG URL, section 4.4, "query state").
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        text::encoding(&self.body, self.header("content-type"))
    }

    /// A reference from this page as an absolute URL.
    ///
    /// # Errors
    /// If it is not one.
    pub fn join(&self, reference: &str) -> Result<Url> {
        let joined = urls::join(self.base(), reference, self.encoding());
        joined.map_err(|error| Error::page(format!("{error}, on {}", self.url)))
    }

    fn tree(&self) -> &Html {
        self.tree.get_or_init(|| {
            let (tree, whole) = tree::parse(self.text(), &self.limits);
            self.cut.set(!whole);
            tree
        })
    }

    /// Whether a part of the page was left out of its tree.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// Keeps the first fault.
    fn set_fault(&self, fault: Error) {
        self.fault.borrow_mut().get_or_insert(fault);
    }

    /// The first misuse so far, such as a selector that is none. The engine asks after each `parse`; whoever reads pages
    /// by hand asks when something is not found.
    #[must_use]
    pub fn take_fault(&self) -> Option<Error> {
        self.fault.borrow_mut().take()
    }

    /// What was left out of this page, by the stable names of the stats.
    pub(crate) fn losses(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let links =
            [("links/bad_count", self.bad_links.get()), ("links/over_limit_count", self.links_over_limit.get())];
        (links.into_iter().chain([("parse/cut_count", u64::from(self.cut.get()))])).filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_tree_is_read_as_browsers_do() {
        let page =
            Page::from_html("http://a.example/", "<table><tr><td><img src=1><td><img src=2></table><p>a<p>b</i>");
        assert_eq!(page.css("tbody > tr > td > img").iter().count(), 2);
        assert_eq!(page.css("p").iter().count(), 2);
    }
}
