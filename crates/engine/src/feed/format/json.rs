//! JSON lines: one record a line, UTF-8 (<https://jsonlines.org>). And JSON: one array, whole after every write.

use std::io;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

use super::{End, Text, Unfit, stranger};
use crate::feed::fields::Choice;
use crate::feed::volume::Existing;
use crate::message::Record;

/// The longest last line that is looked at.
const LINE: u64 = 64 * 1024 * 1024;

/// JSON lines.
#[derive(Debug)]
pub(in crate::feed) struct Lines {
    choice: Choice,
}

impl Lines {
    pub(in crate::feed) fn new(choice: Choice) -> Self {
        Self { choice }
    }
}

impl Text for Lines {
    fn record(&mut self, record: &Record, _is_first: bool, out: &mut String) -> Result<(), Unfit> {
        object(&self.choice, record, out)?;
        out.push('\n');
        Ok(())
    }

    /// A killed run may have left half a line, which is cut off; what is a record without its line end gets one.
    fn go_on(&mut self, existing: &mut Existing) -> io::Result<End> {
        let (whole, all) = (existing.whole_lines()?, existing.length);
        let is_empty = whole == 0;
        if whole == all {
            return Ok(End { at: all, is_empty, wants_line_end: false });
        }
        if all - whole > LINE {
            return Err(stranger("JSON lines"));
        }
        let tail = existing.read(whole, all - whole)?;
        if serde_json::from_slice::<IgnoredAny>(&tail).is_ok() {
            return Ok(End { at: all, is_empty: false, wants_line_end: true });
        }
        if tail.first() != Some(&b'{') {
            return Err(stranger("JSON lines"));
        }
        let (path, bytes) = (existing.path.display(), tail.len());
        tracing::warn!(%path, bytes, "half a line at the end of a feed was cut off");
        Ok(End { at: whole, is_empty, wants_line_end: false })
    }
}

/// A JSON array.
#[derive(Debug)]
pub(in crate::feed) struct Array {
    choice: Choice,
    indent: i8,
}

impl Array {
    pub(in crate::feed) fn new(choice: Choice, indent: i8) -> Self {
        Self { choice, indent }
    }

    fn line_end(&self) -> &'static str {
        if self.indent < 0 { "" } else { "\n" }
    }
}

impl Text for Array {
    fn head(&self) -> String {
        "[".to_owned()
    }

    fn record(&mut self, record: &Record, is_first: bool, out: &mut String) -> Result<(), Unfit> {
        if !is_first {
            out.push(',');
        }
        out.push_str(self.line_end());
        if self.indent <= 0 {
            return object(&self.choice, record, out);
        }
        let mut plain = String::new();
        object(&self.choice, record, &mut plain)?;
        let value: Value = serde_json::from_str(&plain)?;
        let indent = " ".repeat(usize::from(self.indent.unsigned_abs()));
        let mut pretty = Vec::new();
        value.serialize(&mut serde_json::Serializer::with_formatter(
            &mut pretty,
            PrettyFormatter::with_indent(indent.as_bytes()),
        ))?;
        out.push_str(&String::from_utf8_lossy(&pretty));
        Ok(())
    }

    fn tail(&self, is_empty: bool) -> String {
        if is_empty { "]".to_owned() } else { format!("{}]", self.line_end()) }
    }

    fn go_on(&mut self, existing: &mut Existing) -> io::Result<End> {
        let not_array = || stranger("a whole JSON array of items");
        let begin = existing.read(0, 64)?;
        let begin = begin.iter().find(|byte| !byte.is_ascii_whitespace());
        let from = existing.length.saturating_sub(4096);
        let tail = existing.read(from, 4096)?;
        let trimmed = tail.trim_ascii_end();
        let (Some(b'['), Some(inner)) = (begin, trimmed.strip_suffix(b"]")) else { return Err(not_array()) };
        let inner = inner.trim_ascii_end();
        let at = from + inner.len() as u64;
        match inner.last() {
            Some(b'}') => Ok(End { at, is_empty: false, wants_line_end: false }),
            Some(b'[') if from == 0 && inner.trim_ascii() == b"[" => {
                Ok(End { at, is_empty: true, wants_line_end: false })
            }
            _ => Err(not_array()),
        }
    }
}

/// Appends the chosen fields as one JSON object.
fn object(choice: &Choice, record: &Record, out: &mut String) -> Result<(), Unfit> {
    let json = record.json()?;
    if choice.takes_all() {
        out.push_str(std::str::from_utf8(&json).map_err(|_| Unfit::Item("not UTF-8".to_owned()))?);
        return Ok(());
    }
    out.push('{');
    let mut separator = "";
    choice.each(&json, |name, raw| {
        out.push_str(separator);
        separator = ",";
        out.push_str(&serde_json::to_string(name)?);
        out.push(':');
        out.push_str(raw);
        Ok(())
    })?;
    out.push('}');
    Ok(())
}
