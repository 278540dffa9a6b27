//! A question to the page with what is done to its answer.

use dragline_query::{QueryError, pattern};
use regex::Regex;
use serde_json::Value;

use super::processor::{Processor, many};
use crate::error::{Error, Result};
use crate::page::patterns::{extract, replaced};

/// Queries, a pattern that their answers must match, and what is done to them: `Ask::of("p::text").re(r"\d+").then(…)`.
///
/// A text is a query without more, and so is a list of texts, whose answers follow each other.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub(super) queries: Vec<String>,
    pub(super) variables: Vec<(String, String)>,
    pattern: Option<Result<Regex, QueryError>>,
    steps: Vec<Processor>,
}

impl Ask {
    /// A query.
    #[must_use]
    pub fn of(query: &str) -> Self {
        Self { queries: vec![query.to_owned()], ..Self::default() }
    }

    /// And another one: its answers follow.
    #[must_use]
    pub fn and(mut self, query: &str) -> Self {
        self.queries.push(query.to_owned());
        self
    }

    /// The value of a variable of XPath expressions: `$name`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Of each answer what this regular expression finds: its group `extract`, else its groups, else the whole match.
    #[must_use]
    pub fn re(mut self, expression: &str) -> Self {
        self.pattern = Some(pattern(expression));
        self
    }

    /// Then this is done to all answers together.
    #[must_use]
    pub fn then(mut self, step: Processor) -> Self {
        self.steps.push(step);
        self
    }

    /// What comes of the answers.
    pub(super) fn finish(&self, mut value: Value) -> Result<Value> {
        if let Some(pattern) = &self.pattern {
            let pattern = pattern.as_ref().map_err(Error::page)?;
            let texts = many(value).into_iter().filter_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            });
            value = texts.flat_map(|text| extract(pattern, &text)).map(replaced).map(Value::String).collect();
        }
        for step in &self.steps {
            if value.is_null() {
                break;
            }
            value = step.process(value)?;
        }
        Ok(value)
    }
}

impl From<&str> for Ask {
    fn from(query: &str) -> Self {
        Self::of(query)
    }
}

impl From<&[&str]> for Ask {
    fn from(queries: &[&str]) -> Self {
        Self { queries: queries.iter().map(|query| (*query).to_owned()).collect(), ..Self::default() }
    }
}

impl<const N: usize> From<[&str; N]> for Ask {
    fn from(queries: [&str; N]) -> Self {
        Self::from(&queries[..])
    }
}
