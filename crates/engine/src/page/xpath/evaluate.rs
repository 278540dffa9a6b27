//! The answer to an expression (XPath 1.0, section 3).

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use xpath_eval::{AdditiveOp, Expr, FilterExpr, MultiplicativeOp, PathExpr, PrimaryExpr};

use super::Known;
use super::budget::{Answer, Budget, Halt};
use super::document::{Document, Item};
use super::value::{Value, number_of_text, text_of_number};

/// One expression and one page. Nothing here knows how long it will take, and everything takes from the budget.
pub(super) struct Evaluation<'a> {
    pub(super) document: Document<'a>,
    pub(super) budget: Budget,
    pub(super) given: &'a Known<'a>,
    /// The elements by their ids, for `id()`.
    pub(super) ids: OnceCell<HashMap<&'a str, u32>>,
}

/// Where one stands: a node, and its place among those that are looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) item: Item,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'a> Evaluation<'a> {
    pub(super) fn evaluate(&self, expression: &'a Expr, at: Context) -> Answer<Value<'a>> {
        self.budget.take(1)?;
        Ok(match expression {
            Expr::Or(..) | Expr::And(..) => Value::Truth(self.truth(expression, at)?),
            Expr::Equality(left, op, right) => {
                let (left, right) = (self.evaluate(left, at)?, self.evaluate(right, at)?);
                Value::Truth(self.are_equal(&left, *op, &right)?)
            }
            Expr::Relational(left, op, right) => {
                let (left, right) = (self.evaluate(left, at)?, self.evaluate(right, at)?);
                Value::Truth(self.are_in_order(&left, *op, &right)?)
            }
            Expr::Additive(left, op, right) => {
                let (left, right) = (self.number(left, at)?, self.number(right, at)?);
                Value::Number(match op {
                    AdditiveOp::Add => left + right,
                    AdditiveOp::Sub => left - right,
                })
            }
            Expr::Multiplicative(left, op, right) => {
                let (left, right) = (self.number(left, at)?, self.number(right, at)?);
                Value::Number(match op {
                    MultiplicativeOp::Mul => left * right,
                    MultiplicativeOp::Div => left / right,
                    MultiplicativeOp::Mod => left % right,
                })
            }
            Expr::Negate(inner) => Value::Number(-self.number(inner, at)?),
            Expr::Union(..) => Value::Nodes(self.union(expression, at)?),
            Expr::Path(PathExpr::Location(path)) => Value::Nodes(self.path(path, vec![at.item])?),
            Expr::Path(PathExpr::Filter(filter)) => self.filter(filter, at)?,
            Expr::Path(PathExpr::FilterLocation(filter, path)) => {
                let from = nodes_of(self.filter(filter, at)?, "a step")?;
                Value::Nodes(self.path(path, from)?)
            }
        })
    }

    /// Whether an expression holds: a path does if it leads anywhere.
    pub(super) fn truth(&self, expression: &'a Expr, at: Context) -> Answer<bool> {
        self.budget.take(1)?;
        match expression {
            Expr::Or(..) | Expr::And(..) => {
                let wanted = matches!(expression, Expr::Or(..));
                for operand in operands(expression) {
                    if self.truth(operand, at)? == wanted {
                        return Ok(wanted);
                    }
                }
                Ok(!wanted)
            }
            Expr::Path(PathExpr::Location(path)) => self.leads_anywhere(path, at.item),
            Expr::Path(PathExpr::Filter(FilterExpr { primary, predicates })) if predicates.is_empty() => {
                match primary {
                    PrimaryExpr::Parenthesized(inner) => self.truth(inner, at),
                    PrimaryExpr::Function(call) if call.name.prefix.is_none() => {
                        match (call.name.local.as_str(), call.args.as_slice()) {
                            ("not", [inner]) => Ok(!self.truth(inner, at)?),
                            ("boolean", [inner]) => self.truth(inner, at),
                            _ => Ok(self.truth_of(&self.call(call, at)?)),
                        }
                    }
                    _ => Ok(self.truth_of(&self.evaluate(expression, at)?)),
                }
            }
            _ => Ok(self.truth_of(&self.evaluate(expression, at)?)),
        }
    }

    fn union(&self, expression: &'a Expr, at: Context) -> Answer<Vec<Item>> {
        let mut all = Vec::new();
        for operand in operands(expression) {
            all.extend(nodes_of(self.evaluate(operand, at)?, "`|`")?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    fn filter(&self, filter: &'a FilterExpr, at: Context) -> Answer<Value<'a>> {
        let value = match &filter.primary {
            PrimaryExpr::Variable(name) => self.given.variable(&name.local)?,
            PrimaryExpr::Parenthesized(inner) => self.evaluate(inner, at)?,
            PrimaryExpr::Literal(text) => Value::Text(Cow::Borrowed(text)),
            PrimaryExpr::Number(number) => Value::Number(*number),
            PrimaryExpr::Function(call) => self.call(call, at)?,
        };
        if filter.predicates.is_empty() {
            return Ok(value);
        }
        Ok(Value::Nodes(self.chosen(&filter.predicates, nodes_of(value, "a predicate")?)?))
    }

    /// What a prefix of the expression stands for.
    pub(super) fn namespace(&self, prefix: &str) -> Answer<&'a str> {
        self.given.namespace(prefix).ok_or_else(|| Halt::Told(format!("the prefix `{prefix}` is not declared")))
    }

    fn number(&self, expression: &'a Expr, at: Context) -> Answer<f64> {
        self.number_of(&self.evaluate(expression, at)?)
    }

    /// A node's string-value.
    pub(super) fn text(&self, item: Item) -> Answer<Cow<'a, str>> {
        let nodes = if item.is_whole() { self.document.end(item.node) - item.node } else { 1 };
        self.budget.take(nodes.into())?;
        let text = self.document.text(item);
        self.budget.take_text(text.len())?;
        Ok(text)
    }

    pub(super) fn text_of(&self, value: &Value<'a>) -> Answer<Cow<'a, str>> {
        Ok(match value {
            Value::Nodes(items) => match items.first() {
                Some(first) => self.text(*first)?,
                None => Cow::Borrowed(""),
            },
            Value::Text(text) => {
                self.budget.take_text(text.len())?;
                text.clone()
            }
            Value::Number(number) => text_of_number(*number),
            Value::Truth(truth) => Cow::Borrowed(if *truth { "true" } else { "false" }),
        })
    }

    pub(super) fn number_of(&self, value: &Value<'a>) -> Answer<f64> {
        Ok(match value {
            Value::Nodes(_) => number_of_text(&self.text_of(value)?),
            Value::Text(text) => number_of_text(text),
            Value::Number(number) => *number,
            Value::Truth(truth) => f64::from(u8::from(*truth)),
        })
    }

    pub(super) fn truth_of(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Nodes(items) => !items.is_empty(),
            Value::Text(text) => !text.is_empty(),
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Truth(truth) => *truth,
        }
    }
}

/// Nodes, where only nodes will do.
pub(super) fn nodes_of(value: Value<'_>, what: &str) -> Answer<Vec<Item>> {
    match value {
        Value::Nodes(items) => Ok(items),
        Value::Text(_) => Err(Halt::Told(format!("{what} takes nodes, and was given a text"))),
        Value::Number(_) => Err(Halt::Told(format!("{what} takes nodes, and was given a number"))),
        Value::Truth(_) => Err(Halt::Told(format!("{what} takes nodes, and was given a truth value"))),
    }
}

/// `a or b or c`, from left to right, however many.
fn operands(expression: &Expr) -> impl Iterator<Item = &Expr> {
    let (mut found, mut at) = (Vec::new(), expression);
    loop {
        let (left, right) = match (expression, at) {
            (Expr::Or(..), Expr::Or(left, right)) => (left, right),
            (Expr::And(..), Expr::And(left, right)) => (left, right),
            (Expr::Union(..), Expr::Union(left, right)) => (left, right),
            _ => break,
        };
        found.push(&**right);
        at = left;
    }
    found.push(at);
    found.into_iter().rev()
}
