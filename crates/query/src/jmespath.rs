//! JMESPath expressions.

use std::sync::Arc;

use jmespath::Expression;

use crate::QueryError;

/// An expression, compiled.
#[derive(Debug, Clone)]
pub struct JmesPath {
    expression: Arc<Expression<'static>>,
}

impl JmesPath {
    /// Compiles an expression.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let expression = jmespath::compile(text)
            .map_err(|error| QueryError::new("JMESPath expression", text, error.reason.to_string()))?;
        Ok(Self { expression: Arc::new(expression) })
    }

    /// The text that it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        self.expression.as_str()
    }

    /// What it says.
    #[must_use]
    pub fn expression(&self) -> &Expression<'static> {
        &self.expression
    }
}
