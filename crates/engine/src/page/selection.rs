//! What a query finds. One and many, required and optional are different methods with different types.

use std::cell::RefCell;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

use dragline_query::{Css, Part, Query, QueryError, Take};
use scraper::{ElementRef, Node as Value};
use url::Url;

use super::Page;
use super::node::{Node, What};
use crate::error::{Error, Result};

/// Compiled queries that a thread keeps.
const KEPT: usize = 1000;

/// The nodes that a query finds, looked for when they are asked for.
///
/// Whatever is required and missing is an error that names the query and the page; `_opt` is the form for what may miss.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    page: &'a Page,
    from: Vec<Node<'a>>,
    /// None if the query does not parse; the page knows.
    query: Option<Arc<Query>>,
    text: Box<str>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(from: Node<'a>, query: Option<Arc<Query>>, text: &str) -> Self {
        Self { page: from.page(), from: vec![from], query, text: text.into() }
    }

    pub(super) fn page(&self) -> &'a Page {
        self.page
    }

    /// The query's own text.
    pub(super) fn query_text(&self) -> &str {
        &self.text
    }

    /// All of them, in document order.
    pub fn iter(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.nodes(usize::MAX).into_iter()
    }

    /// The first, if there is one.
    #[must_use]
    pub fn first_opt(&self) -> Option<Node<'a>> {
        self.nodes(1).pop()
    }

    /// The first.
    ///
    /// # Errors
    /// If there is none: ``nothing matches `h1` on URL``.
    pub fn first(&self) -> Result<Node<'a>> {
        self.first_opt().ok_or_else(|| self.missing("nothing matches"))
    }

    /// What a CSS selector finds below each of them.
    #[must_use]
    pub fn css(&self, selector: &str) -> Selection<'a> {
        self.within(css(self.page, selector), selector)
    }

    /// What an XPath expression finds from each of them.
    #[must_use]
    pub fn xpath(&self, expression: &str) -> Selection<'a> {
        self.within(xpath(self.page, expression), expression)
    }

    /// The text of the first one, white space collapsed.
    ///
    /// # Errors
    /// If there is none.
    pub fn text(&self) -> Result<String> {
        Ok(self.first()?.text())
    }

    /// The text of the first one, if there is one.
    #[must_use]
    pub fn text_opt(&self) -> Option<String> {
        Some(self.first_opt()?.text())
    }

    /// The texts of all of them.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.iter().map(|node| node.text()).collect()
    }

    /// The text of the first one, read as a value: `page.css("td.stock").parse::<u32>()?`.
    ///
    /// # Errors
    /// If there is none, or it does not read as one.
    pub fn parse<T: FromStr<Err: std::fmt::Display>>(&self) -> Result<T> {
        let text = self.text()?;
        let (query, url) = (&self.text, self.page.url());
        text.parse().map_err(|error| Error::page(format!("`{text}` at `{query}` on {url}: {error}")))
    }

    /// An attribute of the first one.
    ///
    /// # Errors
    /// If there is no element, or it has no such attribute.
    pub fn attr(&self, name: &str) -> Result<&'a str> {
        let what = || Error::page(format!("`{}` has no attribute `{name}` on {}", self.text, self.page.url()));
        self.first()?.attr(name).ok_or_else(what)
    }

    /// An attribute of the first one, if both are there.
    #[must_use]
    pub fn attr_opt(&self, name: &str) -> Option<&'a str> {
        self.first_opt()?.attr(name)
    }

    /// Where the first one links to, absolute.
    ///
    /// # Errors
    /// If there is none, it has no `href`, or that is not a URL.
    pub fn link(&self) -> Result<Url> {
        self.first()?.link()
    }

    /// Where the first one links to, absolute; none if it does not, or not to a URL.
    #[must_use]
    pub fn link_opt(&self) -> Option<Url> {
        self.first_opt()?.link_opt()
    }

    /// Where they link to, absolute, those that do.
    pub fn links(&self) -> impl Iterator<Item = Url> + use<'a> {
        self.iter().filter_map(|node| node.link_opt())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes(usize::MAX).len()
    }

    /// Whether nothing is found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_opt().is_none()
    }

    fn missing(&self, what: &str) -> Error {
        Error::page(format!("{what} `{}` on {}", self.text, self.page.url()))
    }

    fn within(&self, query: Option<Arc<Query>>, text: &str) -> Selection<'a> {
        Selection { page: self.page, from: self.nodes(usize::MAX), query, text: text.into() }
    }

    fn nodes(&self, limit: usize) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        for from in &self.from {
            match self.query.as_deref() {
                Some(Query::Css(css)) => by_css(css, from, limit, &mut found),
                Some(Query::XPath(_)) => self.page.set_fault(Error::page("XPath is not there yet")),
                None => {}
            }
            if found.len() >= limit {
                break;
            }
        }
        found
    }
}

fn by_css<'a>(css: &Css, from: &Node<'a>, limit: usize, found: &mut Vec<Node<'a>>) {
    let page = from.page();
    let What::Tree(scope) = from.what() else { return };
    let mut see = |element: ElementRef<'a>, part: &Part| {
        match &part.take {
            Take::Element => found.push(Node::new(page, What::Tree(*element))),
            Take::Text => found.extend(
                element
                    .children()
                    .filter(|node| matches!(node.value(), Value::Text(_)))
                    .map(|node| Node::new(page, What::Tree(node))),
            ),
            Take::Attribute(name) => {
                let number = element.value().attrs().position(|(known, _)| known == &**name);
                found.extend(number.map(|number| Node::new(page, What::Attribute(element, number))));
            }
        }
        found.len() < limit
    };
    match (css.parts(), ElementRef::wrap(*scope)) {
        ([part], None) => _ = page.tree().select(&part.selector).all(|element| see(element, part)),
        ([part], Some(scope)) => _ = scope.select(&part.selector).all(|element| see(element, part)),
        (parts, scope_element) => {
            let below = scope.descendants().skip(1).filter_map(ElementRef::wrap);
            let matches =
                |element: &ElementRef<'a>, part: &&Part| part.selector.matches_with_scope(element, scope_element);
            let pairs = below.flat_map(|element| {
                parts.iter().filter(move |part| matches(&element, part)).map(move |part| (element, part))
            });
            for (element, part) in pairs {
                if !see(element, part) {
                    break;
                }
            }
        }
    }
}

/// A CSS selector, compiled once per thread: a spider uses the same few on every page.
pub(super) fn css(page: &Page, text: &str) -> Option<Arc<Query>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Arc<Query>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| compile(known, page, text, Query::css))
}

/// An XPath expression, compiled once per thread.
pub(super) fn xpath(page: &Page, text: &str) -> Option<Arc<Query>> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Arc<Query>>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| compile(known, page, text, Query::xpath))
}

fn compile(
    known: &mut HashMap<Box<str>, Arc<Query>>,
    page: &Page,
    text: &str,
    parse: impl Fn(&str) -> Result<Query, QueryError>,
) -> Option<Arc<Query>> {
    if let Some(query) = known.get(text) {
        return Some(query.clone());
    }
    match parse(text) {
        Ok(query) => {
            if known.len() >= KEPT {
                known.clear();
            }
            let query = Arc::new(query);
            known.insert(text.into(), query.clone());
            Some(query)
        }
        Err(error) => {
            page.set_fault(Error::page(error));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page::from_html(
            "http://a.example/",
            "<h1>\n  The <b>first</b>\n  of <i>two</i>s </h1><h1>second</h1><a id=x href='/y'>y</a>",
        )
    }

    #[test]
    fn text_reads_as_a_browser_shows_it() {
        assert_eq!(page().css("h1").text().expect("text"), "The first of twos");
        assert_eq!(page().css("h1").texts(), ["The first of twos", "second"]);
    }

    #[test]
    fn what_is_missing_is_named_with_its_page() {
        let page = page();
        let error = page.css("h2.title").text().expect_err("no such thing");
        assert_eq!(error.to_string(), "nothing matches `h2.title` on http://a.example/");
        let error = page.css("#x").attr("src").expect_err("no such thing");
        assert_eq!(error.to_string(), "`#x` has no attribute `src` on http://a.example/");
        assert!(page.css("h2").text_opt().is_none() && page.take_fault().is_none());
    }

    #[test]
    fn a_selector_that_is_none_fails_the_page_and_not_the_process() {
        let page = page();
        assert!(page.css("h1[").is_empty());
        let fault = page.take_fault().expect("a fault");
        assert!(fault.to_string().starts_with("`h1[` is no CSS selector"), "{fault}");
    }

    #[test]
    fn a_link_is_absolute() {
        assert_eq!(page().css("a").link_opt().map(String::from).as_deref(), Some("http://a.example/y"));
        assert_eq!(page().css("a::attr(href)").link().map(String::from).ok().as_deref(), Some("http://a.example/y"));
    }

    #[test]
    fn texts_and_attributes_are_nodes_too() {
        let page = page();
        let raw = |query: &str| page.css(query).iter().map(|node| node.raw().into_owned()).collect::<Vec<_>>();
        assert_eq!(raw("h1::text"), ["\n  The ", "\n  of ", "s ", "second"]);
        assert_eq!(raw("h1").len(), 2);
        assert_eq!(raw("a::attr(href), h1 b::text, i"), ["first", "two", "/y"]);
        assert_eq!(page.css("h1").css("b::text").texts(), ["first"]);
        assert!(page.css("a::attr(href)").css("b").is_empty());
    }
}
