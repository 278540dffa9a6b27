//! The thirteen axes (XPath 1.0, section 2.2): from one node, nearest first, for predicates that count; and from many nodes
//! at once, in document order, each node once. The second costs no more than there are nodes, however deep they are nested:
//! of a node within another that is asked as well, nothing is looked at twice.

use std::collections::HashSet;

use xpath_eval::Axis;

use super::budget::Answer;
use super::document::{Item, Kind};
use super::evaluate::Evaluation;

impl Evaluation<'_> {
    /// Every node on the axis of one, nearest first.
    pub(super) fn each(&self, axis: Axis, from: Item, see: &mut dyn FnMut(Item) -> Answer<()>) -> Answer<()> {
        let document = &self.document;
        match axis {
            Axis::SelfAxis => see(from),
            Axis::Parent => document.parent(from).map_or(Ok(()), see),
            Axis::Ancestor | Axis::AncestorOrSelf => {
                let mut at = if axis == Axis::Ancestor { document.parent(from) } else { Some(from) };
                while let Some(item) = at {
                    see(item)?;
                    at = document.parent(item);
                }
                Ok(())
            }
            Axis::Attribute => document.attributes(from).try_for_each(see),
            Axis::Namespace => document.namespaces(from).into_iter().try_for_each(see),
            Axis::Child if from.is_whole() => {
                let (mut at, end) = (from.node + 1, document.end(from.node));
                while at < end {
                    see(Item::node(at))?;
                    at = document.end(at);
                }
                Ok(())
            }
            Axis::Descendant | Axis::DescendantOrSelf => {
                if axis == Axis::DescendantOrSelf {
                    see(from)?;
                }
                let end = if from.is_whole() { document.end(from.node) } else { 0 };
                (from.node + 1..end).map(Item::node).try_for_each(see)
            }
            Axis::FollowingSibling if from.is_whole() => {
                let mut at = document.after(from.node);
                while let Some(node) = at {
                    see(Item::node(node))?;
                    at = document.after(node);
                }
                Ok(())
            }
            Axis::PrecedingSibling if from.is_whole() => {
                let mut at = document.before(from.node);
                while let Some(node) = at {
                    see(Item::node(node))?;
                    at = document.before(node);
                }
                Ok(())
            }
            Axis::Child | Axis::FollowingSibling | Axis::PrecedingSibling => Ok(()),
            Axis::Following => (self.end_of(from)..document.last(from.node)).map(Item::node).try_for_each(see),
            Axis::Preceding => self.each_before(from.node, see),
        }
    }

    /// Where what follows begins: an attribute has no descendants, and its element's come after it.
    fn end_of(&self, item: Item) -> u32 {
        if item.is_whole() { self.document.end(item.node) } else { item.node + 1 }
    }

    /// What ends before a node begins, nearest first: all before it but its ancestors.
    fn each_before(&self, node: u32, see: &mut dyn FnMut(Item) -> Answer<()>) -> Answer<()> {
        if node >= self.document.order.len() {
            return Ok(());
        }
        let mut ancestor = self.document.parent(Item::node(node)).map(|parent| parent.node);
        for at in (0..node).rev() {
            if ancestor == Some(at) {
                ancestor = self.document.parent(Item::node(at)).map(|parent| parent.node);
                self.budget.take(1)?;
            } else {
                see(Item::node(at))?;
            }
        }
        Ok(())
    }

    /// Every node on the axis of any of these, which are in document order, each once. Not always in document order.
    pub(super) fn each_of_all(&self, axis: Axis, from: &[Item], see: &mut dyn FnMut(Item) -> Answer<()>) -> Answer<()> {
        if let [one] = from {
            return self.each(axis, *one, see);
        }
        let mut seen = HashSet::new();
        match axis {
            Axis::SelfAxis | Axis::Child | Axis::Attribute | Axis::Namespace => {
                from.iter().try_for_each(|item| self.each(axis, *item, see))
            }
            Axis::Descendant | Axis::DescendantOrSelf => {
                let mut done = 0;
                for item in from {
                    if !item.is_whole() {
                        self.each(axis, *item, see)?;
                    } else if item.node >= done {
                        self.each(axis, *item, see)?;
                        done = self.document.end(item.node);
                    }
                }
                Ok(())
            }
            Axis::Parent | Axis::Ancestor | Axis::AncestorOrSelf => {
                for item in from {
                    let mut at = if axis == Axis::AncestorOrSelf { Some(*item) } else { self.document.parent(*item) };
                    // whose ancestors were seen before is an ancestor that was seen
                    while let Some(item) = at.filter(|item| seen.insert(*item)) {
                        see(item)?;
                        at = if axis == Axis::Parent { None } else { self.document.parent(item) };
                    }
                    self.budget.take(1)?;
                }
                Ok(())
            }
            Axis::FollowingSibling => self.each_of_families(axis, &mut from.iter(), see),
            Axis::PrecedingSibling => self.each_of_families(axis, &mut from.iter().rev(), see),
            Axis::Following => {
                let first = from.iter().min_by_key(|item| self.end_of(**item));
                first.map_or(Ok(()), |first| self.each(axis, *first, see))
            }
            Axis::Preceding => from.last().map_or(Ok(()), |last| self.each(axis, *last, see)),
        }
    }

    /// Siblings: of each parent's children the outermost one has them all.
    fn each_of_families(
        &self,
        axis: Axis,
        from: &mut dyn Iterator<Item = &Item>,
        see: &mut dyn FnMut(Item) -> Answer<()>,
    ) -> Answer<()> {
        let mut parents = HashSet::new();
        for item in from.filter(|item| item.is_whole()) {
            self.budget.take(1)?;
            if parents.insert(self.document.parent(*item)) {
                self.each(axis, *item, see)?;
            }
        }
        Ok(())
    }
}

/// What a bare name means on an axis.
pub(super) fn principal(axis: Axis) -> Kind {
    match axis {
        Axis::Attribute => Kind::Attribute,
        Axis::Namespace => Kind::Namespace,
        _ => Kind::Element,
    }
}
