//! The tree of an XML document, whatever is wrong with it: as libxml2 recovers, but for end tags, which close the nearest
//! element of their name with all within it, and are passed over where there is none.
//!
//! What stands in a document type is never read: there are no entities but XML's five, character references, and the names
//! of HTML. So nothing is opened, and nothing grows. It is no use of quick-xml, to which one stray quote in a tag is the
//! rest of the document, and which stops at the first mistake.

mod doctype;
mod names;
mod references;
mod tag;

use std::time::Instant;

use ego_tree::{NodeId, Tree};
use scraper::node::{Comment, Element, ProcessingInstruction, Text};
use scraper::{Html, Node as Value};

use super::tree::{Limits, without_nul};
use names::Scope;
use tag::{Ends, StartTag};

/// The tree, and whether the whole document is in it.
pub(super) fn parse(text: &str, limits: &Limits) -> (Html, bool) {
    let mut html = Html::new_document();
    let mut builder = Builder {
        text: &without_nul(text),
        at: 0,
        tree: std::mem::replace(&mut html.tree, Tree::new(Value::Document)),
        open: Vec::new(),
        scope: Scope::default(),
        has_root: false,
        is_whole: true,
        limits,
        begin: Instant::now(),
        steps: 0,
    };
    while builder.step() {}
    let is_whole = builder.is_whole;
    html.tree = builder.tree;
    (html, is_whole)
}

struct Builder<'a> {
    text: &'a str,
    at: usize,
    tree: Tree<Value>,
    /// The elements around, outermost first.
    open: Vec<Open<'a>>,
    scope: Scope<'a>,
    has_root: bool,
    is_whole: bool,
    limits: &'a Limits,
    begin: Instant,
    steps: usize,
}

struct Open<'a> {
    id: NodeId,
    /// With its prefix.
    name: &'a str,
    /// How many namespaces were declared before it.
    declared: usize,
}

impl<'a> Builder<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Takes the next piece of text or markup; false at the end.
    fn step(&mut self) -> bool {
        self.steps += 1;
        if self.is_too_much() {
            self.is_whole = false;
            return false;
        }
        let rest = self.rest();
        let Some(start) = memchr::memchr(b'<', rest.as_bytes()) else {
            self.add_text(&references::in_text(rest));
            return false;
        };
        if start > 0 {
            self.add_text(&references::in_text(&rest[..start]));
            self.at += start;
        }
        self.markup()
    }

    fn is_too_much(&self) -> bool {
        // looking for a namespace takes long where there are many
        let is_time = self.steps.is_multiple_of(64) || self.scope.len() > 1000;
        self.tree.nodes().len() > self.limits.nodes || is_time && self.begin.elapsed() > self.limits.time
    }

    /// Takes what begins with `<`; false if the document ends with it.
    fn markup(&mut self) -> bool {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        if let Some(inner) = rest.strip_prefix("<!--") {
            let Some(end) = memchr::memmem::find(inner.as_bytes(), b"-->") else { return false };
            self.add(Value::Comment(Comment { comment: inner[..end].into() }));
            self.at += end + 7;
        } else if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            // one that the document's end cuts off is text as far as it goes
            let end = memchr::memmem::find(inner.as_bytes(), b"]]>").unwrap_or(inner.len());
            self.add_text(&references::plain(&inner[..end]));
            self.at = self.text.len().min(self.at + end + 12);
        } else if let Some(inner) = rest.strip_prefix("<?") {
            let Some(end) = memchr::memmem::find(inner.as_bytes(), b"?>") else { return false };
            self.add_instruction(&inner[..end]);
            self.at += end + 4;
        } else if bytes.get(1) == Some(&b'!') {
            self.at += doctype::length(rest);
        } else if bytes.get(1) == Some(&b'/') {
            self.close();
        } else if rest[1..].starts_with(tag::begins_name) {
            return self.open();
        } else {
            self.add_text("<");
            self.at += 1;
        }
        self.at < self.text.len()
    }

    fn open(&mut self) -> bool {
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            // a document has one root
            return false;
        }
        // what the document's end cuts off is none
        let Some(tag) = StartTag::read(self.text, self.at, self.limits) else { return false };
        self.is_whole &= !tag.is_cut;
        let declared = self.scope.len();
        self.scope.declare(&tag.attributes);
        let (name, attributes) = self.scope.resolve(&tag);
        let id = self.add(Value::Element(Element::new(name, attributes)));
        self.at = tag.end;
        match tag.ends {
            Ends::Open if self.open.len() >= self.limits.xml_nesting => {
                self.is_whole = false;
                return false;
            }
            Ends::Open => self.open.push(Open { id, name: tag.name, declared }),
            Ends::Empty | Ends::Broken => self.scope.truncate(declared),
        }
        self.at < self.text.len()
    }

    fn close(&mut self) {
        let inner = &self.rest()[2..];
        let name = &inner[..inner.find(tag::ends_name).unwrap_or(inner.len())];
        let end = memchr::memchr2(b'>', b'<', &inner.as_bytes()[name.len()..]);
        self.at = match end.map(|end| self.at + 2 + name.len() + end) {
            Some(end) if self.text.as_bytes()[end] == b'>' => end + 1,
            Some(end) => end,
            None => self.text.len(),
        };
        if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
            self.scope.truncate(self.open[at].declared);
            self.open.truncate(at);
        }
    }

    fn add_instruction(&mut self, inner: &str) {
        let (target, data) = inner.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inner, ""));
        // the declaration is none, wherever it stands
        if !target.is_empty() && !target.eq_ignore_ascii_case("xml") {
            let data = data.trim_ascii_start().into();
            self.add(Value::ProcessingInstruction(ProcessingInstruction { target: target.into(), data }));
        }
    }

    fn add(&mut self, value: Value) -> NodeId {
        let parent = self.open.last().and_then(|open| self.tree.get(open.id)).map(|node| node.id());
        match parent.and_then(|id| self.tree.get_mut(id)) {
            Some(mut parent) => parent.append(value).id(),
            None => self.tree.root_mut().append(value).id(),
        }
    }

    /// Text within the root; it is one with the text that it follows.
    fn add_text(&mut self, text: &str) {
        let Some(open) = self.open.last().filter(|_| !text.is_empty()) else { return };
        let Some(mut parent) = self.tree.get_mut(open.id) else { return };
        if let Some(mut last) = parent.last_child()
            && let Value::Text(last) = last.value()
        {
            last.text.push_slice(text);
            return;
        }
        parent.append(Value::Text(Text { text: text.into() }));
    }
}

#[cfg(test)]
mod tests;
