//! A page's tree as XPath sees it: seven kinds of nodes, their names, parents and string-values (XPath 1.0, section 5).

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::QualName;
use scraper::{Html, Node as Value};

use super::order::{NONE, Order};

const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// The first of the parts of a node that are attributes; those between are namespaces.
const ATTRIBUTES: u32 = 1 << 31;

/// A node: its number in document order, and which part of it: 0 itself, then its namespaces, then its attributes. So the
/// order of items is document order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Item {
    pub(super) node: u32,
    part: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Element,
    Attribute,
    Namespace,
    Text,
    Comment,
    Instruction,
}

/// A name: in HTML without a namespace, except for the attributes of drawings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) namespace: &'a str,
    pub(super) prefix: &'a str,
    pub(super) local: &'a str,
}

/// The tree, and what functions have made beside it: `re:match` and `str:tokenize` give elements that stand nowhere.
pub(super) struct Document<'a> {
    pub(super) tree: &'a Html,
    pub(super) order: &'a Order,
    pub(super) is_xml: bool,
    /// Elements with one text each: two numbers after those of the tree.
    made: RefCell<Vec<(&'static str, String)>>,
}

impl Item {
    pub(super) fn node(node: u32) -> Self {
        Self { node, part: 0 }
    }

    pub(super) fn attribute(node: u32, number: u32) -> Self {
        Self { node, part: ATTRIBUTES | number }
    }

    fn namespace(node: u32, number: u32) -> Self {
        Self { node, part: number + 1 }
    }

    /// Whether it is a node of the tree, and not an attribute or a namespace.
    pub(super) fn is_whole(self) -> bool {
        self.part == 0
    }

    /// The number of an attribute in its element's own order.
    pub(super) fn attribute_number(self) -> Option<u32> {
        (self.part >= ATTRIBUTES).then_some(self.part & !ATTRIBUTES)
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(tree: &'a Html, order: &'a Order, is_xml: bool) -> Self {
        Self { tree, order, is_xml, made: RefCell::default() }
    }

    pub(super) fn value(&self, node: u32) -> Option<&'a Value> {
        Some(self.tree.tree.get(self.order.id(node)?)?.value())
    }

    pub(super) fn kind(&self, item: Item) -> Kind {
        match (item.part, self.value(item.node)) {
            (ATTRIBUTES.., _) => Kind::Attribute,
            (1.., _) => Kind::Namespace,
            (0, Some(Value::Document | Value::Fragment | Value::Doctype(_))) => Kind::Root,
            (0, Some(Value::Element(_))) => Kind::Element,
            (0, Some(Value::Text(_))) => Kind::Text,
            (0, Some(Value::Comment(_))) => Kind::Comment,
            (0, Some(Value::ProcessingInstruction(_))) => Kind::Instruction,
            (0, None) if self.is_made_element(item.node) => Kind::Element,
            (0, None) => Kind::Text,
        }
    }

    pub(super) fn parent(&self, item: Item) -> Option<Item> {
        if !item.is_whole() {
            return Some(Item::node(item.node));
        }
        let parent = match item.node.checked_sub(self.order.len()) {
            None => self.order.parent(item.node),
            Some(made) if made % 2 == 1 => item.node - 1,
            Some(_) => NONE,
        };
        (parent != NONE).then_some(Item::node(parent))
    }

    /// The number after the last descendant of a node.
    pub(super) fn end(&self, node: u32) -> u32 {
        match node.checked_sub(self.order.len()) {
            None => self.order.end(node),
            Some(made) => node + 2 - made % 2,
        }
    }

    /// The sibling after a node.
    pub(super) fn after(&self, node: u32) -> Option<u32> {
        let (parent, next) = (self.parent(Item::node(node))?, self.end(node));
        (next < self.end(parent.node)).then_some(next)
    }

    /// The sibling before a node.
    pub(super) fn before(&self, node: u32) -> Option<u32> {
        let before = if node < self.order.len() { self.order.before(node) } else { NONE };
        (before != NONE).then_some(before)
    }

    /// The number after the last node that stands in the same document.
    pub(super) fn last(&self, node: u32) -> u32 {
        if node < self.order.len() { self.order.len() } else { self.end(node) }
    }

    pub(super) fn attributes(&self, item: Item) -> impl Iterator<Item = Item> + use<'a> {
        let element = self.value(item.node).filter(|_| item.is_whole()).and_then(Value::as_element);
        let is_xml = self.is_xml;
        element.into_iter().flat_map(move |element| {
            // what declares a namespace is no attribute
            let all = (0..).zip(element.attrs.keys()).filter(move |(_, name)| !is_xml || *name.ns != *XMLNS);
            all.map(move |(number, _)| Item::attribute(item.node, number))
        })
    }

    /// The namespaces that an element stands in: the nearest declaration of each prefix, and `xml`.
    pub(super) fn namespaces(&self, item: Item) -> Vec<Item> {
        let count = match self.kind(item) {
            Kind::Element => self.declared(item.node).len(),
            _ => 0,
        };
        (0..).take(count).map(|number| Item::namespace(item.node, number)).collect()
    }

    fn declared(&self, node: u32) -> Vec<(&'a str, &'a str)> {
        let mut found: Vec<(&str, &str)> = vec![("xml", XML)];
        let mut at = Some(Item::node(node)).filter(|_| self.is_xml);
        while let Some(item) = at {
            for (prefix, uri) in self.declares(item.node) {
                if found.iter().all(|(known, _)| *known != prefix) {
                    found.push((prefix, uri));
                }
            }
            at = self.parent(item);
        }
        found.retain(|(_, uri)| !uri.is_empty());
        found
    }

    /// The prefixes that an element declares itself; the empty one is that of names without a prefix.
    pub(super) fn declares(&self, node: u32) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let element = self.value(node).and_then(Value::as_element);
        let all = element.into_iter().flat_map(|element| &element.attrs).filter(|(name, _)| *name.ns == *XMLNS);
        all.map(|(name, uri)| (if name.prefix.is_some() { &*name.local } else { "" }, &**uri))
    }

    /// The element that holds all others.
    pub(super) fn element(&self) -> Option<u32> {
        (0..self.order.len()).find(|node| matches!(self.value(*node), Some(Value::Element(_))))
    }

    pub(super) fn name(&self, item: Item) -> Option<Name<'a>> {
        let plain = |local| Name { namespace: "", prefix: "", local };
        if let Some(number) = item.attribute_number() {
            return Some(named(self.attribute(item.node, number)?.0));
        }
        if !item.is_whole() {
            return Some(plain(self.declared(item.node).get(item.part as usize - 1)?.0));
        }
        match self.value(item.node) {
            Some(Value::Element(element)) if self.is_xml => Some(named(&element.name)),
            Some(Value::Element(element)) => Some(plain(&element.name.local)),
            Some(Value::ProcessingInstruction(instruction)) => Some(plain(&instruction.target)),
            Some(_) => None,
            None if self.is_made_element(item.node) => Some(plain(self.made.borrow().get(self.made_at(item.node)?)?.0)),
            None => None,
        }
    }

    fn attribute(&self, node: u32, number: u32) -> Option<(&'a QualName, &'a str)> {
        let (name, value) = self.value(node)?.as_element()?.attrs.get_index(number as usize)?;
        Some((name, value))
    }

    /// The string-value. Borrowed, unless it is put together of several texts.
    pub(super) fn text(&self, item: Item) -> Cow<'a, str> {
        if let Some(number) = item.attribute_number() {
            return Cow::Borrowed(self.attribute(item.node, number).map_or("", |(_, value)| value));
        }
        if !item.is_whole() {
            return Cow::Borrowed(self.declared(item.node).get(item.part as usize - 1).map_or("", |(_, uri)| uri));
        }
        match self.value(item.node) {
            Some(Value::Text(text)) => Cow::Borrowed(text),
            Some(Value::Comment(comment)) => Cow::Borrowed(comment),
            Some(Value::ProcessingInstruction(instruction)) => Cow::Borrowed(&instruction.data),
            Some(_) => {
                let below = item.node + 1..self.end(item.node);
                let mut texts = below.filter_map(|node| self.value(node)?.as_text()).map(|text| &**text);
                let first = texts.next().unwrap_or_default();
                match texts.next() {
                    None => Cow::Borrowed(first),
                    Some(second) => {
                        let mut all = [first, second].concat();
                        texts.for_each(|text| all.push_str(text));
                        Cow::Owned(all)
                    }
                }
            }
            None => {
                let made = self.made.borrow();
                Cow::Owned(
                    self.made_at(item.node).and_then(|at| made.get(at)).map_or_else(String::new, |made| made.1.clone()),
                )
            }
        }
    }

    /// An element that stands nowhere, with a text.
    pub(super) fn make(&self, name: &'static str, text: impl Into<String>) -> Item {
        let mut made = self.made.borrow_mut();
        let number = u32::try_from(made.len()).unwrap_or_default() * 2;
        made.push((name, text.into()));
        Item::node(self.order.len() + number)
    }

    fn made_at(&self, node: u32) -> Option<usize> {
        Some((node.checked_sub(self.order.len())? / 2) as usize)
    }

    fn is_made_element(&self, node: u32) -> bool {
        node.checked_sub(self.order.len()).is_some_and(|made| made % 2 == 0)
    }
}

fn named(name: &QualName) -> Name<'_> {
    Name { namespace: &name.ns, prefix: name.prefix.as_deref().unwrap_or_default(), local: &name.local }
}
