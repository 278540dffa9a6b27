//! A step as a person writes it on a command line: JSON as it is sealed, or the way in which `Debug` prints it,
//! `List`, `Pictures { page: 7 }`, `Pictures(page=7)`.

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// How deep a written step may nest.
const NESTING: usize = 32;

/// Reads a step.
///
/// # Errors
/// If it is none of the spider's: which there are, or what it lacks.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    let text = text.trim();
    let shape = Shape::of::<T>();
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => Reader { rest: text, nesting: 0 }.whole().map_err(|what| unreadable(text, &what))?,
    };
    let value = match (shape, value) {
        (Shape::Enum(variants), Value::String(name)) => Value::String(known(name, variants)?),
        (Shape::Enum(variants), Value::Object(fields)) if fields.len() == 1 => {
            let named = fields.into_iter().map(|(name, value)| Ok((known(name, variants)?, value)));
            Value::Object(named.collect::<Result<_>>()?)
        }
        // the name of the type itself, as `Debug` prints it
        (Shape::Struct(name), Value::Object(mut fields)) if fields.len() == 1 && fields.contains_key(name) => {
            fields.remove(name).unwrap_or_default()
        }
        (Shape::Struct(given), Value::String(name)) if given == name => Value::Null,
        (_, value) => value,
    };
    serde_json::from_value(value).map_err(|error| unreadable(text, &error.to_string()))
}

/// The steps that a spider knows, if it knows them by name.
pub(super) fn names<T: DeserializeOwned>() -> &'static [&'static str] {
    match Shape::of::<T>() {
        Shape::Enum(variants) => variants,
        _ => &[],
    }
}

fn unreadable(text: &str, what: &str) -> Error {
    let message = format!(
        "step `{text}` cannot be: {what}; write it as `Name`, as `Name {{ field: 7 }}`, or as JSON: `{{\"Name\": {{\"field\": 7}}}}`"
    );
    Error::Setting { key: String::new(), message }
}

/// The name as it is sealed: `Debug` knows nothing of `#[serde(rename_all = "snake_case")]`.
fn known(name: String, variants: &'static [&'static str]) -> Result<String> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let is_it = |variant: &&&str| **variant == name;
    let is_like_it = |variant: &&&str| plain(variant) == plain(&name);
    match variants.iter().find(is_it).or_else(|| variants.iter().find(is_like_it)) {
        Some(variant) => Ok((*variant).to_owned()),
        None => {
            let known = variants.iter().map(|variant| (*variant).to_owned()).collect();
            Err(Error::Unknown { what: "step of this spider", name, known })
        }
    }
}

/// What a type asks a deserialiser for.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Enum(&'static [&'static str]),
    Struct(&'static str),
    Other,
}

impl Shape {
    fn of<T: DeserializeOwned>() -> Self {
        match T::deserialize(Probe) {
            Err(shape) => shape,
            Ok(_) => Self::Other,
        }
    }
}

/// Gives no value: what it is asked for is its error.
struct Probe;

impl<'de> Deserializer<'de> for Probe {
    type Error = Shape;

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Shape> {
        Err(Shape::Other)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Shape> {
        Err(Shape::Enum(variants))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Shape> {
        Err(Shape::Struct(name))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, _visitor: V) -> Result<V::Value, Shape> {
        Err(Shape::Struct(name))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no value")
    }
}

impl std::error::Error for Shape {}

impl de::Error for Shape {
    fn custom<T: fmt::Display>(_what: T) -> Self {
        Self::Other
    }
}

/// Reads what `Debug` prints, and its short forms, as the JSON that serde would write.
struct Reader<'t> {
    rest: &'t str,
    nesting: usize,
}

impl<'t> Reader<'t> {
    fn whole(mut self) -> Result<Value, String> {
        let value = self.value()?;
        match self.rest.trim() {
            "" => Ok(value),
            rest => Err(format!("`{rest}` stands after its end")),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.nesting += 1;
        if self.nesting > NESTING {
            return Err(format!("it nests deeper than {NESTING}"));
        }
        let value = match self.peek() {
            Some('"') => self.string().map(Value::String),
            Some('[') => self.list('[', ']').map(Value::Array),
            Some('{') => self.fields('{', '}').map(Value::Object),
            Some('(') => self.list('(', ')').map(|list| if list.is_empty() { Value::Null } else { list.into() }),
            Some(_) => self.named(),
            None => Err("it ends too early".to_owned()),
        };
        self.nesting -= 1;
        value
    }

    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    /// Takes a character, if it is the next one.
    fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        if is_next {
            self.rest = &self.rest[wanted.len_utf8()..];
        }
        is_next
    }

    fn string(&mut self) -> Result<String, String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<String>();
        let text = values.next().and_then(Result::ok).ok_or("a string has no end, or an escape that JSON has not")?;
        self.rest = &self.rest[values.byte_offset()..];
        Ok(text)
    }

    fn list(&mut self, open: char, close: char) -> Result<Vec<Value>, String> {
        let mut values = Vec::new();
        self.each(open, close, |reader| {
            values.push(reader.value()?);
            Ok(())
        })?;
        Ok(values)
    }

    fn fields(&mut self, open: char, close: char) -> Result<Map<String, Value>, String> {
        let mut fields = Map::new();
        self.each(open, close, |reader| {
            let name = if reader.peek() == Some('"') { reader.string()? } else { reader.word().to_owned() };
            if !(reader.take(':') || reader.take('=')) || name.is_empty() {
                return Err(format!("`{name}` is no `field: value`"));
            }
            let value = reader.value()?;
            fields.insert(name, value);
            Ok(())
        })?;
        Ok(fields)
    }

    fn each(
        &mut self,
        open: char,
        close: char,
        mut read: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.take(open);
        while !self.take(close) {
            read(self)?;
            if !self.take(',') && self.peek() != Some(close) {
                return Err(format!("`{close}` is missing"));
            }
        }
        Ok(())
    }

    /// Letters, digits and `_`.
    fn word(&mut self) -> &'t str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A name with what belongs to it, a number, or text without quotes.
    fn named(&mut self) -> Result<Value, String> {
        let begin = self.rest;
        let name = self.word().to_owned();
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let content = match self.peek() {
            Some('{') if is_name => Value::Object(self.fields('{', '}')?),
            Some('(') if is_name && self.has_field() => Value::Object(self.fields('(', ')')?),
            Some('(') if is_name => {
                let mut list = self.list('(', ')')?;
                if list.len() == 1 { list.remove(0) } else { list.into() }
            }
            _ => {
                let end = begin.find([',', ')', ']', '}']).unwrap_or(begin.len());
                let (word, rest) = begin.split_at(end);
                self.rest = rest;
                return Ok(plain(word.trim()));
            }
        };
        Ok(if name == "Some" { content } else { Value::Object(Map::from_iter([(name, content)])) })
    }

    /// Whether `field=` or `field:` stands in this bracket, and no `field::`.
    fn has_field(&self) -> bool {
        let inner = self.rest[1..].trim_start();
        let rest = inner.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        rest.len() < inner.len() && rest.trim_start().starts_with(['=', ':']) && !rest.starts_with(":/")
    }
}

fn plain(word: &str) -> Value {
    match word {
        "None" => Value::Null,
        word => serde_json::from_str(word).unwrap_or_else(|_| Value::String(word.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    enum Step {
        List,
        Pictures { page: u32, of: Option<String> },
        Album(url::Url),
        Pair(u8, Vec<bool>),
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Renamed {
        FrontPage,
    }

    #[derive(Debug, Serialize, Deserialize, PartialEq)]
    struct Only {
        page: u32,
    }

    fn said<T: DeserializeOwned + fmt::Debug>(text: &str) -> String {
        read::<T>(text).expect_err("no step").to_string()
    }

    #[test]
    fn a_step_is_read_as_it_is_sealed_and_as_it_is_printed() {
        let pictures = || Step::Pictures { page: 7, of: Some("a, b".to_owned()) };
        let printed = format!("{:?}", pictures());
        for text in [&printed, r#"{"Pictures":{"page":7,"of":"a, b"}}"#, r#"Pictures(page=7, of="a, b")"#] {
            assert_eq!(read::<Step>(text).expect(text), pictures(), "{text}");
        }
        assert_eq!(read::<Step>(" List ").expect("a step"), Step::List);
        assert_eq!(read::<Step>("\"List\"").expect("a step"), Step::List);
        let plain = Step::Pictures { page: 7, of: None };
        assert_eq!(read::<Step>(&format!("{plain:?}")).expect("a step"), plain);
        assert_eq!(read::<Step>("Pair(1, [true, false])").expect("a step"), Step::Pair(1, vec![true, false]));
        let album = Step::Album("http://a.example/x?y=1".parse().expect("a URL"));
        assert_eq!(read::<Step>("Album(http://a.example/x?y=1)").expect("a step"), album);
    }

    #[test]
    fn names_are_found_however_they_are_written() {
        assert_eq!(read::<Renamed>("FrontPage").expect("a step"), Renamed::FrontPage);
        assert_eq!(read::<Renamed>("front_page").expect("a step"), Renamed::FrontPage);
        assert_eq!(read::<Step>("list").expect("a step"), Step::List);
    }

    #[test]
    fn a_step_that_is_no_enum_is_read_with_and_without_its_name() {
        let only = Only { page: 3 };
        for text in ["Only { page: 3 }", "{ page: 3 }", r#"{"page":3}"#] {
            assert_eq!(read::<Only>(text).expect(text), only);
        }
        read::<()>("()").expect("a unit");
        assert!(names::<()>().is_empty() && names::<Renamed>() == ["front_page"]);
    }

    #[test]
    fn what_is_no_step_is_said_with_what_there_is() {
        let unknown =
            "no step of this spider is called `Lst` (known: List, Pictures, Album, Pair; did you mean `List`?)";
        assert_eq!(said::<Step>("Lst"), unknown);
        assert_eq!(said::<Step>("{\"Lst\": 1}"), unknown);
        let missing = said::<Step>("Pictures {}");
        assert!(missing.starts_with("step `Pictures {}` cannot be: missing field `page`; write it as"), "{missing}");
        assert!(said::<Step>("Pictures { page: many }").contains("invalid type: string \"many\", expected u32"));
        for text in ["Pictures {", "Pictures { page }", "Pictures(page=7", "\"", "", "List more(", "Pair(1,,2)", ")"] {
            assert!(!said::<Step>(text).is_empty(), "{text}");
        }
        assert!(said::<Step>(&"[".repeat(100_000)).contains("nests deeper"));
    }
}
