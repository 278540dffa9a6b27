//! JSON: the page's own, or what stands in one of its nodes. Read into a type, or asked by JMESPath.

mod find;
mod text;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt::Display;

use serde::Deserialize;
use serde_json::Value;

pub use self::find::{Json, JsonSelection};

use super::Page;
use crate::error::{Error, Result};

/// As much of what serde says as an error repeats: it quotes the page.
const SAID: usize = 300;
/// As much of a text that is no JSON as an error shows.
const BEGINNING: usize = 40;

/// A page's body as JSON, once somebody has asked.
#[derive(Debug)]
pub(super) struct Document {
    /// None where the body is the text, from `begin` on.
    text: Option<String>,
    begin: usize,
    value: OnceCell<Result<Value, String>>,
}

impl Page {
    /// The body as JSON, read into a type: UTF-8, UTF-16 or UTF-32, with or without a byte order mark; else by the
    /// page's own encoding (RFC 8259, section 8.1). Nested at most 127 deep; of a key that comes twice the last one holds.
    ///
    /// ```
    /// # use dragline::prelude::*;
    /// #[derive(Deserialize)]
    /// struct Book {
    ///     title: String,
    ///     price: f64,
    /// }
    ///
    /// let page = Page::from_html("http://a.example/api", r#"[{"title": "Emma", "price": 7.5}]"#);
    /// let books: Vec<Book> = page.json()?;
    /// assert_eq!((books[0].title.as_str(), books[0].price), ("Emma", 7.5));
    /// # Ok::<(), dragline::Error>(())
    /// ```
    ///
    /// # Errors
    /// If it is no JSON, or not of this type: where, what was expected, and the page.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        let (text, url) = (self.json_text(), self.url());
        read(text).or_else(|what| {
            if !what.contains("duplicate field") {
                return Err(Error::page(format!("the JSON of {url}: {what}")));
            }
            let value = self.json_value().map_err(|_| Error::page(format!("the JSON of {url}: {what}")))?;
            take(value).map_err(|what| Error::page(format!("the JSON of {url}: {what}")))
        })
    }

    /// What a JMESPath expression finds in the body, which is parsed once, and only for this.
    ///
    /// An expression that does not parse finds nothing and fails the page with a message that names it; so does one whose
    /// functions get what they do not take. A body that is no JSON has nothing to be found, and is counted as
    /// `json/bad_count`.
    ///
    /// ```
    /// # use dragline::prelude::*;
    /// let page = Page::from_html("http://a.example/api", r#"{"books": [{"title": "Emma"}, {"title": "Persuasion"}]}"#);
    /// assert_eq!(page.jmespath("books[].title").texts(), ["Emma", "Persuasion"]);
    /// assert_eq!(page.jmespath("length(books)").to::<u32>()?, 2);
    /// assert_eq!(page.jmespath("next").text_opt(), None);
    /// # Ok::<(), dragline::Error>(())
    /// ```
    #[must_use]
    pub fn jmespath(&self, expression: &str) -> JsonSelection<'_> {
        JsonSelection::of_page(self, expression)
    }

    /// Whether somebody has asked for JSON, and there was none.
    pub(super) fn is_bad_json(&self) -> bool {
        self.json.get().and_then(|document| document.value.get()).is_some_and(Result::is_err)
    }

    fn json_document(&self) -> &Document {
        self.json.get_or_init(|| {
            let (text, begin) = match text::of(&self.body, || self.text()) {
                // what is borrowed is the end of the body
                Cow::Borrowed(text) if self.body.as_ptr_range().contains(&text.as_ptr()) => {
                    (None, self.body.len() - text.len())
                }
                text => (Some(text.into_owned()), 0),
            };
            Document { text, begin, value: OnceCell::new() }
        })
    }

    fn json_text(&self) -> &str {
        let document = self.json_document();
        match &document.text {
            Some(text) => text,
            None => std::str::from_utf8(&self.body[document.begin..]).unwrap_or_default(),
        }
    }

    /// The body as a value, or why it is none.
    pub(super) fn json_value(&self) -> Result<&Value, &str> {
        let value = self.json_document().value.get_or_init(|| read(self.json_text()));
        value.as_ref().map_err(String::as_str)
    }
}

/// A text of a page as a value, or why it is none.
pub(super) fn value_of(text: &str) -> Result<Value, String> {
    let whole = text::without_halves(text);
    read(whole.as_deref().unwrap_or(text))
}

/// Reads a text, or says what is wrong with it, and where.
fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() { at(&path, &error) } else { broken(text, &error) }
    })?;
    deserializer.end().map_err(|error| broken(text, &error))?;
    Ok(value)
}

/// A value as a type.
fn take<'v, T: Deserialize<'v>>(value: impl serde::Deserializer<'v, Error = serde_json::Error>) -> Result<T, String> {
    serde_path_to_error::deserialize(value).map_err(|error| at(&error.path().to_string(), error.inner()))
}

/// ``at `items[3].price`: invalid type: string "x", expected f64``
fn at(path: &str, error: &dyn Display) -> String {
    let said = cut(&error.to_string(), SAID);
    if path == "." { said } else { format!("at `{}`: {said}", cut(path, SAID)) }
}

/// What is wrong with a text that is no JSON.
fn broken(text: &str, error: &serde_json::Error) -> String {
    let text = text.trim_start();
    if text.is_empty() {
        return "it is empty".to_owned();
    }
    let said = cut(&error.to_string(), SAID);
    if error.line() <= 1 && error.column() <= 1 {
        return format!("it is no JSON: {said}; it begins with {:?}", &text[..text.floor_char_boundary(BEGINNING)]);
    }
    format!("it is no JSON: {said}")
}

/// A message without its middle: serde puts the place last.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let (begin, end) = (text.floor_char_boundary(most * 2 / 3), text.ceil_char_boundary(text.len() - most / 3));
    format!("{}…{}", &text[..begin], &text[end..])
}

#[cfg(test)]
mod tests;
