//! How deep an expression is nested: whatever reads it or answers it goes down one call for each level.

use xpath_eval::{Expr, FilterExpr, LocationPath, PathExpr, PrimaryExpr};

/// The deepest nesting.
const DEEPEST: usize = 200;

fn too_deep() -> String {
    format!("it is nested deeper than {DEEPEST}")
}

/// Brackets, and signs in a row: what the parser goes down for. Seen in the text, before there is a tree.
pub(super) fn of_text(text: &str) -> Result<(), String> {
    let (mut open, mut signs, mut quote) = (0_usize, 0_usize, None);
    for byte in text.bytes() {
        match (byte, quote) {
            (byte, Some(begun)) if byte == begun => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'(' | b'[', None) => open += 1,
            (b')' | b']', None) => open = open.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'-' if quote.is_none() => signs += 1,
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => signs = 0,
        }
        if open > DEEPEST || signs > DEEPEST {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// The tree that came of it. `a or b or c` is one level, however long.
pub(super) fn of_tree(expression: &Expr) -> Result<(), String> {
    let mut open = vec![(expression, 0)];
    while let Some((expression, depth)) = open.pop() {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        let mut below = |part| open.push((part, depth + 1));
        match expression {
            Expr::Or(left, right) | Expr::And(left, right) | Expr::Union(left, right) => {
                below(right);
                let same = std::mem::discriminant(&**left) == std::mem::discriminant(expression);
                open.push((left, depth + usize::from(!same)));
            }
            Expr::Equality(left, _, right) => [left, right].into_iter().for_each(|part| below(part)),
            Expr::Relational(left, _, right) => [left, right].into_iter().for_each(|part| below(part)),
            Expr::Additive(left, _, right) => [left, right].into_iter().for_each(|part| below(part)),
            Expr::Multiplicative(left, _, right) => [left, right].into_iter().for_each(|part| below(part)),
            Expr::Negate(part) => below(part),
            Expr::Path(path) => of_path(path, below),
        }
    }
    Ok(())
}

fn of_path<'e>(path: &'e PathExpr, mut below: impl FnMut(&'e Expr)) {
    let steps = |path: &'e LocationPath| path.steps.iter().flat_map(|step| &step.predicates);
    let mut filter = |filter: &'e FilterExpr| {
        match &filter.primary {
            PrimaryExpr::Parenthesized(inner) => below(inner),
            PrimaryExpr::Function(call) => call.args.iter().for_each(&mut below),
            PrimaryExpr::Variable(_) | PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) => {}
        }
        filter.predicates.iter().for_each(&mut below);
    };
    match path {
        PathExpr::Location(path) => steps(path).for_each(below),
        PathExpr::Filter(begin) => filter(begin),
        PathExpr::FilterLocation(begin, path) => {
            filter(begin);
            steps(path).for_each(below);
        }
    }
}
