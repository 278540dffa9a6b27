//! One layer of settings: its TOML, where it comes from, and the line of every key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::error::{Error, Result};

/// Where a layer comes from. The order is that of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// What is built in.
    Default,
    /// What a spider brings along.
    Spider(String),
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// `-s` or `-a`.
    Flag(String),
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The layer.
    pub source: Source,
    /// The line, counted from 1, where the layer has lines.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Default => f.write_str("default"),
            Source::Spider(name) => write!(f, "spider `{name}`"),
            Source::File(path) => write!(f, "{}", path.display()),
            Source::Environment(name) => write!(f, "environment `{name}`"),
            Source::Flag(flag) => write!(f, "`{flag}`"),
        }?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// One layer.
#[derive(Clone)]
pub(super) struct Layer {
    pub(super) source: Source,
    pub(super) table: Table,
    /// Dotted key to line.
    pub(super) lines: BTreeMap<String, usize>,
    /// Values are the text that somebody typed, to be read as whatever is wanted.
    pub(super) is_text: bool,
}

impl Layer {
    pub(super) fn parse(source: Source, text: &str) -> Result<Self> {
        // not the error's own picture of the line: a password may stand there
        let broken = |error: toml::de::Error| {
            let line = error.span().map(|span| line_at(span.start, text));
            let place = Place { source: source.clone(), line };
            let message = format!("{place} is not TOML: {}", error.message().trim());
            Error::Setting { key: String::new(), message }
        };
        let table: Table = toml::from_str(text).map_err(broken)?;
        let spans = DeTable::parse(text).map_err(broken)?;
        let mut lines = BTreeMap::new();
        locate(spans.get_ref(), text, &mut String::new(), &mut lines);
        Ok(Self { source, table, lines, is_text: false })
    }

    pub(super) fn one(source: Source, path: &[String], value: Value) -> Self {
        let mut value = value;
        for key in path.iter().rev() {
            value = Value::Table(Table::from_iter([(key.clone(), value)]));
        }
        let table = if let Value::Table(table) = value { table } else { Table::new() };
        let mut lines = BTreeMap::new();
        name(&table, &mut String::new(), &mut lines);
        Self { source, table, lines, is_text: false }
    }

    /// Forgets every value that is the same in `defaults`.
    pub(super) fn keep_changes(&mut self, defaults: &Table) {
        forget_same(&mut self.table, defaults, &mut String::new(), &mut self.lines);
    }

    /// A table within this layer as a layer of its own.
    pub(super) fn part(&self, path: &[&str]) -> Option<Self> {
        let mut table = &self.table;
        for key in path {
            table = table.get(*key)?.as_table()?;
        }
        let prefix = format!("{}.", path.join("."));
        let lines = self.lines.iter().filter_map(|(key, line)| Some((key.strip_prefix(&prefix)?.to_owned(), *line)));
        let lines = lines.collect();
        Some(Self { source: self.source.clone(), table: table.clone(), lines, is_text: self.is_text })
    }
}

/// Notes the line of every key.
fn locate(table: &DeTable<'_>, text: &str, path: &mut String, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key.get_ref());
        lines.insert(path.clone(), line_of(key, text));
        if let DeValue::Table(inner) = value.get_ref() {
            locate(inner, text, path, lines);
        }
        path.truncate(length);
    }
}

fn forget_same(table: &mut Table, same: &Table, path: &mut String, lines: &mut BTreeMap<String, usize>) {
    table.retain(|key, value| {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        let keep = match (value, same.get(key)) {
            (Value::Table(inner), Some(Value::Table(same))) => {
                forget_same(inner, same, path, lines);
                !inner.is_empty()
            }
            (value, same) => same != Some(value),
        };
        if !keep {
            lines.remove(path.as_str());
        }
        path.truncate(length);
        keep
    });
}

/// Notes every key of a layer that has no lines.
fn name(table: &Table, path: &mut String, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(key);
        lines.insert(path.clone(), 0);
        if let Value::Table(inner) = value {
            name(inner, path, lines);
        }
        path.truncate(length);
    }
}

fn line_of<T>(spanned: &Spanned<T>, text: &str) -> usize {
    line_at(spanned.span().start, text)
}

fn line_at(at: usize, text: &str) -> usize {
    text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}
