//! What a selector found. One and many, required and optional are different methods with different types.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use scraper::{ElementRef, Selector};
use url::Url;

use super::page::Page;
use crate::error::{Error, Result};

/// Compiled selectors that a thread keeps.
const KEPT_SELECTORS: usize = 1000;

/// The elements that a selector finds, looked for when they are asked for.
#[derive(Debug)]
pub struct Selection<'a> {
    page: &'a Page,
    scope: Option<ElementRef<'a>>,
    query: Box<str>,
    /// None if the selector does not parse; the page knows.
    selector: Option<Rc<Selector>>,
}

/// One element of a page.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    page: &'a Page,
    element: ElementRef<'a>,
}

impl<'a> Selection<'a> {
    pub(super) fn of_page(page: &'a Page, query: &str) -> Self {
        Self { page, scope: None, query: query.into(), selector: compile(page, query) }
    }

    fn of_element(page: &'a Page, scope: ElementRef<'a>, query: &str) -> Self {
        Self { page, scope: Some(scope), query: query.into(), selector: compile(page, query) }
    }

    /// All of them, in document order.
    pub fn iter(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let page = self.page;
        let elements: Vec<ElementRef<'a>> = match (&self.selector, self.scope) {
            (None, _) => Vec::new(),
            (Some(selector), None) => page.tree().select(selector).collect(),
            (Some(selector), Some(scope)) => scope.select(selector).collect(),
        };
        elements.into_iter().map(move |element| Node { page, element })
    }

    /// The first, if there is one.
    #[must_use]
    pub fn first_opt(&self) -> Option<Node<'a>> {
        let selector = self.selector.as_deref()?;
        let element = match self.scope {
            None => self.page.tree().select(selector).next(),
            Some(scope) => scope.select(selector).next(),
        };
        element.map(|element| Node { page: self.page, element })
    }

    /// The first.
    ///
    /// # Errors
    /// If there is none: ``nothing matches `h1` on URL``.
    pub fn first(&self) -> Result<Node<'a>> {
        self.first_opt().ok_or_else(|| Error::page(format!("nothing matches `{}` on {}", self.query, self.page.url())))
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

    /// An attribute of the first one.
    ///
    /// # Errors
    /// If there is no element, or it has no such attribute.
    pub fn attr(&self, name: &str) -> Result<&'a str> {
        self.first()?
            .attr(name)
            .ok_or_else(|| Error::page(format!("`{}` has no attribute `{name}` on {}", self.query, self.page.url())))
    }

    /// An attribute of the first one, if both are there.
    #[must_use]
    pub fn attr_opt(&self, name: &str) -> Option<&'a str> {
        self.first_opt()?.attr(name)
    }

    /// Where the first one links to, absolute; none if it does not, or not to a URL.
    #[must_use]
    pub fn link_opt(&self) -> Option<Url> {
        self.first_opt()?.link_opt()
    }

    /// Whether nothing is found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first_opt().is_none()
    }
}

impl<'a> Node<'a> {
    /// What a selector finds within this element.
    #[must_use]
    pub fn css(&self, selector: &str) -> Selection<'a> {
        Selection::of_element(self.page, self.element, selector)
    }

    /// The text of this element and all below it, white space collapsed as a browser shows it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut gap = false;
        for piece in self.element.text() {
            for (index, word) in piece.split_ascii_whitespace().enumerate() {
                let starts_apart = index > 0 || piece.starts_with(|c: char| c.is_ascii_whitespace());
                if (gap || starts_apart) && !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
                gap = false;
            }
            gap |= piece.ends_with(|c: char| c.is_ascii_whitespace());
        }
        out
    }

    /// An attribute's value.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&'a str> {
        self.element.value().attr(name)
    }

    /// The element's name, in lower case.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.element.value().name()
    }

    /// Its `href`, absolute; none if it has none, or one that is not a URL.
    #[must_use]
    pub fn link_opt(&self) -> Option<Url> {
        self.page.join(self.attr("href")?).ok()
    }
}

/// Compiles a selector once per thread; a spider uses the same few on every page.
fn compile(page: &Page, query: &str) -> Option<Rc<Selector>> {
    thread_local! {
        static SELECTORS: RefCell<HashMap<Box<str>, Rc<Selector>>> = RefCell::default();
    }
    SELECTORS.with_borrow_mut(|known| {
        if let Some(selector) = known.get(query) {
            return Some(selector.clone());
        }
        match Selector::parse(query) {
            Ok(selector) => {
                if known.len() >= KEPT_SELECTORS {
                    known.clear();
                }
                let selector = Rc::new(selector);
                known.insert(query.into(), selector.clone());
                Some(selector)
            }
            Err(error) => {
                page.set_fault(Error::page(format!("`{query}` is not a CSS selector: {error}")));
                None
            }
        }
    })
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
        assert_eq!(
            page().css("h1").iter().map(|node| node.text()).collect::<Vec<_>>(),
            ["The first of twos", "second"]
        );
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
        assert!(fault.to_string().starts_with("`h1[` is not a CSS selector"), "{fault}");
    }

    #[test]
    fn a_link_is_absolute() {
        assert_eq!(page().css("a").link_opt().map(String::from).as_deref(), Some("http://a.example/y"));
    }
}
