//! What parsel's selectors find: CSS, XPath, JMESPath, regular expressions, attributes, one after the other.

use dragline::page::{Json, JsonSelection, Node, Page, Selection};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

use super::{bytes, check};

/// Where a chain of queries has come to.
enum At<'a> {
    Node(Node<'a>),
    Json(Json<'a>),
    Page,
}

/// What the last query of a chain gave.
enum Found<'a> {
    Nodes(Selection<'a>),
    Json(JsonSelection<'a>),
    Values(Vec<Value>),
    Attributes(Value),
}

#[test]
fn selectors_find_what_parsel_finds() {
    check("selectors.jsonl", |case| {
        let page = page(case);
        let steps = case["steps"].as_array().expect("steps");
        let answer = answer(&page, case, At::Page, steps).and_then(|found| match page.take_fault() {
            Some(fault) => Err(fault.to_string()),
            None => Ok(found),
        });
        match (answer, case["want"]["error"].as_str().filter(|_| case["want"].is_object())) {
            (Err(_), Some("ValueError")) => Ok(()),
            (Ok(found), None) if is_same(&found, &case["want"]) => Ok(()),
            (found, _) => Err(format!("{found:?}")),
        }
    });
}

fn page(case: &Value) -> Page {
    let kind = match case["type"].as_str() {
        Some("xml") => "application/xml; charset=utf-8",
        Some("json") => "application/json",
        _ => "text/html; charset=utf-8",
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let base = case["base"].as_str().and_then(|base| Url::parse(base).ok());
    let url = base.unwrap_or_else(|| Url::parse("http://a.example/").expect("a URL"));
    Page::new(url, StatusCode::OK, headers, bytes(&case["text"]).into(), 0)
}

fn answer(page: &Page, case: &Value, at: At<'_>, steps: &[Value]) -> Result<Value, String> {
    let [step, rest @ ..] = steps else { return Err("no step".to_owned()) };
    if step[1]["b64"].is_string() {
        return Err("a query that is no text".to_owned());
    }
    let found = ask(page, case, &at, step)?;
    if rest.is_empty() {
        return Ok(found.all());
    }
    let index = usize::try_from(step[2].as_u64().expect("an index")).expect("an index");
    let missing = || format!("nothing at {index} of {step}");
    match found {
        Found::Nodes(nodes) => {
            let node = nodes.iter().nth(index).ok_or_else(missing)?;
            answer(page, case, At::Node(node), rest)
        }
        Found::Json(values) => {
            let value = values.iter().nth(index).ok_or_else(missing)?;
            // HTML in JSON is a page of its own
            if matches!(rest[0][0].as_str(), Some("css" | "xpath")) {
                let inner = value.page().map_err(|error| error.to_string())?;
                return answer(&inner, case, At::Page, rest);
            }
            answer(page, case, At::Json(value), rest)
        }
        Found::Values(_) | Found::Attributes(_) => Err(format!("nothing follows {step}")),
    }
}

fn ask<'a>(page: &'a Page, case: &Value, at: &At<'a>, step: &Value) -> Result<Found<'a>, String> {
    let query = step[1].as_str().or(step[1]["regex"].as_str()).unwrap_or_default();
    let is_exact = case["replace_entities"] == json!(false);
    Ok(match (step[0].as_str().expect("a method"), at) {
        ("css", At::Node(node)) => Found::Nodes(node.css(query)),
        ("css", At::Page) => Found::Nodes(page.css(query)),
        ("xpath", At::Node(node)) => Found::Nodes(told(node.xpath(query), case, step)),
        ("xpath", At::Page) => Found::Nodes(told(page.xpath(query), case, step)),
        ("jmespath", At::Page) => Found::Json(page.jmespath(query)),
        ("jmespath", At::Node(node)) => Found::Json(node.jmespath(query)),
        ("jmespath", At::Json(json)) => Found::Json(json.jmespath(query)),
        ("re", At::Json(json)) => Found::Values(strings(json.re(query))),
        ("re", At::Node(node)) if is_exact => Found::Values(strings(node.re_exact(query))),
        ("re", At::Node(node)) => Found::Values(strings(node.re(query))),
        ("re", At::Page) => Found::Values(strings(page.root().re(query))),
        ("attrib", At::Node(node)) => Found::Attributes(attributes(node)),
        ("attrib", At::Page) if case["type"] == "json" => Found::Attributes(json!({})),
        (method, _) => return Err(format!("no `{method}` here")),
    })
}

/// The variables and prefixes of a step: its own, or those of the case.
fn told<'a>(mut selection: Selection<'a>, case: &Value, step: &Value) -> Selection<'a> {
    let of = if step[3].is_object() { &step[3] } else { case };
    for (prefix, uri) in of["namespaces"].as_object().into_iter().flatten() {
        selection = selection.namespace(prefix, uri.as_str().expect("a URI"));
    }
    for (name, value) in of["variables"].as_object().into_iter().flatten() {
        selection = match value {
            Value::Bool(truth) => selection.with(name, *truth),
            Value::Number(number) => selection.with(name, number.as_f64().expect("a number")),
            text => selection.with(name, text.as_str().expect("a text")),
        };
    }
    let ops = case["ops"].as_array().into_iter().flatten();
    let ignores = ops.into_iter().any(|op| op[0] == "remove_namespaces");
    if ignores { selection.any_namespace() } else { selection }
}

fn strings(found: Vec<String>) -> Vec<Value> {
    found.into_iter().map(Value::from).collect()
}

fn attributes(node: &Node<'_>) -> Value {
    Value::Object(node.attrs().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>())
}

impl Found<'_> {
    fn all(self) -> Value {
        match self {
            Self::Nodes(nodes) => nodes.htmls().into(),
            Self::Json(values) => values.iter().map(|json| json.value().clone()).collect(),
            Self::Values(values) => values.into(),
            Self::Attributes(attributes) => attributes,
        }
    }
}

/// Python writes a number that is whole with `.0`, XPath (4.2) without.
fn is_same(found: &Value, want: &Value) -> bool {
    let is_float = |found: &Value, want: &Value| {
        let (Some(found), Some(want)) = (found.as_str(), want.as_str()) else { return false };
        found.parse::<f64>().is_ok() && format!("{found}.0") == want
    };
    match (found.as_array().map(Vec::as_slice), want.as_array().map(Vec::as_slice)) {
        (Some([found]), Some([want])) => found == want || is_float(found, want),
        _ => found == want,
    }
}
