//! Requests from curl commands and back.

use dragline::message::Request;
use dragline::prelude::header;
use serde_json::Value;

use crate::check;
use crate::requests::{build, is_wanted};

#[test]
fn curl() {
    check("curl.jsonl", |case| {
        let want = &case["want"];
        if case["fn"] == "to_curl" {
            let request = build(&case["request"])?;
            let command = request.to_curl_with_secrets();
            // a browser's parser gives each URL a path
            let written = case["request"]["url"].as_str().unwrap_or_default();
            let want = want.as_str().unwrap_or_default().replacen(written, request.url.as_str(), 1);
            return if want == command { Ok(()) } else { Err(command) };
        }
        let command = case["command"].as_str().unwrap_or_default();
        // Scrapy passes over unknown options unless it is told otherwise
        let is_lenient = case["ignore_unknown_options"].as_bool().unwrap_or(true);
        let read = if is_lenient { Request::from_curl_lenient(command) } else { Request::from_curl(command) };
        let mut request = match (read, want["error"].is_string()) {
            (Err(_), true) => return Ok(()),
            (Err(error), false) => return Err(error.to_string()),
            (Ok(request), true) => return Err(format!("{request:?}")),
            (Ok(request), false) => request,
        };
        without_what_curl_adds(&mut request, want);
        is_wanted(&request, want)
    });
}

/// curl says of `--data` that it is a form, also where the command does not: then Scrapy says nothing.
fn without_what_curl_adds(request: &mut Request, want: &Value) {
    let named = want["headers"].as_array().into_iter().flatten().filter_map(|header| header[0].as_str());
    let is_named = named.into_iter().any(|name| name.eq_ignore_ascii_case("content-type"));
    let is_form =
        request.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    if !request.body.is_empty() && !is_named && is_form {
        request.headers.remove(header::CONTENT_TYPE);
    }
}
