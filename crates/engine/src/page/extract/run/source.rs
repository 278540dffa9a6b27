//! Where a field's value is found, and what is there.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use dragline_query::{JmesPath, Query, QueryError};
use ego_tree::NodeId;
use regex::Regex;
use serde_json::Value;
use url::Url;

use crate::error::{Error, Result};
use crate::page::extract::{Extract, json};
use crate::page::given::Given;
use crate::page::selection::look;
use crate::page::{Node, Page};

/// A field of a struct, for its errors.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// The struct's name.
    pub of: &'static str,
}

/// Where a struct is read from, and the JSON that was parsed for it.
#[derive(Debug)]
pub struct Scope<'s, 'a> {
    page: &'a Page,
    /// None for the whole page, whose tree is built only for who asks for nodes.
    from: Option<&'s Node<'a>>,
    /// By the node that it stands in; none for the scope itself.
    json: RefCell<Vec<(Option<NodeId>, Rc<Value>)>>,
}

/// Where a field's value is found: nodes, then JSON in them, then a pattern in that; the parts that were given.
#[derive(Debug)]
pub struct Source {
    nodes: Option<Query>,
    json: Option<JmesPath>,
    pattern: Option<Regex>,
    /// As errors show it.
    text: String,
    /// The compiler has checked the queries, so this is none.
    fault: Option<QueryError>,
}

/// What a source finds.
#[derive(Debug)]
pub enum Piece<'a> {
    /// The whole page.
    Page(&'a Page),
    /// A node.
    Node(Node<'a>),
    /// What a pattern matched.
    Text(String),
    /// What is not null.
    Json(Value),
}

/// How nodes become texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// White space collapsed.
    Shown,
    /// As it stands.
    Raw,
    /// With its tags.
    Html,
}

impl Source {
    /// The place itself.
    #[must_use]
    pub fn here() -> Self {
        Self { nodes: None, json: None, pattern: None, text: String::new(), fault: None }
    }

    /// What a CSS selector finds.
    #[must_use]
    pub fn css(text: &str) -> Self {
        Self::here().nodes(Query::css(text), text)
    }

    /// What an XPath expression finds.
    #[must_use]
    pub fn xpath(text: &str) -> Self {
        Self::here().nodes(Query::xpath(text), text)
    }

    fn nodes(mut self, query: Result<Query, QueryError>, text: &str) -> Self {
        self.nodes = query.map_err(|fault| self.fault = Some(fault)).ok();
        self.says(text)
    }

    /// What a JMESPath expression finds in that.
    #[must_use]
    pub fn jmespath(mut self, text: &str) -> Self {
        self.json = JmesPath::parse(text).map_err(|fault| self.fault = Some(fault)).ok();
        self.says(text)
    }

    /// What a regular expression finds in that.
    #[must_use]
    pub fn re(mut self, text: &str) -> Self {
        self.pattern = dragline_query::pattern(text).map_err(|fault| self.fault = Some(fault)).ok();
        self.says(text)
    }

    fn says(mut self, text: &str) -> Self {
        let then = if self.text.is_empty() { "" } else { "` → `" };
        self.text.push_str(then);
        self.text.push_str(text);
        self
    }

    /// What it finds; of nodes alone no more than the first unless all are asked for.
    fn pieces<'a>(&self, scope: &Scope<'_, 'a>, all: bool) -> Result<Vec<Piece<'a>>> {
        if let Some(fault) = &self.fault {
            return Err(Error::page(fault));
        }
        let only_nodes = self.json.is_none() && self.pattern.is_none();
        let mut pieces: Vec<Piece<'a>> = match &self.nodes {
            None => vec![scope.here()],
            Some(query) if only_nodes && !all => scope.nodes(query, 1).into_iter().take(1).map(Piece::Node).collect(),
            Some(query) => scope.nodes(query, usize::MAX).into_iter().map(Piece::Node).collect(),
        };
        if let Some(path) = &self.json {
            pieces = scope.json(&pieces, path)?.into_iter().map(Piece::Json).collect();
        }
        Ok(match &self.pattern {
            None => pieces,
            Some(pattern) => {
                let texts = pieces.into_iter().map(Piece::searched);
                texts.flat_map(|text| matches(pattern, &text)).map(Piece::Text).collect()
            }
        })
    }
}

impl<'s, 'a> Scope<'s, 'a> {
    /// A struct is read from here.
    #[must_use]
    pub fn new(from: &'s Node<'a>) -> Self {
        Self { page: from.page(), from: Some(from).filter(|from| !from.is_document()), json: RefCell::default() }
    }

    /// A struct is read from the whole of this page.
    #[must_use]
    pub fn of_page(page: &'a Page) -> Self {
        Self { page, from: None, json: RefCell::default() }
    }

    /// The node that it is read from.
    #[must_use]
    pub fn node(&self) -> Node<'a> {
        self.from.map_or_else(|| self.page.root(), Node::clone)
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &'a Page {
        self.page
    }

    /// The page's URL.
    #[must_use]
    pub fn url<T: From<Url>>(&self) -> T {
        self.page().url().clone().into()
    }

    fn here(&self) -> Piece<'a> {
        self.from.map_or(Piece::Page(self.page), |node| Piece::Node(node.clone()))
    }

    /// What a query finds, without a selection around it: a struct has many fields, a page many structs.
    fn nodes(&self, query: &Query, limit: usize) -> Vec<Node<'a>> {
        let mut found = Vec::new();
        let given = Given::default();
        match self.from {
            Some(node) => look(node, query, &given, limit, &mut found),
            None => look(&self.page.root(), query, &given, limit, &mut found),
        }
        found
    }

    /// What an expression finds in the JSON of these nodes. What is no JSON fails only where none of them is.
    fn json(&self, pieces: &[Piece<'a>], path: &JmesPath) -> Result<Vec<Value>> {
        let (mut found, mut fault, mut any) = (Vec::new(), None, false);
        for piece in pieces {
            let answer = match piece {
                Piece::Node(node) => self.parsed(node).and_then(|json| json::search(path, &json)),
                _ => json::of_page(self.page).and_then(|json| json::search(path, json)),
            };
            match answer {
                Ok(answer) => {
                    any = true;
                    json::flatten(answer, &mut found);
                }
                Err(error) => _ = fault.get_or_insert(error),
            }
        }
        match fault {
            Some(fault) if !any => Err(fault),
            _ => Ok(found),
        }
    }

    fn parsed(&self, node: &Node<'a>) -> Result<Rc<Value>> {
        let id = node.id();
        if let Some((_, json)) = self.json.borrow().iter().find(|(known, _)| *known == id) {
            return Ok(json.clone());
        }
        let json = Rc::new(json::of(node)?.into_owned());
        self.json.borrow_mut().push((id, json.clone()));
        Ok(json)
    }
}

/// What a pattern finds in a text: its group `extract` if there is one, else its groups, else the whole.
fn matches(pattern: &Regex, text: &str) -> Vec<String> {
    let wanted = pattern.capture_names().flatten().any(|name| name == "extract");
    let all = pattern.captures_iter(text);
    if wanted {
        return all.filter_map(|found| found.name("extract")).map(|found| found.as_str().to_owned()).collect();
    }
    let first = usize::from(pattern.captures_len() > 1);
    all.flat_map(|found| {
        found.iter().skip(first).map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect::<Vec<_>>()
    })
    .collect()
}

impl<'a> Piece<'a> {
    /// What a pattern is looked for in: the source of the page, or the text of what was found.
    fn searched(self) -> Cow<'a, str> {
        match self {
            Self::Page(page) => Cow::Borrowed(page.text()),
            piece => Cow::Owned(piece.into_text(Reading::Shown)),
        }
    }

    pub(super) fn into_text(self, reading: Reading) -> String {
        match self {
            Self::Page(page) => Self::Node(page.root()).into_text(reading),
            Self::Node(node) => match reading {
                Reading::Shown => node.text(),
                Reading::Raw => node.raw().into_owned(),
                Reading::Html => node.html(),
            },
            Self::Text(text) | Self::Json(Value::String(text)) => text,
            Self::Json(value) => value.to_string(),
        }
    }

    pub(super) fn read<T: Extract>(&self, page: &Page) -> Result<T> {
        match self {
            Self::Page(page) => T::extract(&page.root()),
            Self::Node(node) => T::extract(node),
            Self::Text(text) => T::extract_text(text, page),
            Self::Json(value) => T::extract_json(value, page),
        }
    }
}

/// What a source finds, made into a value; none if it finds nothing.
///
/// # Errors
/// If what it finds does not read: the field, the text, the query, the page.
pub fn find<'a, T>(
    field: &Field,
    source: &Source,
    scope: &Scope<'_, 'a>,
    all: bool,
    make: impl FnOnce(Vec<Piece<'a>>) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let found = source.pieces(scope, all);
    found.and_then(|pieces| if pieces.is_empty() { Ok(None) } else { make(pieces) }).map_err(|error| {
        let Error::Page(what) = error else { return error };
        let (Field { name, of }, url) = (field, scope.page().url());
        // a part of a part has named the page
        if what.contains(url.as_str()) {
            return Error::page(format!("field `{name}` of `{of}`: {what}"));
        }
        let place = if source.text.is_empty() { String::new() } else { format!("at `{}` ", source.text) };
        Error::page(format!("field `{name}` of `{of}`: {what} ({place}on {url})"))
    })
}

/// The error of a field that no source has.
#[must_use]
pub fn missing(field: &Field, sources: &[&Source], scope: &Scope<'_, '_>) -> Error {
    let tried: Vec<String> =
        sources.iter().filter(|source| !source.text.is_empty()).map(|source| format!("`{}`", source.text)).collect();
    let (Field { name, of }, url) = (field, scope.page().url());
    let what = if tried.is_empty() {
        "nothing is there".to_owned()
    } else {
        format!("nothing matches {}", tried.join(" or "))
    };
    Error::page(format!("field `{name}` of `{of}`: {what} on {url}"))
}
