//! Queries of several languages, one after the other: each is asked of what the one before it has found.

use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use dragline::page::clean::{Illegal, replace_entities};
use dragline::page::query::{JmesPath, Query, QueryError, pattern};
use dragline::page::{Json, JsonSelection, Node, Page};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use regex::Regex;
use serde::de::IgnoredAny;

use crate::options::reading::Language;
use crate::source::usage;

/// The queries, parsed.
#[derive(Debug)]
pub(crate) struct Chain(Vec<Link>);

#[derive(Debug)]
enum Link {
    Tree(Arc<Query>),
    JmesPath(String),
    Re(Regex),
}

/// What a query has found.
#[derive(Debug)]
pub(crate) enum Match<'a> {
    /// The page, of which nothing was asked yet.
    Page(&'a Page),
    /// An element, a text, an attribute.
    Node(Node<'a>),
    /// What a JMESPath expression has found.
    Json(Json<'a>),
    /// What a regular expression has found.
    Text(&'a str),
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
                Language::JmesPath => Link::JmesPath(JmesPath::parse(text).map_err(wrong)?.text().to_owned()),
                Language::Re => Link::Re(pattern(text).map_err(wrong)?),
            })
        };
        queries.iter().map(parse).collect::<anyhow::Result<_>>().map(Self)
    }

    /// Shows each match, in the order of the page.
    pub(crate) fn each(&self, page: &Page, see: &mut dyn FnMut(&Match<'_>) -> Flow) -> anyhow::Result<()> {
        let _ = walk(page, &Match::Page(page), &self.0, see)?;
        page.take_fault().map_or(Ok(()), |fault| Err(fault.into()))
    }
}

fn walk(page: &Page, here: &Match<'_>, rest: &[Link], see: &mut dyn FnMut(&Match<'_>) -> Flow) -> Flow {
    let Some((link, rest)) = rest.split_first() else { return see(here) };
    match (link, here) {
        (Link::Tree(query), Match::Page(page)) => {
            each(page.root().select(query).iter().map(Match::Node), |found| walk(page, found, rest, see))
        }
        (Link::Tree(query), Match::Node(node)) => {
            each(node.select(query).iter().map(Match::Node), |found| walk(page, found, rest, see))
        }
        (Link::JmesPath(path), Match::Page(page)) => {
            let found = page.jmespath(path);
            if found.is_empty() {
                page.json::<IgnoredAny>()?;
            }
            each(values(&found), |found| walk(page, found, rest, see))
        }
        (Link::JmesPath(path), Match::Node(node)) => {
            each(values(&node.jmespath(path)), |found| walk(page, found, rest, see))
        }
        (Link::JmesPath(path), Match::Json(json)) => {
            each(values(&json.jmespath(path)), |found| walk(page, found, rest, see))
        }
        // a text that is markup or JSON: a page within the page
        (Link::Tree(_) | Link::JmesPath(_), Match::Text(_) | Match::Json(_)) => {
            let inner = within(page, text_of(here));
            let first = std::slice::from_ref(link);
            let mut then = |found: &Match<'_>| walk(&inner, found, rest, see);
            let flow = walk(&inner, &Match::Page(&inner), first, &mut then)?;
            inner.take_fault().map_or(Ok(flow), |fault| Err(fault.into()))
        }
        (Link::Re(regex), here) => {
            let found = match here {
                Match::Node(node) => node.re(regex.as_str()),
                Match::Json(json) => json.re(regex.as_str()),
                Match::Page(page) => pieces(regex, page.text()),
                Match::Text(text) => pieces(regex, text),
            };
            each(found.iter().map(|piece| Match::Text(piece)), |found| walk(page, found, rest, see))
        }
    }
}

fn each<'m>(found: impl Iterator<Item = Match<'m>>, mut walk: impl FnMut(&Match<'m>) -> Flow) -> Flow {
    for found in found {
        if walk(&found)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

fn values<'a>(found: &JsonSelection<'a>) -> impl Iterator<Item = Match<'a>> + use<'a> {
    found.iter().filter(|json| !json.value().is_null()).map(Match::Json)
}

fn within(page: &Page, text: String) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Page::new(page.url().clone(), StatusCode::OK, headers, Bytes::from(text), page.depth())
}

/// As [`Node::re`]: the group `extract` where it is first found; else of every match its groups, or all that matches.
fn pieces(regex: &Regex, text: &str) -> Vec<String> {
    let replaced = |piece: &str| replace_entities(piece, &["lt", "amp"], Illegal::Remove).into_owned();
    if regex.capture_names().flatten().any(|name| name == "extract") {
        let found = regex.captures(text).and_then(|found| found.name("extract"));
        return found.map(|found| replaced(found.as_str())).into_iter().collect();
    }
    let from = usize::from(regex.captures_len() > 1);
    let groups = regex.captures_iter(text).flat_map(|found| {
        let groups = found.iter().skip(from).map(|group| group.map_or("", |group| group.as_str()));
        groups.collect::<Vec<_>>()
    });
    groups.map(replaced).collect()
}

/// What is found, as text as it stands.
pub(crate) fn text_of(found: &Match<'_>) -> String {
    match found {
        Match::Page(page) => page.text().to_owned(),
        Match::Node(node) => node.raw().into_owned(),
        Match::Json(json) => json.text_opt().unwrap_or_else(|| json.value().to_string()),
        Match::Text(text) => (*text).to_owned(),
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
