//! Comparisons (XPath 1.0, section 3.4): nodes are equal to something if one of them is. Two sets of nodes are compared in
//! the time that it takes to read them once, and not in that of all pairs.

use std::borrow::Cow;
use std::collections::HashSet;

use xpath_eval::{EqualityOp, RelationalOp};

use super::budget::Answer;
use super::document::Item;
use super::evaluate::Evaluation;
use super::value::{Value, number_of_text};

impl<'a> Evaluation<'a> {
    pub(super) fn are_equal(&self, left: &Value<'a>, op: EqualityOp, right: &Value<'a>) -> Answer<bool> {
        let is = op == EqualityOp::Eq;
        Ok(match (left, right) {
            (Value::Truth(_), _) | (_, Value::Truth(_)) => (self.truth_of(left) == self.truth_of(right)) == is,
            (Value::Nodes(left), Value::Nodes(right)) if is => self.share_a_text(left, right)?,
            (Value::Nodes(left), Value::Nodes(right)) => self.differ_somewhere(left, right)?,
            (Value::Nodes(items), other) | (other, Value::Nodes(items)) => {
                let number = if let Value::Number(number) = other { Some(*number) } else { None };
                let other = self.text_of(other)?;
                self.any(items, |text| match number {
                    Some(number) => are_same(number_of_text(text), number) == is,
                    None => (*text == *other) == is,
                })?
            }
            (Value::Number(_), _) | (_, Value::Number(_)) => {
                are_same(self.number_of(left)?, self.number_of(right)?) == is
            }
            (Value::Text(left), Value::Text(right)) => (left == right) == is,
        })
    }

    pub(super) fn are_in_order(&self, left: &Value<'a>, op: RelationalOp, right: &Value<'a>) -> Answer<bool> {
        // against a truth value, nodes are one themselves
        let is_truth = matches!(left, Value::Truth(_)) || matches!(right, Value::Truth(_));
        let (low, high) = match op {
            RelationalOp::Lt | RelationalOp::Le => (self.range(left, is_truth)?, self.range(right, is_truth)?),
            RelationalOp::Gt | RelationalOp::Ge => (self.range(right, is_truth)?, self.range(left, is_truth)?),
        };
        let (Some((least, _)), Some((_, most))) = (low, high) else { return Ok(false) };
        Ok(match op {
            RelationalOp::Lt | RelationalOp::Gt => least < most,
            RelationalOp::Le | RelationalOp::Ge => least <= most,
        })
    }

    /// The least and the greatest number of a value; none if there is no number.
    fn range(&self, value: &Value<'a>, as_truth: bool) -> Answer<Option<(f64, f64)>> {
        let mut range: Option<(f64, f64)> = None;
        let mut see = |number: f64| {
            if !number.is_nan() {
                let (least, most) = range.unwrap_or((number, number));
                range = Some((least.min(number), most.max(number)));
            }
        };
        match value {
            Value::Nodes(items) if !as_truth => {
                for item in items {
                    see(number_of_text(&self.text(*item)?));
                }
            }
            Value::Nodes(items) => see(f64::from(u8::from(!items.is_empty()))),
            value => see(self.number_of(value)?),
        }
        Ok(range)
    }

    fn any(&self, items: &[Item], holds: impl Fn(&str) -> bool) -> Answer<bool> {
        for item in items {
            if holds(&self.text(*item)?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn texts(&self, items: &[Item]) -> Answer<HashSet<Cow<'a, str>>> {
        items.iter().map(|item| self.text(*item)).collect()
    }

    fn share_a_text(&self, left: &[Item], right: &[Item]) -> Answer<bool> {
        let (few, many) = if left.len() < right.len() { (left, right) } else { (right, left) };
        let few = self.texts(few)?;
        self.any(many, |text| few.contains(text))
    }

    /// Unless all texts of both are the same one, some two differ.
    fn differ_somewhere(&self, left: &[Item], right: &[Item]) -> Answer<bool> {
        let (Some(first), Some(_)) = (left.first(), right.first()) else { return Ok(false) };
        let first = self.text(*first)?;
        Ok(self.any(left, |text| *text != *first)? || self.any(right, |text| *text != *first)?)
    }
}

#[expect(clippy::float_cmp, reason = "XPath compares numbers as IEEE 754 does")]
fn are_same(left: f64, right: f64) -> bool {
    left == right
}
