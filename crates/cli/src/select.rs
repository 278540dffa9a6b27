//! `dragline select`: what queries find on a page, one line each.

pub(crate) mod chain;

use std::ops::ControlFlow;

use dragline::Registry;
use serde_json::{Map, Value, json};

use self::chain::{Chain, Match, text_of};
use crate::exit::Exit;
use crate::options::reading::Select;
use crate::source::{Place, Reader};
use crate::terminal::{json as json_line, line, print, say};

/// Prints the matches.
pub(crate) fn run(registry: &Registry, command: &Select) -> anyhow::Result<Exit> {
    let chain = Chain::parse(&command.queries.0)?;
    let place = Place::read(&command.source)?;
    let reader = Reader::build(registry, &command.reading)?;
    let page = reader.page(&place)?;
    let form = Form::of(command);
    let mut count = 0_usize;
    let result = chain.each(&page, &mut |found| {
        let Some(shown) = form.show(found) else { return Ok(ControlFlow::Continue(())) };
        count += 1;
        if !command.count {
            print(&shown)?;
        }
        Ok(if command.first { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    if page.is_cut() {
        say("note: the page is cut: it is too deep, has too many nodes, or takes too long to parse (`[spider]`)");
    }
    if command.count {
        print(&count.to_string())?;
    }
    reader.close();
    result?;
    Ok(if count > 0 { Exit::Finished } else { Exit::Failed })
}

/// How a match is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form<'c> {
    Text,
    Raw,
    Html,
    Attribute(&'c str),
    Json,
    /// As JSON, and of it this.
    JsonOf(Part<'c>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'c> {
    Text,
    Raw,
    Html,
    Attribute(&'c str),
}

impl<'c> Form<'c> {
    fn of(command: &'c Select) -> Self {
        let part = match &command.attr {
            Some(name) => Some(Part::Attribute(name)),
            None if command.html => Some(Part::Html),
            None if command.raw => Some(Part::Raw),
            None if command.text => Some(Part::Text),
            None => None,
        };
        match (command.json, part) {
            (true, None) => Self::Json,
            (true, Some(part)) => Self::JsonOf(part),
            (false, None | Some(Part::Text)) => Self::Text,
            (false, Some(Part::Raw)) => Self::Raw,
            (false, Some(Part::Html)) => Self::Html,
            (false, Some(Part::Attribute(name))) => Self::Attribute(name),
        }
    }

    /// The line of a match; none if it has not what is asked for.
    pub(crate) fn show(self, found: &Match<'_>) -> Option<String> {
        let part = match self {
            Self::Json => return Some(json_line(&to_json(found))),
            Self::JsonOf(part) => return Some(json_line(&Value::String(part.of(found)?))),
            Self::Text => Part::Text,
            Self::Raw => Part::Raw,
            Self::Html => Part::Html,
            Self::Attribute(name) => Part::Attribute(name),
        };
        Some(line(&part.of(found)?).into_owned())
    }
}

impl Part<'_> {
    fn of(self, found: &Match<'_>) -> Option<String> {
        match (self, found) {
            (Self::Attribute(name), Match::Node(node)) => node.attr(name).map(str::to_owned),
            (Self::Attribute(name), Match::Value(value)) => value.get(name).map(|value| text_of(&Match::Value(value))),
            (Self::Attribute(_), Match::Text(_)) => None,
            (Self::Html, Match::Node(node)) => Some(node.html()),
            (Self::Text, Match::Node(node)) => Some(node.text()),
            (Self::Text, found) => Some(text_of(found).split_whitespace().collect::<Vec<_>>().join(" ")),
            (Self::Html | Self::Raw, found) => Some(text_of(found)),
        }
    }
}

/// A match as JSON.
pub(crate) fn to_json(found: &Match<'_>) -> Value {
    match found {
        Match::Node(node) if !node.name().is_empty() => {
            let attrs: Map<String, Value> =
                node.attrs().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
            json!({ "name": node.name(), "attrs": attrs, "text": node.text(), "html": node.html() })
        }
        Match::Value(value) => (*value).clone(),
        found => Value::String(text_of(found)),
    }
}
