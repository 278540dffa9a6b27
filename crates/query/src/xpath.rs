//! XPath 1.0 expressions, parsed and checked before a page is there.

use xpath_eval::Expr;

use crate::QueryError;

const LANGUAGE: &str = "XPath expression";

/// An expression.
#[derive(Debug, Clone)]
pub struct XPath {
    text: Box<str>,
    expression: Expr,
}

impl XPath {
    /// Parses an expression.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let expression =
            xpath_eval::parse(text).map_err(|error| QueryError::new(LANGUAGE, text, error.message.clone()))?;
        Ok(Self { text: text.into(), expression })
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn expression(&self) -> &Expr {
        &self.expression
    }
}
