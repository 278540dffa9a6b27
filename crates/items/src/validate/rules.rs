//! `[pipelines.validate.fields.book] price = { min = 0, max = 1000 }`: rules for fields, as JSON Schema says them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value, json};

/// What the values of a field must be. A field that is missing or null is valid, unless it is required.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Every item has it, and not null.
    pub required: bool,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Type>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The fewest characters of a text, or members of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// The most characters of a text, or members of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// A regular expression that a text must match somewhere: `^…$` for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// A format of JSON Schema: `uri`, `email`, `date`, `date-time`, `uuid`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// All values that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

/// A type of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// A text.
    String,
    /// A number.
    Number,
    /// A number without a fraction.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A table.
    Object,
}

/// All types but null.
const ANY: [Type; 5] = [Type::String, Type::Number, Type::Boolean, Type::Array, Type::Object];

/// The JSON Schema of the rules for a kind.
pub(super) fn schema(rules: &BTreeMap<String, Rule>) -> Value {
    let properties: Map<String, Value> = rules.iter().map(|(field, rule)| (field.clone(), rule.schema())).collect();
    let required: Vec<&String> = rules.iter().filter(|(_, rule)| rule.required).map(|(field, _)| field).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

impl Rule {
    fn schema(&self) -> Value {
        let mut schema = Map::new();
        let mut say = |keyword: &str, value: Option<Value>| {
            schema.extend(value.map(|value| (keyword.to_owned(), value)));
        };
        let types = match (self.kind, self.required) {
            (Some(kind), true) => Some(json!(kind)),
            (Some(kind), false) => Some(json!([kind, "null"])),
            (None, true) => Some(json!(ANY)),
            (None, false) => None,
        };
        say("type", types);
        say("minimum", self.min.map(number));
        say("maximum", self.max.map(number));
        say("minLength", self.min_length.map(Value::from));
        say("maxLength", self.max_length.map(Value::from));
        say("minItems", self.min_length.map(Value::from));
        say("maxItems", self.max_length.map(Value::from));
        say("pattern", self.pattern.clone().map(Value::from));
        say("format", self.format.clone().map(Value::from));
        let values = self.values.clone().map(|mut values| {
            if !self.required {
                values.push(Value::Null);
            }
            Value::Array(values)
        });
        say("enum", values);
        Value::Object(schema)
    }
}

/// `0`, and not `0.0`, where it is whole: messages repeat it.
fn number(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 15 digits")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}
