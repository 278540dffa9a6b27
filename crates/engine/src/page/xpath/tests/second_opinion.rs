//! The crate xpath-eval answers the same expressions on its own, from the same nodes.

use std::cmp::Ordering;

use xpath_eval::{EvaluationContext, ExpandedName, Node, NodeKind, Value as Theirs};

use crate::page::Page;
use crate::page::given::Given;
use crate::page::query::XPath;
use crate::page::xpath::budget::Budget;
use crate::page::xpath::document::{Document, Item, Kind};
use crate::page::xpath::evaluate::{Context, Evaluation};
use crate::page::xpath::known::Known;
use crate::page::xpath::value::{Value, text_of_number};

#[derive(Clone, Copy)]
struct Handle<'a> {
    document: &'a Document<'a>,
    item: Item,
}

impl PartialEq for Handle<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl Eq for Handle<'_> {}

impl<'a> Handle<'a> {
    fn at(self, item: Item) -> Self {
        Self { item, ..self }
    }
}

impl<'a> Node<'a> for Handle<'a> {
    fn kind(self) -> NodeKind {
        match self.document.kind(self.item) {
            Kind::Root => NodeKind::Root,
            Kind::Element => NodeKind::Element,
            Kind::Attribute => NodeKind::Attribute,
            Kind::Namespace => NodeKind::Namespace,
            Kind::Text => NodeKind::Text,
            Kind::Comment => NodeKind::Comment,
            Kind::Instruction => NodeKind::ProcessingInstruction,
        }
    }

    fn parent(self) -> Option<Self> {
        self.document.parent(self.item).map(|item| self.at(item))
    }

    fn children(self) -> impl Iterator<Item = Self> + 'a {
        let below = if self.item.is_whole() { self.item.node + 1..self.document.end(self.item.node) } else { 0..0 };
        let children = below.filter(move |node| self.document.parent(Item::node(*node)) == Some(self.item));
        children.map(move |node| self.at(Item::node(node)))
    }

    fn attributes(self) -> impl Iterator<Item = Self> + 'a {
        self.document.attributes(self.item).map(move |item| self.at(item))
    }

    fn namespaces(self) -> impl Iterator<Item = Self> + 'a {
        self.document.namespaces(self.item).into_iter().map(move |item| self.at(item))
    }

    fn expanded_name(self) -> Option<ExpandedName> {
        let name = self.document.name(self.item)?;
        let namespace_uri = Some(name.namespace.to_owned()).filter(|uri| !uri.is_empty());
        Some(ExpandedName { namespace_uri, local_name: name.local.to_owned() })
    }

    fn string_value(self) -> String {
        self.document.text(self.item).into_owned()
    }

    fn document_order(self, other: Self) -> Ordering {
        self.item.cmp(&other.item)
    }

    fn is_id_attribute(self) -> bool {
        self.document.name(self.item).is_some_and(|name| name.local == "id")
    }
}

const PAGE: &str = "<!doctype html><title>x</title><div id=a class='x y'>a<p id=p>1<b>b</b></p><!--c--><p class=x>2</p>a\
                    <div id=b><p>3<i id=i>1</i></p><p class=y title=x>x</p></div></div><p>10</p><table><tr><td>1<td>2</table>";

/// Ours and theirs of an expression, from every kind of node.
fn agree(expression: &str) {
    let page = Page::from_html("http://a.example/", PAGE);
    let xpath = XPath::parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let document = Document::new(page.tree(), page.order(), false);
    let given = Given::default();
    let known = Known::new(&document, &given, xpath.needs()).expect("it needs nothing");
    let numbers = (0..page.order().len()).map(Item::node);
    let items: Vec<Item> = numbers.flat_map(|item| std::iter::once(item).chain(document.attributes(item))).collect();
    let budget = Budget::new(u64::MAX, std::time::Duration::MAX);
    let document = Document::new(page.tree(), page.order(), false);
    let evaluation = Evaluation { document, budget, given: &known, ids: std::cell::OnceCell::new() };
    for item in items.into_iter().step_by(3) {
        let ours = evaluation.evaluate(xpath.expression(), Context { item, position: 1, size: 1 }).expect("an answer");
        let context = EvaluationContext::new(Handle { document: &evaluation.document, item });
        let theirs = xpath_eval::evaluate(xpath.expression(), &context).expect("an answer");
        match (ours, theirs) {
            (Value::Nodes(ours), Theirs::NodeSet(theirs)) => {
                let theirs: Vec<Item> = theirs.into_iter().map(|handle| handle.item).collect();
                assert_eq!(ours, theirs, "`{expression}` from {item:?}");
            }
            (Value::Text(ours), Theirs::String(theirs)) => assert_eq!(ours, theirs, "`{expression}`"),
            (Value::Truth(ours), Theirs::Boolean(theirs)) => assert_eq!(ours, theirs, "`{expression}` from {item:?}"),
            (Value::Number(ours), Theirs::Number(theirs)) => {
                assert_eq!(text_of_number(ours), text_of_number(theirs), "`{expression}` from {item:?}");
            }
            (ours, _) => panic!("`{expression}` gives {ours:?}, and another kind of value"),
        }
    }
}

/// Writes expressions at random: xorshift, the same at each run.
struct Writer(u64);

impl Writer {
    fn one<'w>(&mut self, words: &[&'w str]) -> &'w str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        words[usize::try_from(self.0 >> 33).expect("31 bits") % words.len()]
    }

    fn path(&mut self, depth: usize) -> String {
        let mut path = self.one(&["", "", "/", "//", ".//"]).to_owned();
        let steps: usize = self.one(&["1", "1", "2", "3"]).parse().expect("a number");
        for step in 0..steps {
            if step > 0 {
                path.push_str(self.one(&["/", "/", "//"]));
            }
            path.push_str(self.one(&[
                "",
                "",
                "",
                "",
                "@",
                "parent::",
                "ancestor::",
                "ancestor-or-self::",
                "descendant::",
                "descendant-or-self::",
                "following::",
                "preceding::",
                "following-sibling::",
                "preceding-sibling::",
                "self::",
            ]));
            path.push_str(self.one(&["*", "*", "p", "div", "node()", "text()", "comment()", "id", "class"]));
            for _ in 0..self.one(&["0", "0", "0", "1", "2"]).parse().expect("a number") {
                path.push_str(&format!("[{}]", if depth > 0 { self.expression(depth - 1) } else { "1".to_owned() }));
            }
        }
        path
    }

    fn expression(&mut self, depth: usize) -> String {
        let kind = if depth == 0 {
            self.one(&["path", "value"])
        } else {
            self.one(&["path", "path", "two", "function", "value"])
        };
        let below = depth.saturating_sub(1);
        match kind {
            "path" => self.path(depth),
            "two" => {
                let op = self.one(&["or", "and", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"]);
                format!("({}) {op} ({})", self.expression(below), self.expression(below))
            }
            "function" => {
                let one = self.one(&[
                    "not",
                    "boolean",
                    "string",
                    "number",
                    "string-length",
                    "normalize-space",
                    "round",
                    "floor",
                    "id",
                ]);
                let of_nodes = self.one(&["count", "sum", "name", "local-name"]);
                let two = self.one(&[
                    "contains",
                    "starts-with",
                    "substring-before",
                    "substring-after",
                    "concat",
                    "substring",
                ]);
                match self.one(&["one", "nodes", "two"]) {
                    "one" => format!("{one}({})", self.expression(below)),
                    "nodes" => format!("{of_nodes}({})", self.path(below)),
                    _ => format!("{two}({}, {})", self.expression(below), self.expression(below)),
                }
            }
            _ => self
                .one(&["1", "2", "'x'", "'a b'", "position()", "last()", "@id", "0.5", "-1", "true()", "''"])
                .to_owned(),
        }
    }
}

#[test]
fn the_crate_is_of_the_same_opinion() {
    for expression in [
        "//p[1]",
        "//p[last()]",
        "(//p)[2]",
        "//p[2]/..",
        "//p/ancestor::*[1]",
        "//p[position() < 3]",
        "id('a b')/p",
        "//*[@id = //@class]",
        "//@*/following::p",
        "//@*/preceding::p",
        "//text()[. = 1] | //comment()",
        "//p[../@id and not(@class)]",
        "sum(//td)",
        "//p != //p",
        "//p < //td",
        "//td >= true()",
        "-(2)",
        "5 mod -2",
        "substring('12345', 0, 3)",
        "string(//i/following::*)",
        "//div//p[1]//text()",
        "//div/descendant::p[2]",
    ] {
        agree(expression);
    }
    let mut writer = Writer(0x9E37_79B9_7F4A_7C15);
    for _ in 0..600 {
        agree(&writer.expression(3));
    }
}
