//! Rows of CSV and nodes of XML, as Scrapy's iterators give them.

use dragline::page::{Csv, Page};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use url::Url;

use crate::{bytes, check_only};

/// The page of a case; an encoding that is forced is what its header says.
fn page(case: &Value) -> Page {
    let mut headers = HeaderMap::new();
    for field in case["headers"].as_array().into_iter().flatten() {
        let name = HeaderName::from_bytes(&bytes(&field[0])).expect("a name");
        headers.append(name, HeaderValue::from_bytes(&bytes(&field[1])).expect("a value"));
    }
    if let Some(encoding) = case["encoding"].as_str() {
        let value = HeaderValue::from_str(&format!("text/plain; charset={encoding}")).expect("a value");
        headers.insert(header::CONTENT_TYPE, value);
    }
    let url = Url::parse(case["url"].as_str().unwrap_or("http://site.local/")).expect("a URL");
    Page::new(url, StatusCode::OK, headers, bytes(&case["body"]).into(), 0)
}

fn rows(page: &Page, arguments: &Value) -> Value {
    let one = |name: &str| arguments[name].as_str().and_then(|text| text.bytes().next());
    let mut csv: Csv<'_> = page.csv();
    if let Some(delimiter) = one("delimiter") {
        csv = csv.delimiter(delimiter);
    }
    if let Some(quote) = one("quotechar") {
        csv = csv.quote(quote);
    }
    if let Some(headers) = arguments["headers"].as_array() {
        csv = csv.headers(headers.iter().filter_map(Value::as_str));
    }
    csv.rows().map(|row| row.fields().map(|(name, value)| json!([name, value])).collect::<Value>()).collect()
}

/// The nodes, an empty one as libxml2 writes it.
fn nodes(page: &Page, arguments: &Value) -> Value {
    let name = arguments["nodename"].as_str().expect("a name");
    let name = match arguments["prefix"].as_str() {
        Some(prefix) => format!("{prefix}:{name}"),
        None => name.to_owned(),
    };
    page.xml_nodes(&name).map(|node| node.xml().replace(&format!("></{name}>"), "/>")).collect()
}

#[test]
fn rows_and_nodes_are_what_scrapy_iterates_over() {
    check_only("responses.jsonl", &["csviter", "xmliter"], |case| {
        let page = page(case);
        let ours = match case["fn"].as_str() {
            Some("csviter") => rows(&page, &case["args"]),
            _ => nodes(&page, &case["args"]),
        };
        if ours == case["want"] { Ok(()) } else { Err(ours.to_string()) }
    });
}
