//! What is found, step by step into a value.

use serde_json::Value;

use super::{Piece, Reading};
use crate::error::Result;
use crate::page::extract::Extract;
use crate::page::{Node, Page};

/// The first piece as a value.
///
/// # Errors
/// If it does not read.
pub fn first<T: Extract>(pieces: &[Piece<'_>], page: &Page) -> Result<Option<T>> {
    pieces.first().map(|piece| piece.read(page)).transpose()
}

/// Each piece as a value.
///
/// # Errors
/// If one does not read.
pub fn each<T: Extract, C: FromIterator<T>>(pieces: &[Piece<'_>], page: &Page) -> Result<Option<C>> {
    pieces.iter().map(|piece| piece.read(page)).collect::<Result<C>>().map(Some)
}

/// All JSON that was found, as one value.
///
/// # Errors
/// None: it is like its siblings.
pub fn whole(mut pieces: Vec<Piece<'_>>, page: &Page) -> Result<Option<Value>> {
    match pieces.len() {
        0 | 1 => pieces.pop().map(|piece| piece.read(page)).transpose(),
        _ => each::<Value, Vec<Value>>(&pieces, page).map(|values| values.map(Value::Array)),
    }
}

/// The texts of all pieces.
#[must_use]
pub fn texts(pieces: Vec<Piece<'_>>, reading: Reading) -> Vec<String> {
    pieces.into_iter().map(|piece| piece.into_text(reading)).collect()
}

/// Without white space around.
#[must_use]
pub fn trim(texts: Vec<String>) -> Vec<String> {
    texts.into_iter().map(|text| text.trim().to_owned()).collect()
}

/// One text of all.
#[must_use]
pub fn join(texts: Vec<String>, between: &str) -> Vec<String> {
    vec![texts.join(between)]
}

/// The first text only.
#[must_use]
pub fn only_first(mut texts: Vec<String>) -> Vec<String> {
    texts.truncate(1);
    texts
}

/// The last text only.
#[must_use]
pub fn only_last(mut texts: Vec<String>) -> Vec<String> {
    texts.pop().into_iter().collect()
}

/// Each text through a function; what it gives nothing for is left out.
///
/// # Errors
/// The function's.
pub fn map(texts: Vec<String>, function: impl Fn(&str) -> Result<Option<String>>) -> Result<Vec<String>> {
    texts.iter().filter_map(|text| function(text).transpose()).collect()
}

/// The first text as a value; where a blank one is a miss, nothing is made of it.
///
/// # Errors
/// If it does not read.
pub fn first_text<T>(texts: &[String], blank_is_miss: bool, read: impl Fn(&str) -> Result<T>) -> Result<Option<T>> {
    let Some(text) = texts.first() else { return Ok(None) };
    match read(text) {
        Err(_) if blank_is_miss && text.trim().is_empty() => Ok(None),
        value => value.map(Some),
    }
}

/// Each text as a value.
///
/// # Errors
/// If one does not read.
pub fn each_text<T, C: FromIterator<T>>(texts: &[String], read: impl Fn(&str) -> Result<T>) -> Result<Option<C>> {
    texts.iter().map(|text| read(text)).collect::<Result<C>>().map(Some)
}

/// The first node through a function.
///
/// # Errors
/// The function's.
pub fn first_node<'a, T>(
    pieces: Vec<Piece<'a>>,
    page: &'a Page,
    function: impl Fn(&Node<'a>) -> Result<Option<T>>,
) -> Result<Option<T>> {
    pieces.into_iter().next().map_or(Ok(None), |piece| function(&node(piece, page)))
}

/// Each node through a function; what it gives nothing for is left out.
///
/// # Errors
/// The function's.
pub fn each_node<'a, T, C: FromIterator<T>>(
    pieces: Vec<Piece<'a>>,
    page: &'a Page,
    function: impl Fn(&Node<'a>) -> Result<Option<T>>,
) -> Result<Option<C>> {
    pieces.into_iter().filter_map(|piece| function(&node(piece, page)).transpose()).collect::<Result<C>>().map(Some)
}

fn node<'a>(piece: Piece<'a>, page: &'a Page) -> Node<'a> {
    match piece {
        Piece::Page(page) => page.root(),
        Piece::Node(node) => node,
        other => Node::computed(page, &other.into_text(Reading::Raw)),
    }
}
