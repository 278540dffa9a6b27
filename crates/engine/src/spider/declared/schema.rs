//! The kinds of items of a declared spider, for what must know them before the first one: a feed's columns, a schema.

use serde_json::{Value, json};

use super::definition::Parse;
use super::field::Field as Declared;
use super::kind::Kind;
use crate::message::{Field, ItemType};

/// Types by number: what a function without a closure can know.
const TEXT: u8 = 0;
const NUMBER: u8 = 1;
const INTEGER: u8 = 2;
const BOOLEAN: u8 = 3;
const URL: u8 = 4;
const DATE: u8 = 5;
const ANY: u8 = 6;

/// All kinds of items, each once; one that several kinds of pages give has the fields of all of them.
pub(super) fn items<'k>(kinds: impl Iterator<Item = &'k Kind>) -> Vec<ItemType> {
    let mut types: Vec<(String, Vec<Field>)> = Vec::new();
    for item in kinds.flat_map(|kind| &kind.items) {
        let fields = match types.iter().position(|(kind, _)| *kind == item.kind) {
            Some(at) => &mut types[at].1,
            None => {
                types.push((item.kind.clone(), Vec::new()));
                let Some((_, fields)) = types.last_mut() else { continue };
                fields
            }
        };
        for field in &item.fields {
            if !fields.iter().any(|known| known.name == field.name) {
                fields.push(of(field));
            }
        }
    }
    let leak = |(kind, fields): (String, Vec<Field>)| ItemType { kind: kind.leak(), fields: fields.leak() };
    types.into_iter().map(leak).collect()
}

fn of(field: &Declared) -> Field {
    let schema = if field.fields.is_some() || field.is_free() {
        pick::<ANY>
    } else {
        match field.parse {
            Parse::Text => pick::<TEXT>,
            Parse::Date => pick::<DATE>,
            Parse::Number | Parse::Price => pick::<NUMBER>,
            Parse::Integer => pick::<INTEGER>,
            Parse::Boolean => pick::<BOOLEAN>,
            Parse::Url => pick::<URL>,
            Parse::Json => pick::<ANY>,
        }
    };
    Field {
        name: field.name.clone().leak(),
        required: field.required,
        schema: schema(field.many, !field.required && !field.many),
    }
}

fn pick<const TYPE: u8>(many: bool, nullable: bool) -> fn() -> Value {
    match (many, nullable) {
        (true, _) => || json!({"type": "array", "items": one::<TYPE>()}),
        (false, true) => || json!({"anyOf": [one::<TYPE>(), {"type": "null"}]}),
        (false, false) => one::<TYPE>,
    }
}

fn one<const TYPE: u8>() -> Value {
    match TYPE {
        TEXT => json!({"type": "string"}),
        NUMBER => json!({"type": "number"}),
        INTEGER => json!({"type": "integer"}),
        BOOLEAN => json!({"type": "boolean"}),
        URL => json!({"type": "string", "format": "uri"}),
        DATE => json!({"type": "string", "format": "date"}),
        _ => json!({}),
    }
}
