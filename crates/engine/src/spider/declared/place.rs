//! Where in a file something stands: every error about a declared spider names line, column and key.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Error, Result, nearest};

/// A file's keys, each with where it stands.
#[derive(Debug)]
pub(super) struct Places<'t> {
    /// The file's name, for messages.
    file: &'t str,
    text: &'t str,
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    path: Vec<String>,
    name: Range<usize>,
    value: Range<usize>,
}

/// Something that is wrong at a key.
#[derive(Debug)]
pub(super) struct Fault {
    /// The key, from the outermost table on; a number for a place in a list.
    path: Vec<String>,
    what: String,
}

impl Fault {
    pub(super) fn new(path: &[&str], what: impl ToString) -> Self {
        Self { path: path.iter().map(|part| (*part).to_owned()).collect(), what: what.to_string() }
    }

    /// The same within a table.
    pub(super) fn within(mut self, path: &[&str]) -> Self {
        self.path.splice(0..0, path.iter().map(|part| (*part).to_owned()));
        self
    }

    /// Something of a name that nothing answers to.
    pub(super) fn unknown<'a>(
        path: &[&str],
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let hint = match nearest(name, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.into_iter().collect::<Vec<_>>().join(", ")),
        };
        Self::new(path, format!("there is no {what} `{name}`; {hint}"))
    }
}

impl<'t> Places<'t> {
    /// # Errors
    /// If the text is not TOML.
    pub(super) fn new(file: &'t str, text: &'t str) -> Result<Self> {
        let mut places = Self { file, text, keys: Vec::new() };
        let table = DeTable::parse(text).map_err(|error| places.syntax(&error))?;
        places.note_table(table.get_ref(), &mut Vec::new());
        Ok(places)
    }

    /// Where a key stands in the file, to bring keys into the order in which they are written.
    pub(super) fn order(&self, path: &[&str]) -> usize {
        self.find(path).map_or(usize::MAX, |key| key.name.start)
    }

    /// The error for something that is wrong at a key.
    pub(super) fn error(&self, fault: &Fault) -> Error {
        let mut path: Vec<&str> = fault.path.iter().map(String::as_str).collect();
        let shown = dotted(&path);
        let at = loop {
            match self.find(&path) {
                Some(key) => break key.value.start,
                None if path.is_empty() => break 0,
                None => drop(path.pop()),
            }
        };
        self.at(at, &shown, &fault.what)
    }

    /// The error for what serde or the TOML parser says.
    pub(super) fn syntax(&self, error: &toml::de::Error) -> Error {
        let span = error.span().unwrap_or(0..0);
        let contains = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
        let within = self.keys.iter().filter(|key| contains(&key.name) || contains(&key.value));
        let key = within.max_by_key(|key| key.path.len());
        let path: Vec<&str> = key.map(|key| key.path.iter().map(String::as_str).collect()).unwrap_or_default();
        self.at(span.start, &dotted(&path), &in_words(error.message().trim()))
    }

    fn at(&self, at: usize, key: &str, what: &str) -> Error {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |text| text.chars().count()) + 1;
        let shown = if key.is_empty() { String::new() } else { format!("`{key}`: ") };
        let message = format!("{}:{line}:{column}: {shown}{what}", self.file);
        Error::Setting { key: key.to_owned(), message }
    }

    fn find(&self, path: &[&str]) -> Option<&Key> {
        self.keys.iter().find(|key| key.path == path)
    }

    fn note_table(&mut self, table: &DeTable<'_>, path: &mut Vec<String>) {
        for (key, value) in table {
            path.push(key.get_ref().to_string());
            self.note(key.span(), value, path);
            path.pop();
        }
    }

    fn note(&mut self, name: Range<usize>, value: &Spanned<DeValue<'_>>, path: &mut Vec<String>) {
        self.keys.push(Key { path: path.clone(), name, value: value.span() });
        match value.get_ref() {
            DeValue::Table(table) => self.note_table(table, path),
            DeValue::Array(values) => {
                for (number, value) in values.iter().enumerate() {
                    path.push(number.to_string());
                    self.note(value.span(), value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }
}

/// `pages.list.follow[0].css`
fn dotted(path: &[&str]) -> String {
    let mut text = String::new();
    for part in path {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{part}]"));
        } else {
            text.push_str(if text.is_empty() { "" } else { "." });
            text.push_str(part);
        }
    }
    text
}

/// What serde says of keys and types, in the words of somebody who writes TOML.
fn in_words(what: &str) -> String {
    let names: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
    let kind = what.split('`').next().unwrap_or_default().trim();
    match (kind, names.as_slice()) {
        ("unknown field", [unknown, known @ ..]) => match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("there is no key `{unknown}` here; did you mean `{near}`?"),
            None => format!("there is no key `{unknown}` here; known: {}", known.join(", ")),
        },
        ("unknown variant", [unknown, known @ ..]) => match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("`{unknown}` is none of {}; did you mean `{near}`?", known.join(", ")),
            None => format!("`{unknown}` is none of {}", known.join(", ")),
        },
        ("missing field", [missing]) => format!("the key `{missing}` is missing"),
        _ => what.replace("invalid type: ", "").replace(", expected", " where there should be"),
    }
}
