//! JMESPath expressions, over JSON as serde_json has it.
//!
//! The crate `jmespath` parses them. They are answered here, because its values sort the keys of objects, take two large
//! integers for one, have to be copied out of the document first, and know no limit.

mod functions;
mod limits;
mod search;
mod tree;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use jmespath::{ErrorReason, Expression};
use serde_json::Value;

use self::search::Search;
use self::tree::Tree;
use crate::QueryError;

const LANGUAGE: &str = "JMESPath expression";

/// An expression, compiled.
#[derive(Clone)]
pub struct JmesPath {
    expression: Arc<Expression<'static>>,
    tree: Arc<Tree>,
}

/// What an expression finds in a document: borrowed from it wherever it stands there as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'v> {
    /// Null, a truth value, a number, a text or an object.
    One(Cow<'v, Value>),
    /// A list, its members one by one.
    List(Vec<Cow<'v, Value>>),
}

/// A document that an expression cannot be put to: a function that wants a number got a text, or it takes too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{query}` cannot be answered: {what}")]
pub struct SearchError {
    /// The whole expression.
    pub query: String,
    /// What is wrong, and where.
    pub what: String,
}

impl JmesPath {
    /// Compiles an expression. Functions are known by name, and the number of their arguments is checked.
    ///
    /// # Errors
    /// If it is none, is longer than 16 KiB or nested deeper than 200.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let error = |what: String| QueryError::new(LANGUAGE, limits::shown(text), what);
        limits::check(text).map_err(error)?;
        let expression = jmespath::compile(text).map_err(|cause| {
            let what = match &cause.reason {
                ErrorReason::Parse(what) => what.clone(),
                other => other.to_string(),
            };
            error(format!("at column {}: {what}", cause.column + 1))
        })?;
        let tree = Tree::of(expression.as_ast()).map_err(error)?;
        Ok(Self { expression: Arc::new(expression), tree: Arc::new(tree) })
    }

    /// The text that it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        self.expression.as_str()
    }

    /// What it says.
    #[must_use]
    pub fn expression(&self) -> &Expression<'static> {
        &self.expression
    }

    /// What it finds in a document.
    ///
    /// # Errors
    /// If a function gets what it does not take, or it takes more than ten million steps.
    pub fn search<'v>(&self, document: &'v Value) -> Result<Found<'v>, SearchError> {
        let mut search = Search::default();
        let found = search.answer(&self.tree, document);
        found.map_err(|what| SearchError { query: limits::shown(self.text()).to_owned(), what })
    }
}

impl std::fmt::Debug for JmesPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("JmesPath").field(&self.text()).finish()
    }
}

impl Found<'_> {
    /// As one value.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::One(value) => value.into_owned(),
            Self::List(members) => Value::Array(members.into_iter().map(Cow::into_owned).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn search(text: &str, document: &Value) -> Result<Value, String> {
        let path = JmesPath::parse(text).map_err(|error| error.to_string())?;
        path.search(document).map(Found::into_value).map_err(|error| error.to_string())
    }

    #[test]
    fn objects_keep_the_order_of_their_keys_and_integers_their_last_digit() {
        let document =
            json!({"z": 9_007_199_254_740_993_u64, "a": 9_007_199_254_740_992_u64, "list": [{"z": 1, "a": 2}]});
        assert_eq!(search("keys(@)", &document), Ok(json!(["z", "a", "list"])));
        assert_eq!(search("list[].{z: z, a: a} | [0].to_string(@)", &document), Ok(json!(r#"{"z":1,"a":2}"#)));
        assert_eq!(search("z == a", &document), Ok(json!(false)));
        assert_eq!(search("z > a && sum([z]) == z && `1` == `1.0`", &document), Ok(json!(true)));
    }

    #[test]
    fn what_is_found_is_borrowed() {
        let document = json!({"a": [{"b": "x"}, {"b": "y"}, {"c": 1}]});
        let found = JmesPath::parse("a[?b].b").expect("an expression");
        let Ok(Found::List(members)) = found.search(&document) else { panic!("a list") };
        assert!(members.len() == 2 && members.iter().all(|member| matches!(member, Cow::Borrowed(_))));
    }

    #[test]
    fn an_expression_that_is_none_says_where() {
        let cases = [
            ("a.[b", "`a.[b` is no JMESPath expression: at column 5: Unexpected nud token -- found Eof"),
            ("lenght(a)", "`lenght(a)` is no JMESPath expression: there is no function `lenght`"),
            ("length(a, b)", "`length(a, b)` is no JMESPath expression: `length` takes 1 argument, and not 2"),
            (
                "sort_by(a, b)",
                "`sort_by(a, b)` is no JMESPath expression: argument 2 of `sort_by` must be an expression: `&b`",
            ),
            ("a[::0]", "`a[::0]` is no JMESPath expression: the step of a slice cannot be 0"),
        ];
        for (text, what) in cases {
            let error = JmesPath::parse(text).expect_err(text).to_string();
            assert!(error.starts_with(what.trim_end_matches("`&b`")), "{error}");
        }
        assert_eq!(
            search("abs(@)", &json!("x")),
            Err("`abs(@)` cannot be answered: argument 1 of `abs` must be a number, and is a string".to_owned())
        );
    }

    #[test]
    fn an_expression_can_neither_fill_the_memory_nor_the_stack() {
        let document = json!({"a": [[1, 2], [3]]});
        let deep = ["[", "(", "!", "a.", "a[", "a[*].", "a[?", "{a: ", "a||", "[*]", "a|", "a[]", "length("];
        for piece in deep {
            assert!(JmesPath::parse(&piece.repeat(20_000 / piece.len())).is_err(), "{piece}");
            assert!(JmesPath::parse(&piece.repeat(5_000 / piece.len())).is_err(), "{piece}");
        }
        assert!(JmesPath::parse(&format!("{}a", "a.".repeat(90))).is_ok());
        assert!(JmesPath::parse(&format!("{{{}a: b}}", "a: b.c.d[0], ".repeat(500))).is_ok());
        let doubled = vec!["[@,@]"; 45].join("|");
        assert!(search(&doubled, &document).expect_err("too large").contains("steps"));
        let joined = ["['aaaaaaaa']", &vec!["[join('', @), join('', @)]"; 45].join("|")].join("|");
        assert!(search(&joined, &document).expect_err("too large").contains("steps"));
        assert_eq!(search("a[0][::2147483647]", &document), Ok(json!([1])));
        assert_eq!(search("a[0][-2147483647]", &document), Ok(json!(null)));
        assert_eq!(search("a[0][2147483647:-2147483647:-2147483647]", &document), Ok(json!([2])));
    }
}
