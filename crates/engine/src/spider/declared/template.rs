//! URLs with places in them: `{args.NAME}` is an argument, `{1..9}` each of these numbers.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use url::Url;

use super::place::Fault;
use crate::message::mask;

/// A text with places.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Argument(String),
    Numbers(RangeInclusive<i64>),
}

impl Template {
    /// # Errors
    /// If a place is of no known form, is an argument that the file does not name, or would not make a URL.
    pub(super) fn parse(path: &[&str], text: &str, known: &[&str]) -> Result<Self, Fault> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((place, after)) = after.split_once('}') else {
                return Err(Fault::new(path, format!("`{{` has no `}}` in `{text}`")));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(piece(path, place, known)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        if pieces.iter().filter(|piece| matches!(piece, Piece::Numbers(_))).count() > 1 {
            return Err(Fault::new(path, format!("`{text}` counts twice: one `{{1..9}}` is what a URL may have")));
        }
        Ok(Self { pieces })
    }

    /// Whether it can be known without arguments.
    pub(super) fn is_fixed(&self) -> bool {
        !self.pieces.iter().any(|piece| matches!(piece, Piece::Argument(_)))
    }

    /// All texts that it means, one after the other.
    pub(super) fn expand(&self, arguments: &BTreeMap<String, String>) -> impl Iterator<Item = String> + Send + use<> {
        let (mut before, mut after, mut numbers) = (String::new(), String::new(), None);
        for piece in &self.pieces {
            let place = if numbers.is_some() { &mut after } else { &mut before };
            match piece {
                Piece::Text(text) => place.push_str(text),
                Piece::Argument(name) => place.push_str(arguments.get(name).map_or("", String::as_str)),
                Piece::Numbers(range) => numbers = Some(range.clone()),
            }
        }
        let one = numbers.is_none().then(|| before.clone());
        let many = numbers.into_iter().flatten().map(move |number| format!("{before}{number}{after}"));
        one.into_iter().chain(many)
    }

    /// The first URL that it means.
    ///
    /// # Errors
    /// If that is none: what was read.
    pub(super) fn first_url(&self, arguments: &BTreeMap<String, String>) -> Result<Option<Url>, String> {
        let Some(text) = self.expand(arguments).next() else { return Ok(None) };
        match Url::parse(text.trim()) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
            Ok(_) => Err(format!("`{}` is neither http nor https", mask::text(&text))),
            Err(error) => Err(format!("`{}` is not a URL: {error}", mask::text(&text))),
        }
    }
}

fn piece(path: &[&str], place: &str, known: &[&str]) -> Result<Piece, Fault> {
    if let Some(name) = place.strip_prefix("args.") {
        if !known.contains(&name) {
            return Err(Fault::unknown(path, "argument", name, known.iter().copied()));
        }
        return Ok(Piece::Argument(name.to_owned()));
    }
    let numbers = place.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match numbers {
        Some((from, to)) if from <= to => Ok(Piece::Numbers(from..=to)),
        _ => Err(Fault::new(path, format!("`{{{place}}}` is neither `{{args.NAME}}` nor `{{1..9}}`"))),
    }
}
