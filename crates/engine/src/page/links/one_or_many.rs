//! A text or a list of texts, each checked, as settings may have them: `allow = "/a/"`, `allow = ["/a/", "/b/"]`.

use std::fmt;

use dragline_query::{Query, QueryError, pattern};
use regex::Regex;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Regular expressions.
pub(super) fn patterns<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Regex>, D::Error> {
    from.deserialize_any(Checked { what: "a regular expression", check: pattern })
}

/// CSS selectors.
pub(super) fn selectors<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let check = |text: &str| Query::css(text).map(|_| text.to_owned());
    from.deserialize_any(Checked { what: "a CSS selector", check })
}

/// XPath expressions.
pub(super) fn expressions<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let check = |text: &str| Query::xpath(text).map(|_| text.to_owned());
    from.deserialize_any(Checked { what: "an XPath expression", check })
}

/// Any texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    from.deserialize_any(Checked { what: "a text", check: |text: &str| Ok(text.to_owned()) })
}

struct Checked<F> {
    what: &'static str,
    check: F,
}

impl<'de, T, F: Fn(&str) -> Result<T, QueryError>> Visitor<'de> for Checked<F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a list of such", self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        Ok(vec![(self.check)(text).map_err(E::custom)?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Vec<T>, A::Error> {
        let mut found = Vec::new();
        while let Some(text) = texts.next_element::<String>()? {
            found.push((self.check)(&text).map_err(A::Error::custom)?);
        }
        Ok(found)
    }
}
