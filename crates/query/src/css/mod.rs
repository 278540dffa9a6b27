//! CSS selectors whose last word may be a pseudo-element: `p::text` takes the text nodes right below, `a::attr(href)` the
//! attribute. Both are parsel's; no standard has them.

mod told;
mod words;

use scraper::Selector;

use self::words::{pieces, pseudo_element};
use crate::QueryError;

const LANGUAGE: &str = "CSS selector";

/// The longest list of selectors, in bytes.
const LONGEST: usize = 16 * 1024;

/// The deepest that brackets are nested.
const DEEPEST: usize = 200;

/// A list of selectors, each with what it takes from the elements that it finds.
#[derive(Debug, Clone)]
pub struct Css {
    text: Box<str>,
    parts: Vec<Part>,
    whole: Selector,
}

/// One selector of the list; those that take elements are one together.
#[derive(Debug, Clone)]
pub struct Part {
    /// Which elements.
    pub selector: Selector,
    /// What of them.
    pub take: Take,
}

/// What a selector takes from an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// The element.
    Element,
    /// `::text`: its own text nodes.
    Text,
    /// `::attr(name)`: an attribute, if it has it.
    Attribute(Box<str>),
}

impl Css {
    /// Parses a list of selectors.
    ///
    /// # Errors
    /// If one of them is none, or they are longer than 16 KiB or nested deeper than 200.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let error = |what: String| QueryError::new(LANGUAGE, &text[..text.floor_char_boundary(200)], what);
        if text.len() > LONGEST {
            return Err(error(format!("it is longer than {LONGEST} bytes")));
        }
        let pieces = pieces(text, DEEPEST).ok_or_else(|| error(format!("it is nested deeper than {DEEPEST}")))?;
        let (mut parts, mut plain, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for piece in pieces {
            let (elements, take) = pseudo_element(piece).map_err(error)?;
            all.push(elements.clone());
            match take {
                Take::Element => plain.push(elements),
                take => parts.push(Part { selector: compile(&elements).map_err(error)?, take }),
            }
        }
        if !plain.is_empty() {
            parts.insert(0, Part { selector: compile(&plain.join(",")).map_err(error)?, take: Take::Element });
        }
        let whole = match parts.as_slice() {
            [only] => only.selector.clone(),
            _ => compile(&all.join(",")).map_err(error)?,
        };
        Ok(Self { text: text.into(), parts, whole })
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its selectors; at least one.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The elements of which any part takes something.
    #[must_use]
    pub fn whole(&self) -> &Selector {
        &self.whole
    }
}

fn compile(selector: &str) -> Result<Selector, String> {
    Selector::parse(selector).map_err(|error| told::told(selector, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(text: &str) -> Vec<Take> {
        Css::parse(text).expect("a selector").parts.into_iter().map(|part| part.take).collect()
    }

    fn error(text: &str) -> String {
        Css::parse(text).expect_err("no selector").what
    }

    #[test]
    fn a_pseudo_element_says_what_is_taken() {
        assert_eq!(takes("h1, h2"), [Take::Element]);
        assert_eq!(takes("p::text"), [Take::Text]);
        assert_eq!(
            takes("a[title='x::text']::attr(href), b, i ::TEXT"),
            [Take::Element, Take::Attribute("href".into()), Take::Text]
        );
        assert_eq!(takes("::text"), [Take::Text]);
        assert_eq!(takes("*::attr( 'data-x' )"), [Take::Attribute("data-x".into())]);
    }

    #[test]
    fn what_is_none_is_said_with_what_there_is() {
        let error = Css::parse("h1::inner").expect_err("no such thing");
        let what = "`h1::inner` is no CSS selector: `::inner` is unknown; there are `::text` and `::attr(name)`";
        assert_eq!(error.to_string(), what);
        assert!(Css::parse("h1[").is_err() && Css::parse("").is_err() && Css::parse("a,,b").is_err());
    }

    #[test]
    fn each_mistake_has_its_own_words() {
        assert_eq!(error(""), "it is empty");
        assert_eq!(error("a,,b"), "a selector is missing before or after a comma, or in brackets");
        assert_eq!(error("ul >"), "it ends where an element should follow");
        assert_eq!(error("p:contains('x')"), "`:contains()` is not of CSS; say it in XPath: `//p[contains(., 'x')]`");
        let what = "`:first` is jQuery's; the first that is found is `.first()`, the first child `:first-child`";
        assert_eq!(error("li:first"), what);
        assert!(error("a:foo").starts_with("`:foo` is unknown; there are `:empty`, "), "{}", error("a:foo"));
        let what = "`::text` stands at the end of a selector, and not within brackets; say `a::text, b::text`";
        assert_eq!(error(":is(a::text, b)"), what);
        assert_eq!(error("p::text b"), "`::text` stands at the end of a selector, and ` b` follows it");
        assert_eq!(error("//div/a"), "`/` is not of CSS: is this an XPath expression?");
        assert_eq!(error("a[href^=/x]"), "the value of an attribute stands in quotes: `[href^=\"/x\"]`");
        assert_eq!(error("svg|a"), "no namespaces are known here: a name without a prefix is of any; say `*|a`");
        assert_eq!(error("h1["), "a bracket is not closed");
        assert_eq!(error("b #1"), "an id that begins with a digit is written `[id=\"1\"]`");
    }

    #[test]
    fn what_would_overflow_a_stack_is_refused() {
        let deep = |times| format!("{}a{}", ":not(".repeat(times), ")".repeat(times));
        assert!(Css::parse(&deep(30)).is_ok());
        assert!(Css::parse(&deep(150)).is_err());
        assert_eq!(error(&deep(2000)), "it is nested deeper than 200");
        assert_eq!(error(&"a ".repeat(10_000)), "it is longer than 16384 bytes");
        assert!(Css::parse(&"a ".repeat(8000)).is_ok());
    }
}
