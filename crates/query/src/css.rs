//! CSS selectors whose last word may be a pseudo-element: `p::text` takes the text nodes right below, `a::attr(href)` the
//! attribute. Both are parsel's; no standard has them.

use scraper::Selector;

use crate::QueryError;

const LANGUAGE: &str = "CSS selector";

/// A list of selectors, each with what it takes from the elements that it finds.
#[derive(Debug, Clone)]
pub struct Css {
    text: Box<str>,
    parts: Vec<Part>,
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
    /// If one of them is none.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let error = |what: String| QueryError::new(LANGUAGE, text, what);
        let mut parts: Vec<Part> = Vec::new();
        let mut plain = Vec::new();
        for selector in split(text) {
            let (elements, take) = pseudo(selector).map_err(error)?;
            let elements = elements.trim();
            if take == Take::Element {
                plain.push(elements);
                continue;
            }
            // `::text` alone, or after a combinator, is that of any element
            let missing =
                elements.is_empty() || elements.ends_with(['>', '+', '~']) || selector_ends_in_space(selector);
            let whole = if missing { format!("{elements} *") } else { elements.to_owned() };
            parts.push(Part { selector: compile(text, whole.trim())?, take });
        }
        if !plain.is_empty() || parts.is_empty() {
            parts.insert(0, Part { selector: compile(text, &plain.join(", "))?, take: Take::Element });
        }
        Ok(Self { text: text.into(), parts })
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
}

fn compile(whole: &str, selector: &str) -> Result<Selector, QueryError> {
    Selector::parse(selector).map_err(|error| QueryError::new(LANGUAGE, whole, error.to_string()))
}

/// `p ::text` is the text of what is below a `p`, `p::text` that of the `p`.
fn selector_ends_in_space(selector: &str) -> bool {
    let at = selector.rfind("::").unwrap_or(selector.len());
    selector[..at].ends_with(|c: char| c.is_ascii_whitespace()) && !selector[..at].trim().is_empty()
}

/// The pseudo-element at a selector's end, if it has one.
fn pseudo(selector: &str) -> Result<(&str, Take), String> {
    let Some(at) = last_outside(selector, "::") else { return Ok((selector, Take::Element)) };
    let (elements, name) = (&selector[..at], selector[at + 2..].trim_end());
    if name.eq_ignore_ascii_case("text") {
        return Ok((elements, Take::Text));
    }
    let attribute = name
        .split_at_checked(5)
        .filter(|(function, _)| function.eq_ignore_ascii_case("attr("))
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .map(|name| name.trim().trim_matches(['"', '\'']));
    match attribute {
        Some(name) if !name.is_empty() => Ok((elements, Take::Attribute(name.into()))),
        _ => Err(format!("`::{name}` is unknown; there are `::text` and `::attr(name)`")),
    }
}

/// The selectors of a list: its commas that are in no bracket and no string.
fn split(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut begin = 0;
    outside(text, |at, rest| {
        if rest.starts_with(',') {
            found.push(&text[begin..at]);
            begin = at + 1;
        }
    });
    found.push(&text[begin..]);
    found
}

fn last_outside(text: &str, what: &str) -> Option<usize> {
    let mut last = None;
    outside(text, |at, rest| {
        if rest.starts_with(what) {
            last = Some(at);
        }
    });
    last
}

/// Every place that is in no bracket and no string, with what follows there.
fn outside<'t>(text: &'t str, mut see: impl FnMut(usize, &'t str)) {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (c, quote) {
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('(' | '[', None) => depth += 1,
            (')' | ']', None) => depth = depth.saturating_sub(1),
            _ if depth == 0 => see(at, &text[at..]),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(text: &str) -> Vec<Take> {
        Css::parse(text).expect("a selector").parts.into_iter().map(|part| part.take).collect()
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
    }

    #[test]
    fn what_is_none_is_said_with_what_there_is() {
        let error = Css::parse("h1::inner").expect_err("no such thing");
        let what = "`h1::inner` is no CSS selector: `::inner` is unknown; there are `::text` and `::attr(name)`";
        assert_eq!(error.to_string(), what);
        assert!(Css::parse("h1[").is_err() && Css::parse("").is_err() && Css::parse("a,,b").is_err());
    }
}
