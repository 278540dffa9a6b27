//! An HTTP Archive of a fetch (HAR 1.2), as browsers write it and every viewer reads it. Secrets are `***`.

use std::time::{Duration, SystemTime};

use dragline::message::mask;
use http::{HeaderMap, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::recorder::{Answer, Hop};
use super::shown::version;

/// All hops; the body is that of the last one.
pub(super) fn har(hops: &[Hop], body: &[u8]) -> Value {
    let last = hops.len().saturating_sub(1);
    let entries: Vec<Value> =
        hops.iter().enumerate().map(|(number, hop)| entry(hop, (number == last).then_some(body))).collect();
    let creator = json!({ "name": "dragline", "version": env!("CARGO_PKG_VERSION") });
    json!({ "log": { "version": "1.2", "creator": creator, "pages": [], "entries": entries } })
}

fn entry(hop: &Hop, body: Option<&[u8]>) -> Value {
    let Hop { ended, request, outcome } = hop;
    let timing = outcome.as_ref().map(|answer| answer.timing).unwrap_or_default();
    let query: Vec<Value> = (request.url.query_pairs())
        .map(|(name, value)| {
            let value = if mask::is_secret_name(&name) { "***".into() } else { value };
            json!({ "name": name, "value": value })
        })
        .collect();
    let mut entry = json!({
        "startedDateTime": time(*ended - timing.total),
        "time": millis(timing.total),
        "request": {
            "method": request.method.as_str(),
            "url": mask::url(&request.url),
            "httpVersion": outcome.as_ref().map_or("HTTP/1.1", |answer| version(answer.version)),
            "cookies": [],
            "headers": headers(&request.headers),
            "queryString": query,
            "headersSize": -1,
            "bodySize": request.body.len(),
        },
        "response": match outcome {
            Ok(answer) => response(answer, body),
            Err(_) => json!({
                "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [], "redirectURL": "",
                "content": { "size": 0, "mimeType": "x-unknown" }, "headersSize": -1, "bodySize": -1,
            }),
        },
        "cache": {},
        "timings": {
            "send": 0,
            "wait": millis(timing.head),
            "receive": millis(timing.total.saturating_sub(timing.head)),
        },
    });
    if let Err(failure) = outcome {
        entry["_error"] = json!({ "kind": failure.kind.name(), "detail": failure.detail });
    }
    entry
}

fn response(answer: &Answer, body: Option<&[u8]>) -> Value {
    let text = |name| answer.headers.get(name).map_or("", |value: &http::HeaderValue| value.to_str().unwrap_or(""));
    let mut content = json!({ "size": answer.length, "mimeType": text(header::CONTENT_TYPE) });
    if let Some(body) = body {
        content["size"] = body.len().into();
        if let Ok(text) = std::str::from_utf8(body) {
            content["text"] = text.into();
        }
    }
    json!({
        "status": answer.status.as_u16(),
        "statusText": answer.status.canonical_reason().unwrap_or(""),
        "httpVersion": version(answer.version),
        "cookies": [],
        "headers": headers(&answer.headers),
        "content": content,
        "redirectURL": text(header::LOCATION),
        "headersSize": -1,
        "bodySize": answer.length,
    })
}

fn headers(headers: &HeaderMap) -> Vec<Value> {
    let value = |name, value: &http::HeaderValue| match mask::is_secret_header(name, value) {
        true => "***".to_owned(),
        false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
    };
    headers.iter().map(|(name, each)| json!({ "name": name.as_str(), "value": value(name, each) })).collect()
}

fn time(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| time.to_string()).unwrap_or_default()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
