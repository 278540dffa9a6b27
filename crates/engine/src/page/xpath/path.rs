//! Location paths (XPath 1.0, section 2): steps from nodes to nodes, and their predicates.

use xpath_eval::{Axis, Expr, LocationPath, NodeTest, PathExpr, PrimaryExpr, Step};

use dragline_query::xpath::{Gives, function};

use super::axes::principal;
use super::budget::{Answer, Halt};
use super::document::{Item, Kind};
use super::evaluate::{Context, Evaluation};
use super::value::Value;

/// Which nodes of an axis a step takes, its prefix resolved.
enum Test<'a> {
    Any,
    Kind(Kind),
    Instruction(&'a str),
    /// Elements or attributes of a namespace, if it matters, and a name, if it matters.
    Name(Kind, Option<&'a str>, Option<&'a str>),
}

impl<'a> Evaluation<'a> {
    /// The nodes that a path leads to, in document order.
    pub(super) fn path(&self, path: &'a LocationPath, from: Vec<Item>) -> Answer<Vec<Item>> {
        self.walk(&path.steps, begin(path, from))
    }

    fn walk(&self, mut steps: &'a [Step], mut at: Vec<Item>) -> Answer<Vec<Item>> {
        while let [step, rest @ ..] = steps {
            (at, steps) = match rest {
                [next, rest @ ..] if joined(step, next) => (self.step(Axis::Descendant, next, &at)?, rest),
                rest => (self.step(step.axis, step, &at)?, rest),
            };
        }
        Ok(at)
    }

    /// Whether a path leads anywhere: its last step is gone no further than to the first node.
    pub(super) fn leads_anywhere(&self, path: &'a LocationPath, from: Item) -> Answer<bool> {
        let at = begin(path, vec![from]);
        let (last, axis, before) = match path.steps.as_slice() {
            [before @ .., step, last] if joined(step, last) => (last, Axis::Descendant, before),
            [before @ .., last] if !counts(last) => (last, last.axis, before),
            steps => return Ok(!self.walk(steps, at)?.is_empty()),
        };
        let (at, test) = (self.walk(before, at)?, self.test(axis, &last.node_test)?);
        let found = self.each_of_all(axis, &at, &mut |item| {
            self.budget.take(1)?;
            if self.passes(item, &test) && self.holds(&last.predicates, item)? { Err(Halt::Enough) } else { Ok(()) }
        });
        match found {
            Err(Halt::Enough) => Ok(true),
            found => found.map(|()| false),
        }
    }

    fn step(&self, axis: Axis, step: &'a Step, from: &[Item]) -> Answer<Vec<Item>> {
        let test = self.test(axis, &step.node_test)?;
        let mut found = Vec::new();
        if counts(step) {
            for item in from {
                found.extend(self.counted(axis, &test, &step.predicates, *item)?);
            }
        } else {
            self.each_of_all(axis, from, &mut |item| {
                self.budget.take(1)?;
                if self.passes(item, &test) && self.holds(&step.predicates, item)? {
                    found.push(item);
                }
                Ok(())
            })?;
        }
        if !found.is_sorted() {
            found.sort_unstable();
        }
        found.dedup();
        Ok(found)
    }

    /// A step whose predicates count, from one node: they count along the axis.
    fn counted(&self, axis: Axis, test: &Test<'a>, predicates: &'a [Expr], from: Item) -> Answer<Vec<Item>> {
        let most = predicates.first().and_then(place).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        let walked = self.each(axis, from, &mut |item| {
            self.budget.take(1)?;
            if self.passes(item, test) {
                found.push(item);
            }
            if found.len() >= most { Err(Halt::Enough) } else { Ok(()) }
        });
        match walked {
            Ok(()) | Err(Halt::Enough) => self.chosen(predicates, found),
            Err(halt) => Err(halt),
        }
    }

    /// Those of a list that predicates choose, one after the other.
    pub(super) fn chosen(&self, predicates: &'a [Expr], mut items: Vec<Item>) -> Answer<Vec<Item>> {
        for predicate in predicates {
            if let Some(place) = place(predicate) {
                items = items.get(place - 1).copied().into_iter().collect();
                continue;
            }
            let size = items.len();
            let mut kept = Vec::new();
            for (index, item) in items.into_iter().enumerate() {
                self.budget.take(1)?;
                if self.chooses(predicate, Context { item, position: index + 1, size })? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        Ok(items)
    }

    fn chooses(&self, predicate: &'a Expr, at: Context) -> Answer<bool> {
        if !may_be_number(predicate) {
            return self.truth(predicate, at);
        }
        match self.evaluate(predicate, at)? {
            #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "positions are whole and small")]
            Value::Number(number) => Ok(number == at.position as f64),
            value => Ok(self.truth_of(&value)),
        }
    }

    /// Whether predicates that do not count hold for a node.
    fn holds(&self, predicates: &'a [Expr], item: Item) -> Answer<bool> {
        for predicate in predicates {
            if !self.truth(predicate, Context { item, position: 1, size: 1 })? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn test(&self, axis: Axis, test: &'a NodeTest) -> Answer<Test<'a>> {
        let kind = principal(axis);
        Ok(match test {
            NodeTest::Node => Test::Any,
            NodeTest::Text => Test::Kind(Kind::Text),
            NodeTest::Comment => Test::Kind(Kind::Comment),
            NodeTest::ProcessingInstruction(None) => Test::Kind(Kind::Instruction),
            NodeTest::ProcessingInstruction(Some(target)) => Test::Instruction(target),
            NodeTest::AnyName => Test::Kind(kind),
            NodeTest::NamespaceWildcard(prefix) => Test::Name(kind, Some(self.namespace(prefix)?), None),
            NodeTest::QName(name) => {
                let namespace = match &name.prefix {
                    Some(prefix) => Some(self.namespace(prefix)?),
                    None if self.given.any_namespace => None,
                    None => Some(""),
                };
                Test::Name(kind, namespace, Some(&name.local))
            }
        })
    }

    fn passes(&self, item: Item, test: &Test<'_>) -> bool {
        match test {
            Test::Any => true,
            Test::Kind(kind) => self.document.kind(item) == *kind,
            Test::Instruction(target) => {
                self.document.kind(item) == Kind::Instruction
                    && self.document.name(item).is_some_and(|name| name.local == *target)
            }
            Test::Name(kind, namespace, local) => {
                self.document.kind(item) == *kind
                    && self.document.name(item).is_some_and(|name| {
                        local.is_none_or(|local| name.local == local)
                            && namespace.is_none_or(|namespace| name.namespace == namespace)
                    })
            }
        }
    }
}

/// Where a path begins: at the root, or where one stands.
fn begin(path: &LocationPath, from: Vec<Item>) -> Vec<Item> {
    if path.is_absolute { vec![Item::node(0)] } else { from }
}

/// Whether two steps are `//x`, which is one walk down, unless a predicate counts: `//p[1]` is the first `p` of each
/// parent.
fn joined(step: &Step, next: &Step) -> bool {
    let is_all = step.axis == Axis::DescendantOrSelf && step.node_test == NodeTest::Node && step.predicates.is_empty();
    is_all && next.axis == Axis::Child && !counts(next)
}

/// Whether a step's predicates depend on where a node stands among the others.
fn counts(step: &Step) -> bool {
    step.predicates.iter().any(|predicate| may_be_number(predicate) || asks_position(predicate))
}

/// The place that a predicate is: `[1]`.
fn place(predicate: &Expr) -> Option<usize> {
    match predicate {
        Expr::Path(PathExpr::Filter(filter)) if filter.predicates.is_empty() => match filter.primary {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and small")]
            PrimaryExpr::Number(number) if number.fract() == 0.0 && (1.0..1e9).contains(&number) => {
                Some(number as usize)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a predicate may give a number, which is a place. What is not known may.
fn may_be_number(expression: &Expr) -> bool {
    match expression {
        Expr::Or(..) | Expr::And(..) | Expr::Equality(..) | Expr::Relational(..) | Expr::Union(..) => false,
        Expr::Additive(..) | Expr::Multiplicative(..) | Expr::Negate(_) => true,
        Expr::Path(PathExpr::Location(_) | PathExpr::FilterLocation(..)) => false,
        Expr::Path(PathExpr::Filter(filter)) => {
            filter.predicates.is_empty()
                && match &filter.primary {
                    PrimaryExpr::Literal(_) => false,
                    PrimaryExpr::Number(_) | PrimaryExpr::Variable(_) => true,
                    PrimaryExpr::Parenthesized(inner) => may_be_number(inner),
                    PrimaryExpr::Function(call) => function(call.name.prefix.as_deref(), &call.name.local)
                        .is_none_or(|function| function.gives == Gives::Number),
                }
        }
    }
}

/// Whether an expression asks for `position()` or `last()` of its own context; a predicate within has its own.
fn asks_position(expression: &Expr) -> bool {
    let mut at = expression;
    loop {
        // down the left side, which may be as long as the expression
        let (left, right) = match at {
            Expr::Or(left, right) | Expr::And(left, right) | Expr::Union(left, right) => (left, right),
            Expr::Equality(left, _, right) => (left, right),
            Expr::Relational(left, _, right) => (left, right),
            Expr::Additive(left, _, right) => (left, right),
            Expr::Multiplicative(left, _, right) => (left, right),
            Expr::Negate(inner) => return asks_position(inner),
            Expr::Path(PathExpr::Location(_)) => return false,
            Expr::Path(PathExpr::Filter(filter) | PathExpr::FilterLocation(filter, _)) => {
                return match &filter.primary {
                    PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) | PrimaryExpr::Variable(_) => false,
                    PrimaryExpr::Parenthesized(inner) => asks_position(inner),
                    PrimaryExpr::Function(call) => {
                        let own = call.name.prefix.is_none() && matches!(call.name.local.as_str(), "position" | "last");
                        own || call.args.iter().any(asks_position)
                    }
                };
            }
        };
        if asks_position(right) {
            return true;
        }
        at = left;
    }
}
