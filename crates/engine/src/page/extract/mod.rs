//! Typed values from a page: `page.extract::<Book>()?`.
//!
//! [`Extract`] is what can be read from a node: texts, numbers, URLs, and structs that
//! [derive](derive@crate::page::Extract) it. Everything that a derive needs at run time is in `run`.

mod date;
pub(super) mod json;
mod number;
#[doc(hidden)]
pub mod run;
#[cfg(test)]
mod tests;
mod values;

use serde_json::Value;

use super::{Node, Page, Selection};
use crate::error::Result;

/// What can be read from a page: from a node, from a text, from JSON.
///
/// Structs derive it; see [`derive(Extract)`](derive@crate::page::Extract). It is there for texts, numbers, `bool`, `char`,
/// URLs (a node's `href` or `src`, or what it says, absolute) and [JSON](Value).
///
/// Written by hand, it gives a type of one's own a form on a page:
/// ```
/// use dragline::prelude::*;
///
/// #[derive(Debug, PartialEq)]
/// struct Stars(u8);
///
/// impl Extract for Stars {
///     fn extract(from: &Node<'_>) -> Result<Self> {
///         let stars = from.text().chars().filter(|c| *c == '★').count();
///         Ok(Self(u8::try_from(stars).map_err(Error::page)?))
///     }
/// }
///
/// let page = Page::from_html("http://a.example/", "<p>★★★☆☆</p>");
/// assert_eq!(page.css("p").extract::<Stars>()?, Stars(3));
/// # Ok::<(), Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a page",
    label = "what is a `{Self}` on a page?",
    note = "derive it: `#[derive(Extract)]` on `{Self}`, if it is a struct of yours whose fields are found on the page",
    note = "or say how at the field: `parse` if it implements `FromStr`, `parse = function` of a `&str`, `with = function` of a `&Node`"
)]
pub trait Extract: Sized {
    /// Reads it from a node and what is below.
    ///
    /// # Errors
    /// If it is not there: what is missing or does not read, and on which page.
    fn extract(from: &Node<'_>) -> Result<Self>;

    /// Reads it from a text of the page: what a regular expression found, or a processor made.
    ///
    /// # Errors
    /// If the text does not read as one.
    fn extract_text(text: &str, page: &Page) -> Result<Self> {
        Self::extract(&Node::computed(page, text))
    }

    /// Reads it from JSON of the page: what a JMESPath expression found.
    ///
    /// # Errors
    /// If the value does not read as one.
    fn extract_json(value: &Value, page: &Page) -> Result<Self> {
        match value {
            Value::String(text) => Self::extract_text(text, page),
            other => Self::extract_text(&other.to_string(), page),
        }
    }

    /// What a derive writes: a page of JSON alone needs no tree.
    #[doc(hidden)]
    fn extract_within(scope: &run::Scope<'_, '_>) -> Result<Self> {
        Self::extract(&scope.node())
    }
}

impl Page {
    /// Reads a value from the whole page: a struct that [derives](derive@crate::page::Extract) [`Extract`].
    ///
    /// # Errors
    /// If a part of it is missing or does not read: ``field `title` of `Book`: nothing matches `h1` on URL``.
    pub fn extract<T: Extract>(&self) -> Result<T> {
        T::extract_within(&run::Scope::of_page(self))
    }
}

impl Node<'_> {
    /// Reads a value from this node and what is below.
    ///
    /// # Errors
    /// If a part of it is missing or does not read.
    pub fn extract<T: Extract>(&self) -> Result<T> {
        T::extract(self)
    }
}

impl Selection<'_> {
    /// Reads a value from the first one.
    ///
    /// # Errors
    /// If there is none, or a part of it is missing or does not read.
    pub fn extract<T: Extract>(&self) -> Result<T> {
        T::extract(&self.first()?)
    }

    /// Reads a value from the first one, if there is one.
    ///
    /// # Errors
    /// If a part of it is missing or does not read.
    pub fn extract_opt<T: Extract>(&self) -> Result<Option<T>> {
        self.first_opt().map(|node| T::extract(&node)).transpose()
    }

    /// Reads a value from each of them: the rows of a table, the cards of a list.
    ///
    /// # Errors
    /// If a part of one is missing or does not read.
    pub fn extract_all<T: Extract>(&self) -> Result<Vec<T>> {
        self.iter().map(|node| T::extract(&node)).collect()
    }
}
