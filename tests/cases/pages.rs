//! `responses.jsonl`: the encoding and the text of a page, its kind, its base and its refresh.

use dragline::page::{Charset, Kind, Page, Source, clean};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;
use url::Url;

use crate::encoding::{name, our_name};
use crate::html::same_refresh;
use crate::{bytes, check_only};

#[test]
fn a_page_is_read_as_in_scrapy() {
    check_only("responses.jsonl", &["decode", "kind", "base_url", "meta_refresh"], judge);
}

fn judge(case: &Value) -> Result<(), String> {
    match case["fn"].as_str().unwrap_or_default() {
        "decode" => decode(case),
        "kind" => kind(&case["args"], case["by"].as_str().unwrap_or_default(), &case["want"]),
        "base_url" => {
            let page = page(case)?;
            if case["want"] == page.base().as_str() { Ok(()) } else { Err(page.base().to_string()) }
        }
        _ => {
            let page = page(case)?;
            let ignored: Vec<&str> =
                case["ignore_tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            same_refresh(clean::meta_refresh(page.text(), page.url(), &ignored, usize::MAX), &case["want"])
        }
    }
}

/// The page of a case.
pub(crate) fn page(case: &Value) -> Result<Page, String> {
    let url = Url::parse(case["url"].as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    let headers = headers(case["headers"].as_array().into_iter().flatten().map(|pair| (&pair[0], &pair[1])));
    let page = Page::new(url, StatusCode::OK, headers, bytes(&case["body"]).into(), 0);
    match case["encoding"].as_str() {
        Some(label) => Ok(page.with_charset(Charset::of_label(label).ok_or_else(|| format!("no encoding `{label}`"))?)),
        None => Ok(page),
    }
}

fn headers<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> HeaderMap {
    let value = |value: &Value| HeaderValue::from_bytes(&bytes(value)).ok();
    pairs.filter_map(|(name, text)| Some((HeaderName::from_bytes(&bytes(name)).ok()?, value(text)?))).collect()
}

fn decode(case: &Value) -> Result<(), String> {
    let (page, want) = (page(case)?, &case["want"]);
    let source = match want["how"].as_str().unwrap_or_default() {
        "argument" => Source::Given,
        "bom" => Source::ByteOrderMark,
        "header" => Source::Header,
        "meta" => Source::Declared,
        _ => Source::Guessed,
    };
    let theirs = (want["encoding"].as_str().and_then(our_name), source, want["text"].as_str());
    let ours = page.encoding();
    let ours = (Some(name(ours.charset)), ours.source, Some(page.text()));
    if ours == theirs { Ok(()) } else { Err(format!("{ours:?}")) }
}

fn kind(args: &Value, by: &str, want: &Value) -> Result<(), String> {
    let text = |name: &str| String::from_utf8_lossy(&bytes(&args[name])).into_owned();
    let ours = match by {
        "from_filename" => Kind::of_file_name(&text("filename")),
        "from_content_disposition" => Kind::of_disposition(&text("content_disposition")),
        "from_content_type" => Kind::of_content_type(&text("content_type")),
        "from_body" => Some(Kind::of_body(&bytes(&args["body"]))),
        "from_headers" => Kind::of_headers(&of_kind(args)),
        _ => {
            let url = Url::parse(args["url"].as_str().unwrap_or("http://none.invalid/"))
                .map_err(|error| error.to_string())?;
            let by_name = args["filename"].as_str().and_then(Kind::of_file_name);
            let known = Kind::of_headers(&of_kind(args)).or_else(|| Kind::of_url(&url)).or(by_name);
            known.or_else(|| (!args["body"].is_null()).then(|| Kind::of_body(&bytes(&args["body"]))))
        }
    };
    let ours = match ours.unwrap_or(Kind::Binary) {
        Kind::Html => "html",
        Kind::Xml => "xml",
        Kind::Json => "json",
        Kind::Text => "text",
        Kind::Binary => "binary",
    };
    if *want == ours { Ok(()) } else { Err(ours.to_owned()) }
}

/// The headers of a case of `kind`: a mapping of names and values, or of names and lists of them.
fn of_kind(args: &Value) -> HeaderMap {
    let mut all = HeaderMap::new();
    let given = args["headers"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value));
    for (name, value) in given {
        let value = value.as_array().and_then(|values| values.first()).unwrap_or(value);
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(&bytes(value)))
        {
            all.insert(name, value);
        }
    }
    for pair in args["headers"].as_array().into_iter().flatten() {
        all.extend(headers(std::iter::once((&pair[0], pair[1].get(0).unwrap_or(&pair[1])))));
    }
    if let Some(kind) = args["content_type"].as_str().and_then(|kind| HeaderValue::from_str(kind).ok()) {
        all.insert(header::CONTENT_TYPE, kind);
    }
    all
}
