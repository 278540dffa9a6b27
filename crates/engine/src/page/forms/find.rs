//! Which form of a page: by selector, name, id or number.

use std::sync::Arc;

use encoding_rs::UTF_8;
use scraper::ElementRef;

use super::button::{Click, method};
use super::census::{self, Owner};
use super::encode::Enctype;
use super::{Form, entries};
use crate::error::{Error, Result};
use crate::message::urls::Encoding;
use crate::page::Page;
use crate::page::node::{Node, What};
use crate::page::query::Query;

/// How many forms or buttons an error names, and how much of each name.
const NAMED: usize = 10;
const SHORT: usize = 40;

impl Page {
    /// The first form that a CSS selector finds, or the form of the first element that it finds: `form.login`,
    /// `input[type=password]`.
    ///
    /// # Errors
    /// If there is none: ``no form matches `form.login` on URL (there are: #search, newsletter)``.
    pub fn form(&self, selector: &str) -> Result<Form> {
        self.form_of(Query::css(selector).map_err(Error::page)?)
    }

    /// The first form that an XPath expression finds, or the form of the first element that it finds.
    ///
    /// # Errors
    /// If there is none.
    pub fn form_xpath(&self, expression: &str) -> Result<Form> {
        self.form_of(Query::xpath(expression).map_err(Error::page)?)
    }

    /// The first form of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn form_named(&self, name: &str) -> Result<Form> {
        self.form_by(&format!("is named `{name}`"), |_, form| form.element.attr("name") == Some(name))
    }

    /// The form of this id.
    ///
    /// # Errors
    /// If there is none.
    pub fn form_with_id(&self, id: &str) -> Result<Form> {
        self.form_by(&format!("has the id `{id}`"), |_, form| form.element.attr("id") == Some(id))
    }

    /// A form by its number, the first of the page being 0.
    ///
    /// # Errors
    /// If there are not so many.
    pub fn form_number(&self, number: usize) -> Result<Form> {
        self.form_by(&format!("has number {number}"), |at, _| at == number)
    }

    /// All forms, in the order of the page.
    #[must_use]
    pub fn forms(&self) -> Vec<Form> {
        let owners = census::take(self);
        let (encoding, url, base) =
            (self.encoding().charset.of_queries(), Arc::new(self.url().clone()), Arc::new(self.base().clone()));
        owners.iter().enumerate().map(|(at, owner)| build(owner, at, encoding, &url, &base)).collect()
    }

    fn form_of(&self, query: Query) -> Result<Form> {
        let query = Arc::new(query);
        let owners = census::take(self);
        let Some(node) = self.root().select(&query).first_opt() else {
            return Err(self.no_form(&format!("no form matches `{}`", query.text()), &owners));
        };
        let at = element(&node).and_then(|element| owner_of(element, &owners));
        let at = at.ok_or_else(|| self.no_form(&format!("`{}` lies in no form", query.text()), &owners))?;
        Ok(self.build(&owners[at], at))
    }

    fn form_by(&self, what: &str, is_meant: impl Fn(usize, &Owner<'_>) -> bool) -> Result<Form> {
        let owners = census::take(self);
        let at = (0..owners.len()).find(|at| is_meant(*at, &owners[*at]));
        let at = at.ok_or_else(|| self.no_form(&format!("no form {what}"), &owners))?;
        Ok(self.build(&owners[at], at))
    }

    fn build(&self, owner: &Owner<'_>, number: usize) -> Form {
        let (url, base) = (Arc::new(self.url().clone()), Arc::new(self.base().clone()));
        build(owner, number, self.encoding().charset.of_queries(), &url, &base)
    }

    fn no_form(&self, what: &str, owners: &[Owner<'_>]) -> Error {
        let labels = owners
            .iter()
            .enumerate()
            .map(|(at, Owner { element, .. })| label(element.attr("id"), element.attr("name"), at));
        Error::page(format!("{what} on {} ({})", self.url(), listed(labels)))
    }
}

fn build(owner: &Owner<'_>, number: usize, page: &'static Encoding, url: &Arc<url::Url>, base: &Arc<url::Url>) -> Form {
    let element = owner.element;
    let encoding = element.attr("accept-charset").map_or(page, accepted).output_encoding();
    let (slots, buttons) = entries::read(&owner.controls, encoding);
    let said = |name: &str| element.attr(name).filter(|value| !value.is_empty()).map(str::to_owned);
    Form {
        name: said("name"),
        id: said("id"),
        number,
        page: url.clone(),
        base: base.clone(),
        action: said("action").unwrap_or_default(),
        method: element.attr("method").map_or(http::Method::GET, method),
        enctype: element.attr("enctype").map_or(Enctype::Urlencoded, Enctype::of),
        encoding,
        slots,
        buttons,
        click: Click::Number(0),
        changes: Vec::new(),
        own_action: None,
        own_method: None,
    }
}

/// The first that is known of those that a form accepts (section 4.10.21.5, "picking an encoding for the form").
fn accepted(labels: &str) -> &'static Encoding {
    labels.split_ascii_whitespace().find_map(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8)
}

/// The element that a node is, or is a part of.
fn element<'a>(node: &Node<'a>) -> Option<ElementRef<'a>> {
    match node.what() {
        What::Tree(node) => ElementRef::wrap(*node).or_else(|| node.parent().and_then(ElementRef::wrap)),
        What::Attribute(element, _) => Some(*element),
        What::Computed(_) => None,
    }
}

/// The form that an element is, whose control it is, or in which it lies.
fn owner_of(element: ElementRef<'_>, owners: &[Owner<'_>]) -> Option<usize> {
    let is_control = |owner: &Owner<'_>| owner.controls.iter().any(|control| control.element.id() == element.id());
    owners.iter().position(is_control).or_else(|| {
        let form = std::iter::once(*element).chain(element.ancestors()).filter_map(ElementRef::wrap);
        let form = form.into_iter().find(|around| around.value().name() == "form")?;
        owners.iter().position(|owner| owner.element.id() == form.id())
    })
}

/// How to name a form to people: `#login`, `search`, `number 2`.
pub(super) fn label(id: Option<&str>, name: Option<&str>, number: usize) -> String {
    let known = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(short);
    let id = known(id).map(|id| format!("#{id}"));
    id.or_else(|| known(name)).unwrap_or_else(|| format!("number {number}"))
}

/// `there are: a, b`
pub(super) fn listed(labels: impl ExactSizeIterator<Item = String>) -> String {
    let count = labels.len();
    let mut named: Vec<String> = labels.take(NAMED).collect();
    if count > NAMED {
        named.push(format!("and {} more", count - NAMED));
    }
    match count {
        0 => "there is none".to_owned(),
        1 => format!("there is: {}", named.join(", ")),
        _ => format!("there are: {}", named.join(", ")),
    }
}

/// A name of the page's, cut, its control characters escaped.
pub(super) fn short(name: &str) -> String {
    let cut: String = name.chars().take(SHORT).collect();
    let more = if cut.len() < name.len() { "…" } else { "" };
    format!("{}{more}", cut.escape_debug())
}
