//! Queries of several languages, one after the other: each is asked of what the one before it has found.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use dragline::error::Error;
use dragline::page::query::{JmesPath, Query, QueryError, pattern};
use dragline::page::{Node, Page};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use regex::{Captures, Regex};
use serde_json::Value;

use crate::options::reading::Language;
use crate::source::usage;

/// The queries, parsed.
#[derive(Debug)]
pub(crate) struct Chain(Vec<Link>);

#[derive(Debug)]
enum Link {
    Tree(Arc<Query>),
    JmesPath(JmesPath),
    Re(Regex),
}

/// What a query has found.
#[derive(Debug)]
pub(crate) enum Match<'a> {
    /// An element, a text, an attribute.
    Node(Node<'a>),
    /// What a regular expression has found.
    Text(&'a str),
    /// What a JMESPath expression has found.
    Value(&'a Value),
}

/// Whether to go on.
pub(crate) type Flow = anyhow::Result<ControlFlow<()>>;

impl Chain {
    /// Parses the queries: one that is none is the command line's mistake, and nothing is fetched.
    pub(crate) fn parse(queries: &[(Language, String)]) -> anyhow::Result<Self> {
        let wrong = |error: QueryError| usage(error.to_string());
        let parse = |(language, text): &(Language, String)| {
            Ok(match language {
                Language::Css => Link::Tree(Arc::new(Query::css(text).map_err(wrong)?)),
                Language::XPath => Link::Tree(Arc::new(Query::xpath(text).map_err(wrong)?)),
                Language::JmesPath => Link::JmesPath(JmesPath::parse(text).map_err(wrong)?),
                Language::Re => Link::Re(pattern(text).map_err(wrong)?),
            })
        };
        queries.iter().map(parse).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Shows each match, in the order of the page.
    pub(crate) fn each(&self, page: &Page, see: &mut dyn FnMut(&Match<'_>) -> Flow) -> anyhow::Result<()> {
        let (whole, fault) = match self.0.first() {
            // no tree for what asks none
            Some(Link::JmesPath(_) | Link::Re(_)) => (walk(page, &Match::Text(page.text()), &self.0, see), None),
            _ => (walk(page, &Match::Node(page.root()), &self.0, see), page.take_fault()),
        };
        let _ = whole?;
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}

fn walk(page: &Page, here: &Match<'_>, rest: &[Link], see: &mut dyn FnMut(&Match<'_>) -> Flow) -> Flow {
    let Some((link, rest)) = rest.split_first() else { return see(here) };
    match (link, here) {
        (Link::Tree(query), Match::Node(node)) => {
            for node in node.select(query).iter() {
                if walk(page, &Match::Node(node), rest, see)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(ControlFlow::Continue(()))
        }
        // a text that is markup: a page within the page
        (Link::Tree(query), Match::Text(text)) => within(page, text, query, rest, see),
        (Link::Tree(query), Match::Value(Value::String(text))) => within(page, text, query, rest, see),
        (Link::Tree(_), Match::Value(_)) => Ok(ControlFlow::Continue(())),
        (Link::JmesPath(path), Match::Value(value)) => by_jmespath(page, path, value, rest, see),
        (Link::JmesPath(path), _) => {
            let text = text_of(here);
            let value = serde_json::from_str(&text)
                .map_err(|error| Error::page(format!("JMESPath asks JSON, and this is none: {error}")))?;
            by_jmespath(page, path, &value, rest, see)
        }
        (Link::Re(regex), here) => {
            let text = match here {
                Match::Node(node) => node.html(),
                here => text_of(here),
            };
            for captures in regex.captures_iter(&text) {
                for piece in pieces(regex, &captures) {
                    if walk(page, &Match::Text(piece), rest, see)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
            Ok(ControlFlow::Continue(()))
        }
    }
}

fn within(page: &Page, text: &str, query: &Arc<Query>, rest: &[Link], see: &mut dyn FnMut(&Match<'_>) -> Flow) -> Flow {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let inner =
        Page::new(page.url().clone(), StatusCode::OK, headers, Bytes::copy_from_slice(text.as_bytes()), page.depth());
    let nodes = inner.root().select(query);
    for node in nodes.iter() {
        if walk(&inner, &Match::Node(node), rest, see)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    inner.take_fault().map_or(Ok(ControlFlow::Continue(())), |fault| Err(fault.into()))
}

/// A list is many matches, null is none.
fn by_jmespath(
    page: &Page,
    path: &JmesPath,
    value: &Value,
    rest: &[Link],
    see: &mut dyn FnMut(&Match<'_>) -> Flow,
) -> Flow {
    let found = path.expression().search(value).map_err(|error| Error::page(format!("`{}`: {error}", path.text())))?;
    let found = match serde_json::to_value(found)? {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        value => vec![value],
    };
    for value in found.iter().filter(|value| !value.is_null()) {
        if walk(page, &Match::Value(value), rest, see)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// As parsel: the group `extract`, else all groups, else all that matches.
fn pieces<'t>(regex: &Regex, captures: &Captures<'t>) -> Vec<&'t str> {
    if let Some(group) = captures.name("extract") {
        return vec![group.as_str()];
    }
    let from = usize::from(regex.captures_len() > 1);
    captures.iter().skip(from).map(|group| group.map_or("", |group| group.as_str())).collect()
}

/// What is found, as text as it stands.
pub(crate) fn text_of(found: &Match<'_>) -> String {
    match found {
        Match::Node(node) => node.raw().into_owned(),
        Match::Text(text) => (*text).to_owned(),
        Match::Value(Value::String(text)) => text.clone(),
        Match::Value(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str, queries: &[(Language, &str)]) -> Vec<String> {
        let queries: Vec<_> = queries.iter().map(|(language, text)| (*language, (*text).to_owned())).collect();
        let page = Page::from_html("http://a.example/", html);
        let mut found = Vec::new();
        let mut see = |seen: &Match<'_>| {
            found.push(text_of(seen));
            Ok(ControlFlow::Continue(()))
        };
        Chain::parse(&queries).expect("queries").each(&page, &mut see).expect("no fault");
        found
    }

    #[test]
    fn each_query_is_asked_of_what_the_one_before_it_has_found() {
        use Language::{Css, JmesPath, Re};
        let html = r#"<ul><li>1 <b>one</b><li>2 <b>two</b></ul><script>{"a": [{"b": "<i>x</i>"}, {"b": 7}]}</script>"#;
        assert_eq!(found(html, &[(Css, "li"), (Css, "b::text")]), ["one", "two"]);
        assert_eq!(found(html, &[(Css, "li::text"), (Re, r"(\d)( )")]), ["1", " ", "2", " "]);
        assert_eq!(found(html, &[(Css, "li"), (Re, r"<b>(?<extract>t\w+)(.*)")]), ["two"]);
        assert_eq!(found(html, &[(Css, "script"), (JmesPath, "a[].b")]), ["<i>x</i>", "7"]);
        assert_eq!(found(html, &[(Css, "script"), (JmesPath, "a[].b"), (Css, "i::text")]), ["x"]);
        assert_eq!(found(r#"{"a": {"b": null}}"#, &[(JmesPath, "a"), (JmesPath, "b")]), [""; 0]);
        assert_eq!(found("ab12", &[(Re, "[a-z]+"), (Re, "b")]), ["b"]);
    }

    #[test]
    fn what_is_no_query_is_said_before_anything_is_fetched() {
        let error = Chain::parse(&[(Language::Css, "h1[".to_owned())]).expect_err("no selector");
        assert!(error.to_string().starts_with("`h1[` is no CSS selector"), "{error}");
    }
}
