//! `dragline schema SPIDER`

use dragline::Registry;
use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::terminal::{pretty_json, print};

/// One JSON Schema: that of the one kind, or of whichever kind it is.
pub(crate) fn run(registry: &Registry, spider: &str) -> anyhow::Result<Exit> {
    let items = registry.spider_items(spider)?;
    let schema = match &*items {
        [] => {
            let what = "has declared no items: give its `Spider` a `const ITEMS: &'static [ItemType]`";
            return Err(dragline::Error::other(format!("spider `{spider}` {what}")).into());
        }
        [only] => only.schema(),
        kinds => {
            let each: Map<String, Value> = kinds.iter().map(|kind| (kind.kind.to_owned(), kind.schema())).collect();
            let any: Vec<Value> = each.keys().map(|kind| json!({ "$ref": format!("#/$defs/{kind}") })).collect();
            json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "anyOf": any, "$defs": each })
        }
    };
    print(&pretty_json(&schema))?;
    Ok(Exit::Finished)
}
