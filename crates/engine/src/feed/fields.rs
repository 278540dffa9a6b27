//! The fields of a record, read from its JSON one after the other without building a map.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::format::Unfit;

/// Calls `each` with every field's name and value, the value as its JSON text.
///
/// # Errors
/// If the JSON is not an object.
pub fn each_field<'a>(json: &'a [u8], each: impl FnMut(Cow<'a, str>, &'a str)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Fields(each).deserialize(&mut deserializer)
}

/// The text of a value: a string without its quotes, anything else as it is written. None for null.
///
/// # Errors
/// If a string holds half a surrogate pair.
pub fn text(raw: &str) -> serde_json::Result<Option<Cow<'_, str>>> {
    match raw.as_bytes() {
        [b'"', inner @ .., b'"'] if memchr::memchr(b'\\', inner).is_none() => {
            Ok(raw.get(1..raw.len() - 1).map(Cow::Borrowed))
        }
        [b'"', ..] => serde_json::from_str(raw).map(|text: String| Some(Cow::Owned(text))),
        b"null" => Ok(None),
        _ => Ok(Some(Cow::Borrowed(raw))),
    }
}

struct Fields<F>(F);

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> DeserializeSeed<'de> for Fields<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an item")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            (self.0)(key, map.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

/// A name, borrowed where it holds no escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Which fields a feed takes, in which order and under which names.
#[derive(Debug, Clone, Default)]
pub(super) struct Choice {
    pub(super) fields: Option<Vec<String>>,
    pub(super) names: BTreeMap<String, String>,
}

impl Choice {
    /// Whether records are taken as they are.
    pub(super) fn takes_all(&self) -> bool {
        self.fields.is_none() && self.names.is_empty()
    }

    /// The name of a field in the feed.
    pub(super) fn name<'a>(&'a self, field: &'a str) -> &'a str {
        self.names.get(field).map_or(field, String::as_str)
    }

    /// The chosen fields of a record, by their names in the feed; one that is not there is left out.
    pub(super) fn each(&self, json: &[u8], mut each: impl FnMut(&str, &str) -> Result<(), Unfit>) -> Result<(), Unfit> {
        let mut result = Ok(());
        match &self.fields {
            None => each_field(json, |field, raw| {
                if result.is_ok() {
                    result = each(self.name(&field), raw);
                }
            })?,
            Some(fields) => {
                let mut values = vec![None; fields.len()];
                each_field(json, |field, raw| {
                    if let Some(at) = fields.iter().position(|wanted| *wanted == field) {
                        values[at] = Some(raw);
                    }
                })?;
                for (field, raw) in fields.iter().zip(values) {
                    if let Some(raw) = raw {
                        each(self.name(field), raw)?;
                    }
                }
            }
        }
        result
    }
}

impl From<serde_json::Error> for Unfit {
    fn from(error: serde_json::Error) -> Self {
        // without the place in the JSON: nobody has seen that
        let text = error.to_string();
        Self::Item(text.split(" at line ").next().unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_with_their_json() {
        let mut seen = Vec::new();
        each_field(br#"{"a":1,"b\n":[1, {"c":2}],"c":"x\u00f6"}"#, |name, raw| seen.push((name.into_owned(), raw)))
            .expect("fields");
        let seen: Vec<_> = seen.iter().map(|(name, raw)| (name.as_str(), *raw)).collect();
        assert_eq!(seen, [("a", "1"), ("b\n", "[1, {\"c\":2}]"), ("c", r#""x\u00f6""#)]);
        assert!(each_field(b"[1]", |_, _| ()).is_err());
    }

    #[test]
    fn a_string_gives_its_text_and_null_gives_none() {
        for (raw, expected) in
            [("\"a\"", Some("a")), (r#""a\"b""#, Some("a\"b")), ("null", None), ("-3.5", Some("-3.5"))]
        {
            assert_eq!(text(raw).expect("text").as_deref(), expected);
        }
        assert!(text(r#""\ud800""#).is_err(), "half a pair is no text");
        assert_eq!(
            Unfit::from(each_field(b"1", |_, _| ()).expect_err("no fields")).to_string(),
            "invalid type: integer `1`, expected the fields of an item"
        );
    }
}
