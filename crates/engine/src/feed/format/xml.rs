//! XML as Scrapy writes it: `<items><item><name>…</name></item></items>`, the members of a list as `<value>`.
//!
//! What XML cannot hold is changed so that the file stays well-formed: a field whose name is no name of an element gets
//! one with `_` in place of each wrong character and its own name in the attribute `name`; a control character becomes
//! U+FFFD.

use std::borrow::Cow;
use std::io;

use serde_json::value::RawValue;

use super::{End, Text, Unfit, stranger};
use crate::feed::charset::Missing;
use crate::feed::fields::{Choice, each_field, text};
use crate::feed::settings::Settings;
use crate::feed::volume::Existing;
use crate::message::Record;

/// The deepest nesting that is written.
const DEPTH: usize = 100;

/// XML.
#[derive(Debug)]
pub(in crate::feed) struct Xml {
    choice: Choice,
    encoding: String,
    root: String,
    item: String,
    indent: i8,
}

impl Xml {
    pub(in crate::feed) fn new(choice: Choice, settings: &Settings) -> Self {
        Self {
            choice,
            encoding: settings.encoding.clone(),
            root: settings.root.clone(),
            item: settings.item.clone(),
            indent: settings.indent,
        }
    }

    /// A line end and the spaces of a level, where there are levels.
    fn line(&self, depth: usize, out: &mut String) {
        if self.indent > 0 {
            out.push('\n');
            self.spaces(depth, out);
        }
    }

    fn spaces(&self, depth: usize, out: &mut String) {
        for _ in 0..depth * usize::try_from(self.indent).unwrap_or(0) {
            out.push(' ');
        }
    }

    fn field(&self, name: &str, raw: &str, depth: usize, out: &mut String) -> Result<(), Unfit> {
        if depth > DEPTH {
            return Err(Unfit::Item(format!("nested more than {DEPTH} levels deep")));
        }
        // any letter is a name's letter; an encoding without it could not write it, and a name cannot be escaped
        let element = element_name(name, !self.encoding.to_lowercase().starts_with("utf"));
        out.push('<');
        out.push_str(&element);
        if element != name {
            out.push_str(" name=\"");
            let mut quoted = String::new();
            escape(name, &mut quoted);
            out.push_str(&quoted.replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;"));
            out.push('"');
        }
        out.push('>');
        if raw.starts_with('{') {
            let mut result = Ok(());
            each_field(raw.as_bytes(), |name, raw| {
                if result.is_ok() {
                    self.line(depth + 1, out);
                    result = self.field(&name, raw, depth + 1, out);
                }
            })?;
            result?;
            self.line(depth, out);
        } else if raw.starts_with('[') {
            let members: Vec<&RawValue> = serde_json::from_str(raw)?;
            for member in members {
                self.line(depth + 1, out);
                self.field("value", member.get(), depth + 1, out)?;
            }
            self.line(depth, out);
        } else if let Some(text) = text(raw)? {
            escape(&text, out);
        }
        out.push_str("</");
        out.push_str(&element);
        out.push('>');
        Ok(())
    }
}

impl Text for Xml {
    fn head(&self) -> String {
        format!("<?xml version=\"1.0\" encoding=\"{}\"?>\n<{}>", self.encoding, self.root)
    }

    fn record(&mut self, record: &Record, _is_first: bool, out: &mut String) -> Result<(), Unfit> {
        if self.indent >= 0 {
            out.push('\n');
        }
        self.spaces(1, out);
        out.push_str(&format!("<{}>", self.item));
        self.choice.each(&record.json()?, |name, raw| {
            self.line(2, out);
            self.field(name, raw, 2, out)
        })?;
        self.line(1, out);
        out.push_str(&format!("</{}>", self.item));
        Ok(())
    }

    fn tail(&self, is_empty: bool) -> String {
        let line_end = if self.indent < 0 || is_empty { "" } else { "\n" };
        format!("{line_end}</{}>", self.root)
    }

    fn missing(&self) -> Missing {
        Missing::Reference
    }

    fn go_on(&mut self, existing: &mut Existing) -> io::Result<End> {
        let not_items = || stranger(&format!("whole XML of `<{}>`", self.root));
        let begin = existing.read(0, 4096)?;
        let head = self.head();
        if !begin.starts_with(head.as_bytes()) {
            return Err(not_items());
        }
        let from = existing.length.saturating_sub(4096);
        let tail = existing.read(from, 4096)?;
        let end = format!("</{}>", self.root);
        let inner = tail.trim_ascii_end().strip_suffix(end.as_bytes()).ok_or_else(not_items)?.trim_ascii_end();
        let at = (from + inner.len() as u64).max(head.len() as u64);
        Ok(End { at, is_empty: at == head.len() as u64, wants_line_end: false })
    }
}

/// A name as that of an element (XML 1.0, section 2.3): other characters become `_`. No colon, which would mean a namespace.
pub(in crate::feed) fn element_name(name: &str, is_ascii: bool) -> Cow<'_, str> {
    let is_start =
        |c: char| c == '_' || if c.is_ascii() { c.is_ascii_alphabetic() } else { !is_ascii && is_name_letter(c) };
    let is_inner = |c: char| is_start(c) || c == '-' || c == '.' || c.is_ascii_digit();
    if name.starts_with(is_start) && name.chars().all(is_inner) {
        return Cow::Borrowed(name);
    }
    let inner: String = name.chars().map(|c| if is_inner(c) { c } else { '_' }).collect();
    Cow::Owned(if inner.starts_with(is_start) { inner } else { format!("_{inner}") })
}

/// The characters beyond ASCII that every name may begin with.
fn is_name_letter(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // a parser would make it a line end
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::conformance::record_of;

    fn written(toml: &str, record: &serde_json::Value) -> String {
        let settings: Settings = toml::from_str(&format!("uri = 'x.xml'\n{toml}")).expect("settings");
        let mut xml = Xml::new(Choice::default(), &settings);
        let mut out = String::new();
        xml.record(&record_of(record), true, &mut out).expect("it fits");
        out
    }

    #[test]
    fn nested_values_become_elements() {
        let record = serde_json::json!({"a": [1, {"b": "<&>"}], "n": null, "t": true});
        assert_eq!(
            written("indent = -1", &record),
            "<item><a><value>1</value><value><b>&lt;&amp;&gt;</b></value></a><n></n><t>true</t></item>"
        );
        assert_eq!(
            written("indent = 1", &serde_json::json!({"a": [1]})),
            "\n <item>\n  <a>\n   <value>1</value>\n  </a>\n </item>"
        );
    }

    #[test]
    fn what_xml_cannot_hold_is_changed() {
        let record = serde_json::json!({"1 a:b": "x\u{0}\u{b}y\r\n", "": 1, "größe": 2});
        assert_eq!(
            written("", &record),
            "\n<item><_1_a_b name=\"1 a:b\">x\u{fffd}\u{fffd}y&#13;\n</_1_a_b><_ name=\"\">1</_><größe>2</größe></item>"
        );
        assert!(written("encoding = 'latin1'", &record).contains("<gr__e name=\"größe\">2</gr__e>"));
    }

    #[test]
    fn nesting_without_end_does_not_fit() {
        let mut value = serde_json::json!(1);
        for _ in 0..110 {
            value = serde_json::json!({ "a": value });
        }
        let mut xml = Xml::new(Choice::default(), &Settings::new("x.xml"));
        let error = xml.record(&record_of(&value), true, &mut String::new()).expect_err("too deep");
        assert!(error.to_string().contains("100 levels"), "{error}");
    }
}
