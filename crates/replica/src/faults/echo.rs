//! What the client sent, sent back.

use std::fmt::Write;

use crate::faults::scenario::{Scenario, row};
use crate::faults::script::Reply;

pub(crate) const PATHS: &[Scenario] = &[
    row("/echo", "/echo", "the request byte for byte, head and body, as text", |asked| {
        Ok(asked.answer(Reply::text(200, [&asked.request.head[..], &asked.request.body].concat())))
    }),
    row("/echo.json", "/echo.json", "the request as JSON: method, target, headers in their order, body", |asked| {
        let request = asked.request;
        let headers: Vec<_> =
            request.fields.iter().map(|(name, value)| format!("[{},{}]", quoted(name), quoted(value))).collect();
        let json = format!(
            "{{\"method\":{},\"target\":{},\"path\":{},\"secure\":{},\"headers\":[{}],\"body\":{}}}\n",
            quoted(&request.method),
            quoted(&request.target),
            quoted(request.path()),
            asked.secure,
            headers.join(","),
            quoted(&String::from_utf8_lossy(&request.body)),
        );
        Ok(asked.answer(Reply::new(200).field("Content-Type", "application/json").body(json)))
    }),
];

/// As a JSON string (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // writing to a string does not fail
            control if control < ' ' => drop(write!(quoted, "\\u{:04x}", control as u32)),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_escape_what_they_must() {
        assert_eq!(quoted("a\"b\\c\r\n\0é"), "\"a\\\"b\\\\c\\u000d\\u000a\\u0000é\"");
    }
}
