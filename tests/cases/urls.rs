//! URLs: w3lib's and Scrapy's helpers. An answer is a URL; it is right if the expected text is that URL to a browser's
//! parser (`http://a.example` and `http://a.example/` are one).

use std::path::Path;

use bytesize::ByteSize;
use dragline::message::urls::{
    Canonical, Clean, Data, Encoding, Spelling, Strip, Which, any_url, canonicalise, clean_query, file_path, file_url,
    for_download, from_bytes, from_text_in, guess, has_any_extension, is_from_any_domain, is_url, query_pairs,
    query_parameter, set_parameters_between, strip, with_http,
};
use dragline::prelude::Url;
use serde_json::{Value, json};

use crate::{bytes, check};

/// What relative URLs of the cases are relative to.
const BASE: &str = "http://base.example/folder/";

#[test]
fn urls() {
    check("urls.jsonl", |case| {
        let (args, want) = (&case["args"], &case["want"]);
        let function = case["fn"].as_str().unwrap_or_default();
        let ours = match function {
            "safe_url_string" => return url_is(read(args), want),
            "safe_download_url" => return url_is(for_download(text(&args["url"])).map_err(say), want),
            "canonicalize_url" => return url_is(canonical(args), want),
            "parse_url" => return parts_are(&read(args)?, want),
            "strip_url" => return url_is(stripped(args), want),
            "guess_scheme" => return url_is(guess(text(&args["url"])).map_err(say), want),
            "any_to_uri" => return url_is(any_url(text(&args["uri_or_path"])).map_err(say), want),
            "path_to_file_uri" => return url_is(file_url(Path::new(text(&args["path"]))).map_err(say), want),
            "url_query_cleaner" => return url_is(cleaned(args), want),
            "add_or_replace_parameter" | "add_or_replace_parameters" => return url_is(set(args), want),
            "url_query_parameter" => json!(parameter(args)?),
            "is_url" => json!(is_url(text(&args["text"]))),
            "add_http_if_no_scheme" => json!(with_http(text(&args["url"]))),
            "file_uri_to_path" => json!(file_path(text(&args["uri"])).map_err(say)?),
            "url_is_from_any_domain" => {
                json!(is_from_any_domain(&joined(&args["url"])?, &texts(&args["domains"])))
            }
            "url_has_any_extension" => json!(has_any_extension(&joined(&args["url"])?, &texts(&args["extensions"]))),
            "parse_data_uri" => return data_is(args, want),
            "parse_qsl_to_bytes" => return pairs_are(args, want),
            _ => return Err(format!("`{function}` is not known")),
        };
        if ours == *want { Ok(()) } else { Err(ours.to_string()) }
    });
}

fn say(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        _ => value.as_array().into_iter().flatten().map(text).collect(),
    }
}

/// A case's URL where it may be relative.
fn joined(value: &Value) -> Result<Url, String> {
    let base = Url::parse(BASE).map_err(say)?;
    base.join(&String::from_utf8_lossy(&bytes(value))).map_err(say)
}

/// Whether a URL is the expected one, or fails as expected.
fn url_is(ours: Result<Url, String>, want: &Value) -> Result<(), String> {
    match (ours, want["error"].is_string()) {
        (Err(_), true) => Ok(()),
        (Err(error), false) => Err(error),
        (Ok(url), true) => Err(url.to_string()),
        (Ok(url), false) => match joined(want) {
            Ok(want) if want == url => Ok(()),
            _ => Err(url.to_string()),
        },
    }
}

fn encoding(label: &Value) -> Result<&'static Encoding, String> {
    match label.as_str() {
        None => Encoding::for_label(b"utf-8"),
        // Python has `latin-1` beside the labels that browsers know
        Some(label) => Encoding::for_label(label.replace("latin-", "latin").as_bytes()),
    }
    .ok_or_else(|| format!("no encoding {label}"))
}

fn read(args: &Value) -> Result<Url, String> {
    let spelling = Spelling { query: encoding(&args["encoding"])?, path: encoding(&args["path_encoding"])? };
    match args["url"].as_str() {
        Some(text) => from_text_in(text, spelling),
        None => from_bytes(&bytes(&args["url"]), spelling),
    }
    .map_err(say)
}

fn flag(args: &Value, name: &str, default: bool) -> bool {
    args[name].as_bool().unwrap_or(default)
}

fn separator(args: &Value, name: &str) -> char {
    args[name].as_str().and_then(|text| text.chars().next()).unwrap_or('&')
}

fn canonical(args: &Value) -> Result<Url, String> {
    let options = Canonical {
        fragment: flag(args, "keep_fragments", false),
        blank_values: flag(args, "keep_blank_values", true),
        separator: separator(args, "query_separator"),
    };
    Ok(canonicalise(&read(args)?, options))
}

/// The parts that the peer gives, put together, are the URL.
fn parts_are(ours: &Url, want: &Value) -> Result<(), String> {
    let part = |name: &str, before: &str| match text(&want[name]) {
        "" => String::new(),
        part => format!("{before}{part}"),
    };
    let whole = format!("{}://{}{}", text(&want["scheme"]), text(&want["netloc"]), text(&want["path"]));
    let whole = whole + &part("params", ";") + &part("query", "?") + &part("fragment", "#");
    url_is(Ok(ours.clone()), &json!(whole))
}

fn stripped(args: &Value) -> Result<Url, String> {
    let what = Strip {
        credentials: flag(args, "strip_credentials", true),
        fragment: flag(args, "strip_fragment", true),
        all_but_origin: flag(args, "origin_only", false),
    };
    Ok(strip(&joined(&args["url"])?, what))
}

fn cleaned(args: &Value) -> Result<Url, String> {
    let names = texts(&args["parameterlist"]);
    let which = if flag(args, "remove", false) { Which::Without(&names) } else { Which::Only(&names) };
    let options = Clean {
        duplicates: !flag(args, "unique", true),
        fragment: flag(args, "keep_fragments", false),
        separator: separator(args, "sep"),
    };
    Ok(clean_query(&joined(&args["url"])?, which, options))
}

fn set(args: &Value) -> Result<Url, String> {
    let parameters: Vec<(&str, &str)> = match args["new_parameters"].as_array() {
        Some(pairs) => pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
        None => vec![(text(&args["name"]), text(&args["new_value"]))],
    };
    Ok(set_parameters_between(&joined(&args["url"])?, &parameters, separator(args, "separator")))
}

fn parameter(args: &Value) -> Result<Option<String>, String> {
    let found = query_parameter(&joined(&args["url"])?, text(&args["parameter"]));
    let keeps_blank = flag(args, "keep_blank_values", false);
    Ok(found.filter(|value| keeps_blank || !value.is_empty()).or_else(|| args["default"].as_str().map(str::to_owned)))
}

fn data_is(args: &Value, want: &Value) -> Result<(), String> {
    let uri = String::from_utf8_lossy(&bytes(&args["uri"])).into_owned();
    match (Data::from_text(&uri, ByteSize::mib(8)), want["error"].is_string()) {
        (Err(_), true) => Ok(()),
        (Err(error), false) => Err(error.to_string()),
        (Ok(data), _) => {
            let parameters: serde_json::Map<String, Value> =
                data.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            let right = want["media_type"] == data.media_type
                && want["media_type_parameters"] == Value::Object(parameters)
                && bytes(&want["data"]) == data.body;
            if right { Ok(()) } else { Err(format!("{data:?}")) }
        }
    }
}

fn pairs_are(args: &Value, want: &Value) -> Result<(), String> {
    let ours = query_pairs(&bytes(&args["qs"]), flag(args, "keep_blank_values", false));
    let want = want.as_array().into_iter().flatten();
    let want: Vec<_> = want.map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect();
    if ours == want { Ok(()) } else { Err(format!("{ours:?}")) }
}
