//! Document order: every node of a tree by its number, as they stand in the text. Built once for a page, and only when it
//! is asked in XPath. With it every axis is a range of numbers, and no list of nodes is ever copied or sorted for one.

use std::cell::OnceCell;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::Html;

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// The nodes of a tree in document order, without its doctype, which XPath does not know.
#[derive(Debug)]
pub(in crate::page) struct Order {
    ids: Vec<NodeId>,
    parents: Vec<u32>,
    /// The number after the last of a node's descendants.
    ends: Vec<u32>,
    /// The sibling before.
    befores: Vec<u32>,
    numbers: OnceCell<Vec<(NodeId, u32)>>,
}

impl Order {
    pub(in crate::page) fn of(tree: &Html) -> Self {
        let mut order = Self {
            ids: Vec::new(),
            parents: Vec::new(),
            ends: Vec::new(),
            befores: Vec::new(),
            numbers: OnceCell::new(),
        };
        // the nodes that are open, each with the last of its children so far
        let mut open: Vec<(u32, u32)> = Vec::new();
        for edge in tree.tree.root().traverse() {
            match edge {
                Edge::Open(node) if !node.value().is_doctype() => {
                    let number = order.len();
                    let (parent, before) = open.last().copied().unwrap_or((NONE, NONE));
                    if let Some(parent) = open.last_mut() {
                        parent.1 = number;
                    }
                    order.ids.push(node.id());
                    order.parents.push(parent);
                    order.befores.push(before);
                    order.ends.push(number + 1);
                    open.push((number, NONE));
                }
                Edge::Close(node) if !node.value().is_doctype() => {
                    if let Some((number, _)) = open.pop() {
                        order.ends[number as usize] = order.len();
                    }
                }
                Edge::Open(_) | Edge::Close(_) => {}
            }
        }
        order
    }

    /// How many nodes there are. A tree's limits keep it far below 2³².
    #[expect(clippy::cast_possible_truncation, reason = "`spider.max_nodes` nodes, of 5 bytes of text at least")]
    pub(super) fn len(&self) -> u32 {
        self.ids.len() as u32
    }

    pub(super) fn id(&self, number: u32) -> Option<NodeId> {
        self.ids.get(number as usize).copied()
    }

    pub(super) fn parent(&self, number: u32) -> u32 {
        self.parents[number as usize]
    }

    pub(super) fn end(&self, number: u32) -> u32 {
        self.ends[number as usize]
    }

    pub(super) fn before(&self, number: u32) -> u32 {
        self.befores[number as usize]
    }

    /// A node's number; none of a doctype, or of what was taken out of the tree.
    pub(in crate::page) fn number(&self, id: NodeId) -> Option<u32> {
        let numbers = self.numbers.get_or_init(|| {
            let mut numbers: Vec<_> = self.ids.iter().copied().zip(0..).collect();
            numbers.sort_unstable();
            numbers
        });
        let at = numbers.binary_search_by_key(&id, |(known, _)| *known).ok()?;
        Some(numbers[at].1)
    }
}
