//! A node as text: HTML as browsers write it (HTML standard, section 13.3), XML as lxml does, with the namespaces that are
//! in force where the node stands. Nothing here calls itself, for pages may be deep.

use std::collections::HashSet;
use std::fmt::Write;

use ego_tree::NodeRef;
use ego_tree::iter::Edge;
use html5ever::{QualName, ns};
use scraper::node::Element;
use scraper::{ElementRef, Html, Node as Value};

/// A node of an HTML page, with all within it.
pub(super) fn html(tree: &Html, node: NodeRef<'_, Value>) -> String {
    match node.value() {
        Value::Document | Value::Fragment => tree.html(),
        _ => ElementRef::wrap(node).map_or_else(|| leaf(node.value()), |element| element.html()),
    }
}

/// A node of an XML document, with all within it.
pub(super) fn xml(node: NodeRef<'_, Value>) -> String {
    if node.value().is_text() {
        return leaf(node.value());
    }
    let mut out = String::new();
    for edge in node.traverse() {
        match edge {
            Edge::Open(inner) => match inner.value() {
                Value::Element(element) => {
                    let is_top = inner == node;
                    start_tag(element, is_top.then_some(inner), &mut out);
                    out.push_str(if inner.has_children() { ">" } else { "/>" });
                }
                Value::Text(text) => escape(text, false, &mut out),
                value => out.push_str(&leaf(value)),
            },
            Edge::Close(inner) => {
                if let Some(element) = inner.value().as_element().filter(|_| inner.has_children()) {
                    out.push_str("</");
                    push_name(&element.name, &mut out);
                    out.push('>');
                }
            }
        }
    }
    out
}

/// What has nothing within it. A text stands for itself.
fn leaf(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Comment(comment) => format!("<!--{}-->", &**comment),
        Value::ProcessingInstruction(instruction) if instruction.data.is_empty() => {
            format!("<?{}?>", instruction.target)
        }
        Value::ProcessingInstruction(instruction) => format!("<?{} {}?>", instruction.target, instruction.data),
        Value::Doctype(doctype) => format!("<!DOCTYPE {}>", doctype.name()),
        Value::Document | Value::Fragment | Value::Element(_) => String::new(),
    }
}

/// A start tag but for its end: the name, the declarations, the attributes. The outermost also declares what is in force
/// around it.
fn start_tag(element: &Element, top: Option<NodeRef<'_, Value>>, out: &mut String) {
    out.push('<');
    push_name(&element.name, out);
    let (declarations, attributes): (Vec<_>, Vec<_>) =
        element.attrs.iter().partition(|(name, _)| name.ns == ns!(xmlns));
    for (name, value) in &declarations {
        push_attribute(name, value, out);
    }
    if let Some(top) = top {
        declare_around(element, top, out);
    }
    for (name, value) in attributes {
        push_attribute(name, value, out);
    }
}

/// The prefix that a declaration declares; empty for the default namespace.
fn declared(name: &QualName) -> &str {
    if name.prefix.is_some() { &name.local } else { "" }
}

/// In lxml's order: the namespaces that the element and its attributes need, then the others, from within outwards.
fn declare_around(element: &Element, node: NodeRef<'_, Value>, out: &mut String) {
    let own = element.attrs.keys().filter(|name| name.ns == ns!(xmlns)).map(declared);
    let mut known: HashSet<&str> = own.collect();
    let names = std::iter::once(&element.name).chain(element.attrs.keys().filter(|name| name.prefix.is_some()));
    let needed = names
        .filter(|name| !name.ns.is_empty() && name.ns != ns!(xml) && name.ns != ns!(xmlns))
        .map(|name| (name.prefix.as_deref().unwrap_or_default(), &*name.ns));
    let around = node.ancestors().filter_map(|around| around.value().as_element()).flat_map(|around| {
        let declarations = around.attrs.iter().filter(|(name, _)| name.ns == ns!(xmlns));
        declarations.map(|(name, value)| (declared(name), &**value))
    });
    for (prefix, namespace) in needed.chain(around) {
        if known.insert(prefix) {
            out.push_str(" xmlns");
            if !prefix.is_empty() {
                out.push(':');
                out.push_str(prefix);
            }
            push_value(namespace, out);
        }
    }
}

fn push_name(name: &QualName, out: &mut String) {
    if let Some(prefix) = name.prefix.as_ref().filter(|prefix| !prefix.is_empty()) {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(&name.local);
}

fn push_attribute(name: &QualName, value: &str, out: &mut String) {
    out.push(' ');
    push_name(name, out);
    push_value(value, out);
}

fn push_value(value: &str, out: &mut String) {
    out.push_str("=\"");
    escape(value, true, out);
    out.push('"');
}

/// What would be markup, or be lost when it is read again, as references.
fn escape(text: &str, is_value: bool, out: &mut String) {
    let mut rest = text;
    let is_special = |c: char| matches!(c, '&' | '<' | '>' | '\r') || is_value && matches!(c, '"' | '\t' | '\n');
    while let Some(at) = rest.find(is_special) {
        let (before, special) = rest.split_at(at);
        out.push_str(before);
        match special.as_bytes()[0] {
            b'&' => out.push_str("&amp;"),
            b'<' => out.push_str("&lt;"),
            b'>' => out.push_str("&gt;"),
            b'"' => out.push_str("&quot;"),
            other => drop(write!(out, "&#{other};")),
        }
        rest = &special[1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use crate::page::Page;

    #[test]
    fn html_is_written_as_browsers_write_it() {
        let page = Page::from_html(
            "http://a.example/",
            "<p title='\"&amp;<'>a&nbsp;&lt;b<br/><img src=x></p><script>1 < 2</script><textarea>\n&lt;</textarea><!--c-->",
        );
        let html = |query: &str| page.css(query).first().expect("an element").html();
        assert_eq!(html("p"), "<p title=\"&quot;&amp;&lt;\">a&nbsp;&lt;b<br><img src=\"x\"></p>");
        assert_eq!(html("script"), "<script>1 < 2</script>");
        assert_eq!(html("textarea"), "<textarea>&lt;</textarea>");
        assert_eq!(html("p::text"), "a\u{a0}<b");
        assert_eq!(html("p::attr(title)"), "\"&<");
        assert!(page.root().html().ends_with("<!--c--></body></html>"));
    }
}
