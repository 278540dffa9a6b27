//! XPath 1.0 expressions, parsed and checked before a page is there.
//!
//! The grammar is the crate xpath-eval's; which functions there are, with how many arguments, is said here, so that a
//! misspelt one is found when a spider is compiled and not when a page comes.

mod check;
mod depth;
mod functions;

use xpath_eval::Expr;

pub use functions::{Function, Gives, NAMESPACES, function};

use crate::QueryError;

const LANGUAGE: &str = "XPath expression";

/// The longest expression, in bytes.
const LONGEST: usize = 16 * 1024;

/// An expression.
#[derive(Debug, Clone)]
pub struct XPath {
    text: Box<str>,
    expression: Expr,
    needs: Needs,
}

/// What an expression names, and must be told: a page whose root declares no such prefix, a caller who gives no such
/// variable, has no answer to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Prefixes of elements and attributes, in the order in which they come.
    pub prefixes: Vec<Box<str>>,
    /// Prefixes of functions that are none of [`NAMESPACES`], and the functions.
    pub functions: Vec<(Box<str>, Box<str>)>,
    /// Variables, without `$`.
    pub variables: Vec<Box<str>>,
}

impl XPath {
    /// Parses an expression.
    ///
    /// # Errors
    /// If it is none, names a function that there is not or with a wrong number of arguments, or is longer than 16 KiB or
    /// nested deeper than 200.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let error = |what: String| QueryError::new(LANGUAGE, shown(text), what);
        if text.len() > LONGEST {
            return Err(error(format!("it is longer than {LONGEST} bytes")));
        }
        depth::of_text(text).map_err(error)?;
        let expression = xpath_eval::parse(text).map_err(|parse| error(told(text, &parse)))?;
        depth::of_tree(&expression).map_err(error)?;
        let needs = check::check(&expression).map_err(error)?;
        Ok(Self { text: text.into(), expression, needs })
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn expression(&self) -> &Expr {
        &self.expression
    }

    /// What it names and must be told.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }
}

/// As much of a text as a message bears.
fn shown(text: &str) -> &str {
    const MOST: usize = 200;
    &text[..text.floor_char_boundary(MOST)]
}

fn told(text: &str, error: &xpath_eval::ParseError) -> String {
    if text.trim().is_empty() {
        return "it is empty".to_owned();
    }
    let what = error.message.replace('\'', "`");
    match text.get(error.position..).map(str::trim_end) {
        Some(rest) if !rest.is_empty() && error.position > 0 => {
            let more = if shown(rest).len() < rest.len() { "…" } else { "" };
            let cure = if rest.starts_with('\'') && what.starts_with("unterminated") {
                "; a text with `'` in it stands in `\"`, or is a variable: `$x`"
            } else {
                ""
            };
            format!("{what} at `{}{more}`{cure}", shown(rest))
        }
        _ => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        XPath::parse(text).expect_err("no XPath").what
    }

    #[test]
    fn what_is_none_is_said_with_the_place() {
        assert_eq!(error("//a["), "unexpected end of input, expected an expression");
        let what = "unterminated string literal at `']`; a text with `'` in it stands in `\"`, or is a variable: `$x`";
        assert_eq!(error("//p[.='I'm here']"), what);
        assert_eq!(
            error("//p[@a='b]"),
            "unterminated string literal at `'b]`; a text with `'` in it stands in `\"`, or is a variable: `$x`"
        );
        assert_eq!(error(""), "it is empty");
    }

    #[test]
    fn an_unknown_function_is_named_with_what_there_is() {
        assert_eq!(error("//a[contain(., 'x')]"), "there is no function `contain()`; did you mean `contains()`?");
        let what = "there is no function `re:find()`; with `re:` there are `re:match()`, `re:replace()`, `re:test()`";
        assert_eq!(error("//a[re:find(., 'x')]"), what);
        let what = "`ends-with()` is not of XPath 1.0; say `re:test(…, 'END$')`";
        assert_eq!(error("//a[ends-with(@href, '.jpg')]"), what);
    }

    #[test]
    fn arguments_are_counted_and_looked_at() {
        assert_eq!(error("//a[contains(.)]"), "`contains()` takes 2 arguments, and not 1");
        assert_eq!(error("re:test(., 'a', 'i', 'x')"), "`re:test()` takes 2 or 3 arguments, and not 4");
        assert_eq!(error("//*[has-class()]"), "`has-class()` takes at least 1 argument, and not 0");
        assert_eq!(error("//*[has-class(.)]"), "`has-class()` takes names of classes in quotes, and no nodes");
        assert_eq!(error("count('a')"), "`count()` takes nodes, and no text");
        assert_eq!(error("//a | 1"), "`|` joins nodes, and no number");
        assert_eq!(error("'a'/b"), "a step such as `/b` starts from nodes, and from no text");
    }

    #[test]
    fn what_must_be_told_is_known_beforehand() {
        let xpath = XPath::parse("//g:item[g:id = $id]/@xlink:href | s:padding(3)/*[$id]").expect("XPath");
        let needs = xpath.needs();
        assert_eq!(needs.prefixes, ["g".into(), "xlink".into()]);
        assert_eq!(needs.variables, ["id".into()]);
        assert_eq!(needs.functions, [("s".into(), "padding".into())]);
    }

    #[test]
    fn what_would_overflow_a_stack_is_refused() {
        let deep = |open: &str, close: &str, times| format!("{}1{}", open.repeat(times), close.repeat(times));
        assert!(XPath::parse(&deep("(", ")", 150)).is_ok());
        assert_eq!(error(&deep("(", ")", 5000)), "it is nested deeper than 200");
        assert_eq!(error(&deep("a[", "]", 5000)), "it is nested deeper than 200");
        assert_eq!(error(&"-".repeat(10_000)), "it is nested deeper than 200");
        assert_eq!(error(&format!("1{}", "+1".repeat(5000))), "it is nested deeper than 200");
        assert!(XPath::parse(&format!("a{}", " or a".repeat(3000))).is_ok());
        assert!(XPath::parse(&"//a".repeat(5000)).is_ok());
        assert_eq!(error(&"a".repeat(20_000)), "it is longer than 16384 bytes");
    }
}
