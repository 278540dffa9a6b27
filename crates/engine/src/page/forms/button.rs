//! What is pressed to send a form.

use std::fmt;

use scraper::{ElementRef, Html, Selector};

use super::encode::Enctype;
use super::entries::Entry;
use super::find;
use crate::error::{Error, Result};
use crate::message::Method;
use crate::page::query::Query;

/// Which button is pressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Click {
    Nothing,
    /// One by its number, if there is one of that number: the first is pressed by Enter.
    Number(usize),
}

/// A button that sends a form: `<button>`, `<input type=submit>` or `<input type=image>`.
#[derive(Clone)]
pub struct Button {
    /// Its name; empty if it has none.
    pub name: String,
    /// What it sends under its name.
    pub value: String,
    /// Whether it is an image, which sends where it was clicked.
    pub is_image: bool,
    pub(super) action: Option<String>,
    pub(super) method: Option<Method>,
    pub(super) enctype: Option<Enctype>,
    /// Its tag, for selectors.
    tag: String,
}

impl Button {
    pub(super) fn new(element: ElementRef<'_>, is_image: bool) -> Self {
        let said = |name: &str| element.attr(name).unwrap_or_default().to_owned();
        Self {
            name: said("name"),
            value: said("value"),
            is_image,
            action: element.attr("formaction").filter(|action| !action.trim_ascii().is_empty()).map(str::to_owned),
            method: element.attr("formmethod").map(method),
            enctype: element.attr("formenctype").map(Enctype::of),
            tag: tag(element),
        }
    }

    /// What it sends.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let entry = |name: String, value: &str| Entry { name, value: value.to_owned(), is_file: false };
        match (self.is_image, &*self.name) {
            (true, "") => vec![entry("x".to_owned(), "0"), entry("y".to_owned(), "0")],
            (true, name) => vec![entry(format!("{name}.x"), "0"), entry(format!("{name}.y"), "0")],
            (false, "") => Vec::new(),
            (false, name) => vec![entry(name.to_owned(), &self.value)],
        }
    }
}

/// As errors name it: `go`, `[value=Go]`.
impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.name {
            "" => write!(f, "[value=\"{}\"]", find::short(&self.value)),
            name => f.write_str(&find::short(name)),
        }
    }
}

impl fmt::Debug for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Button").field(&self.tag).finish()
    }
}

/// `POST`, or else `GET`: a form knows no other method that sends anything.
pub(super) fn method(text: &str) -> Method {
    if text.trim_ascii().eq_ignore_ascii_case("post") { Method::POST } else { Method::GET }
}

/// What tells whether a button is one that a CSS selector matches, seen by itself.
pub(super) fn matcher(selector: &str) -> Result<impl Fn(&Button) -> bool> {
    let query = Query::css(selector).map_err(Error::page)?;
    let selectors: Vec<Selector> = match query {
        Query::Css(css) => css.parts().iter().map(|part| part.selector.clone()).collect(),
        Query::XPath(_) => Vec::new(),
    };
    Ok(move |button: &Button| {
        let alone = Html::parse_fragment(&button.tag);
        selectors.iter().any(|selector| alone.select(selector).any(|found| found.value().name() != "html"))
    })
}

/// An element's tag as it would be written.
fn tag(element: ElementRef<'_>) -> String {
    let mut tag = format!("<{}", element.value().name());
    for (name, value) in element.value().attrs() {
        let value = value.replace('&', "&amp;").replace('"', "&quot;");
        tag.push_str(&format!(" {name}=\"{value}\""));
    }
    tag.push('>');
    tag
}
