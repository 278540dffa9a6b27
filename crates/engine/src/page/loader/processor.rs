//! What is done to a field's values on their way in and out.

use std::fmt;
use std::sync::Arc;

use dragline_query::JmesPath;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::page::extract::json;

/// A function of a [`Processor`].
type Function = Arc<dyn Fn(Value) -> Result<Value> + Send + Sync>;

/// One thing that is done to a field's values: Scrapy's processors.
///
/// ```
/// use dragline::page::loader::Processor;
/// use serde_json::json;
///
/// let words = Processor::map([Processor::text(|word| word.trim().to_owned())]).then(Processor::join(", "));
/// assert_eq!(words.process(json!([" red ", "blue"]))?, json!("red, blue"));
/// # Ok::<(), dragline::Error>(())
/// ```
#[derive(Clone, Default)]
pub enum Processor {
    /// Values stay as they are.
    #[default]
    Identity,
    /// The first value that is neither null nor an empty text.
    TakeFirst,
    /// The texts as one, with this between them.
    Join(String),
    /// What a JMESPath expression finds in the value.
    SelectJmes(JmesPath),
    /// Each of the values through each of these in turn. What gives null drops its value; what gives a list, gives many.
    MapCompose(Vec<Processor>),
    /// All values together through each of these in turn.
    Compose {
        /// The steps.
        steps: Vec<Processor>,
        /// Whether null ends it at once, so that no step has to care.
        stop_on_none: bool,
    },
    /// A function of one's own.
    Function(Function),
}

impl Processor {
    /// The texts as one, with `separator` between them.
    #[must_use]
    pub fn join(separator: &str) -> Self {
        Self::Join(separator.to_owned())
    }

    /// What a JMESPath expression finds in the value.
    ///
    /// # Errors
    /// If it is none.
    pub fn jmes(expression: &str) -> Result<Self> {
        JmesPath::parse(expression).map(Self::SelectJmes).map_err(Error::page)
    }

    /// Each of the values through each of these in turn.
    #[must_use]
    pub fn map(steps: impl IntoIterator<Item = Self>) -> Self {
        Self::MapCompose(steps.into_iter().collect())
    }

    /// All values together through each of these in turn; null ends it.
    #[must_use]
    pub fn compose(steps: impl IntoIterator<Item = Self>) -> Self {
        Self::Compose { steps: steps.into_iter().collect(), stop_on_none: true }
    }

    /// A function of a value.
    #[must_use]
    pub fn function(function: impl Fn(Value) -> Result<Value> + Send + Sync + 'static) -> Self {
        Self::Function(Arc::new(function))
    }

    /// A function of a text; what is no text is an error.
    #[must_use]
    pub fn text(function: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::function(move |value| match value {
            Value::String(text) => Ok(Value::String(function(&text))),
            other => Err(Error::page(format!("`{}` is no text", brief(&other)))),
        })
    }

    /// This and then that.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match self {
            Self::Compose { mut steps, stop_on_none: true } => {
                steps.push(next);
                Self::compose(steps)
            }
            first => Self::compose([first, next]),
        }
    }

    /// What comes of a value.
    ///
    /// # Errors
    /// If it is not what the processor works on.
    pub fn process(&self, value: Value) -> Result<Value> {
        match self {
            Self::Identity => Ok(value),
            Self::TakeFirst => {
                let is_there = |value: &Value| !value.is_null() && value != "";
                Ok(many(value).into_iter().find(is_there).unwrap_or_default())
            }
            Self::Join(separator) => join(value, separator),
            Self::SelectJmes(path) => json::search(path, &value),
            Self::MapCompose(steps) => {
                let mut values = many(value);
                for step in steps {
                    let mut next = Vec::with_capacity(values.len());
                    for value in values {
                        next.extend(many(step.process(value)?));
                    }
                    values = next;
                }
                Ok(Value::Array(values))
            }
            Self::Compose { steps, stop_on_none } => {
                let mut value = value;
                for step in steps {
                    if *stop_on_none && value.is_null() {
                        break;
                    }
                    value = step.process(value)?;
                }
                Ok(value)
            }
            Self::Function(function) => function(value),
        }
    }
}

impl fmt::Debug for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("Identity"),
            Self::TakeFirst => f.write_str("TakeFirst"),
            Self::Join(separator) => f.debug_tuple("Join").field(separator).finish(),
            Self::SelectJmes(path) => f.debug_tuple("SelectJmes").field(&path.text()).finish(),
            Self::MapCompose(steps) => f.debug_tuple("MapCompose").field(steps).finish(),
            Self::Compose { steps, stop_on_none } => {
                f.debug_struct("Compose").field("steps", steps).field("stop_on_none", stop_on_none).finish()
            }
            Self::Function(_) => f.write_str("Function"),
        }
    }
}

fn join(value: Value, separator: &str) -> Result<Value> {
    let mut joined = String::new();
    for (index, value) in many(value).iter().enumerate() {
        let text = value.as_str().ok_or_else(|| Error::page(format!("`{}` is no text to join", brief(value))))?;
        if index > 0 {
            joined.push_str(separator);
        }
        joined.push_str(text);
    }
    Ok(Value::String(joined))
}

/// The values of a list; one value as a list of it; none for null.
pub(super) fn many(value: Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values,
        other => vec![other],
    }
}

/// A value as an error shows it.
pub(super) fn brief(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().nth(80).is_some() { text.chars().take(80).chain(['…']).collect() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_go_through_one_after_the_other() {
        let upper = || Processor::text(str::to_uppercase);
        let drop = Processor::function(|value| Ok(if value == "b" { Value::Null } else { value }));
        assert_eq!(Processor::map([drop, upper()]).process(json!(["a", "b", "c"])).ok(), Some(json!(["A", "C"])));
        assert_eq!(Processor::TakeFirst.process(json!([null, "", 0, "x"])).ok(), Some(json!(0)));
        assert_eq!(Processor::TakeFirst.then(upper()).process(json!(["", null])).ok(), Some(Value::Null));
        let strict = Processor::Compose { steps: vec![Processor::TakeFirst, upper()], stop_on_none: false };
        assert!(strict.process(json!([])).is_err());
        assert!(Processor::jmes("a[").is_err());
        assert_eq!(
            Processor::jmes("a.b").ok().and_then(|jmes| jmes.process(json!({"a": {"b": 1}})).ok()),
            Some(json!(1))
        );
    }
}
