//! Which links: Scrapy's `LinkExtractor`, as a value.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use dragline_query::{Query, QueryError, pattern};
use regex::Regex;
use serde::Deserialize;
use url::Url;

use super::extensions::NO_PAGES;
use super::one_or_many;
use crate::error::{Error, Result};
use crate::message::urls::{has_any_extension, is_from_any_domain};

/// Regular expressions that a thread keeps compiled.
const KEPT: usize = 1000;

/// Which links of a page: its keys in a file are the names of its methods. Whatever is not said lets all through, but for
/// files that are no pages.
///
/// ```
/// use dragline::page::{Links, Page};
///
/// let page = Page::from_html("http://a.example/", r#"<a href="/book/1">One</a> <a href="/book/1#top">Top</a>
///     <nav><a href="/book/">Books</a></nav> <a href="/book/1.pdf">PDF</a>"#);
/// let books = Links::new().allow(r"/book/\d").deny("#");
/// let links = page.links_by(&books);
/// assert_eq!(links.iter().map(|link| link.text.as_str()).collect::<Vec<_>>(), ["One"]);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    #[serde(deserialize_with = "one_or_many::patterns")]
    allow: Vec<Regex>,
    #[serde(deserialize_with = "one_or_many::patterns")]
    deny: Vec<Regex>,
    #[serde(deserialize_with = "one_or_many::texts")]
    allow_domains: Vec<String>,
    #[serde(deserialize_with = "one_or_many::texts")]
    deny_domains: Vec<String>,
    #[serde(deserialize_with = "one_or_many::selectors")]
    restrict_css: Vec<String>,
    #[serde(deserialize_with = "one_or_many::expressions")]
    restrict_xpath: Vec<String>,
    #[serde(deserialize_with = "one_or_many::patterns")]
    restrict_text: Vec<Regex>,
    #[serde(deserialize_with = "one_or_many::texts")]
    tags: Vec<String>,
    #[serde(deserialize_with = "one_or_many::texts")]
    attrs: Vec<String>,
    #[serde(deserialize_with = "one_or_many::texts")]
    deny_tags: Vec<String>,
    #[serde(deserialize_with = "one_or_many::texts")]
    deny_attrs: Vec<String>,
    #[serde(deserialize_with = "one_or_many::texts")]
    deny_extensions: Vec<String>,
    canonicalise: bool,
    unique: bool,
    strip: bool,
    obey_nofollow: bool,
    #[serde(skip)]
    map: Option<Map>,
    /// What was said first of all that is none.
    #[serde(skip)]
    fault: Option<QueryError>,
}

/// A URL to another one.
#[derive(Clone)]
struct Map(Arc<Rewrite>);

type Rewrite = dyn Fn(&str) -> Option<String> + Send + Sync;

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Map")
    }
}

impl Default for Links {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            allow_domains: Vec::new(),
            deny_domains: Vec::new(),
            restrict_css: Vec::new(),
            restrict_xpath: Vec::new(),
            restrict_text: Vec::new(),
            tags: texts(&["a", "area"]),
            attrs: texts(&["href"]),
            deny_tags: Vec::new(),
            deny_attrs: Vec::new(),
            deny_extensions: texts(NO_PAGES),
            canonicalise: false,
            unique: true,
            strip: true,
            obey_nofollow: false,
            map: None,
            fault: None,
        }
    }
}

/// What is said once more is said as well, but for those that say `instead`.
impl Links {
    /// All links to pages, each once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only absolute URLs in which this regular expression is found.
    #[must_use]
    pub fn allow(mut self, pattern: &str) -> Self {
        self.allow.extend(checked(&mut self.fault, known_pattern(pattern)));
        self
    }

    /// No absolute URLs in which this regular expression is found, whatever else is allowed.
    #[must_use]
    pub fn deny(mut self, pattern: &str) -> Self {
        self.deny.extend(checked(&mut self.fault, known_pattern(pattern)));
        self
    }

    /// Only this domain and what lies below it.
    #[must_use]
    pub fn allow_domains(mut self, domain: &str) -> Self {
        self.allow_domains.push(domain.to_owned());
        self
    }

    /// Neither this domain nor what lies below it.
    #[must_use]
    pub fn deny_domains(mut self, domain: &str) -> Self {
        self.deny_domains.push(domain.to_owned());
        self
    }

    /// Only within the elements that this CSS selector finds.
    #[must_use]
    pub fn restrict_css(mut self, selector: &str) -> Self {
        self.restrict_css.extend(checked(&mut self.fault, Query::css(selector)).map(|_| selector.to_owned()));
        self
    }

    /// Only within the elements that this XPath expression finds.
    #[must_use]
    pub fn restrict_xpath(mut self, expression: &str) -> Self {
        self.restrict_xpath.extend(checked(&mut self.fault, Query::xpath(expression)).map(|_| expression.to_owned()));
        self
    }

    /// Only links in whose text this regular expression is found.
    #[must_use]
    pub fn restrict_text(mut self, pattern: &str) -> Self {
        self.restrict_text.extend(checked(&mut self.fault, known_pattern(pattern)));
        self
    }

    /// Elements of these names, instead of `a` and `area`; `*` is any.
    #[must_use]
    pub fn tags(mut self, names: &[&str]) -> Self {
        self.tags = names.iter().map(|name| name.to_string()).collect();
        self
    }

    /// Attributes of these names, instead of `href`; `*` is any.
    #[must_use]
    pub fn attrs(mut self, names: &[&str]) -> Self {
        self.attrs = names.iter().map(|name| name.to_string()).collect();
        self
    }

    /// No elements of this name.
    #[must_use]
    pub fn deny_tags(mut self, name: &str) -> Self {
        self.deny_tags.push(name.to_owned());
        self
    }

    /// No attributes of this name.
    #[must_use]
    pub fn deny_attrs(mut self, name: &str) -> Self {
        self.deny_attrs.push(name.to_owned());
        self
    }

    /// No paths that end in these, instead of Scrapy's 91 (archives, images, sound, films, documents, programs).
    #[must_use]
    pub fn deny_extensions(mut self, extensions: &[&str]) -> Self {
        self.deny_extensions = extensions.iter().map(|extension| extension.to_string()).collect();
        self
    }

    /// Whether URLs are written one way, as by [`canonicalise`](crate::message::urls::canonicalise); they are not.
    /// Patterns are held against what the page says.
    #[must_use]
    pub fn canonicalise(mut self, yes: bool) -> Self {
        self.canonicalise = yes;
        self
    }

    /// Whether of several links to one URL only the first is taken; it is.
    #[must_use]
    pub fn unique(mut self, yes: bool) -> Self {
        self.unique = yes;
        self
    }

    /// Whether white space around an attribute's value goes before all else; it does.
    #[must_use]
    pub fn strip(mut self, yes: bool) -> Self {
        self.strip = yes;
        self
    }

    /// Whether links are left out that say `rel="nofollow"`, and all of a page whose `<meta name="robots">` says so;
    /// they are not.
    #[must_use]
    pub fn obey_nofollow(mut self, yes: bool) -> Self {
        self.obey_nofollow = yes;
        self
    }

    /// Makes another URL of each, or none: `javascript:open('/a')` may be a link in truth. It gets the absolute URL and
    /// may give a relative one.
    #[must_use]
    pub fn map(mut self, map: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.map = Some(Map(Arc::new(map)));
        self
    }

    /// Whether all its patterns and selectors are some; [`Page::links_by`](super::super::Page::links_by) asks first.
    ///
    /// # Errors
    /// The first that is none.
    pub fn check(&self) -> Result<()> {
        self.fault.clone().map_or(Ok(()), |fault| Err(Error::page(fault)))
    }

    /// Whether a URL is from an allowed domain and fits the patterns. Extensions and texts are not looked at.
    #[must_use]
    pub fn matches(&self, url: &Url) -> bool {
        let found = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(url.as_str()));
        self.fault.is_none()
            && (self.allow.is_empty() || found(&self.allow))
            && !found(&self.deny)
            && (self.allow_domains.is_empty() || is_from_any_domain(url, &self.allow_domains))
            && !is_from_any_domain(url, &self.deny_domains)
    }
}

/// What the picking of links asks.
impl Links {
    /// Whether it is about `<a href>` and `<area href>` of the whole page.
    pub(super) fn is_plain(&self) -> bool {
        let usual = self.tags == ["a", "area"] && self.attrs == ["href"];
        usual
            && [&self.deny_tags, &self.deny_attrs, &self.restrict_css, &self.restrict_xpath]
                .iter()
                .all(|x| x.is_empty())
    }

    pub(super) fn obeys_nofollow(&self) -> bool {
        self.obey_nofollow
    }

    pub(super) fn is_unique(&self) -> bool {
        self.unique
    }

    pub(super) fn is_canonical(&self) -> bool {
        self.canonicalise
    }

    pub(super) fn strips(&self) -> bool {
        self.strip
    }

    /// Where links are looked for, XPath first; nowhere means everywhere.
    pub(super) fn regions(&self) -> (&[String], &[String]) {
        (&self.restrict_xpath, &self.restrict_css)
    }

    pub(super) fn takes_tag(&self, name: &str) -> bool {
        takes(name, &self.tags, &self.deny_tags)
    }

    pub(super) fn takes_attr(&self, name: &str) -> bool {
        takes(name, &self.attrs, &self.deny_attrs)
    }

    pub(super) fn takes_text(&self, text: &str) -> bool {
        self.restrict_text.is_empty() || self.restrict_text.iter().any(|pattern| pattern.is_match(text))
    }

    pub(super) fn takes_url(&self, url: &Url) -> bool {
        let has_extension = url.path().rsplit('/').next().is_some_and(|name| name.contains('.'));
        matches!(url.scheme(), "http" | "https" | "file" | "ftp")
            && self.matches(url)
            && !(has_extension && has_any_extension(url, &self.deny_extensions))
    }

    /// What `map` makes of a URL: itself if there is none.
    pub(super) fn mapped(&self, url: &str) -> Option<Option<String>> {
        self.map.as_ref().map(|map| (map.0)(url))
    }
}

fn takes(name: &str, allowed: &[String], denied: &[String]) -> bool {
    let is_in = |names: &[String]| names.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(name));
    is_in(allowed) && !is_in(denied)
}

fn checked<T>(fault: &mut Option<QueryError>, parsed: Result<T, QueryError>) -> Option<T> {
    parsed.map_err(|error| fault.get_or_insert(error)).ok()
}

/// A regular expression, compiled once per thread: a filter may be built anew for every page.
fn known_pattern(text: &str) -> Result<Regex, QueryError> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Regex>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(regex) = known.get(text) {
            return Ok(regex.clone());
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let regex = pattern(text)?;
        known.insert(text.into(), regex.clone());
        Ok(regex)
    })
}
