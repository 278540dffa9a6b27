//! Links: Scrapy's link extractors. A URL is right if the expected text is that URL to a browser's parser.

use bytes::Bytes;
use dragline::message::urls::{Canonical, canonicalise};
use dragline::page::{Link, Links, Page};
use dragline::prelude::{HeaderValue, Url, header};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::{bytes, check};

#[test]
fn links() {
    check("links.jsonl", |case| {
        let (want, options) = (&case["want"], &case["options"]);
        let url = Url::parse(case["url"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
        match case["fn"].as_str().unwrap_or_default() {
            "matches" => {
                let ours = filter(options)?.matches(&url);
                if ours == *want { Ok(()) } else { Err(ours.to_string()) }
            }
            "extract_links" => are(&page(case, &url)?.links_by(&filter(options)?), want),
            "parser_extract_links" => are(&unfiltered(&page(case, &url)?, options), want),
            function => Err(format!("`{function}` is not known")),
        }
    });
}

/// A case's page, in the encoding that it is forced to.
pub(crate) fn page(case: &Value, url: &Url) -> Result<Page, String> {
    let label = match case["encoding"].as_str().unwrap_or("utf-8") {
        // Python's names
        "cp1252" => "windows-1252",
        "cp1251" => "windows-1251",
        "utf8" => "utf-8",
        "iso8859-15" => "iso-8859-15",
        label => label,
    };
    let kind = if case["type"] == "xml" { "application/xhtml+xml" } else { "text/html" };
    let kind = HeaderValue::from_str(&format!("{kind}; charset={label}")).map_err(|error| error.to_string())?;
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
    Ok(Page::new(url.clone(), StatusCode::OK, headers, Bytes::from(bytes(&case["body"])), 0))
}

/// Scrapy's options are the keys of a filter, but for two names, and `null` for none.
fn filter(options: &Value) -> Result<Links, String> {
    let mut ours = serde_json::Map::new();
    for (name, value) in options.as_object().into_iter().flatten() {
        let name = match name.as_str() {
            "restrict_xpaths" => "restrict_xpath",
            "canonicalize" => "canonicalise",
            name => name,
        };
        ours.insert(name.to_owned(), if value.is_null() { json!([]) } else { value.clone() });
    }
    serde_json::from_value(Value::Object(ours)).map_err(|error| error.to_string())
}

/// Scrapy's extractor without a filter: other tags and attributes, and one of two links with one canonical form.
fn unfiltered(page: &Page, options: &Value) -> Vec<Link> {
    let text = |name: &str, default: &'static str| options[name].as_str().unwrap_or(default).to_owned();
    let filter = Links::new().tags(&[&text("tag", "a")]).attrs(&[&text("attr", "href")]).deny_extensions(&[]);
    let filter = filter.strip(options["strip"] != false).unique(false);
    let mut links = page.links_by(&filter);
    if options["unique"] == true {
        let fragment = Canonical { fragment: true, ..Canonical::default() };
        let is_plain = options["canonicalized"] == true;
        let key = |link: &Link| if is_plain { link.url.clone() } else { canonicalise(&link.url, fragment) };
        let mut seen = Vec::new();
        links.retain(|link| {
            let key = key(link);
            let is_new = !seen.contains(&key);
            seen.push(key);
            is_new
        });
    }
    links
}

fn are(ours: &[Link], want: &Value) -> Result<(), String> {
    let ours: Vec<_> = ours.iter().map(|link| (link.url.to_string(), link.text.clone(), link.nofollow)).collect();
    let of = |want: &Value| {
        let url = Url::parse(want["url"].as_str().unwrap_or_default()).ok()?;
        Some((url.to_string(), want["text"].as_str()?.to_owned(), want["nofollow"] == true))
    };
    let want: Option<Vec<_>> = want.as_array().into_iter().flatten().map(of).collect();
    if want.as_ref() == Some(&ours) { Ok(()) } else { Err(format!("{ours:?}")) }
}
