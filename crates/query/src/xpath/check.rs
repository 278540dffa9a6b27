//! What can be known to be wrong with an expression before a page is there.

use xpath_eval::{Expr, FilterExpr, FunctionCall, LocationPath, NodeTest, PathExpr, PrimaryExpr};

use super::Needs;
use super::functions::{ELSEWHERE, FUNCTIONS, Function, Gives, NAMESPACES, function};

/// Every function there, with as many arguments as it takes and nodes where it takes nodes.
pub(super) fn check(expression: &Expr) -> Result<Needs, String> {
    let mut needs = Needs::default();
    let mut open = vec![expression];
    while let Some(expression) = open.pop() {
        match expression {
            Expr::Union(left, right) => {
                must_be_nodes(left, "`|` joins nodes, and no")?;
                must_be_nodes(right, "`|` joins nodes, and no")?;
                open.extend([&**right, left]);
            }
            Expr::Or(left, right) | Expr::And(left, right) => open.extend([&**right, left]),
            Expr::Equality(left, _, right) => open.extend([&**right, left]),
            Expr::Relational(left, _, right) => open.extend([&**right, left]),
            Expr::Additive(left, _, right) => open.extend([&**right, left]),
            Expr::Multiplicative(left, _, right) => open.extend([&**right, left]),
            Expr::Negate(inner) => open.push(inner),
            Expr::Path(PathExpr::Location(path)) => steps(path, &mut needs, &mut open),
            Expr::Path(PathExpr::Filter(filter)) => begin(filter, &mut needs, &mut open)?,
            Expr::Path(PathExpr::FilterLocation(filter, path)) => {
                steps(path, &mut needs, &mut open);
                begin(filter, &mut needs, &mut open)?;
                if let Some(what) = no_nodes(&filter.primary) {
                    return Err(format!("a step such as `/b` starts from nodes, and from no {what}"));
                }
            }
        }
    }
    Ok(needs)
}

fn steps<'e>(path: &'e LocationPath, needs: &mut Needs, open: &mut Vec<&'e Expr>) {
    for step in &path.steps {
        let prefix = match &step.node_test {
            NodeTest::NamespaceWildcard(prefix) => Some(prefix),
            NodeTest::QName(name) => name.prefix.as_ref(),
            _ => None,
        };
        if let Some(prefix) = prefix {
            note(&mut needs.prefixes, prefix);
        }
    }
    // what stands first is looked at first: it is taken from the end
    open.extend(path.steps.iter().rev().flat_map(|step| step.predicates.iter().rev()));
}

fn begin<'e>(filter: &'e FilterExpr, needs: &mut Needs, open: &mut Vec<&'e Expr>) -> Result<(), String> {
    if let (false, Some(what)) = (filter.predicates.is_empty(), no_nodes(&filter.primary)) {
        return Err(format!("a predicate such as `[1]` chooses of nodes, and of no {what}"));
    }
    open.extend(filter.predicates.iter().rev());
    match &filter.primary {
        PrimaryExpr::Parenthesized(inner) => open.push(inner),
        PrimaryExpr::Variable(name) => {
            if name.prefix.is_some() {
                return Err(format!("a variable such as `${}` has no prefix", name.local));
            }
            note(&mut needs.variables, &name.local);
        }
        PrimaryExpr::Function(call) => {
            called(call, needs)?;
            open.extend(call.args.iter().rev());
        }
        PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) => {}
    }
    Ok(())
}

fn called(call: &FunctionCall, needs: &mut Needs) -> Result<(), String> {
    let (prefix, name) = (call.name.prefix.as_deref(), call.name.local.as_str());
    match function(prefix, name) {
        Some(function) => function.takes(&call.args),
        None => match prefix {
            Some(prefix) if NAMESPACES.iter().all(|(known, _)| *known != prefix) => {
                needs.functions.push((prefix.into(), name.into()));
                Ok(())
            }
            prefix => Err(unknown(prefix, name)),
        },
    }
}

impl Function {
    /// Whether it takes these arguments.
    ///
    /// # Errors
    /// If they are too few, too many, or no nodes where it takes nodes: a text that says so.
    pub fn takes(&self, arguments: &[Expr]) -> Result<(), String> {
        let (shown, count) = (self.shown(), arguments.len());
        if count < self.least || count > self.most {
            let s = if self.most == 1 || (self.most == usize::MAX && self.least == 1) { "" } else { "s" };
            let takes = match (self.least, self.most) {
                (0, 0) => "no arguments".to_owned(),
                (least, usize::MAX) => format!("at least {least} argument{s}"),
                (least, most) if least == most => format!("{least} argument{s}"),
                (0, 1) => "no or 1 argument".to_owned(),
                (least, most) => format!("{least} or {most} argument{s}"),
            };
            return Err(format!("{shown} takes {takes}, and not {count}"));
        }
        for argument in &arguments[..self.nodes.min(count)] {
            must_be_nodes(argument, &format!("{shown} takes nodes, and no"))?;
        }
        if self.name == "has-class" && arguments.iter().any(|argument| gives(argument) != Some(Gives::Text)) {
            // a variable may be a text
            if let Some(what) = arguments.iter().filter_map(gives).find(|kind| *kind != Gives::Text) {
                return Err(format!("{shown} takes names of classes in quotes, and no {}", what.word()));
            }
        }
        Ok(())
    }

    fn shown(&self) -> String {
        match self.prefix {
            Some(prefix) => format!("`{prefix}:{}()`", self.name),
            None => format!("`{}()`", self.name),
        }
    }
}

fn unknown(prefix: Option<&str>, name: &str) -> String {
    let Some(prefix) = prefix else {
        if let Some((_, instead)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name) {
            return format!("`{name}()` is not of XPath 1.0; say `{instead}`");
        }
        let nearest = FUNCTIONS.iter().max_by(|one, other| {
            let near = |function: &Function| strsim::jaro_winkler(function.name, name);
            near(one).total_cmp(&near(other))
        });
        let nearest = nearest.filter(|function| strsim::jaro_winkler(function.name, name) > 0.8);
        return match nearest {
            Some(function) => format!("there is no function `{name}()`; did you mean {}?", function.shown()),
            None => format!("there is no function `{name}()`; there are {}", all(None)),
        };
    };
    format!("there is no function `{prefix}:{name}()`; with `{prefix}:` there are {}", all(Some(prefix)))
}

fn all(prefix: Option<&str>) -> String {
    let of_prefix = FUNCTIONS.iter().filter(|function| function.prefix == prefix);
    of_prefix.map(Function::shown).collect::<Vec<_>>().join(", ")
}

fn must_be_nodes(expression: &Expr, what: &str) -> Result<(), String> {
    match gives(expression) {
        Some(Gives::Nodes) | None => Ok(()),
        Some(kind) => Err(format!("{what} {}", kind.word())),
    }
}

fn no_nodes(primary: &PrimaryExpr) -> Option<&'static str> {
    primary_gives(primary).filter(|kind| *kind != Gives::Nodes).map(Gives::word)
}

/// What an expression gives, as far as that can be known: not of a variable.
fn gives(expression: &Expr) -> Option<Gives> {
    Some(match expression {
        Expr::Or(..) | Expr::And(..) | Expr::Equality(..) | Expr::Relational(..) => Gives::Truth,
        Expr::Additive(..) | Expr::Multiplicative(..) | Expr::Negate(_) => Gives::Number,
        Expr::Union(..) | Expr::Path(PathExpr::Location(_) | PathExpr::FilterLocation(..)) => Gives::Nodes,
        Expr::Path(PathExpr::Filter(filter)) if filter.predicates.is_empty() => return primary_gives(&filter.primary),
        Expr::Path(PathExpr::Filter(_)) => Gives::Nodes,
    })
}

fn primary_gives(primary: &PrimaryExpr) -> Option<Gives> {
    match primary {
        PrimaryExpr::Variable(_) => None,
        PrimaryExpr::Parenthesized(inner) => gives(inner),
        PrimaryExpr::Literal(_) => Some(Gives::Text),
        PrimaryExpr::Number(_) => Some(Gives::Number),
        PrimaryExpr::Function(call) => {
            function(call.name.prefix.as_deref(), &call.name.local).map(|function| function.gives)
        }
    }
}

impl Gives {
    fn word(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Text => "text",
            Self::Number => "number",
            Self::Truth => "truth value",
        }
    }
}

fn note(known: &mut Vec<Box<str>>, name: &str) {
    if known.iter().all(|known| **known != *name) {
        known.push(name.into());
    }
}
