//! What an expression says, checked: every function is there and gets as many arguments as it takes.

use std::sync::Arc;

use jmespath::Variable;
use jmespath::ast::{Ast, Comparator};
use serde_json::Value;

use super::functions::{Function, Takes};

/// An expression, or a part of one.
#[derive(Debug)]
pub(super) enum Tree {
    /// `@`
    Current,
    /// `` `1` ``, `'text'`
    Literal(Arc<Value>),
    /// `name`
    Field(Box<str>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `[1:2:3]`
    Slice { start: Option<i64>, stop: Option<i64>, step: i64 },
    /// What the second says of what the first finds.
    Chain(Box<Tree>, Box<Tree>),
    /// `a || b`
    Or(Box<Tree>, Box<Tree>),
    /// `a && b`
    And(Box<Tree>, Box<Tree>),
    /// `!a`
    Not(Box<Tree>),
    /// `a == b`
    Compare(Comparator, Box<Tree>, Box<Tree>),
    /// The values of an object.
    Values(Box<Tree>),
    /// A list, its lists' members in their place.
    Flatten(Box<Tree>),
    /// What the second says of each member of the first, but null.
    Project(Box<Tree>, Box<Tree>),
    /// The second, where the first holds.
    Where(Box<Tree>, Box<Tree>),
    /// `[a, b]`
    List(Vec<Tree>),
    /// `{a: b}`
    Object(Vec<(Box<str>, Tree)>),
    /// `name(a, &b)`
    Call(&'static Function, Vec<Tree>),
}

impl Tree {
    pub(super) fn of(ast: &Ast) -> Result<Self, String> {
        let boxed = |ast: &Ast| Self::of(ast).map(Box::new);
        let all = |parts: &[Ast]| parts.iter().map(Self::of).collect::<Result<Vec<_>, _>>();
        Ok(match ast {
            Ast::Identity { .. } => Self::Current,
            Ast::Literal { value, .. } => Self::Literal(Arc::new(literal(value))),
            Ast::Field { name, .. } => Self::Field(name.as_str().into()),
            Ast::Index { idx, .. } => Self::Index(i64::from(*idx)),
            Ast::Slice { step: 0, .. } => return Err("the step of a slice cannot be 0".to_owned()),
            Ast::Slice { start, stop, step, .. } => {
                Self::Slice { start: start.map(i64::from), stop: stop.map(i64::from), step: i64::from(*step) }
            }
            Ast::Subexpr { lhs, rhs, .. } => Self::Chain(boxed(lhs)?, boxed(rhs)?),
            Ast::Or { lhs, rhs, .. } => Self::Or(boxed(lhs)?, boxed(rhs)?),
            Ast::And { lhs, rhs, .. } => Self::And(boxed(lhs)?, boxed(rhs)?),
            Ast::Not { node, .. } => Self::Not(boxed(node)?),
            Ast::Comparison { comparator, lhs, rhs, .. } => Self::Compare(comparator.clone(), boxed(lhs)?, boxed(rhs)?),
            Ast::ObjectValues { node, .. } => Self::Values(boxed(node)?),
            Ast::Flatten { node, .. } => Self::Flatten(boxed(node)?),
            Ast::Projection { lhs, rhs, .. } => Self::Project(boxed(lhs)?, boxed(rhs)?),
            Ast::Condition { predicate, then, .. } => Self::Where(boxed(predicate)?, boxed(then)?),
            Ast::MultiList { elements, .. } => Self::List(all(elements)?),
            Ast::MultiHash { elements, .. } => {
                Self::Object(
                    (elements.iter())
                        .map(|pair| Ok((pair.key.as_str().into(), Self::of(&pair.value)?)))
                        .collect::<Result<_, String>>()?,
                )
            }
            Ast::Function { name, args, .. } => call(name, args)?,
            Ast::Expref { .. } => return Err("`&` stands before an argument of a function only".to_owned()),
        })
    }
}

fn call(name: &str, arguments: &[Ast]) -> Result<Tree, String> {
    let Some(function) = Function::named(name) else {
        return Err(format!("there is no function `{name}`"));
    };
    let (least, given) = (function.takes.len(), arguments.len());
    if given < least || (given > least && !function.is_variadic) {
        let (more, plural) = (if function.is_variadic { " or more" } else { "" }, if least == 1 { "" } else { "s" });
        return Err(format!("`{name}` takes {least} argument{plural}{more}, and not {given}"));
    }
    let trees = arguments.iter().enumerate().map(|(at, argument)| match (function.takes(at), argument) {
        (Takes::Expression, Ast::Expref { ast, .. }) => Tree::of(ast),
        (Takes::Expression, _) => Err(format!("argument {} of `{name}` must be an expression: `&…`", at + 1)),
        (_, argument) => Tree::of(argument),
    });
    Ok(Tree::Call(function, trees.collect::<Result<_, _>>()?))
}

/// A literal as JSON. The parser's own recursion limit bounds its depth.
fn literal(variable: &Variable) -> Value {
    match variable {
        Variable::Null | Variable::Expref(_) => Value::Null,
        Variable::Bool(value) => Value::Bool(*value),
        Variable::Number(value) => Value::Number(value.clone()),
        Variable::String(value) => Value::String(value.clone()),
        Variable::Array(members) => Value::Array(members.iter().map(|member| literal(member)).collect()),
        Variable::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), literal(member))).collect())
        }
    }
}
