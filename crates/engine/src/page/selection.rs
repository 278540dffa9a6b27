//! What a query finds. One and many, required and optional are different methods with different types.

use std::str::FromStr;
use std::sync::Arc;

use dragline_query::Query;
use url::Url;

use super::given::{Given, Variable};
use super::node::Node;
use super::{Page, css, queries, xpath};
use crate::error::{Error, Result};

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
    given: Given<'a>,
}

impl<'a> Selection<'a> {
    pub(super) fn new(from: Node<'a>, query: Option<Arc<Query>>, text: &str) -> Self {
        Self { page: from.page(), from: vec![from], query, text: text.into(), given: Given::default() }
    }

    /// Gives the XPath expression a variable: `page.xpath("//a[. = $label]").with("label", "It's here")`. A text needs no
    /// quoting, and cannot become a part of the expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Variable<'a>>) -> Self {
        self.given.variables.push((name.into(), value.into()));
        self
    }

    /// Says what a prefix of the XPath expression stands for. Those that the root of an XML document declares are known.
    #[must_use]
    pub fn namespace(mut self, prefix: &str, uri: &str) -> Self {
        self.given.namespaces.push((prefix.into(), uri.into()));
        self
    }

    /// Takes the names of the XPath expression that have no prefix for names of any namespace: `//entry` finds the entries
    /// of an Atom feed. CSS does so always.
    #[must_use]
    pub fn any_namespace(mut self) -> Self {
        self.given.any_namespace = true;
        self
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
        self.nodes(1).into_iter().next()
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
        self.within(queries::css(self.page, selector), selector)
    }

    /// What an XPath expression finds from each of them.
    #[must_use]
    pub fn xpath(&self, expression: &str) -> Selection<'a> {
        self.within(queries::xpath(self.page, expression), expression)
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

    /// What the first one [says](Node::raw), as it stands.
    ///
    /// # Errors
    /// If there is none.
    pub fn raw(&self) -> Result<String> {
        Ok(self.first()?.raw().into_owned())
    }

    /// What the first one says, as it stands, if there is one.
    #[must_use]
    pub fn raw_opt(&self) -> Option<String> {
        Some(self.first_opt()?.raw().into_owned())
    }

    /// What all of them say, as it stands.
    #[must_use]
    pub fn raws(&self) -> Vec<String> {
        self.iter().map(|node| node.raw().into_owned()).collect()
    }

    /// The first one with its tags.
    ///
    /// # Errors
    /// If there is none.
    pub fn html(&self) -> Result<String> {
        Ok(self.first()?.html())
    }

    /// The first one with its tags, if there is one.
    #[must_use]
    pub fn html_opt(&self) -> Option<String> {
        Some(self.first_opt()?.html())
    }

    /// All of them with their tags.
    #[must_use]
    pub fn htmls(&self) -> Vec<String> {
        self.iter().map(|node| node.html()).collect()
    }

    /// What a regular expression finds in each of them: see [`Node::re`].
    #[must_use]
    pub fn re(&self, pattern: &str) -> Vec<String> {
        self.iter().flat_map(|node| node.re(pattern)).collect()
    }

    /// As [`re`](Self::re), character references as they stand.
    #[must_use]
    pub fn re_exact(&self, pattern: &str) -> Vec<String> {
        self.iter().flat_map(|node| node.re_exact(pattern)).collect()
    }

    /// The first that a regular expression finds in them.
    ///
    /// # Errors
    /// If it finds nothing.
    pub fn re_first(&self, pattern: &str) -> Result<String> {
        let missing = || self.missing(&format!("nothing is like `{pattern}` in"));
        self.re_first_opt(pattern).ok_or_else(missing)
    }

    /// The first that a regular expression finds in them, if it finds anything.
    #[must_use]
    pub fn re_first_opt(&self, pattern: &str) -> Option<String> {
        self.iter().find_map(|node| node.re(pattern).into_iter().next())
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

    /// An attribute of all of them, of those that have it.
    #[must_use]
    pub fn attrs(&self, name: &str) -> Vec<&'a str> {
        self.iter().filter_map(|node| node.attr(name)).collect()
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
        Selection { page: self.page, from: self.nodes(usize::MAX), query, text: text.into(), given: Given::default() }
    }

    fn nodes(&self, limit: usize) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let Some(query) = self.query.as_deref() else { return found };
        for from in &self.from {
            look(from, query, &self.given, limit, &mut found);
            if found.len() >= limit {
                break;
            }
        }
        found
    }
}

/// What a query finds from one node, in document order, until there are as many as are wanted or a few more.
pub(super) fn look<'a>(from: &Node<'a>, query: &Query, given: &Given<'a>, limit: usize, found: &mut Vec<Node<'a>>) {
    match query {
        Query::Css(query) => css::find(from, query, limit, found),
        Query::XPath(query) => match xpath::find(from, query, given) {
            Ok(nodes) => found.extend(nodes),
            Err(error) => from.page().set_fault(error),
        },
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

    #[test]
    fn texts_come_as_they_stand_and_the_first_is_the_first() {
        let page = Page::from_html("http://a.example/", "<div><p>a<b>b</b>c<b>d</b></p><p><i>e</i>f</p></div><p>g");
        assert_eq!(page.css("p ::text").raws(), ["a", "b", "c", "d", "e", "f", "g"]);
        assert_eq!(page.css("p::text").raws(), ["a", "c", "f", "g"]);
        assert_eq!(page.css("p > ::text").raws(), ["b", "d", "e"]);
        assert_eq!(page.css("b").css("::text").raws(), ["b", "d"]);
        assert_eq!(page.css("p + p ::text").raw().expect("a text"), "e");
        assert_eq!(page.css("p:first-child").css("p::text, b").raws(), ["a", "b", "c", "d"]);
        assert_eq!(page.css("div").css("p + p").raws(), ["ef"]);
    }

    #[test]
    fn a_tree_that_was_made_in_another_order_is_read_in_its_own() {
        let page = Page::from_html("http://a.example/", "<p>1<table><tr><td>3<p>4</p></table><table><b>2</b></table>");
        let both = |css: &str, xpath: &str| (page.css(css).raws(), page.xpath(xpath).raws());
        let (css, xpath) = both("p, td, b", "//p | //td | //b");
        assert_eq!(css, xpath);
        let framed = Page::from_html("http://a.example/", "<p>gone</p><frameset><frame src=/x></frameset>");
        assert_eq!(framed.css("p").count(), framed.xpath("//p").count());
    }

    #[test]
    fn what_a_pattern_finds_is_found_in_the_html() {
        let page = Page::from_html("http://a.example/", r#"<a href="/item/12?a=1&amp;b=2">&pound;5 &lt;</a><a>6</a>"#);
        assert_eq!(page.css("a").re(r"item/(\d+)"), ["12"]);
        assert_eq!(page.css("a::text").re(r"\d"), ["5", "6"]);
        assert_eq!(page.css("a").re_first(r"\d+").expect("a number"), "12");
        let error = page.css("a").re_first("x+").expect_err("no such thing");
        assert_eq!(error.to_string(), "nothing is like `x+` in `a` on http://a.example/");
        assert!(page.css("a").re("(").is_empty());
        assert_eq!(page.take_fault().expect("a fault").to_string(), "`(` is no regular expression: unclosed group");
        assert_eq!(page.css("a").attrs("href"), ["/item/12?a=1&b=2"]);
        assert_eq!(page.css("a").html().expect("an element"), r#"<a href="/item/12?a=1&amp;b=2">£5 &lt;</a>"#);
    }
}
