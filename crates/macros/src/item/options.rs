//! `#[item(…)]` on a struct and on its fields.

use serde_json::{Map, Value, json};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Lit, LitInt, LitStr, Result, Token};

use crate::names::unknown;

const OPTIONS: [&str; 9] = ["min", "max", "min_length", "max_length", "pattern", "format", "unique", "schema", "any"];

/// The formats of JSON Schema, draft 2020-12, section 7.3 of its validation vocabulary.
const FORMATS: [&str; 19] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "iri",
    "iri-reference",
    "uuid",
    "uri-template",
    "json-pointer",
    "relative-json-pointer",
    "regex",
];

/// What is said of a field.
#[derive(Default)]
pub(super) struct Options {
    /// The keywords that narrow its schema.
    pub(super) keywords: Map<String, Value>,
    /// What stands in the place of its type's schema.
    pub(super) schema: Option<Schema>,
}

pub(super) enum Schema {
    /// Any JSON.
    Any,
    /// This.
    Given(String),
}

/// The kind that a struct says.
pub(super) fn kind(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut kind = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("item")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("kind") {
                return Err(meta.error(unknown(&word(&meta), "option of an item", &["kind"])));
            }
            let text: LitStr = meta.value()?.parse()?;
            if text.value().trim().is_empty() {
                return Err(Error::new(text.span(), "a kind is a word: `photo`, `book`"));
            }
            kind = Some(text.value());
            Ok(())
        })?;
    }
    Ok(kind)
}

impl Options {
    pub(super) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("item")) {
            attribute.parse_nested_meta(|meta| found.take(&meta))?;
        }
        Ok(found)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let word = word(meta);
        match word.as_str() {
            "min" => self.put(meta, "minimum", number(meta)?),
            "max" => self.put(meta, "maximum", number(meta)?),
            "min_length" => self.length(meta, "min"),
            "max_length" => self.length(meta, "max"),
            "pattern" => {
                let text: LitStr = meta.value()?.parse()?;
                dragline_query::pattern(&text.value()).map_err(|error| Error::new(text.span(), error))?;
                self.put(meta, "pattern", text.value().into())
            }
            "format" => {
                let text: LitStr = meta.value()?.parse()?;
                if !FORMATS.contains(&text.value().as_str()) {
                    return Err(Error::new(text.span(), unknown(&text.value(), "format of JSON Schema", &FORMATS)));
                }
                self.put(meta, "format", text.value().into())
            }
            "unique" => self.put(meta, "uniqueItems", true.into()),
            "any" => self.replace(meta, Schema::Any),
            "schema" => {
                let text: LitStr = meta.value()?.parse()?;
                match serde_json::from_str(&text.value()) {
                    Ok(Value::Object(_)) => self.replace(meta, Schema::Given(text.value())),
                    Ok(_) => Err(Error::new(text.span(), "a schema is a JSON object")),
                    Err(error) => Err(Error::new(text.span(), format!("this schema is no JSON: {error}"))),
                }
            }
            _ => Err(meta.error(unknown(&word, "option of an item's field", &OPTIONS))),
        }
    }

    fn put(&mut self, meta: &ParseNestedMeta<'_>, keyword: &str, value: Value) -> Result<()> {
        match self.keywords.insert(keyword.to_owned(), value) {
            Some(_) => Err(meta.error(format!("`{}` is said twice", word(meta)))),
            None => self.fits(meta),
        }
    }

    fn length(&mut self, meta: &ParseNestedMeta<'_>, side: &str) -> Result<()> {
        let wants = |error: Error| Error::new(error.span(), format!("`{}` wants a whole number", word(meta)));
        let literal: LitInt = meta.value()?.parse().map_err(wants)?;
        let length: u64 = literal.base10_parse()?;
        let both = self.keywords.entry("length").or_insert_with(|| json!({}));
        if !both[side].is_null() {
            return Err(meta.error(format!("`{}` is said twice", word(meta))));
        }
        both[side] = length.into();
        if let (Some(least), Some(most)) = (both["min"].as_u64(), both["max"].as_u64())
            && least > most
        {
            return Err(Error::new(literal.span(), format!("`min_length` = {least} is over `max_length` = {most}")));
        }
        self.fits(meta)
    }

    fn replace(&mut self, meta: &ParseNestedMeta<'_>, schema: Schema) -> Result<()> {
        if self.schema.replace(schema).is_some() {
            return Err(meta.error("a field has one schema: `any` or `schema`"));
        }
        self.fits(meta)
    }

    /// Whether all that was said so far can be true together.
    fn fits(&self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        if matches!(self.schema, Some(Schema::Any)) && !self.keywords.is_empty() {
            return Err(meta.error("`any` allows everything, so nothing narrows it"));
        }
        let of = |keyword: &str| self.keywords.get(keyword).and_then(Value::as_f64);
        match (of("minimum"), of("maximum")) {
            (Some(least), Some(most)) if least > most => {
                Err(meta.error(format!("`min` = {least} is over `max` = {most}: no number is both")))
            }
            _ => Ok(()),
        }
    }
}

fn word(meta: &ParseNestedMeta<'_>) -> String {
    meta.path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// `12`, `-0.5`.
fn number(meta: &ParseNestedMeta<'_>) -> Result<Value> {
    let value = meta.value()?;
    let negative = value.parse::<Option<Token![-]>>()?.is_some();
    let literal: Lit = value.parse()?;
    let digits = match &literal {
        Lit::Int(number) => number.base10_digits(),
        Lit::Float(number) => number.base10_digits(),
        other => return Err(Error::new(other.span(), "a number is expected")),
    };
    let text = if negative { format!("-{digits}") } else { digits.to_owned() };
    serde_json::from_str(&text).map_err(|_| Error::new(literal.span(), "a number is expected"))
}
