//! Values on their way through an expression: borrowed from the document, or made of such. All are cheap to clone.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Number, Value};

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Item<'v> {
    /// It stands in the document.
    Borrowed(&'v Value),
    /// A literal, or what a function has computed.
    Own(Arc<Value>),
    /// A list that was put together.
    List(Rc<Vec<Item<'v>>>),
    /// An object that was put together, no name twice.
    Object(Rc<Vec<(Cow<'v, str>, Item<'v>)>>),
}

impl<'v> Item<'v> {
    pub(super) fn null() -> Self {
        Self::Borrowed(&Value::Null)
    }

    pub(super) fn own(value: impl Into<Value>) -> Self {
        Self::Own(Arc::new(value.into()))
    }

    pub(super) fn list(members: Vec<Self>) -> Self {
        Self::List(Rc::new(members))
    }

    /// An object; a name that comes again replaces what it had.
    pub(super) fn object(entries: impl IntoIterator<Item = (Cow<'v, str>, Self)>) -> Self {
        let mut known: Vec<(Cow<'v, str>, Self)> = Vec::new();
        let mut places: HashMap<Cow<'v, str>, usize> = HashMap::new();
        for (name, item) in entries {
            match places.get(&name) {
                Some(at) => known[*at].1 = item,
                None => {
                    places.insert(name.clone(), known.len());
                    known.push((name, item));
                }
            }
        }
        Self::Object(Rc::new(known))
    }

    /// The value, if it is whole.
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Borrowed(value) => Some(value),
            Self::Own(value) => Some(value),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.value()?.as_str()
    }

    pub(super) fn number(&self) -> Option<&Number> {
        self.value()?.as_number()
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.value(), Some(Value::Null))
    }

    /// What JMESPath calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::List(_) => "array",
            Self::Object(_) => "object",
            Self::Borrowed(value) => kind(value),
            Self::Own(value) => kind(value),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::List(members) => !members.is_empty(),
            Self::Object(entries) => !entries.is_empty(),
            Self::Borrowed(value) => is_true(value),
            Self::Own(value) => is_true(value),
        }
    }

    /// The members, if it is a list.
    pub(super) fn members(&self) -> Option<Vec<Self>> {
        match self {
            Self::List(members) => Some(members.to_vec()),
            Self::Borrowed(Value::Array(members)) => Some(members.iter().map(Self::Borrowed).collect()),
            Self::Own(value) => Some(value.as_array()?.iter().map(|member| Self::own(member.clone())).collect()),
            _ => None,
        }
    }

    /// The names and values, if it is an object.
    pub(super) fn entries(&self) -> Option<Vec<(Cow<'v, str>, Self)>> {
        match self {
            Self::Object(entries) => Some(entries.to_vec()),
            Self::Borrowed(Value::Object(entries)) => {
                let entry = |(name, value): (&'v String, &'v Value)| (Cow::Borrowed(&**name), Self::Borrowed(value));
                Some(entries.iter().map(entry).collect())
            }
            Self::Own(value) => {
                let entry = |(name, value): (&String, &Value)| (Cow::Owned(name.clone()), Self::own(value.clone()));
                Some(value.as_object()?.iter().map(entry).collect())
            }
            _ => None,
        }
    }

    /// A member of an object, or null.
    pub(super) fn field(&self, name: &str) -> Self {
        let found = match self {
            Self::Borrowed(value) => value.get(name).map(Self::Borrowed),
            Self::Own(value) => value.get(name).map(|value| Self::own(value.clone())),
            Self::Object(entries) => entries.iter().find(|(known, _)| known == name).map(|(_, item)| item.clone()),
            Self::List(_) => None,
        };
        found.unwrap_or_else(Self::null)
    }

    /// A member of a list, counted from the end if negative, or null.
    pub(super) fn index(&self, index: i64) -> Self {
        let length = match self {
            Self::List(members) => members.len(),
            other => other.value().and_then(Value::as_array).map_or(0, Vec::len),
        };
        let at =
            usize::try_from(index).ok().or_else(|| length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?));
        let found = at.and_then(|at| match self {
            Self::List(members) => members.get(at).cloned(),
            Self::Borrowed(value) => value.get(at).map(Self::Borrowed),
            Self::Own(value) => value.get(at).map(|value| Self::own(value.clone())),
            Self::Object(_) => None,
        });
        found.unwrap_or_else(Self::null)
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(members) => !members.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// The order of two numbers; integers by each of their digits.
pub(super) fn order(a: &Number, b: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let float = |number: &Number| number.as_f64().unwrap_or_default();
            float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal)
        }
    }
}
