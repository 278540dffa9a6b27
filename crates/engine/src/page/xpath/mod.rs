//! XPath 1.0 over a page's tree: what `Selection` asks.
//!
//! The grammar is the crate xpath-eval's. Its evaluation is not used but as a second opinion in the tests: it makes a list
//! of candidates for every node that a step starts from, so that `//p/ancestor::div` on a hostile page fills the memory
//! within any budget of steps, and `//dt/following-sibling::dd[1]` takes the square of the page. Here a step goes from all
//! nodes at once, and looks at each node once, unless a predicate counts.
//!
//! `Order` numbers the nodes once for a page; `document` reads them as XPath does; `axes` and `path` go from some to others;
//! `evaluate`, `compare`, `functions` and `exslt` compute; `budget` ends what would take too long.

mod axes;
mod budget;
mod compare;
mod document;
mod evaluate;
mod exslt;
mod functions;
mod known;
mod order;
mod path;
#[cfg(test)]
mod tests;
mod value;

use std::cell::OnceCell;

use dragline_query::xpath::XPath;
use scraper::ElementRef;

use self::budget::{Budget, Halt};
use self::document::{Document, Item};
use self::evaluate::{Context, Evaluation};
use self::known::Known;
use self::value::{Value, text_of_number};
use super::Page;
use super::given::Given;
use super::node::{Node, What};
use crate::error::{Error, Result};

pub(super) use self::order::Order;

/// What an expression finds from a node: nodes in document order, or the one value that it gives.
pub(super) fn find<'a>(from: &Node<'a>, xpath: &XPath, given: &Given<'a>) -> Result<Vec<Node<'a>>> {
    let page = from.page();
    let document = Document::new(page.tree(), page.order(), page.is_xml());
    let Some(item) = item_of(&document, from) else { return Ok(Vec::new()) };
    let told = |what: &str| Error::page(format!("`{}` on {}: {what}", xpath.text(), page.url()));
    let known = Known::new(&document, given, xpath.needs()).map_err(|what| told(&what))?;
    let limits = page.limits();
    let budget = Budget::new(limits.steps, limits.time);
    let evaluation = Evaluation { document, budget, given: &known, ids: OnceCell::new() };
    match evaluation.evaluate(xpath.expression(), Context { item, position: 1, size: 1 }) {
        Ok(value) => Ok(nodes_of(page, &evaluation, value)),
        Err(Halt::Told(what)) => Err(told(&what)),
        Err(Halt::Spent | Halt::Enough) => {
            page.count_spent();
            let (steps, time) = (limits.steps, limits.time);
            let limits = format!("`spider.selector_budget` = {steps} steps, or `spider.parse_timeout` = {time:?}");
            Err(told(&format!("it takes more than {limits}")))
        }
    }
}

/// Where an expression starts: in a document at its element, as in parsel, so that `head/title` is found.
fn item_of(document: &Document<'_>, node: &Node<'_>) -> Option<Item> {
    match node.what() {
        What::Tree(node) => {
            let number = document.order.number(node.id())?;
            Some(Item::node(if number == 0 { document.element().unwrap_or(0) } else { number }))
        }
        What::Attribute(element, number) => {
            Some(Item::attribute(document.order.number(element.id())?, u32::try_from(*number).ok()?))
        }
        What::Computed(_) => None,
    }
}

fn nodes_of<'a>(page: &'a Page, evaluation: &Evaluation<'_>, value: Value<'_>) -> Vec<Node<'a>> {
    let computed = |text: &str| vec![Node::new(page, What::Computed(text.into()))];
    match value {
        Value::Nodes(items) => items.into_iter().map(|item| node_of(page, evaluation, item)).collect(),
        Value::Text(text) => computed(&text),
        Value::Number(number) => computed(&text_of_number(number)),
        Value::Truth(truth) => computed(if truth { "1" } else { "0" }),
    }
}

fn node_of<'a>(page: &'a Page, evaluation: &Evaluation<'_>, item: Item) -> Node<'a> {
    let document = &evaluation.document;
    let node = document.order.id(item.node).and_then(|id| page.tree().tree.get(id));
    let what = match (node, item.attribute_number()) {
        (Some(node), None) if item.is_whole() => Some(What::Tree(node)),
        (Some(node), Some(number)) => ElementRef::wrap(node).map(|element| What::Attribute(element, number as usize)),
        _ => None,
    };
    // a namespace, and what a function has made, is in no tree
    Node::new(page, what.unwrap_or_else(|| What::Computed(document.text(item).as_ref().into())))
}
