//! What is done to what a place has: the options behind a query.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result, Token, parenthesized, token};

use crate::names::unknown;

/// The ways to read a text that have names.
const PARSERS: [&str; 4] = ["price", "number", "integer", "date"];

const OPTIONS: [&str; 13] =
    ["raw", "html", "trim", "first", "last", "join", "map", "parse", "with", "exists", "re", "jmespath", "default"];

/// One option.
#[derive(Clone)]
pub(super) struct Opt {
    /// As it is written.
    pub(super) name: &'static str,
    pub(super) span: Span,
    pub(super) what: What,
}

#[derive(Clone)]
pub(super) enum What {
    Step(Step),
    /// A pattern, or an expression, that goes on from here.
    Further(LitStr),
    Default(Expr),
}

#[derive(Clone)]
pub(super) enum Step {
    Raw,
    Html,
    Trim,
    First,
    Last,
    Join(LitStr),
    Map(Expr),
    Parse(Parsing),
    With(Expr),
    Exists,
}

#[derive(Clone)]
pub(super) enum Parsing {
    /// By `FromStr`.
    Plain,
    /// By a way that has a name.
    Named(LitStr),
    /// By a function.
    Function(Expr),
}

impl Parse for Opt {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ident: Ident = input.parse()?;
        let word = ident.to_string();
        let span = ident.span();
        let Some(name) = OPTIONS.iter().find(|known| **known == word) else {
            return Err(Error::new(span, unknown(&word, "option of a field", &OPTIONS)));
        };
        let what = match *name {
            "raw" => What::Step(Step::Raw),
            "html" => What::Step(Step::Html),
            "trim" => What::Step(Step::Trim),
            "first" => What::Step(Step::First),
            "last" => What::Step(Step::Last),
            "exists" => What::Step(Step::Exists),
            "join" => What::Step(Step::Join(value(input, &ident, "a text: `join = \", \"`")?)),
            "map" => What::Step(Step::Map(value(input, &ident, "a function: `map = str::to_lowercase`")?)),
            "with" => What::Step(Step::With(value(input, &ident, "a function of a node: `with = price_of`")?)),
            "parse" if !input.peek(Token![=]) => What::Step(Step::Parse(Parsing::Plain)),
            "parse" => What::Step(Step::Parse(parsing(value(input, &ident, "a name or a function")?)?)),
            "default" => What::Default(value(input, &ident, "an expression: `default = 0`")?),
            "re" => What::Further(value(input, &ident, "a regular expression: `re = r\"\\d+\"`")?),
            _ => What::Further(value(input, &ident, "an expression: `jmespath = \"offers.price\"`")?),
        };
        if matches!(what, What::Step(Step::Raw | Step::Html | Step::Trim | Step::First | Step::Last | Step::Exists))
            && input.peek(Token![=])
        {
            return Err(input.error(format!("`{word}` takes no value")));
        }
        Ok(Self { name, span, what })
    }
}

/// What follows `=`, or stands in parentheses.
fn value<T: Parse>(input: ParseStream<'_>, option: &Ident, wants: &str) -> Result<T> {
    let wanted = |error: Error| Error::new(error.span(), format!("`{option}` wants {wants}"));
    if input.peek(token::Paren) {
        let inner;
        parenthesized!(inner in input);
        return inner.parse().map_err(wanted);
    }
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return Err(Error::new(option.span(), format!("`{option}` wants {wants}")));
    }
    input.parse().map_err(wanted)
}

fn parsing(expression: Expr) -> Result<Parsing> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(name), .. }) => {
            if !PARSERS.contains(&name.value().as_str()) {
                let what = unknown(&name.value(), "way to parse that has a name", &PARSERS);
                return Err(Error::new(name.span(), format!("{what}; a function is given without quotes")));
            }
            Ok(Parsing::Named(name))
        }
        other => Ok(Parsing::Function(other)),
    }
}
