//! What a spider yields, as its author declares it: a kind, fields in order, and what each of them may be.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a spider yields: any struct that serialises to fields, with a kind by which pipelines and feeds know it.
///
/// [`#[derive(Item)]`](derive@crate::message::Item) writes all of this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no item",
    label = "of which kind is a `{Self}`, and which fields has it?",
    note = "derive it: `#[derive(Serialize, Item)]` on `{Self}`, if it is a struct of yours"
)]
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
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.to_owned(), (field.schema)())).collect();
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    Map::from_iter([
        ("type".to_owned(), "object".into()),
        ("properties".to_owned(), properties.into()),
        ("required".to_owned(), required.into()),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::Item;

    /// What a shop sells.
    #[derive(Serialize, Item)]
    #[item(kind = "product")]
    #[serde(rename_all = "camelCase")]
    struct Product<T> {
        /// As printed,
        /// on the spine.
        #[item(min_length = 1, max_length = 80)]
        full_title: String,
        #[item(min = -0.5, max = 10)]
        price: Option<f64>,
        #[serde(rename = "ISBN", skip_serializing_if = "String::is_empty")]
        #[item(pattern = "^97[89]")]
        isbn: String,
        #[serde(skip)]
        _note: u8,
        #[item(unique, min_length = 1, max_length = 8)]
        tags: Vec<String>,
        binding: Binding,
        parts: Vec<Product<T>>,
        #[item(any)]
        extra: Opaque,
        #[item(schema = r#"{"const": 1}"#)]
        version: Opaque,
        other: T,
        r#type: bool,
    }

    #[derive(Serialize, Item)]
    #[serde(rename_all = "kebab-case")]
    #[expect(dead_code, reason = "its words are looked at")]
    enum Binding {
        HardBack,
        #[serde(rename = "soft")]
        Paperback,
    }

    #[derive(Serialize)]
    struct Opaque;

    #[test]
    fn an_item_says_what_its_fields_may_be() {
        let item = ItemType::of::<Product<u8>>();
        let names: Vec<&str> = item.fields.iter().map(|field| field.name).collect();
        let want = ["fullTitle", "price", "ISBN", "tags", "binding", "parts", "extra", "version", "other", "type"];
        assert_eq!((item.kind, &names[..]), ("product", &want[..]));
        let schema = item.schema();
        let of = |name: &str| schema["properties"][name].clone();
        let title =
            json!({"type": "string", "minLength": 1, "maxLength": 80, "description": "As printed,\non the spine."});
        assert_eq!(of("fullTitle"), title);
        assert_eq!(of("price"), json!({"type": ["number", "null"], "minimum": -0.5, "maximum": 10}));
        let tags =
            json!({"type": "array", "items": {"type": "string"}, "uniqueItems": true, "minItems": 1, "maxItems": 8});
        assert_eq!(of("tags"), tags);
        assert_eq!(of("binding"), json!({"type": "string", "enum": ["hard-back", "soft"]}));
        assert_eq!(of("parts")["items"]["properties"]["parts"]["items"], json!({"description": "What a shop sells."}));
        assert_eq!((of("extra"), of("version")), (json!({}), json!({"const": 1})));
        let required = ["fullTitle", "tags", "binding", "parts", "extra", "version", "other", "type"];
        assert_eq!(schema["required"], json!(required));
    }
}
