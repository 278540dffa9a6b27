//! Requests: constructors, forms, JSON, the wire's form, and which of them are one wish.

use std::borrow::Cow;

use dragline::frontier::Fingerprinter;
use dragline::message::urls::{Encoding, Spelling, canonical, from_text_in};
use dragline::message::{Method, Request};
use serde_json::Value;

use crate::{bytes, check, lines};

#[test]
fn requests() {
    check("requests.jsonl", |case| {
        let want = &case["want"];
        match case["fn"].as_str().unwrap_or_default() {
            "fingerprint" => {
                let print = Fingerprinter::new(0).request(&build(&case["request"])?);
                let print = format!("{print:016x}");
                if *want == print { Ok(()) } else { Err(print) }
            }
            "httprepr" => {
                let wire = build(&case["request"])?.to_http_with_secrets();
                if bytes(want) == wire { Ok(()) } else { Err(String::from_utf8_lossy(&wire).into_owned()) }
            }
            constructor => match (construct(constructor, &case["args"]), want["error"].is_string()) {
                (Err(_), true) => Ok(()),
                (Err(error), false) => Err(error),
                (Ok(request), true) => Err(format!("{request:?}")),
                (Ok(request), false) => is_wanted(&request, want),
            },
        }
    });
}

#[test]
fn two_requests_are_one_wish_where_they_are_to_scrapy() {
    let cases = lines("requests.jsonl");
    let prints: Vec<&Value> = cases.iter().filter(|case| case["fn"] == "fingerprint").collect();
    let ours = |case: &Value| build(&case["request"]).map(|request| Fingerprinter::new(7).request(&request));
    let mut looked_at = 0;
    for (at, a) in prints.iter().enumerate() {
        for b in &prints[at + 1..] {
            let (one, other) = (build(&a["request"]).expect("a request"), build(&b["request"]).expect("a request"));
            // asked for more than what ours knows: headers that count, fragments, URLs as they were written
            let asks = |case: &Value| {
                let picked = case["include_headers"].as_array().into_iter().flatten().filter_map(Value::as_str);
                let headers = build(&case["request"]).expect("a request").headers;
                picked.into_iter().any(|name| headers.contains_key(name))
                    || case["keep_fragments"] == true
                        && case["request"]["url"].as_str().is_some_and(|url| url.contains('#'))
                    || case["request"]["meta"]["verbatim_url"] == true
            };
            if a["want"] != b["want"] && canonical(&one.url) == canonical(&other.url) && (asks(a) || asks(b)) {
                continue;
            }
            looked_at += 1;
            assert_eq!(ours(a) == ours(b), a["want"] == b["want"], "{a}\n{b}");
        }
    }
    assert!(prints.is_empty() || looked_at > 100, "{looked_at} pairs");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn encoding(args: &Value) -> Result<&'static Encoding, String> {
    let label = args["encoding"].as_str().unwrap_or("utf-8");
    Encoding::for_label(label.as_bytes()).ok_or_else(|| format!("no encoding {label}"))
}

/// A request as the cases describe it: what is not given is as usual.
pub(crate) fn build(described: &Value) -> Result<Request, String> {
    let encoding = encoding(described)?;
    let spelling = Spelling { query: encoding, ..Spelling::default() };
    let url = from_text_in(text(&described["url"]), spelling).map_err(|error| error.to_string())?;
    let method = Method::from_bytes(described["method"].as_str().unwrap_or("GET").as_bytes());
    let mut request = Request::new(method.map_err(|error| error.to_string())?, url);
    for header in described["headers"].as_array().into_iter().flatten() {
        let values = header[1].as_array().cloned().unwrap_or_else(|| vec![header[1].clone()]);
        for value in &values {
            request = request.text_header(text(&header[0]), text(value)).map_err(|error| error.to_string())?;
        }
    }
    let cookies: Vec<(&str, &str)> = (described["cookies"].as_array().into_iter().flatten())
        .map(|cookie| match cookie.as_array() {
            Some(pair) => (text(&pair[0]), text(&pair[1])),
            None => (text(&cookie["name"]), text(&cookie["value"])),
        })
        .collect();
    let request = request.cookies(cookies).map_err(|error| error.to_string())?;
    Ok(match described["body"].as_str() {
        Some(body) => request.body(encoding.encode(body).0.into_owned()),
        None => request.body(bytes(&described["body"])),
    })
}

fn construct(constructor: &str, args: &Value) -> Result<Request, String> {
    let mut request = build(args)?;
    let is_given = |name: &str| !args[name].is_null();
    match constructor {
        "FormRequest" => {
            let encoding = encoding(args)?;
            let decode = |value: &Value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => encoding.decode_without_bom_handling(&bytes(value)).0.into_owned(),
            };
            let pairs: Vec<(String, String)> = (args["formdata"].as_array().into_iter().flatten())
                .flat_map(|pair| match pair[1].as_array() {
                    Some(values) => values.iter().map(|value| (decode(&pair[0]), decode(value))).collect(),
                    None => vec![(decode(&pair[0]), decode(&pair[1]))],
                })
                .collect();
            // no fields are no form to Scrapy, and a form without a method is a POST
            if !pairs.is_empty() {
                if !is_given("method") {
                    request.method = Method::POST;
                }
                request = request.form_in(encoding, pairs.iter().map(|(name, value)| (&**name, &**value)));
            }
        }
        "JsonRequest" if is_given("data") && !is_given("body") => {
            if !is_given("method") {
                request.method = Method::POST;
            }
            request = request.json(&args["data"]).map_err(|error| error.to_string())?;
        }
        "JsonRequest" => request = request.as_json(),
        _ => {}
    }
    Ok(request)
}

/// Whether a request is the one that a case wants. JSON may be spaced otherwise, and cookies are a header of ours.
pub(crate) fn is_wanted(request: &Request, want: &Value) -> Result<(), String> {
    let wanted = build(want)?;
    let headers = |request: &Request| {
        let lines = request.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        lines
    };
    let body = |request: &Request| match serde_json::from_slice::<Value>(&request.body) {
        Ok(json) => Cow::Owned(json.to_string().into_bytes()),
        Err(_) => Cow::Owned(request.body.to_vec()),
    };
    let is = request.method == wanted.method
        && request.url == wanted.url
        && headers(request) == headers(&wanted)
        && body(request) as Cow<'_, [u8]> == body(&wanted);
    if is { Ok(()) } else { Err(format!("{request:?}, to_http: {:?}", String::from_utf8_lossy(&request.to_http()))) }
}
