//! What an XPath expression is told: variables, and what prefixes stand for.

use super::node::Node;
use super::selection::Selection;

/// What goes with one query.
#[derive(Debug, Clone, Default)]
pub(super) struct Given<'a> {
    pub(super) variables: Vec<(Box<str>, Variable<'a>)>,
    pub(super) namespaces: Vec<(Box<str>, Box<str>)>,
    pub(super) any_namespace: bool,
}

/// The value of a variable of an XPath expression: see [`Selection::with`].
#[derive(Debug, Clone)]
pub enum Variable<'a> {
    /// A text; it needs no quoting, whatever is in it.
    Text(String),
    /// A number.
    Number(f64),
    /// A truth value.
    Truth(bool),
    /// Nodes of the same page.
    Nodes(Vec<Node<'a>>),
}

impl From<&str> for Variable<'_> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Variable<'_> {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Variable<'_> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<f64> for Variable<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Variable<'_> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Variable<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Variable<'_> {
    #[expect(clippy::cast_precision_loss, reason = "XPath has no other numbers")]
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<bool> for Variable<'_> {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl<'a> From<Node<'a>> for Variable<'a> {
    fn from(node: Node<'a>) -> Self {
        Self::Nodes(vec![node])
    }
}

impl<'a> From<&Selection<'a>> for Variable<'a> {
    fn from(selection: &Selection<'a>) -> Self {
        Self::Nodes(selection.iter().collect())
    }
}

impl<'a> From<Selection<'a>> for Variable<'a> {
    fn from(selection: Selection<'a>) -> Self {
        Self::from(&selection)
    }
}
