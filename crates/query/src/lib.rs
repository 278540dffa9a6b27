//! The languages in which a page is asked: CSS with `::text` and `::attr(name)`, XPath 1.0, JMESPath, regular expressions.
//!
//! They are parsed and checked here and nowhere else: by the engine when a page is read, and by the macros of
//! `dragline-macros` when a spider is compiled. So what compiles is what runs. How a tree answers is the engine's.

mod css;
mod jmespath;
mod pattern;
pub mod xpath;

pub use css::{Css, Part, Take};
pub use jmespath::{Found, JmesPath, SearchError};
pub use pattern::pattern;
pub use xpath::XPath;

/// A question to a tree: which nodes?
#[derive(Debug, Clone)]
pub enum Query {
    /// Selectors Level 4, as far as Servo has them, with `::text` and `::attr(name)`.
    Css(Css),
    /// XPath 1.0 with `re:*`, `set:*`, `has-class()`.
    XPath(XPath),
}

impl Query {
    /// A CSS query.
    ///
    /// # Errors
    /// If it is none: where, and what was expected.
    pub fn css(text: &str) -> Result<Self, QueryError> {
        Css::parse(text).map(Self::Css)
    }

    /// An XPath query.
    ///
    /// # Errors
    /// If it is none: where, and what was expected.
    pub fn xpath(text: &str) -> Result<Self, QueryError> {
        XPath::parse(text).map(Self::XPath)
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Css(css) => css.text(),
            Self::XPath(xpath) => xpath.text(),
        }
    }
}

/// A question that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{query}` is no {language}: {what}")]
pub struct QueryError {
    /// `CSS selector`, `XPath expression`, `JMESPath expression`, `regular expression`.
    pub language: &'static str,
    /// The whole text.
    pub query: String,
    /// What is wrong with it, and where.
    pub what: String,
}

impl QueryError {
    fn new(language: &'static str, query: &str, what: impl Into<String>) -> Self {
        Self { language, query: query.to_owned(), what: what.into() }
    }
}
