//! A response as a spider reads it: lazy, so that nothing is decoded or parsed until somebody asks.

mod css;
mod dates;
mod events;
pub mod extract;
mod feeds;
mod forms;
mod given;
mod head;
mod json;
mod kind;
mod links;
pub mod loader;
mod node;
mod patterns;
pub mod pictures;
mod queries;
mod rows;
mod scan;
mod selection;
mod serialise;
mod sitemap;
mod text;
mod tree;
mod xml;
mod xpath;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use scraper::Html;
use url::Url;

pub(crate) use dates::moment;
pub use dragline_macros::Extract;
pub use dragline_query as query;
pub use extract::Extract;
pub use feeds::{Enclosure, Feed, FeedEntry, FeedKind};
pub use forms::{Button, Form};
pub use given::Variable;
pub use json::{Json, JsonSelection};
pub use kind::{Kind, is_binary};
pub use links::{Link, Links};
pub use loader::Loader;
pub use node::Node;
pub use rows::{Csv, Part, Row, Rows, XmlNodes};
pub use selection::Selection;
pub use sitemap::{Alternate, Sitemap, SitemapEntry, SitemapKind, SitemapLimits};
pub use text::Encoding;
pub use tree::Limits;

pub use crate::message::charset::{Charset, Source};
/// HTML as text: tags, comments and character references taken out.
pub use crate::message::markup as clean;

use self::scan::Scan;
use self::text::Text;

use crate::error::{Error, Result};
use crate::message::ReferrerPolicy;
use crate::message::charset::Hints;
use crate::message::urls;

/// One page: URL, status, headers, body; its text and its tree when they are asked for.
#[derive(Debug)]
pub struct Page {
    url: Url,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    depth: u32,
    /// The encoding, by whoever made the page.
    charset: Option<Charset>,
    kind: OnceCell<Kind>,
    text: OnceCell<Text>,
    tree: OnceCell<Html>,
    /// What its tags say; nothing where only the tree knows.
    scan: OnceCell<Option<Scan>>,
    /// Its nodes by their numbers, once it is asked in XPath.
    order: OnceCell<xpath::Order>,
    in_order: OnceCell<bool>,
    base: OnceCell<Url>,
    json: OnceCell<json::Document>,
    /// The first misuse, such as a selector that is none: reported once `parse` returns.
    fault: RefCell<Option<Error>>,
    limits: Limits,
    /// What was packed in the body; none if it is too large.
    unpacked: OnceCell<Option<Box<Page>>>,
    /// What was left out, by the stable names of the stats.
    lost: RefCell<BTreeMap<&'static str, u64>>,
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
            charset: None,
            kind: OnceCell::new(),
            text: OnceCell::new(),
            tree: OnceCell::new(),
            scan: OnceCell::new(),
            order: OnceCell::new(),
            in_order: OnceCell::new(),
            base: OnceCell::new(),
            json: OnceCell::new(),
            fault: RefCell::new(None),
            limits: Limits::default(),
            unpacked: OnceCell::new(),
            lost: RefCell::default(),
        }
    }

    /// The same page, read within these limits.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// A page from HTML: for tests of spiders.
    ///
    /// # Panics
    /// If `url` is not a URL.
    #[must_use]
    pub fn from_html(url: &str, html: &str) -> Self {
        Self::from_text(url, "text/html; charset=utf-8", html)
    }

    /// A page from XML: for tests of spiders.
    ///
    /// # Panics
    /// If `url` is not a URL.
    #[must_use]
    pub fn from_xml(url: &str, xml: &str) -> Self {
        Self::from_text(url, "application/xml; charset=utf-8", xml)
    }

    #[expect(clippy::panic, reason = "a test's own mistake")]
    fn from_text(url: &str, content_type: &'static str, text: &str) -> Self {
        let url = Url::parse(url).unwrap_or_else(|error| panic!("`{url}` is not a URL: {error}"));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self::new(url, StatusCode::OK, headers, Bytes::copy_from_slice(text.as_bytes()), 0)
    }

    /// The same page, read in this encoding, whatever it says itself.
    #[must_use]
    pub fn with_charset(self, charset: Charset) -> Self {
        let charset = Some(charset);
        let (text, tree, base) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (order, in_order) = (OnceCell::new(), OnceCell::new());
        Self { charset, text, tree, order, in_order, base, ..self }
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

    /// What kind of document it is: by its headers, its URL, and its first bytes, in this order.
    #[must_use]
    pub fn kind(&self) -> Kind {
        *self.kind.get_or_init(|| Kind::of(&self.headers, &self.url, &self.body))
    }

    /// The body as text: by its byte order mark, the header's charset, what it declares, or a guess, in this order. What
    /// cannot be decoded is U+FFFD.
    #[must_use]
    pub fn text(&self) -> &str {
        self.decoded().get(&self.body)
    }

    /// The encoding of the text, and who says so.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.decoded().encoding
    }

    fn decoded(&self) -> &Text {
        self.text.get_or_init(|| {
            let hints = Hints {
                given: self.charset,
                content_type: self.header("content-type"),
                is_xml: self.kind() == Kind::Xml,
                top_level_domain: text::top_level_domain(&self.url),
            };
            Text::of(&self.body, &hints)
        })
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

    /// A reference from this page as an absolute URL.
    ///
    /// # Errors
    /// If it is not one.
    pub fn join(&self, reference: &str) -> Result<Url> {
        let joined = urls::join(self.base(), reference, self.url_encoding());
        joined.map_err(|error| Error::page(format!("{error}, on {}", self.url)))
    }

    /// The encoding of its links' queries (WHATWG URL, section 4.4, "query state").
    fn url_encoding(&self) -> &'static urls::Encoding {
        self.encoding().charset.of_queries()
    }

    /// Notes that so much was left out.
    fn lose(&self, name: &'static str, count: u64) {
        *self.lost.borrow_mut().entry(name).or_default() += count;
    }

    fn tree(&self) -> &Html {
        self.tree.get_or_init(|| {
            let parse = if self.kind() == Kind::Xml { xml::parse } else { tree::parse };
            let (tree, whole) = parse(self.text(), &self.limits);
            self.lose("parse/cut_count", u64::from(!whole));
            tree
        })
    }

    /// The tree's nodes by their numbers in document order.
    fn order(&self) -> &xpath::Order {
        self.order.get_or_init(|| xpath::Order::of(self.tree()))
    }

    /// Whether the tree lies in memory as it stands.
    fn is_in_order(&self) -> bool {
        *self.in_order.get_or_init(|| css::is_in_order(self.tree()))
    }

    /// Whether names have namespaces.
    fn is_xml(&self) -> bool {
        self.kind() == Kind::Xml
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts a query that took more than its budget.
    fn count_spent(&self) {
        self.lose("parse/selector_budget_count", 1);
    }

    /// Whether a part of the page was left out of its tree.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.lost.borrow().get("parse/cut_count").is_some_and(|count| *count > 0)
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
        let json = ("json/bad_count", u64::from(self.is_bad_json()));
        self.lost.borrow().clone().into_iter().chain([json]).filter(|(_, count)| *count > 0)
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
