//! How many of the items that a spider yields have a value in each of their fields: not null, and not an empty text, list
//! or object. Counted where the item is made, from its JSON, without building anything of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

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
            let _ = each_field(&json, |name, is_filled| next = kind.count(name, is_filled, next));
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
            counts.push((format!("items/{name}/count").into(), items));
            for (field, filled) in fields {
                if known.contains(&field) || known.len() < FIELDS {
                    counts.push((format!("items/{name}/{field}/filled").into(), filled));
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

/// Tells of each field whether it has a value.
fn each_field(json: &[u8], see: impl FnMut(&str, bool)) -> serde_json::Result<()> {
    Fields(see).deserialize(&mut serde_json::Deserializer::from_slice(json))
}

struct Fields<F>(F);

impl<'de, F: FnMut(&str, bool)> DeserializeSeed<'de> for Fields<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, bool)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an item")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(name)) = map.next_key()? {
            let value = map.next_value::<&RawValue>()?;
            (self.0)(&name, is_filled(value.get()));
        }
        Ok(())
    }
}

/// A name, borrowed where it holds no escape.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Whether a value is one: not null, nor empty. What an item's author has written himself may have spaces in it.
fn is_filled(raw: &str) -> bool {
    match raw.as_bytes() {
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
