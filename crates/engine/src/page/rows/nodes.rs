//! A long XML document, one node at a time: only that node is ever made a tree.

use std::borrow::Cow;
use std::ops::Deref;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::page::Page;
use crate::page::events::{Event, Events, Tag};

/// The most namespaces that are in force at one place.
const NAMESPACES: usize = 256;

/// The nodes of a name: see [`Page::xml_nodes`].
pub struct XmlNodes<'a> {
    page: &'a Page,
    text: &'a str,
    events: Events<'a>,
    name: String,
    /// Of the open elements that declare some: how deep each lies, its prefix, its namespace.
    namespaces: Vec<(usize, String, String)>,
}

/// One node, as a page of its own: it is asked as a page is.
#[derive(Debug)]
pub struct Part<'a> {
    page: Page,
    whole: &'a Page,
}

impl<'a> XmlNodes<'a> {
    pub(in crate::page) fn new(page: &'a Page, name: &str) -> Self {
        let text = page.text();
        Self { page, text, events: Events::new(text), name: name.to_owned(), namespaces: Vec::new() }
    }

    fn note(&mut self, tag: &Tag<'_>) {
        let depth = self.events.open().len();
        for (name, value) in tag.attributes() {
            let is_declaration = name == "xmlns" || name.starts_with("xmlns:");
            if is_declaration && self.namespaces.len() < NAMESPACES {
                self.namespaces.push((depth, name, value));
            }
        }
    }

    fn forget(&mut self) {
        let depth = self.events.open().len();
        while self.namespaces.last().is_some_and(|(declared, ..)| *declared > depth) {
            self.namespaces.pop();
        }
    }

    /// What is written of a node, with the namespaces that are in force where it stands.
    fn written(&self, begin: usize, end: usize, depth: usize, own: &[String]) -> String {
        let node = &self.text[begin..end];
        let (name, rest) = node.split_at((1 + self.name.len()).min(node.len()));
        let mut written = name.to_owned();
        for (at, (_, prefix, uri)) in self.namespaces.iter().enumerate().filter(|(_, (at, ..))| *at < depth) {
            let is_hidden = own.contains(prefix)
                || self.namespaces[at + 1..].iter().any(|(deeper, other, _)| *deeper < depth && other == prefix);
            if !is_hidden {
                written.push_str(&format!(" {prefix}=\"{}\"", quick_xml::escape::escape(uri)));
            }
        }
        written.push_str(rest);
        written
    }
}

impl<'a> Iterator for XmlNodes<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        loop {
            let tag = match self.events.next()? {
                Event::Open(tag) => tag,
                Event::Close => {
                    self.forget();
                    continue;
                }
                Event::Text(_) | Event::Entity => continue,
            };
            if tag.name != self.name {
                self.note(&tag);
                continue;
            }
            let own: Vec<String> = tag.attributes().map(|(name, _)| name).collect();
            let (begin, depth) = (self.events.span().0, self.events.open().len());
            while self.events.open().len() >= depth {
                self.events.next()?;
            }
            if self.events.is_over() && self.events.span().0 == self.text.len() {
                // the document broke off within it
                self.page.lose("xml/cut_count", 1);
                return None;
            }
            let xml = self.written(begin, self.events.span().1, depth, &own);
            return Some(Part { page: self.page.part(xml), whole: self.page });
        }
    }
}

impl Part<'_> {
    /// The node as it is written, with the namespaces that hold for it.
    #[must_use]
    pub fn xml(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.page.body())
    }
}

impl Deref for Part<'_> {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

/// What goes wrong with a part goes wrong with the page.
impl Drop for Part<'_> {
    fn drop(&mut self) {
        if let Some(fault) = self.page.take_fault() {
            self.whole.set_fault(fault);
        }
    }
}

impl Page {
    /// The elements of a name, as it is written (`item`, `media:content`), of a long XML document: one after the other,
    /// each as a page of its own. Those within another of the name are a part of that.
    #[must_use]
    pub fn xml_nodes(&self, name: &str) -> XmlNodes<'_> {
        XmlNodes::new(self, name)
    }

    /// A part of this page as a page.
    fn part(&self, xml: String) -> Page {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"));
        Page::new(self.url().clone(), self.status(), headers, Bytes::from(xml), self.depth()).within(self.limits)
    }
}

impl std::fmt::Debug for XmlNodes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XmlNodes").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str, name: &str) -> Vec<String> {
        let page = Page::from_html("http://a.example/a.xml", text);
        page.xml_nodes(name).map(|node| node.xml().into_owned()).collect()
    }

    #[test]
    fn a_node_brings_its_namespaces_along() {
        let text = "<a xmlns='x' xmlns:p='y'><b xmlns:p='z'><p:c k='1'>1<p:c/></p:c></b><p:c xmlns='w'/></a>";
        assert_eq!(
            nodes(text, "p:c"),
            [r#"<p:c xmlns="x" xmlns:p="z" k='1'>1<p:c/></p:c>"#, r#"<p:c xmlns:p="y" xmlns='w'/>"#]
        );
        assert!(nodes(text, "c").is_empty(), "a name is as it is written");
    }

    #[test]
    fn a_node_without_end_is_none() {
        assert_eq!(nodes("<a><b>1</b><b>2</a><b>3", "b"), ["<b>1</b>", "<b>2</a>"]);
        let page = Page::from_html("http://a.example/", "<b>3");
        assert_eq!((page.xml_nodes("b").count(), page.losses().count()), (0, 1));
    }

    #[test]
    fn a_query_that_is_none_fails_the_page() {
        let page = Page::from_html("http://a.example/", "<a><b>1</b></a>");
        for node in page.xml_nodes("b") {
            assert!(node.css("b[").is_empty());
        }
        assert!(page.take_fault().is_some());
    }
}
