//! What the values of a type may be once they are serialised, as JSON Schema (draft 2020-12).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;

#[doc(hidden)]
pub use serde::Serialize;
#[doc(hidden)]
pub use serde_json::Value;
use serde_json::{Map, Number, json};
use url::Url;

use super::{Field, item};

/// A type whose serialised values have a known shape: numbers, texts, URLs, lists and maps of them, and whatever derives
/// [`Item`](derive@crate::message::Item).
///
/// ```
/// use dragline::message::Shape;
/// use serde_json::json;
///
/// assert_eq!(<Vec<bool>>::schema(), json!({"type": "array", "items": {"type": "boolean"}}));
/// assert_eq!(<Option<String>>::schema(), json!({"type": ["string", "null"]}));
/// ```
#[diagnostic::on_unimplemented(
    message = "the values of `{Self}` have no known shape",
    label = "which values may a `{Self}` have?",
    note = "derive it: `#[derive(Item)]` on `{Self}`, if it is a struct or an enum of yours",
    note = "or say it at the field: `#[item(any)]`, or `#[item(schema = r#\"{{\"type\": \"string\"}}\"#)]`"
)]
pub trait Shape {
    /// Whether a field of this type always has a value: false for [`Option`] and for any JSON.
    const REQUIRED: bool = true;

    /// The schema of its values.
    fn schema() -> Value;
}

/// The schema that a text is.
#[doc(hidden)]
#[must_use]
pub fn given(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap_or_default()
}

/// The schema of a struct; within itself a struct is any JSON, for this has no names to refer to.
#[doc(hidden)]
#[must_use]
pub fn of_fields(name: &'static str, fields: &[Field]) -> Value {
    thread_local! {
        static OPEN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    }
    if OPEN.with_borrow(|open| open.contains(&name)) {
        return json!({});
    }
    OPEN.with_borrow_mut(|open| open.push(name));
    let schema = Value::Object(item::schema(fields));
    OPEN.with_borrow_mut(|open| open.pop());
    schema
}

/// A schema with more keywords, which are a JSON object. Those that a list or a map cannot have are for what is in it.
#[doc(hidden)]
#[must_use]
pub fn refine(mut schema: Value, keywords: &str) -> Value {
    let keywords: Map<String, Value> = serde_json::from_str(keywords).unwrap_or_default();
    for (keyword, value) in keywords {
        put(&mut schema, &keyword, &value);
    }
    schema
}

fn put(schema: &mut Value, keyword: &str, value: &Value) {
    let is = |kind: &str| match &schema["type"] {
        Value::String(only) => only == kind,
        Value::Array(kinds) => kinds.iter().any(|known| known == kind),
        _ => false,
    };
    match keyword {
        // `{"min": 1, "max": 3}`
        "length" if is("array") => bound(schema, "minItems", "maxItems", value),
        "length" if is("object") => bound(schema, "minProperties", "maxProperties", value),
        "length" => bound(schema, "minLength", "maxLength", value),
        "description" | "uniqueItems" => set(schema, keyword, value),
        _ if is("array") && schema["items"].is_object() => put(&mut schema["items"], keyword, value),
        _ if is("object") && schema["additionalProperties"].is_object() => {
            put(&mut schema["additionalProperties"], keyword, value);
        }
        _ => set(schema, keyword, value),
    }
}

fn bound(schema: &mut Value, least: &str, most: &str, value: &Value) {
    for (keyword, side) in [(least, "min"), (most, "max")] {
        if let Some(length) = value.get(side) {
            set(schema, keyword, length);
        }
    }
}

fn set(schema: &mut Value, keyword: &str, value: &Value) {
    if let Value::Object(keywords) = schema {
        keywords.insert(keyword.to_owned(), value.clone());
    }
}

/// What may be null besides.
fn nullable(mut schema: Value) -> Value {
    if schema.as_object().is_some_and(Map::is_empty) {
        return schema;
    }
    // an enumeration would have to list null too
    if let (Value::String(kind), None) = (&schema["type"], schema.get("enum")) {
        schema["type"] = json!([kind, "null"]);
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn set_of(items: Value) -> Value {
    json!({"type": "array", "items": items, "uniqueItems": true})
}

fn map(values: Value) -> Value {
    json!({"type": "object", "additionalProperties": values})
}

macro_rules! shapes {
    ($($($kind:ty),+ => $schema:tt;)+) => { $($(
        impl Shape for $kind {
            fn schema() -> Value {
                json!($schema)
            }
        }
    )+)+ };
}

shapes! {
    bool => {"type": "boolean"};
    u64, u128, usize => {"type": "integer", "minimum": 0};
    i64, i128, isize => {"type": "integer"};
    f32, f64, Number => {"type": "number"};
    str, String => {"type": "string"};
    char => {"type": "string", "minLength": 1, "maxLength": 1};
    Url => {"type": "string", "format": "uri"};
    IpAddr => {"type": "string"};
    Ipv4Addr => {"type": "string", "format": "ipv4"};
    Ipv6Addr => {"type": "string", "format": "ipv6"};
    Map<String, Value> => {"type": "object"};
}

macro_rules! whole_numbers {
    ($($kind:ty)+) => { $(
        impl Shape for $kind {
            fn schema() -> Value {
                json!({"type": "integer", "minimum": <$kind>::MIN, "maximum": <$kind>::MAX})
            }
        }
    )+ };
}

whole_numbers! { u8 u16 u32 i8 i16 i32 }

impl Shape for Value {
    const REQUIRED: bool = false;

    fn schema() -> Value {
        json!({})
    }
}

impl<T: Shape> Shape for Option<T> {
    const REQUIRED: bool = false;

    fn schema() -> Value {
        nullable(T::schema())
    }
}

macro_rules! as_within {
    ($($kind:ty)+) => { $(
        impl<T: Shape + ?Sized> Shape for $kind {
            const REQUIRED: bool = T::REQUIRED;

            fn schema() -> Value {
                T::schema()
            }
        }
    )+ };
}

as_within! { &T Box<T> Rc<T> Arc<T> }

impl<T: Shape + ToOwned + ?Sized> Shape for Cow<'_, T> {
    const REQUIRED: bool = T::REQUIRED;

    fn schema() -> Value {
        T::schema()
    }
}

macro_rules! containers {
    ($($schema:ident: $($kind:ty),+;)+) => { $($(
        impl<T: Shape> Shape for $kind {
            fn schema() -> Value {
                $schema(T::schema())
            }
        }
    )+)+ };
}

containers! {
    list: Vec<T>, VecDeque<T>, [T];
    set_of: BTreeSet<T>;
}

impl<T: Shape, S> Shape for HashSet<T, S> {
    fn schema() -> Value {
        set_of(T::schema())
    }
}

impl<K, T: Shape> Shape for BTreeMap<K, T> {
    fn schema() -> Value {
        map(T::schema())
    }
}

impl<K, T: Shape, S> Shape for HashMap<K, T, S> {
    fn schema() -> Value {
        map(T::schema())
    }
}

impl<T: Shape, const N: usize> Shape for [T; N] {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema(), "minItems": N, "maxItems": N})
    }
}

macro_rules! tuples {
    ($($count:literal: $($part:ident)+;)+) => { $(
        impl<$($part: Shape),+> Shape for ($($part,)+) {
            fn schema() -> Value {
                json!({"type": "array", "prefixItems": [$($part::schema()),+], "minItems": $count, "maxItems": $count})
            }
        }
    )+ };
}

tuples! {
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_have_the_shapes_of_their_json() {
        assert_eq!(u8::schema(), json!({"type": "integer", "minimum": 0, "maximum": 255}));
        assert_eq!(
            <HashMap<String, Option<Box<str>>>>::schema(),
            json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}})
        );
        assert_eq!(<[f64; 2]>::schema()["maxItems"], 2);
        assert_eq!(<Option<Value>>::schema(), json!({}));
        assert_eq!(<(char, bool)>::schema()["prefixItems"][1], json!({"type": "boolean"}));
    }

    #[test]
    fn what_a_list_cannot_have_is_for_its_members() {
        let schema =
            refine(<Option<Vec<u8>>>::schema(), r#"{"maximum": 5, "length": {"min": 1}, "uniqueItems": true}"#);
        let items = json!({"type": "integer", "minimum": 0, "maximum": 5});
        assert_eq!(schema, json!({"type": ["array", "null"], "items": items, "minItems": 1, "uniqueItems": true}));
        let schema = refine(String::schema(), r#"{"length": {"max": 3}, "description": "Short."}"#);
        assert_eq!(schema, json!({"type": "string", "maxLength": 3, "description": "Short."}));
    }
}
