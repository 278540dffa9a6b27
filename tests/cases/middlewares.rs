//! What Scrapy's own suite asks of the other middlewares.

use std::sync::Arc;

use dragline::downloader::middlewares::{Auth, Decompression, Offsite, Proxies, auth, decompression, offsite, proxy};
use dragline::downloader::{Admission, Inbound, Keep, Middleware};
use dragline::message::{Body, Method, Request, Response, Secret};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::wire::{any_way, inbound, outbound, request};
use crate::{bytes, check, from_base64};

fn offsite(case: &Value) -> Result<(), String> {
    let domains = case["allowed_domains"].as_array().into_iter().flatten();
    let domains = domains.filter_map(|domain| Some(domain.as_str()?.to_owned())).collect();
    let settings = offsite::Settings { domains, media: Vec::new() };
    let layer = Offsite::new(&settings, Arc::default()).map_err(|error| error.to_string())?;
    let is_allowed = layer.admit(&request(&case["request"])) == Admission::Send;
    if case["want"] == is_allowed { Ok(()) } else { Err(is_allowed.to_string()) }
}

fn auth(case: &Value) -> Result<(), String> {
    let settings = &case["settings"];
    let pair = settings["authorization"].as_str().map(|value| from_base64(value.trim_start_matches("Basic ")));
    let pair = String::from_utf8(pair.unwrap_or_default()).expect("text");
    // Scrapy's domain is all that lies below it, by any scheme
    let origins = settings["domain"].as_str().into_iter().flat_map(|domain| {
        ["http://", "https://", "http://*.", "https://*."].map(|scheme| format!("{scheme}{domain}"))
    });
    let account = |origin| {
        let (user, password) = pair.split_once(':').expect("a pair");
        let (user, password) = (user.to_owned(), Secret::new(password));
        auth::Account { origin, user, password, charset: auth::Charset::Latin1 }
    };
    let layer = Auth::new(&auth::Settings { accounts: origins.map(account).collect() }).expect("accounts");
    let sent = outbound(&layer, request(&case["request"]));
    let ours = sent.headers.get(header::AUTHORIZATION).map(|value| value.to_str().expect("text"));
    if ours == case["want"].as_str() { Ok(()) } else { Err(format!("{ours:?}")) }
}

fn compression(case: &Value) -> Result<(), String> {
    let method: Method = case["method"].as_str().unwrap_or("GET").parse().expect("a method");
    let request = Request::new(method, "http://a.example/".parse().expect("a URL"));
    let mut response = Response::new(request.url.clone(), StatusCode::OK);
    for coding in case["content_encoding"].as_array().into_iter().flatten() {
        let value = HeaderValue::from_bytes(&bytes(coding)).expect("a value");
        response.headers.append(header::CONTENT_ENCODING, value);
    }
    response.body = Body::Memory(bytes(&case["body"]).into());
    let layer = Decompression::new(decompression::Settings::default(), Arc::default());
    let keep = Keep::page(case["max_size"].as_u64().expect("a size"));
    let want = &case["want"];
    match inbound(&layer, &request, &keep, Ok(response)) {
        Inbound::Pass(Err(_)) if want["error"].is_string() => Ok(()),
        Inbound::Pass(Ok(response)) if want["sha256"].is_string() => {
            let is_left = response.headers.contains_key(header::CONTENT_ENCODING);
            let body = response.body.into_bytes().expect("bytes");
            let hash = ring::digest::digest(&ring::digest::SHA256, &body);
            let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let is_same = want["sha256"] == hash && want["content_encoding"].as_array().is_some_and(Vec::is_empty);
            if is_same && !is_left { Ok(()) } else { Err(format!("{} bytes, {hash}", body.len())) }
        }
        verdict => Err(format!("{verdict:?}").chars().take(300).collect()),
    }
}

fn proxy(case: &Value) -> Result<(), String> {
    let variable = |name: &str| Some(case["environment"][name].as_str()?.to_owned());
    let layer = Proxies::new(&proxy::Settings::default(), variable, Arc::default()).expect("proxies");
    let sent = outbound(&layer, request(&case["request"]));
    let want = &case["want"];
    if sent.headers.contains_key(header::PROXY_AUTHORIZATION) {
        return Err("a proxy's password in a header".to_owned());
    }
    let (ours, want) = (format!("{:?}", sent.options().via), format!("{:?}", any_way(want)));
    if ours == want { Ok(()) } else { Err(format!("{ours}\n  not {want}")) }
}

#[test]
fn middlewares_decide_as_scrapys_do() {
    check("middlewares.jsonl", |case| match case["fn"].as_str() {
        Some("offsite") => offsite(case),
        Some("auth") => auth(case),
        Some("compression") => compression(case),
        Some("proxy") => proxy(case),
        other => Err(format!("{other:?} is not known")),
    });
}
