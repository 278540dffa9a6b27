//! A spider's arguments: TOML from files, and text from the command line, which is read as whatever the field wants.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use toml::Value;

use crate::error::nearest;

/// One argument as it was given.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) value: Value,
    /// Typed on a command line: text that may stand for a number, a truth value or a list.
    pub(super) is_text: bool,
}

/// Why arguments do not make a spider.
#[derive(Debug)]
pub(super) enum ArgumentError {
    Missing(String),
    Unknown { key: String, hint: String },
    At { key: String, what: String },
    Other(String),
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "needs `{key}`"),
            Self::Unknown { key, hint } => write!(f, "has no argument `{key}`; {hint}"),
            Self::At { what, .. } => write!(f, "cannot be: {what}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ArgumentError {}

impl de::Error for ArgumentError {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Self::Other(what.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field.to_owned())
    }
}

/// Makes a spider of its arguments.
pub(super) fn read<S: DeserializeOwned>(given: BTreeMap<String, Argument>) -> Result<S, ArgumentError> {
    S::deserialize(Arguments(given))
}

struct Arguments(BTreeMap<String, Argument>);

impl<'de> Deserializer<'de> for Arguments {
    type Error = ArgumentError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentError> {
        let pairs = self.0.into_iter().map(|(key, argument)| (key.clone(), Keyed { key, argument }));
        visitor.visit_map(MapDeserializer::new(pairs))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgumentError> {
        if let Some(unknown) = self.0.keys().find(|key| !fields.contains(&key.as_str())) {
            let hint = match nearest(unknown, fields.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if fields.is_empty() => "the spider takes none".to_owned(),
                None => format!("known: {}", fields.join(", ")),
            };
            return Err(ArgumentError::Unknown { key: unknown.clone(), hint });
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgumentError> {
        if !self.0.is_empty() {
            return self.deserialize_struct(name, &[], visitor);
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// An argument that puts its key into the error.
struct Keyed {
    key: String,
    argument: Argument,
}

impl<'de> IntoDeserializer<'de, ArgumentError> for Keyed {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Text read as a number or truth value, if that is what the field wants.
macro_rules! read_text {
    ($($method:ident $visit:ident $kind:ty, $what:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentError> {
            let Some(text) = self.argument.text() else { return self.deserialize_any(visitor) };
            let parsed = text.trim().parse::<$kind>();
            let key = self.key.clone();
            let error = || ArgumentError::At { what: format!("`{text}` is not {}", $what), key: key.clone() };
            visitor.$visit(parsed.map_err(|_| error())?)
        }
    )*};
}

impl Argument {
    fn text(&self) -> Option<&str> {
        self.value.as_str().filter(|_| self.is_text)
    }
}

impl<'de> Deserializer<'de> for Keyed {
    type Error = ArgumentError;

    read_text! {
        deserialize_bool visit_bool bool, "`true` or `false`";
        deserialize_i8 visit_i8 i8, "a number from -128 to 127";
        deserialize_i16 visit_i16 i16, "a whole number that fits";
        deserialize_i32 visit_i32 i32, "a whole number that fits";
        deserialize_i64 visit_i64 i64, "a whole number that fits";
        deserialize_u8 visit_u8 u8, "a number from 0 to 255";
        deserialize_u16 visit_u16 u16, "a number from 0 to 65535";
        deserialize_u32 visit_u32 u32, "a whole number that fits";
        deserialize_u64 visit_u64 u64, "a whole number that fits";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentError> {
        let key = self.key;
        self.argument
            .value
            .deserialize_any(visitor)
            .map_err(|error| ArgumentError::At { key, what: error.message().trim().to_owned() })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ArgumentError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ArgumentError> {
        let key = self.key;
        self.argument
            .value
            .deserialize_enum(name, variants, visitor)
            .map_err(|error| ArgumentError::At { key, what: error.message().trim().to_owned() })
    }

    /// `a,b,c`
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ArgumentError> {
        let Some(text) = self.argument.text() else { return self.deserialize_any(visitor) };
        let part = |text: &str| Self {
            key: self.key.clone(),
            argument: Argument { value: Value::String(text.trim().to_owned()), is_text: true },
        };
        visitor.visit_seq(SeqDeserializer::new(text.split(',').filter(|text| !text.is_empty()).map(part)))
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}
