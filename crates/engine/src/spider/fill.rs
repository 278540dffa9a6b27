//! How many of the items that a spider yields have a value in each of their fields: not null, and not an empty text, list
//! or object. Counted where the item is made, from its JSON, without building anything of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::message::{Field, Record};
use crate::stats::Name;

/// The most fields of a kind that are counted by name, and the longest name; the others are one field, [`OTHERS`]. A page
/// whose names never end must not fill the report.
const FIELDS: usize = 100;
const LONGEST: usize = 100;
const KINDS: usize = 100;
/// All fields and kinds that have no name of their own in the figures.
const OTHERS: &str = "*";

/// The items of one page.
#[derive(Debug, Default)]
pub(crate) struct Fill {
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    name: Arc<str>,
    items: u64,
    /// In the order in which they came.
    fields: Vec<(Cow<'static, str>, u64)>,
    others: u64,
}

impl Fill {
    /// Counts one item. What is declared is a field even if no item has it.
    pub(crate) fn note(&mut self, record: &Record, declared: &'static [Field]) {
        let at = match self.kinds.iter().rposition(|kind| kind.name == record.kind) {
            Some(at) => at,
            None => {
                let fields = declared.iter().take(FIELDS).map(|field| (Cow::Borrowed(field.name), 0)).collect();
                self.kinds.push(Kind { name: record.kind.clone(), items: 0, fields, others: 0 });
                self.kinds.len() - 1
            }
        };
        let (kind, mut next) = (&mut self.kinds[at], 0);
        kind.items += 1;
        // a record is one JSON object; what is not has no fields
        if let Ok(json) = record.json() {
            each_field(&json, |name, is_filled| next = kind.count(name, is_filled, next));
        }
    }

    /// The items of some records: where only a part of a page's counts.
    pub(crate) fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut fill = Self::default();
        records.into_iter().for_each(|record| fill.note(record, &[]));
        fill
    }
}

impl Kind {
    /// Counts a field, and says which one is likely to come next: fields come in the same order in every item.
    fn count(&mut self, name: &str, is_filled: bool, next: usize) -> usize {
        let at = match self.fields.get(next) {
            Some((expected, _)) if *expected == name => Some(next),
            _ => self.fields.iter().position(|(known, _)| *known == name),
        };
        let at = match at {
            Some(at) => at,
            None if self.fields.len() < FIELDS && name.len() <= LONGEST => {
                self.fields.push((Cow::Owned(name.to_owned()), 0));
                self.fields.len() - 1
            }
            None => {
                self.others += u64::from(is_filled);
                return next;
            }
        };
        self.fields[at].1 += u64::from(is_filled);
        at + 1
    }
}

/// The names under which the fields of a crawl's items are counted, as many as there may be.
#[derive(Debug, Default)]
pub(crate) struct FillNames {
    known: BTreeMap<Arc<str>, BTreeSet<Cow<'static, str>>>,
}

impl FillNames {
    /// The counts of a page's items: `items/book/count`, `items/book/price/filled`.
    pub(crate) fn counts(&mut self, fill: Fill, counts: &mut Vec<(Name, u64)>) {
        for Kind { name, items, fields, mut others } in fill.kinds {
            let name = if self.known.contains_key(&name) || self.known.len() < KINDS { name } else { OTHERS.into() };
            let known = self.known.entry(name.clone()).or_default();
            counts.push((["items/", &name, "/count"].concat().into(), items));
            for (field, filled) in fields {
                if known.contains(&field) || known.len() < FIELDS {
                    counts.push((["items/", &name, "/", &field, "/filled"].concat().into(), filled));
                    if !known.contains(&field) {
                        known.insert(field);
                    }
                } else {
                    others += filled;
                }
            }
            if others > 0 {
                counts.push((format!("items/{name}/{OTHERS}/filled").into(), others));
            }
        }
    }
}

/// Tells of each field of one JSON object whether it has a value; none if it is no object. Values are stepped over and not
/// read: this runs for each item of a crawl.
fn each_field(json: &[u8], mut see: impl FnMut(&str, bool)) -> Option<()> {
    let mut at = 1 + after_spaces(json, 0);
    loop {
        at = after_spaces(json, at);
        match json.get(at)? {
            b',' => at += 1,
            b'"' => {
                let end = string_end(json, at)?;
                let begin = after_spaces(json, end);
                // the colon lies between
                let begin = after_spaces(json, begin + 1);
                let name = name(json.get(at..end)?)?;
                at = value_end(json, begin)?;
                see(&name, is_filled(json.get(begin..at)?));
            }
            _ => return Some(()),
        }
    }
}

/// A name without its quotes.
fn name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', quoted).is_some() {
        return serde_json::from_slice(quoted).ok().map(Cow::Owned);
    }
    std::str::from_utf8(quoted.get(1..quoted.len() - 1)?).ok().map(Cow::Borrowed)
}

fn after_spaces(json: &[u8], from: usize) -> usize {
    let rest = json.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The place behind a string that begins here.
fn string_end(json: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', json.get(at..)?)?;
        match json[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The place behind a value that begins here.
fn value_end(json: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match json.get(at)? {
            b'"' => at = string_end(json, at)?,
            b'[' | b'{' => (at, depth) = (at + 1, depth + 1),
            b']' | b'}' if depth > 0 => (at, depth) = (at + 1, depth - 1),
            b',' | b':' if depth > 0 => {
                at += 1;
                continue;
            }
            byte if byte.is_ascii_whitespace() && depth > 0 => {
                at += 1;
                continue;
            }
            _ => {
                let rest = &json[at..];
                let is_end = |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace();
                at += rest.iter().position(is_end).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Whether a value is one: not null, nor empty. What an item's author has written himself may have spaces in it.
fn is_filled(raw: &[u8]) -> bool {
    match raw {
        b"null" | b"\"\"" | b"[]" | b"{}" => false,
        [b'[', within @ .., b']'] | [b'{', within @ .., b'}'] => !within.trim_ascii().is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use url::Url;

    fn record(kind: &str, json: &str) -> Record {
        let page = Arc::new(Url::parse("http://a.example/").expect("a URL"));
        Record::from_json(kind, page, Bytes::copy_from_slice(json.as_bytes())).expect("an object")
    }

    fn counts(names: &mut FillNames, records: &[Record]) -> Vec<(String, u64)> {
        let mut counts = Vec::new();
        names.counts(Fill::of(records), &mut counts);
        counts.into_iter().map(|(name, count)| (name.into_owned(), count)).collect()
    }

    #[test]
    fn a_value_is_neither_null_nor_empty() {
        let book = record("book", r#"{"a":null,"b":"","c":[],"d":{ },"e":0,"f":false,"g":"x","h":[null],"ü\n":" "}"#);
        let other = record("book", r#"{"b":"x","a":1}"#);
        let expected = [
            ("count", 2),
            ("a/filled", 1),
            ("b/filled", 1),
            ("c/filled", 0),
            ("d/filled", 0),
            ("e/filled", 1),
            ("f/filled", 1),
            ("g/filled", 1),
            ("h/filled", 1),
            ("ü\n/filled", 1),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(name, count)| (format!("items/book/{name}"), count)).collect();
        assert_eq!(counts(&mut FillNames::default(), &[book, other]), expected);
    }

    #[test]
    fn values_are_stepped_over_as_a_parser_would() {
        let raw = r#" { "a\"" : [ "]" , {"x": "}\\"} , 1.5e3, null ] ,"b":-1 , "c" : { "d" : [ [ ] , true ] } ,"e":"\\\"," } "#;
        let mut seen = Vec::new();
        let whole = each_field(raw.as_bytes(), |name, is_filled| seen.push((name.to_owned(), is_filled)));
        let names: Vec<&str> = seen.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((whole, names), (Some(()), vec!["a\"", "b", "c", "e"]));
        assert!(seen.iter().all(|(_, is_filled)| *is_filled));
        for end in 0..raw.len() {
            // whatever it is cut to, it ends
            each_field(&raw.as_bytes()[..end], |_, _| {});
        }
    }

    #[test]
    fn names_that_never_end_are_counted_under_one() {
        let mut names = FillNames::default();
        let mut all = BTreeMap::new();
        for page in 0..300 {
            let fields: Vec<String> = (0..10).map(|field| format!("\"{page}-{field}\":1")).collect();
            let long = "x".repeat(1000);
            let record = record("book", &format!("{{{},\"{long}\":1}}", fields.join(",")));
            for (name, count) in counts(&mut names, &[record]) {
                *all.entry(name).or_insert(0) += count;
            }
        }
        assert_eq!(all.len(), FIELDS + 2);
        assert_eq!(all["items/book/*/filled"], 3000 - FIELDS as u64 + 300);
        for kind in 0..300 {
            counts(&mut names, &[record(&format!("kind-{kind}"), "{}")]);
        }
        assert_eq!(names.known.len(), KINDS + 1);
    }
}
