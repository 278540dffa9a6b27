//! What Scrapy's suite and that of HTTP state (RFC 6265) ask of cookies.

use std::sync::Arc;

use dragline::downloader::middlewares::Cookies;
use dragline::downloader::middlewares::cookies::{Settings, cookie_date};
use dragline::downloader::{Keep, Middleware, Outbound, Trip};
use dragline::message::{Request, Response};
use dragline::prelude::{HeaderValue, Url, header};
use jiff::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{bytes, check};

/// Text of a case, and what is no UTF-8 as Scrapy reads it, in Latin-1.
fn text(value: &Value) -> String {
    let bytes = bytes(value);
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

fn request(case: &Value) -> Request {
    let mut request = Request::get(Url::parse(case["url"].as_str().expect("a URL")).expect("a URL"));
    for pair in case["headers"].as_array().into_iter().flatten() {
        assert_eq!(pair[0], "Cookie", "requests of these cases bring no other header");
        request.headers.append(header::COOKIE, HeaderValue::from_bytes(&bytes(&pair[1])).expect("a header"));
    }
    for (key, value) in case["meta"].as_object().into_iter().flatten() {
        assert_eq!(key, "cookiejar");
        request.options_mut().jar = Some(value.as_str().expect("a name").into());
    }
    request
}

/// Scrapy's `cookies` of a request are set as if a response had come with them, and `Secure` if they come over https.
fn set(cookies: &Cookies, request: &Request, cookie: &Value) {
    if cookie["name"].is_null() || cookie["value"].is_null() {
        return;
    }
    let mut line = format!("{}={}", text(&cookie["name"]), text(&cookie["value"]));
    for (key, name) in [("path", "Path"), ("domain", "Domain")] {
        if let Some(value) = cookie[key].as_str() {
            line.push_str(&format!("; {name}={value}"));
        }
    }
    if cookie["secure"].as_bool().unwrap_or(request.url.scheme() == "https") {
        line.push_str("; Secure");
    }
    cookies.set(request.options().jar.as_deref(), &request.url, &line);
}

async fn session(case: &Value) -> Result<(), String> {
    let cookies = Cookies::new(Settings::default(), Arc::default()).expect("cookies");
    let cookies = match case["now"].as_i64() {
        Some(now) => cookies.with_clock(move || Timestamp::from_second(now).expect("a time")),
        None => cookies,
    };
    for event in case["events"].as_array().expect("events") {
        let request = request(&event["request"]);
        if event["op"] == "response" {
            let mut response = Response::new(request.url.clone(), "200".parse().expect("a status"));
            for pair in event["response"]["headers"].as_array().into_iter().flatten() {
                let value = HeaderValue::from_bytes(&bytes(&pair[1])).map_err(|_| "is no header".to_owned())?;
                if pair[0] == "Set-Cookie" {
                    response.headers.append(header::SET_COOKIE, value);
                }
            }
            let trip = Trip { wish: &request, sent: &request, keep: &Keep::page(1) };
            cookies.inbound(&trip, Ok(response)).await;
            continue;
        }
        for cookie in event["request"]["cookies"].as_array().into_iter().flatten() {
            set(&cookies, &request, cookie);
        }
        let Outbound::Send(sent) = cookies.outbound(request).await else { return Err("not sent".to_owned()) };
        let ours = sent.headers.get(header::COOKIE).map(HeaderValue::as_bytes);
        let want = (!event["want"].is_null()).then(|| bytes(&event["want"]));
        if ours != want.as_deref() {
            return Err(format!("{:?}", ours.map(String::from_utf8_lossy)));
        }
    }
    Ok(())
}

#[test]
fn cookies_are_what_browsers_and_scrapy_make_of_them() {
    let runtime = Runtime::new().expect("a runtime");
    check("cookies.jsonl", |case| match case["fn"].as_str() {
        Some("session") => runtime.block_on(session(case)),
        Some("date") => {
            let ours = cookie_date(&bytes(&case["date"]));
            let ours = ours.map(|date| date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
            if ours.as_deref() == case["want"].as_str() { Ok(()) } else { Err(format!("{ours:?}")) }
        }
        other => Err(format!("{other:?} is not known")),
    });
}
