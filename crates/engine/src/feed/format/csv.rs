//! CSV (RFC 4180): a header, then one record a line. What a spreadsheet would take for a formula is escaped.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{End, Text, Unfit, stranger};
use crate::feed::charset::Missing;
use crate::feed::fields::{Choice, each_field, text};
use crate::feed::settings::Settings;
use crate::feed::volume::Existing;
use crate::message::Record;

/// The longest header that is looked at.
const HEADER: u64 = 1024 * 1024;

/// CSV.
#[derive(Debug)]
pub(in crate::feed) struct Csv {
    choice: Choice,
    has_header: bool,
    delimiter: char,
    join: String,
    is_raw: bool,
    /// The fields in order: as set, or those that are declared and then those of the first record.
    columns: Option<Vec<String>>,
    declared: Vec<String>,
    /// The header of the file that is gone on with, and whether a record was held against it.
    found: Option<Vec<String>>,
    /// The cells of the record at hand, one after the other, and where each column's lies.
    cells: String,
    places: Vec<Range<usize>>,
    left_out: u64,
    has_warned: bool,
}

impl Csv {
    pub(in crate::feed) fn new(choice: Choice, settings: &Settings) -> Self {
        Self {
            columns: choice.fields.clone(),
            declared: Vec::new(),
            choice,
            has_header: settings.header,
            delimiter: settings.delimiter,
            join: settings.join.clone(),
            is_raw: settings.raw,
            found: None,
            cells: String::new(),
            places: Vec::new(),
            left_out: 0,
            has_warned: false,
        }
    }

    /// The columns: what is declared, and what the first record has beside it, where nobody has decided. A file's own header has to hold the same names, and
    /// its order stays.
    fn decide(&mut self, json: &[u8]) -> Result<(), Unfit> {
        if self.columns.is_some() {
            return Ok(());
        }
        let mut columns = self.declared.clone();
        each_field(json, |field, _| {
            if !columns.iter().any(|column| *column == field) {
                columns.push(field.into_owned());
            }
        })?;
        if let Some(found) = &self.found {
            let named = |field: &String| self.guard(self.choice.name(field)).into_owned();
            let names: Vec<String> = columns.iter().map(named).collect();
            let places: Vec<Option<usize>> =
                found.iter().map(|column| names.iter().position(|name| name == column)).collect();
            if names.len() != found.len() || places.contains(&None) {
                return Err(Unfit::Header { wanted: names.join(","), found: found.join(",") });
            }
            columns = places.into_iter().flatten().map(|at| columns[at].clone()).collect();
        }
        self.columns = Some(columns);
        Ok(())
    }

    fn header(&self, out: &mut String) {
        for (at, field) in self.columns.iter().flatten().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            self.quote(&self.guard(self.choice.name(field)), out);
        }
        out.push_str("\r\n");
    }

    /// One value as the text of its cell, appended to the cells.
    fn cell(&mut self, raw: &str) -> Result<Range<usize>, Unfit> {
        let begin = self.cells.len();
        if raw.starts_with('[') {
            let members: Vec<&RawValue> = serde_json::from_str(raw)?;
            if members.iter().any(|member| member.get().starts_with(['[', '{'])) {
                self.cells.push_str(raw);
            } else {
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        self.cells.push_str(&self.join);
                    }
                    self.cells.push_str(&text(member.get())?.unwrap_or_default());
                }
            }
        } else if let Some(text) = text(raw)? {
            self.cells.push_str(&text);
        }
        Ok(begin..self.cells.len())
    }

    /// A cell that begins like a formula gets a leading `'` (OWASP, CSV injection); a plain number stays one.
    fn guard<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        let is_formula = matches!(cell.as_bytes().first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'));
        if is_formula && !self.is_raw && !is_number(cell) {
            Cow::Owned(format!("'{cell}"))
        } else {
            Cow::Borrowed(cell)
        }
    }

    fn quote(&self, cell: &str, out: &mut String) {
        let delimiter = self.delimiter as u8;
        if !cell.bytes().any(|byte| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n')) {
            out.push_str(cell);
            return;
        }
        out.push('"');
        for (at, part) in cell.split('"').enumerate() {
            if at > 0 {
                out.push_str("\"\"");
            }
            out.push_str(part);
        }
        out.push('"');
    }
}

impl Text for Csv {
    fn declare(&mut self, fields: &[&str]) {
        self.declared = fields.iter().map(|field| (*field).to_owned()).collect();
    }

    fn record(&mut self, record: &Record, is_first: bool, out: &mut String) -> Result<(), Unfit> {
        let json = record.json()?;
        self.decide(&json)?;
        let columns = self.columns.take().unwrap_or_default();
        let read = self.read(&json, &columns);
        self.columns = Some(columns);
        read?;
        if is_first && self.has_header {
            self.header(out);
        }
        for (at, place) in self.places.iter().enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            self.quote(&self.guard(&self.cells[place.clone()]), out);
        }
        if let [only] = self.places.as_slice()
            && only.is_empty()
        {
            // else it would be an empty line, which is no record
            out.push_str("\"\"");
        }
        out.push_str("\r\n");
        Ok(())
    }

    fn missing(&self) -> Missing {
        Missing::Refuse
    }

    fn go_on(&mut self, existing: &mut Existing) -> io::Result<End> {
        let tail = existing.read(existing.length.saturating_sub(1), 1)?;
        let end = End {
            at: existing.length,
            is_empty: existing.length == 0,
            wants_line_end: tail.last().is_some_and(|byte| *byte != b'\n'),
        };
        if end.is_empty || !self.has_header {
            return Ok(end);
        }
        let begin = existing.read(0, HEADER)?;
        let begin = String::from_utf8(begin).or_else(|error| {
            // cut within a character
            let whole = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            String::from_utf8(bytes[..whole].to_vec()).map_err(|_| stranger("CSV in UTF-8"))
        })?;
        let found = first_line(&begin, self.delimiter).ok_or_else(|| stranger("CSV with a header"))?;
        if let Some(fields) = &self.choice.fields {
            let wanted: Vec<Cow<'_, str>> = fields.iter().map(|field| self.guard(self.choice.name(field))).collect();
            if found != wanted {
                return Err(other_header(&wanted.join(","), &found.join(",")));
            }
        } else {
            self.found = Some(found);
        }
        Ok(end)
    }

    fn state(&self) -> Value {
        serde_json::json!({ "columns": self.columns, "found": self.found })
    }

    fn restore(&mut self, state: &Value) {
        let names = |key: &str| serde_json::from_value(state[key].clone()).unwrap_or_default();
        (self.columns, self.found) = (names("columns"), names("found"));
        if self.columns.is_none() {
            self.columns.clone_from(&self.choice.fields);
        }
    }

    fn left_out(&mut self) -> u64 {
        std::mem::take(&mut self.left_out)
    }
}

impl Csv {
    /// Reads the record's cells, each to the place of its column.
    fn read(&mut self, json: &[u8], columns: &[String]) -> Result<(), Unfit> {
        self.cells.clear();
        self.places.clear();
        self.places.resize(columns.len(), 0..0);
        let (mut next, mut result) = (0, Ok(()));
        let mut extra = None;
        let (mut left_out, mut this) = (0, self);
        each_field(json, |field, raw| {
            // fields come in the order of the columns, but for what is left out
            let at = match columns.get(next) {
                Some(column) if *column == field => Some(next),
                _ => columns.iter().position(|column| *column == field),
            };
            match at {
                Some(at) => {
                    next = at + 1;
                    match this.cell(raw) {
                        Ok(place) => this.places[at] = place,
                        Err(error) => result = Err(error),
                    }
                }
                None => {
                    left_out += 1;
                    extra.get_or_insert_with(|| field.into_owned());
                }
            }
        })?;
        this = this.count(left_out, extra);
        let _ = this;
        result
    }

    fn count(&mut self, left_out: u64, extra: Option<String>) -> &mut Self {
        // a field that `fields` does not choose is left out on purpose
        if self.choice.fields.is_none() {
            self.left_out += left_out;
            if let Some(field) = extra.filter(|_| !self.has_warned) {
                self.has_warned = true;
                tracing::warn!(
                    field,
                    "an item has a field for which the CSV file has no column; set `fields` of the feed"
                );
            }
        }
        self
    }
}

/// A file whose header is another one.
pub(in crate::feed) fn other_header(wanted: &str, found: &str) -> io::Error {
    stranger(&format!("CSV with the header `{wanted}`, but `{found}`"))
}

/// Whether a text is a plain number: `-3.14`, `+5`, `-1e9`.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_digits(whole) && is_digits(fraction) && is_digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))
}

/// The cells of the first line; none if it does not end.
fn first_line(text: &str, delimiter: char) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        let cell = cells.last_mut()?;
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            c if is_quoted => cell.push(c),
            '\n' => return Some(cells),
            '\r' => {}
            c if c == delimiter => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::conformance::record_of;

    fn csv(toml: &str) -> Csv {
        let settings: Settings = toml::from_str(&format!("uri = 'x.csv'\n{toml}")).expect("settings");
        Csv::new(Choice { fields: settings.fields.clone(), names: settings.names.clone() }, &settings)
    }

    fn written(csv: &mut Csv, records: &[serde_json::Value]) -> String {
        let mut out = String::new();
        for (at, record) in records.iter().enumerate() {
            csv.record(&record_of(record), at == 0, &mut out).expect("it fits");
        }
        out
    }

    #[test]
    fn the_first_record_makes_the_header_and_later_fields_are_counted() {
        let mut csv = csv("");
        let records =
            [serde_json::json!({"a": 1, "b": "x, \"y\""}), serde_json::json!({"c": 3, "b": null, "a": [1, "z"]})];
        assert_eq!(written(&mut csv, &records), "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\"1,z\",\r\n");
        assert_eq!(csv.left_out(), 1);
    }

    #[test]
    fn what_is_declared_is_a_column_though_the_first_record_lacks_it() {
        let mut csv = csv("");
        csv.declare(&["b", "a", "c"]);
        let records = [serde_json::json!({"a": 1, "images": []}), serde_json::json!({"b": 2, "c": 3})];
        assert_eq!(written(&mut csv, &records), "b,a,c,images\r\n,1,,\r\n2,,3,\r\n");
        assert_eq!(csv.left_out(), 0);
        let mut chosen = super::tests::csv("fields = ['c']");
        chosen.declare(&["b", "a", "c"]);
        assert_eq!(written(&mut chosen, &records), "c\r\n\"\"\r\n3\r\n");
    }

    #[test]
    fn f07_what_looks_like_a_formula_is_escaped_and_a_number_is_not() {
        let cells = ["=1+1", "+49 5", "-x", "@a", "\tx", "-3.14", "+5", "-1e9", "a=b", "-"];
        let expected = ["'=1+1", "'+49 5", "'-x", "'@a", "'\tx", "-3.14", "+5", "-1e9", "a=b", "'-"];
        for (cell, expected) in cells.iter().zip(expected) {
            assert_eq!(
                written(&mut csv("header = false"), &[serde_json::json!({"a": cell, "b": 1})]),
                format!("{expected},1\r\n")
            );
            let raw = written(&mut csv("header = false\nraw = true"), &[serde_json::json!({"a": cell, "b": 1})]);
            assert_eq!(raw, format!("{cell},1\r\n"));
        }
        assert_eq!(written(&mut csv(""), &[serde_json::json!({"=cmd": -1})]), "'=cmd\r\n-1\r\n");
    }

    #[test]
    fn nested_values_are_json_and_an_empty_line_is_a_record() {
        let records = [serde_json::json!({"a": {"b": [1]}}), serde_json::json!({"a": [[1], 2]}), serde_json::json!({})];
        assert_eq!(written(&mut csv(""), &records), "a\r\n\"{\"\"b\"\":[1]}\"\r\n\"[[1],2]\"\r\n\"\"\r\n");
        let records = [serde_json::json!({"b": 1, "a": ["x", "y"]})];
        let mut other = csv("fields = ['a', 'b', 'c']\nnames = { b = 'B' }\ndelimiter = \"\\t\"\njoin = ' | '");
        assert_eq!(written(&mut other, &records), "a\tB\tc\r\nx | y\t1\t\r\n");
        assert_eq!(other.left_out(), 0);
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        assert_eq!(first_line("a,\"b,\n\"\"\"\r\n1", ','), Some(vec!["a".to_owned(), "b,\n\"".to_owned()]));
        assert_eq!(first_line("no end", ','), None);
    }
}
