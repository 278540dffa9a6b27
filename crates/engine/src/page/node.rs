//! What a query finds: an element, a piece of text, an attribute, a comment; or a value that XPath has computed.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use dragline_query::Query;
use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node as Value};
use url::Url;

use super::selection::Selection;
use super::{Kind, Page, patterns, queries, serialise};
use crate::error::{Error, Result};

/// One node of a page.
#[derive(Clone)]
pub struct Node<'a> {
    page: &'a Page,
    what: What<'a>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum What<'a> {
    /// The document, an element, a text, a comment or a processing instruction.
    Tree(NodeRef<'a, Value>),
    /// An attribute of an element: its number in the element's own order.
    Attribute(ElementRef<'a>, usize),
    /// What an XPath expression has computed, as its `string()`.
    Computed(Rc<str>),
}

impl<'a> Node<'a> {
    pub(super) fn new(page: &'a Page, what: What<'a>) -> Self {
        Self { page, what }
    }

    pub(super) fn root(page: &'a Page) -> Self {
        Self::new(page, What::Tree(page.tree().tree.root()))
    }

    /// A text of this page that stands in no node of it.
    pub(super) fn computed(page: &'a Page, text: &str) -> Self {
        Self::new(page, What::Computed(text.into()))
    }

    /// Whether this is the document itself.
    pub(super) fn is_document(&self) -> bool {
        matches!(&self.what, What::Tree(node) if node.parent().is_none())
    }

    /// Its place in the tree; none for what is no node of it.
    pub(super) fn id(&self) -> Option<NodeId> {
        match &self.what {
            What::Tree(node) => Some(node.id()),
            _ => None,
        }
    }

    pub(super) fn page(&self) -> &'a Page {
        self.page
    }

    pub(super) fn what(&self) -> &What<'a> {
        &self.what
    }

    /// What a CSS selector finds below this node; `::text` and `::attr(name)` are those of the node itself as well.
    #[must_use]
    pub fn css(&self, selector: &str) -> Selection<'a> {
        Selection::new(self.clone(), queries::css(self.page, selector), selector)
    }

    /// What an XPath expression finds, with this node as its context.
    #[must_use]
    pub fn xpath(&self, expression: &str) -> Selection<'a> {
        Selection::new(self.clone(), queries::xpath(self.page, expression), expression)
    }

    /// What a query finds that was parsed before.
    #[must_use]
    pub fn select(&self, query: &Arc<Query>) -> Selection<'a> {
        Selection::new(self.clone(), Some(query.clone()), query.text())
    }

    /// The text of this node and all below it, white space collapsed as a browser shows it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut gap = false;
        self.each_text(|piece| {
            for (index, word) in piece.split_ascii_whitespace().enumerate() {
                let starts_apart = index > 0 || piece.starts_with(|c: char| c.is_ascii_whitespace());
                if (gap || starts_apart) && !out.is_empty() {
                    out.push(' ');
                }
                out.push_str(word);
                gap = false;
            }
            gap |= piece.ends_with(|c: char| c.is_ascii_whitespace());
        });
        out
    }

    /// The text of this node and all below it, as it stands: XPath's string-value.
    #[must_use]
    pub fn raw(&self) -> Cow<'a, str> {
        match &self.what {
            What::Tree(node) => match node.value() {
                Value::Text(text) => Cow::Borrowed(&**text),
                Value::Comment(comment) => Cow::Borrowed(&**comment),
                Value::ProcessingInstruction(instruction) => Cow::Borrowed(&*instruction.data),
                _ => {
                    let mut out = String::new();
                    self.each_text(|piece| out.push_str(piece));
                    Cow::Owned(out)
                }
            },
            What::Attribute(element, number) => {
                Cow::Borrowed(element.value().attrs().nth(*number).map_or("", |(_, value)| value))
            }
            What::Computed(text) => Cow::Owned(text.to_string()),
        }
    }

    /// The node as it would stand in a document: an element with its tags and all within. A text or a value stands for
    /// itself.
    #[must_use]
    pub fn html(&self) -> String {
        match &self.what {
            What::Tree(node) if self.page.kind() == Kind::Xml => serialise::xml(*node),
            What::Tree(node) => serialise::html(self.page.tree(), *node),
            What::Attribute(..) | What::Computed(_) => self.raw().into_owned(),
        }
    }

    /// What a regular expression finds in the node's [`html`](Self::html), character references replaced but `&lt;` and
    /// `&amp;`: of every match its groups, one after the other, or the whole if it has none; or what the group `extract` is
    /// where it is first found.
    ///
    /// An expression that does not parse finds nothing and fails the page with a message that names it.
    #[must_use]
    pub fn re(&self, pattern: &str) -> Vec<String> {
        patterns::find(self.page, pattern, &self.html())
    }

    /// As [`re`](Self::re), character references as they stand.
    #[must_use]
    pub fn re_exact(&self, pattern: &str) -> Vec<String> {
        patterns::find_exact(self.page, pattern, &self.html())
    }

    /// An attribute's value.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<&'a str> {
        self.element()?.value().attr(name)
    }

    /// The element's attributes, in their own order.
    pub fn attrs(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.element().into_iter().flat_map(|element| element.value().attrs())
    }

    /// The element's name, in lower case in HTML; empty for what is no element.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.element().map_or("", |element| element.value().name())
    }

    /// Its `href` (or, of an attribute or text, what it says), absolute; none if there is none, or it is not a URL.
    #[must_use]
    pub fn link_opt(&self) -> Option<Url> {
        match self.element() {
            Some(_) => self.page.join(self.attr("href")?).ok(),
            None => self.page.join(&self.raw()).ok(),
        }
    }

    /// Its `href` (or, of an attribute or text, what it says), absolute.
    ///
    /// # Errors
    /// If there is none, or it is not a URL.
    pub fn link(&self) -> Result<Url> {
        match self.element() {
            Some(_) => self.page.join(self.attr("href").ok_or_else(|| {
                Error::page(format!("`<{}>` has no attribute `href` on {}", self.name(), self.page.url()))
            })?),
            None => self.page.join(&self.raw()),
        }
    }

    /// The element, if this node is one; the root stands for its document's element.
    pub(super) fn element(&self) -> Option<ElementRef<'a>> {
        match &self.what {
            What::Tree(node) => ElementRef::wrap(*node),
            _ => None,
        }
    }

    fn each_text(&self, mut see: impl FnMut(&str)) {
        match &self.what {
            What::Tree(node) => match node.value() {
                Value::Comment(_) | Value::ProcessingInstruction(_) => see(&self.raw()),
                _ => node.descendants().filter_map(|node| node.value().as_text()).for_each(|text| see(text)),
            },
            _ => see(&self.raw()),
        }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.html()).finish()
    }
}
