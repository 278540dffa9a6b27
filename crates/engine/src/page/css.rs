//! What a CSS selector finds below a node.

use dragline_query::{Css, Part, Take};
use ego_tree::NodeRef;
use scraper::{ElementRef, Html, Node as Value};

use super::node::{Node, What};

/// What a selector finds, in document order, until there are as many as are wanted or a few more.
///
/// It lies below the node: other elements, and texts and attributes of the node itself as well. Ancestors of the node
/// count when a selector names them, as in browsers.
pub(super) fn find<'a>(from: &Node<'a>, css: &Css, limit: usize, found: &mut Vec<Node<'a>>) {
    let What::Tree(node) = from.what() else { return };
    let begin = found.len();
    let scope = ElementRef::wrap(*node);
    let mut search = Search { from, css, scope, limit, found, outer: None, is_nested: false };
    match search.scope {
        Some(scope) => {
            if search.take_own(scope) {
                scope.select(css.whole()).all(|element| search.take(element));
            }
        }
        None if node.value().is_document() && from.page().is_in_order() => {
            from.page().tree().select(css.whole()).all(|element| search.take(element));
        }
        None => {
            for element in node.children().filter_map(ElementRef::wrap) {
                let goes_on = !css.whole().matches(&element) || search.take(element);
                if !goes_on || !element.select(css.whole()).all(|element| search.take(element)) {
                    break;
                }
            }
        }
    }
    if search.is_nested {
        let order = from.page().order();
        found[begin..].sort_by_cached_key(|node| match node.what() {
            What::Tree(node) => (order.number(node.id()), 0),
            What::Attribute(element, number) => (order.number(element.id()), number + 1),
            What::Computed(_) => (None, 0),
        });
    }
}

struct Search<'s, 'a> {
    from: &'s Node<'a>,
    css: &'s Css,
    scope: Option<ElementRef<'a>>,
    limit: usize,
    found: &'s mut Vec<Node<'a>>,
    /// The last element whose texts were taken, but for those within it.
    outer: Option<NodeRef<'a, Value>>,
    /// Whether something was found within such an element, which may stand before the element's last text.
    is_nested: bool,
}

impl<'a> Search<'_, 'a> {
    /// Takes what the selector takes of an element that it finds; whether more is wanted.
    fn take(&mut self, element: ElementRef<'a>) -> bool {
        match self.css.parts() {
            [part] => self.take_part(element, part),
            parts => {
                for part in parts {
                    if part.selector.matches_with_scope(&element, self.scope) {
                        self.take_part(element, part);
                    }
                }
            }
        }
        self.goes_on()
    }

    /// Whether more is wanted: unless there are enough, and nothing that comes can stand before the first.
    fn goes_on(&self) -> bool {
        self.found.len() < self.limit
            || match self.found.first().map(Node::what) {
                Some(What::Tree(first)) if first.value().is_text() => {
                    first.prev_siblings().any(|before| before.value().is_element())
                }
                _ => false,
            }
    }

    /// The texts and attributes of the node itself.
    fn take_own(&mut self, scope: ElementRef<'a>) -> bool {
        for part in self.css.parts().iter().filter(|part| part.take != Take::Element) {
            if part.selector.matches_with_scope(&scope, Some(scope)) {
                self.take_part(scope, part);
            }
        }
        self.goes_on()
    }

    fn take_part(&mut self, element: ElementRef<'a>, part: &Part) {
        let page = self.from.page();
        let is_within = self.outer.is_some_and(|outer| element.ancestors().any(|node| node == outer));
        self.is_nested |= is_within;
        match &part.take {
            Take::Element => self.found.push(Node::new(page, What::Tree(*element))),
            Take::Text => {
                let texts = element.children().filter(|node| matches!(node.value(), Value::Text(_)));
                self.found.extend(texts.map(|node| Node::new(page, What::Tree(node))));
                self.outer = self.outer.filter(|_| is_within).or(Some(*element));
            }
            Take::Attribute(name) => {
                let number = attribute(element, name);
                self.found.extend(number.map(|number| Node::new(page, What::Attribute(element, number))));
            }
        }
    }
}

/// The number of an attribute: of this name, or with a prefix, which may be left out.
fn attribute(element: ElementRef<'_>, name: &str) -> Option<usize> {
    let attributes = &element.value().attrs;
    let plain = attributes.keys().position(|known| &*known.local == name && known.prefix.is_none());
    plain.or_else(|| {
        attributes.keys().position(|known| {
            let prefix = known.prefix.as_deref();
            &*known.local == name
                || prefix.is_some_and(|prefix| name.strip_prefix(prefix) == Some(&format!(":{}", known.local)))
        })
    })
}

/// Whether the nodes of a tree were made in the order in which they stand, so that it can be searched as it lies in
/// memory. They were not where text strayed out of a table, or tags overlap; and what was taken out of a tree still lies
/// there.
pub(super) fn is_in_order(tree: &Html) -> bool {
    let mut at = Some(tree.tree.root());
    for node in tree.tree.nodes() {
        match at {
            Some(expected) if expected.id() == node.id() => {}
            _ => return false,
        }
        let mut climbed = Some(node);
        at = node.first_child().or_else(|| {
            while let Some(node) = climbed {
                if let Some(next) = node.next_sibling() {
                    return Some(next);
                }
                climbed = node.parent();
            }
            None
        });
    }
    at.is_none()
}
