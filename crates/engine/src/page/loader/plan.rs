//! What a loader knows of its fields, and how it is told.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Loader;
use super::processor::{Processor, many};

/// What is known of the fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) input: HashMap<String, Processor>,
    pub(super) output: HashMap<String, Processor>,
    pub(super) default_input: Processor,
    pub(super) default_output: Processor,
    /// The fields that there may be; any if none is given.
    pub(super) known: Vec<String>,
    pub(super) defaults: Map<String, Value>,
}

impl Loader<'_> {
    /// The fields that there may be.
    #[must_use]
    pub fn fields<'f>(mut self, names: impl IntoIterator<Item = &'f str>) -> Self {
        self.plan.known = names.into_iter().map(str::to_owned).collect();
        self
    }

    /// What is done to values when they are added to this field.
    #[must_use]
    pub fn input(mut self, field: &str, processor: Processor) -> Self {
        self.plan.input.insert(field.to_owned(), processor);
        self
    }

    /// What is done to all values of this field when the item is loaded.
    #[must_use]
    pub fn output(mut self, field: &str, processor: Processor) -> Self {
        self.plan.output.insert(field.to_owned(), processor);
        self
    }

    /// The input processor of fields that have no other.
    #[must_use]
    pub fn default_input(mut self, processor: Processor) -> Self {
        self.plan.default_input = processor;
        self
    }

    /// The output processor of fields that have no other.
    #[must_use]
    pub fn default_output(mut self, processor: Processor) -> Self {
        self.plan.default_output = processor;
        self
    }

    /// The value of a field that nothing is collected for, as it is.
    #[must_use]
    pub fn default_value(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.plan.defaults.insert(field.to_owned(), value.into());
        self
    }

    /// Begins with the values of an item; they do not go through the input processors.
    #[must_use]
    pub fn with(self, item: Map<String, Value>) -> Self {
        for (field, value) in item {
            self.collect(&field, many(value));
        }
        self
    }
}
