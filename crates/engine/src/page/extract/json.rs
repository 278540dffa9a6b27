//! JSON on pages, and what JMESPath finds in it.

use std::borrow::Cow;

use dragline_query::JmesPath;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::page::json::value_of;
use crate::page::{Node, Page};

/// The JSON that a node says: a script, an attribute, or the whole page.
pub(in crate::page) fn of<'a>(node: &Node<'a>) -> Result<Cow<'a, Value>> {
    if node.is_document() {
        return of_page(node.page()).map(Cow::Borrowed);
    }
    value_of(&node.raw()).map(Cow::Owned).map_err(Error::page)
}

/// The JSON that a page is.
pub(super) fn of_page(page: &Page) -> Result<&Value> {
    page.json_value().map_err(Error::page)
}

/// What an expression finds in a value; null for nothing.
pub(in crate::page) fn search(path: &JmesPath, value: &Value) -> Result<Value> {
    Ok(path.search(value).map_err(Error::page)?.into_value())
}

/// Null is nothing, and the members of a list are many.
pub(super) fn flatten(answer: Value, found: &mut Vec<Value>) {
    match answer {
        Value::Null => {}
        Value::Array(members) => found.extend(members.into_iter().filter(|member| !member.is_null())),
        other => found.push(other),
    }
}
