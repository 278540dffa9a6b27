//! JSON on pages, and what JMESPath finds in it.

use dragline_query::JmesPath;
use serde_json::Value;

use super::values::shown;
use crate::error::{Error, Result};
use crate::page::{Node, Page};

/// The JSON that a node says: a script, an attribute, or the whole page.
pub(in crate::page) fn of(node: &Node<'_>) -> Result<Value> {
    if node.is_document() { of_page(node.page()) } else { parse(&node.raw()) }
}

/// The JSON that a page is.
pub(super) fn of_page(page: &Page) -> Result<Value> {
    parse(page.text())
}

fn parse(text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::page(format!("`{}` is no JSON: {error}", shown(text.trim_ascii()))))
}

/// What an expression finds in a value; null for nothing.
pub(in crate::page) fn search(path: &JmesPath, value: &Value) -> Result<Value> {
    let answer = path.expression().search(value).map_err(Error::page)?;
    Ok(serde_json::to_value(&*answer)?)
}

/// Null is nothing, and the members of a list are many.
pub(super) fn flatten(answer: Value, found: &mut Vec<Value>) {
    match answer {
        Value::Null => {}
        Value::Array(members) => found.extend(members.into_iter().filter(|member| !member.is_null())),
        other => found.push(other),
    }
}
