//! What a JMESPath expression finds. One and many, required and optional are different methods with different types.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use dragline_query::{Found, JmesPath};
use serde::de::DeserializeOwned;
use serde::de::value::SeqDeserializer;
use serde_json::Value;

use super::{read, take, text};
use crate::error::{Error, Result};
use crate::page::{Node, Page, Selection, patterns};

/// Compiled expressions that a thread keeps.
const KEPT: usize = 1000;

/// What a JMESPath expression finds: nothing, one JSON value, or the values of a list. Null is nothing.
///
/// Whatever is required and missing is an error that names the expression and the page; `_opt` is the form for what may
/// miss.
#[derive(Debug, Clone)]
pub struct JsonSelection<'a> {
    page: &'a Page,
    found: Vec<Json<'a>>,
    /// It is a list that was found, or what several values gave.
    is_list: bool,
    expression: Rc<str>,
    /// Where it was looked for: `the JSON of http://…`.
    place: Rc<str>,
    /// Why there was nothing to look in.
    broken: Option<Rc<str>>,
}

/// A JSON value of a page.
#[derive(Debug, Clone)]
pub struct Json<'a> {
    page: &'a Page,
    value: Held<'a>,
    expression: Rc<str>,
    place: Rc<str>,
}

#[derive(Debug, Clone)]
enum Held<'a> {
    /// It stands in the page's own document.
    Borrowed(&'a Value),
    Own(Rc<Value>),
}

impl<'a> JsonSelection<'a> {
    pub(super) fn of_page(page: &'a Page, expression: &str) -> Self {
        let place = Rc::from(format!("the JSON of {}", page.url()));
        match page.json_value() {
            Ok(value) => Self::search(page, expression, &place, [Held::Borrowed(value)].into_iter()),
            Err(broken) => {
                compiled(page, expression);
                Self { broken: Some(broken.into()), ..Self::nothing(page, expression, &place) }
            }
        }
    }

    /// What an expression finds in the texts of nodes; those that are no JSON have nothing.
    fn of_nodes(page: &'a Page, nodes: impl Iterator<Item = Node<'a>>, of: &str, expression: &str) -> Self {
        let place = Rc::from(format!("the JSON of `{of}` on {}", page.url()));
        let (mut values, mut broken) = (Vec::new(), None);
        for node in nodes {
            let raw = node.raw();
            let text = text::without_halves(&raw).map_or(raw, Cow::Owned);
            match read::<Value>(&text) {
                Ok(value) => values.push(Held::Own(Rc::new(value))),
                Err(what) => broken = Some(Rc::from(what)),
            }
        }
        Self { broken, ..Self::search(page, expression, &place, values.into_iter()) }
    }

    fn nothing(page: &'a Page, expression: &str, place: &Rc<str>) -> Self {
        Self {
            page,
            found: Vec::new(),
            is_list: false,
            expression: expression.into(),
            place: place.clone(),
            broken: None,
        }
    }

    fn search(page: &'a Page, expression: &str, place: &Rc<str>, values: impl Iterator<Item = Held<'a>>) -> Self {
        let mut selection = Self::nothing(page, expression, place);
        let Some(path) = compiled(page, expression) else { return selection };
        let mut asked = 0;
        for value in values {
            asked += 1;
            let found = match &value {
                Held::Borrowed(value) => path.search(value).map(|found| selection.keep(found, Held::of)),
                Held::Own(value) => path.search(value).map(|found| selection.keep(found, Held::own)),
            };
            if let Err(error) = found {
                page.set_fault(Error::page(format!("{error}, in {place}")));
                selection.broken = Some(error.what.into());
            }
        }
        selection.is_list |= asked > 1;
        selection
    }

    fn keep<'v>(&mut self, found: Found<'v>, hold: impl Fn(Cow<'v, Value>) -> Held<'a>) {
        let json = |this: &Self, value| Json {
            page: this.page,
            value: hold(value),
            expression: this.expression.clone(),
            place: this.place.clone(),
        };
        match found {
            Found::One(value) if value.is_null() => {}
            Found::One(value) => {
                let value = json(self, value);
                self.found.push(value);
            }
            Found::List(members) => {
                self.is_list = true;
                let members: Vec<Json<'a>> = members.into_iter().map(|member| json(self, member)).collect();
                self.found.extend(members);
            }
        }
    }

    /// The value, a list as a whole.
    ///
    /// # Errors
    /// If there is none: ``nothing at `price` in the JSON of URL``.
    pub fn value(&self) -> Result<Value> {
        self.value_opt().ok_or_else(|| self.missing())
    }

    /// The value, a list as a whole, if there is one.
    #[must_use]
    pub fn value_opt(&self) -> Option<Value> {
        if self.is_list {
            return Some(Value::Array(self.found.iter().map(|json| json.value().clone()).collect()));
        }
        Some(self.found.first()?.value().clone())
    }

    /// The value as a type: `page.jmespath("books").to::<Vec<Book>>()?`.
    ///
    /// # Errors
    /// If there is none, or it is not of this type: where it is not, and what was expected.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T> {
        self.to_opt()?.ok_or_else(|| self.missing())
    }

    /// The value as a type, if there is one.
    ///
    /// # Errors
    /// If it is not of this type: where it is not, and what was expected.
    pub fn to_opt<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        if self.is_list {
            let members = SeqDeserializer::new(self.found.iter().map(Json::value));
            return take(members).map(Some).map_err(|what| unlike(&self.expression, &self.place, &what));
        }
        self.found.first().map(Json::to).transpose()
    }

    /// The first one as text: a string as it stands, a number or truth value as JSON writes it.
    ///
    /// # Errors
    /// If there is none, or it is a list or an object.
    pub fn text(&self) -> Result<String> {
        self.first()?.text()
    }

    /// The first one as text, if there is one and it is neither a list nor an object.
    #[must_use]
    pub fn text_opt(&self) -> Option<String> {
        self.first_opt()?.text_opt()
    }

    /// All of them as texts, but lists, objects and nulls.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.found.iter().filter_map(Json::text_opt).collect()
    }

    /// All of them: the members of a list, or the one value.
    pub fn iter(&self) -> impl Iterator<Item = Json<'a>> + use<'a> {
        self.found.clone().into_iter()
    }

    /// The first.
    ///
    /// # Errors
    /// If there is none.
    pub fn first(&self) -> Result<Json<'a>> {
        self.first_opt().ok_or_else(|| self.missing())
    }

    /// The first, if there is one.
    #[must_use]
    pub fn first_opt(&self) -> Option<Json<'a>> {
        self.found.first().cloned()
    }

    /// What an expression finds in each of them, as one selection.
    #[must_use]
    pub fn jmespath(&self, expression: &str) -> JsonSelection<'a> {
        let values = self.found.iter().map(Json::asked);
        let found = Self::search(self.page, expression, &self.place, values.collect::<Vec<_>>().into_iter());
        Self { is_list: found.is_list || self.is_list, broken: found.broken.or(self.broken.clone()), ..found }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn missing(&self) -> Error {
        match &self.broken {
            Some(what) => Error::page(format!("nothing at `{}` in {}: {what}", self.expression, self.place)),
            None => Error::page(format!("nothing at `{}` in {}", self.expression, self.place)),
        }
    }
}

impl<'a> Json<'a> {
    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        match &self.value {
            Held::Borrowed(value) => value,
            Held::Own(value) => value,
        }
    }

    /// The value as a type.
    ///
    /// # Errors
    /// If it is not of this type: where it is not, and what was expected.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T> {
        take(self.value()).map_err(|what| unlike(&self.expression, &self.place, &what))
    }

    /// The value as text: a string as it stands, a number or truth value as JSON writes it.
    ///
    /// # Errors
    /// If it is null, a list or an object.
    pub fn text(&self) -> Result<String> {
        self.text_opt().ok_or_else(|| {
            let kind = match self.value() {
                Value::Array(_) => "a list",
                Value::Object(_) => "an object",
                _ => "null",
            };
            Error::page(format!("`{}` in {} is {kind}, and no text", self.expression, self.place))
        })
    }

    /// The value as text, if it is neither null nor a list nor an object.
    #[must_use]
    pub fn text_opt(&self) -> Option<String> {
        match self.value() {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(self.value().to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// What an expression finds in it. A string that is JSON itself is read first.
    #[must_use]
    pub fn jmespath(&self, expression: &str) -> JsonSelection<'a> {
        JsonSelection::search(self.page, expression, &self.place, [self.asked()].into_iter())
    }

    /// What a regular expression finds in its text, or in the JSON of a list or object: see [`Node::re`].
    #[must_use]
    pub fn re(&self, pattern: &str) -> Vec<String> {
        let text = self.text_opt().unwrap_or_else(|| self.value().to_string());
        patterns::find(self.page, pattern, &text)
    }

    /// A page of its text, under the same URL: for HTML that stands in JSON.
    ///
    /// # Errors
    /// If it is no text.
    pub fn page(&self) -> Result<Page> {
        let text = self.text()?;
        let mut headers = http::HeaderMap::new();
        let html = http::HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(http::header::CONTENT_TYPE, html);
        let (url, status, depth) = (self.page.url().clone(), self.page.status(), self.page.depth());
        Ok(Page::new(url, status, headers, text.into(), depth).within(self.page.limits))
    }

    /// What an expression is put to.
    fn asked(&self) -> Held<'a> {
        let text = self.value().as_str().map(str::trim_start).filter(|text| text.starts_with(['{', '[']));
        match text.and_then(|text| read::<Value>(text).ok()) {
            Some(value) => Held::Own(Rc::new(value)),
            None => self.value.clone(),
        }
    }
}

impl<'a> Held<'a> {
    fn of(value: Cow<'a, Value>) -> Self {
        match value {
            Cow::Borrowed(value) => Self::Borrowed(value),
            Cow::Owned(value) => Self::Own(Rc::new(value)),
        }
    }

    fn own(value: Cow<'_, Value>) -> Self {
        Self::Own(Rc::new(value.into_owned()))
    }
}

impl<'a> Node<'a> {
    /// What a JMESPath expression finds in the text of this node, if that is JSON: of a `<script>`, or of an attribute.
    #[must_use]
    pub fn jmespath(&self, expression: &str) -> JsonSelection<'a> {
        let name = if self.name().is_empty() { "a text" } else { self.name() };
        JsonSelection::of_nodes(self.page(), std::iter::once(self.clone()), name, expression)
    }
}

impl<'a> Selection<'a> {
    /// What a JMESPath expression finds in the texts of these nodes, those that are JSON:
    /// `page.css("script[type='application/ld+json']").jmespath("name")`.
    #[must_use]
    pub fn jmespath(&self, expression: &str) -> JsonSelection<'a> {
        JsonSelection::of_nodes(self.page(), self.iter(), self.query_text(), expression)
    }
}

fn unlike(expression: &str, place: &str, what: &str) -> Error {
    Error::page(format!("`{expression}` in {place}: {what}"))
}

/// An expression, compiled once per thread; none if it is none, which fails the page.
fn compiled(page: &Page, text: &str) -> Option<JmesPath> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, JmesPath>> = RefCell::default();
    }
    KNOWN.with_borrow_mut(|known| {
        if let Some(path) = known.get(text) {
            return Some(path.clone());
        }
        match JmesPath::parse(text) {
            Ok(path) => {
                if known.len() >= KEPT {
                    known.clear();
                }
                known.insert(text.into(), path.clone());
                Some(path)
            }
            Err(error) => {
                page.set_fault(Error::page(error));
                None
            }
        }
    })
}
