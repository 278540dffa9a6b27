//! An expression put to a document. Each step is counted, so that none takes for ever or fills the memory.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use jmespath::ast::Comparator;
use serde_json::Value;

use super::Found;
use super::tree::Tree;
use super::value::{Item, order};

/// Keys and what stands under them, in order.
type Entries<'v> = Vec<(Cow<'v, str>, Item<'v>)>;

/// The most steps: values looked at or made, and eight bytes of each text that is made.
const STEPS: usize = 10_000_000;

/// One search.
#[derive(Debug, Default)]
pub(super) struct Search {
    steps: usize,
}

impl Search {
    pub(super) fn answer<'v>(&mut self, tree: &Tree, document: &'v Value) -> Result<Found<'v>, String> {
        match self.ask(tree, &Item::Borrowed(document))? {
            Item::Borrowed(Value::Array(members)) => Ok(Found::List(members.iter().map(Cow::Borrowed).collect())),
            Item::List(members) => {
                let members = members.iter().map(|member| self.settle(member));
                Ok(Found::List(members.collect::<Result<_, _>>()?))
            }
            item => match self.settle(&item)? {
                Cow::Owned(Value::Array(members)) => Ok(Found::List(members.into_iter().map(Cow::Owned).collect())),
                value => Ok(Found::One(value)),
            },
        }
    }

    /// What a part of an expression finds in a value.
    pub(super) fn ask<'v>(&mut self, tree: &Tree, at: &Item<'v>) -> Result<Item<'v>, String> {
        self.spend(1)?;
        Ok(match tree {
            Tree::Current => at.clone(),
            Tree::Literal(value) => Item::Own(value.clone()),
            Tree::Field(name) => at.field(name),
            Tree::Index(index) => at.index(*index),
            Tree::Slice { start, stop, step } => match self.members(at)? {
                Some(members) => Item::list(slice(&members, *start, *stop, *step)),
                None => Item::null(),
            },
            Tree::Chain(first, second) => {
                let found = self.ask(first, at)?;
                self.ask(second, &found)?
            }
            Tree::Or(first, second) => match self.ask(first, at)? {
                found if found.is_true() => found,
                _ => self.ask(second, at)?,
            },
            Tree::And(first, second) => match self.ask(first, at)? {
                found if found.is_true() => self.ask(second, at)?,
                found => found,
            },
            Tree::Not(part) => Item::own(!self.ask(part, at)?.is_true()),
            Tree::Compare(comparator, first, second) => {
                let (first, second) = (self.ask(first, at)?, self.ask(second, at)?);
                self.compare(comparator, &first, &second)?.map_or_else(Item::null, Item::own)
            }
            Tree::Values(part) => {
                let found = self.ask(part, at)?;
                match self.entries(&found)? {
                    Some(entries) => Item::list(entries.into_iter().map(|(_, item)| item).collect()),
                    None => Item::null(),
                }
            }
            Tree::Flatten(part) => {
                let found = self.ask(part, at)?;
                let Some(members) = self.members(&found)? else { return Ok(Item::null()) };
                let mut flat = Vec::with_capacity(members.len());
                for member in members {
                    match self.members(&member)? {
                        Some(inner) => flat.extend(inner),
                        None => flat.push(member),
                    }
                }
                Item::list(flat)
            }
            Tree::Project(part, each) => {
                let found = self.ask(part, at)?;
                let Some(members) = self.members(&found)? else { return Ok(Item::null()) };
                let mut kept = Vec::new();
                for member in &members {
                    let found = self.ask(each, member)?;
                    if !found.is_null() {
                        kept.push(found);
                    }
                }
                Item::list(kept)
            }
            Tree::Where(condition, then) => match self.ask(condition, at)?.is_true() {
                true => self.ask(then, at)?,
                false => Item::null(),
            },
            Tree::List(_) | Tree::Object(_) if at.is_null() => Item::null(),
            Tree::List(parts) => {
                let members = parts.iter().map(|part| self.ask(part, at));
                Item::list(members.collect::<Result<_, _>>()?)
            }
            Tree::Object(parts) => {
                let entries = parts.iter().map(|(name, part)| Ok((Cow::Owned(name.to_string()), self.ask(part, at)?)));
                Item::object(entries.collect::<Result<Vec<_>, String>>()?)
            }
            Tree::Call(function, arguments) => function.call(self, arguments, at)?,
        })
    }

    /// The members of a list; each is a step.
    pub(super) fn members<'v>(&mut self, item: &Item<'v>) -> Result<Option<Vec<Item<'v>>>, String> {
        let members = item.members();
        self.spend(members.as_ref().map_or(0, Vec::len))?;
        Ok(members)
    }

    /// The names and values of an object; each is a step.
    pub(super) fn entries<'v>(&mut self, item: &Item<'v>) -> Result<Option<Entries<'v>>, String> {
        let entries = item.entries();
        self.spend(entries.as_ref().map_or(0, Vec::len))?;
        Ok(entries)
    }

    /// A value as JSON: what stands in the document is not copied.
    pub(super) fn settle<'v>(&mut self, item: &Item<'v>) -> Result<Cow<'v, Value>, String> {
        match item {
            Item::Borrowed(value) => Ok(Cow::Borrowed(value)),
            other => self.copy(other).map(Cow::Owned),
        }
    }

    /// A value as JSON of its own.
    pub(super) fn copy(&mut self, item: &Item<'_>) -> Result<Value, String> {
        self.spend(1)?;
        Ok(match item {
            Item::Borrowed(value) => self.clone_of(value)?,
            Item::Own(value) => self.clone_of(value)?,
            Item::List(members) => {
                Value::Array(members.iter().map(|member| self.copy(member)).collect::<Result<_, _>>()?)
            }
            Item::Object(entries) => {
                let entries = entries.iter().map(|(name, item)| Ok((name.to_string(), self.copy(item)?)));
                Value::Object(entries.collect::<Result<_, String>>()?)
            }
        })
    }

    fn clone_of(&mut self, value: &Value) -> Result<Value, String> {
        self.spend(weight(value))?;
        Ok(value.clone())
    }

    /// Whether two values are the same: numbers by what they say, objects whatever their order.
    pub(super) fn is_same(&mut self, a: &Item<'_>, b: &Item<'_>) -> Result<bool, String> {
        self.spend(1)?;
        if let (Some(a), Some(b)) = (a.value(), b.value()) {
            match (a, b) {
                (Value::Number(a), Value::Number(b)) => return Ok(order(a, b) == Ordering::Equal),
                (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {}
                (a, b) => return Ok(a == b),
            }
        }
        if let (Some(a), Some(b)) = (self.members(a)?, self.members(b)?) {
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(&b) {
                if !self.is_same(a, b)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        let (Some(entries), Some(others)) = (self.entries(a)?, self.entries(b)?) else { return Ok(false) };
        if entries.len() != others.len() {
            return Ok(false);
        }
        let others: HashMap<_, _> = others.into_iter().collect();
        for (name, item) in &entries {
            match others.get(name) {
                Some(other) if self.is_same(item, other)? => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Whether a comparison holds; none where the two have no order.
    fn compare(&mut self, comparator: &Comparator, a: &Item<'_>, b: &Item<'_>) -> Result<Option<bool>, String> {
        let ordering = match (a.number(), b.number(), a.text(), b.text()) {
            _ if matches!(comparator, Comparator::Equal) => return Ok(Some(self.is_same(a, b)?)),
            _ if matches!(comparator, Comparator::NotEqual) => return Ok(Some(!self.is_same(a, b)?)),
            (Some(a), Some(b), ..) => order(a, b),
            // the specification orders numbers only; Python's jmespath texts too, for the sake of dates
            (.., Some(a), Some(b)) => a.cmp(b),
            _ => return Ok(None),
        };
        Ok(Some(match comparator {
            Comparator::LessThan => ordering.is_lt(),
            Comparator::LessThanEqual => ordering.is_le(),
            Comparator::GreaterThan => ordering.is_gt(),
            _ => ordering.is_ge(),
        }))
    }

    /// Counts.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS { Err(format!("it takes more than {STEPS} steps")) } else { Ok(()) }
    }
}

/// What copying a value costs.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / 8,
        Value::Array(members) => 1 + members.iter().map(weight).sum::<usize>(),
        Value::Object(members) => 1 + members.iter().map(|(name, value)| name.len() / 8 + weight(value)).sum::<usize>(),
        _ => 1,
    }
}

/// As Python slices.
fn slice<'v>(members: &[Item<'v>], start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<Item<'v>> {
    let length = i64::try_from(members.len()).unwrap_or(i64::MAX);
    let (first, last) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let within = |at: i64| (if at < 0 { at + length } else { at }).clamp(first, last);
    let mut at = start.map_or(if step > 0 { first } else { last }, within);
    let stop = stop.map_or(if step > 0 { last } else { first }, within);
    let mut kept = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        kept.extend(usize::try_from(at).ok().and_then(|at| members.get(at)).cloned());
        at += step;
    }
    kept
}
