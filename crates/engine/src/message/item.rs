//! What a spider yields, as its author declares it: a kind, fields in order, and what each of them may be.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a spider yields: any struct that serialises to fields, with a kind by which pipelines and feeds know it.
///
/// [`#[derive(Item)]`](derive@crate::message::Item) writes all of this.
pub trait Item: Serialize {
    /// The kind: `photo`, `book`, `page`.
    const KIND: &'static str;

    /// The fields in the order of their declaration; none where nobody has said.
    const FIELDS: &'static [Field] = &[];
}

/// A field of a kind of items.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name, as it is serialised.
    pub name: &'static str,
    /// Whether every item has it, with a value.
    pub required: bool,
    /// What its values may be, as a JSON Schema (draft 2020-12).
    pub schema: fn() -> Value,
}

/// A kind of items without its Rust type.
#[derive(Debug, Clone, Copy)]
pub struct ItemType {
    /// The kind.
    pub kind: &'static str,
    /// The fields in the order of their declaration.
    pub fields: &'static [Field],
}

impl ItemType {
    /// That of a type.
    #[must_use]
    pub const fn of<I: Item>() -> Self {
        Self { kind: I::KIND, fields: I::FIELDS }
    }

    /// The JSON Schema (draft 2020-12) of an item of this kind.
    #[must_use]
    pub fn schema(&self) -> Value {
        let mut whole = Map::new();
        whole.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        whole.insert("title".to_owned(), self.kind.into());
        whole.extend(schema(self.fields));
        Value::Object(whole)
    }
}

/// What a struct of these fields may be.
pub(super) fn schema(fields: &[Field]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.name.to_owned(), (field.schema)())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    Map::from_iter([
        ("type".to_owned(), "object".into()),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), required.into()),
    ])
}
