//! Text to values, by the ways that `derive(Extract)` has.

use serde_json::{Number, Value};

use super::definition::Parse;
use crate::error::{Error, Result};
use crate::page::extract::run::built_in;
use crate::page::{Extract, Page};

/// A text as a value.
///
/// # Errors
/// If it does not read.
pub(super) fn convert(parse: Parse, text: &str, page: &Page) -> Result<Value> {
    let float =
        |name| built_in::<f64>(name, text).map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number));
    match parse {
        Parse::Text => Ok(Value::String(text.to_owned())),
        Parse::Number => float("number"),
        Parse::Price => float("price"),
        Parse::Integer => built_in::<i64>("integer", text).map(Value::from),
        Parse::Date => built_in::<String>("date", text).map(Value::String),
        Parse::Boolean => bool::extract_text(text, page).map(Value::Bool),
        Parse::Url => page.join(text).map(|url| Value::String(url.into())),
        Parse::Json => serde_json::from_str(text).map_err(|error| Error::page(format!("not JSON: {error}"))),
    }
}
