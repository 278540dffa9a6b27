//! Text to values.

use serde_json::{Number, Value};

use super::definition::Parse;
use crate::page::Page;

/// A text as a value; or what is wrong with it.
pub(super) fn convert(parse: Parse, text: &str, page: &Page) -> Result<Value, String> {
    let wrong = |what: &str| format!("`{}` is no {what}", cut(text));
    let number = |number: f64| Number::from_f64(number).map(Value::Number);
    match parse {
        Parse::Text => Ok(Value::String(text.to_owned())),
        Parse::Number => text.trim().parse().ok().and_then(number).ok_or_else(|| wrong("number")),
        Parse::Integer => text.trim().parse::<i64>().map(Value::from).map_err(|_| wrong("whole number")),
        Parse::Price => price(text).and_then(number).ok_or_else(|| wrong("price")),
        Parse::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" | "on" => Ok(Value::Bool(true)),
            "false" | "no" | "0" | "off" => Ok(Value::Bool(false)),
            _ => Err(wrong("truth value")),
        },
        Parse::Url => page.join(text).map(|url| Value::String(url.into())).map_err(|_| wrong("URL")),
        Parse::Json => serde_json::from_str(text).map_err(|error| format!("{}: {error}", wrong("JSON"))),
    }
}

/// The first amount in a text. What stands before its last one or two digits divides them off; all else groups.
fn price(text: &str) -> Option<f64> {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{202f}');
    let begin = text.find(|c: char| c.is_ascii_digit())?;
    let is_negative = text[..begin].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '-').ends_with('-');
    let end = text[begin..].find(|c| !is_part(c)).map_or(text.len(), |end| begin + end);
    let amount = text[begin..end].trim_end_matches(|c: char| !c.is_ascii_digit());
    let decimals = amount.rfind(['.', ',']).filter(|at| matches!(amount.len() - at - 1, 1 | 2));
    let (whole, rest) = amount.split_at(decimals.unwrap_or(amount.len()));
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let value: f64 = format!("{}.{}", digits(whole), digits(rest)).parse().ok()?;
    Some(if is_negative { -value } else { value })
}

/// So much of a text as a message may have.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_however_it_is_written() {
        for (text, want) in [
            ("£51.77", 51.77),
            ("1.234,50 €", 1234.5),
            ("USD 1,234,567", 1_234_567.0),
            ("1 234,5 Kč", 1234.5),
            ("-3.5", -3.5),
            ("1.000", 1000.0),
            ("from 5 to 7", 5.0),
        ] {
            assert_eq!(price(text), Some(want), "{text}");
        }
        assert_eq!(price("free"), None);
    }
}
