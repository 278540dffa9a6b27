//! Requests and responses of cases as ours, and what our middlewares make of them.

use dragline::downloader::{Inbound, Keep, Middleware, Outbound, Trip};
use dragline::message::{Body, Failure, Method, Redirect, Request, Response, Sealed, Via};
use dragline::prelude::Url;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::{bytes, from_base64};

/// A request with what its meta keys mean here. A proxy is the way, and its user and password stand in its URL; one that
/// the environment named (`_scheme_proxy`) is chosen anew each time, and no part of the request.
pub(crate) fn request(case: &Value) -> Request {
    let meta = &case["meta"];
    let method: Method = case["method"].as_str().unwrap_or("GET").parse().expect("a method");
    let mut request = Request::new(method, url(&case["url"]));
    // a spider's own
    request.step = Sealed(b"0"[..].into());
    request.headers = headers(&case["headers"]);
    request.body = bytes(&case["body"]).into();
    request.priority = number(&case["priority"]);
    request.unfiltered = case["dont_filter"] == true;
    request.attempts = number(&meta["retry_times"]);
    let reasons = meta["redirect_reasons"].as_array().into_iter().flatten();
    for (place, reason) in meta["redirect_urls"].as_array().into_iter().flatten().zip(reasons) {
        // a refresh is a page, which answers with 200
        let status = reason.as_u64().map_or(200, |status| u16::try_from(status).expect("a status"));
        request.redirects.push(Redirect { url: url(place), status, sets_cookie: false });
    }
    if !meta.is_object() {
        return request;
    }
    let proxy = way(case);
    let options = request.options_mut();
    options.via = proxy;
    options.offsite = meta["allow_offsite"] == true;
    options.redirects = meta["redirect_ttl"].as_u64().map(|ttl| {
        let times = meta["redirect_times"].as_u64().unwrap_or(0);
        u32::try_from(times + ttl).expect("a few")
    });
    options.retries = meta["max_retry_times"].as_u64().map(|times| u32::try_from(times).expect("a few"));
    if meta["dont_redirect"] == true {
        options.redirects = Some(0);
    }
    if meta["dont_retry"] == true {
        options.retries = Some(0);
    }
    request
}

/// The way that a request's meta keys and header name.
pub(crate) fn way(case: &Value) -> Option<Via> {
    let meta = &case["meta"];
    if meta["_scheme_proxy"] == true { None } else { any_way(case) }
}

/// The same, whoever has named it.
pub(crate) fn any_way(case: &Value) -> Option<Via> {
    let meta = case["meta"].as_object()?;
    let Some(proxy) = meta.get("proxy")?.as_str() else { return Some(Via::Direct) };
    let mut way = Url::parse(proxy).expect("a proxy");
    let authorization = headers(&case["headers"]).remove(header::PROXY_AUTHORIZATION);
    if let Some(value) = authorization
        && meta.get("_auth_proxy").and_then(Value::as_str) == Some(proxy)
    {
        let pair = from_base64(value.to_str().expect("text").trim_start_matches("Basic "));
        // Latin-1
        let pair: String = pair.into_iter().map(char::from).collect();
        let (user, password) = pair.split_once(':').unwrap_or((&pair, ""));
        way.set_username(user).and_then(|()| way.set_password(Some(password))).expect("a URL with a host");
    }
    Some(Via::Proxy(way))
}

fn url(text: &Value) -> Url {
    Url::parse(text.as_str().expect("a URL")).expect("a URL")
}

fn number<T: TryFrom<i64> + Default>(value: &Value) -> T {
    value.as_i64().and_then(|number| number.try_into().ok()).unwrap_or_default()
}

fn headers(lines: &Value) -> HeaderMap {
    let line = |line: &Value| {
        let name: HeaderName = line[0].as_str().expect("a name").parse().expect("a name");
        (name, HeaderValue::from_bytes(&bytes(&line[1])).expect("a value"))
    };
    lines.as_array().into_iter().flatten().map(line).collect()
}

pub(crate) fn response(case: &Value) -> Response {
    let status = u16::try_from(case["status"].as_u64().unwrap_or(200)).expect("a status");
    let mut response = Response::new(url(&case["url"]), StatusCode::from_u16(status).expect("a status"));
    response.headers = headers(&case["headers"]);
    response.body = Body::Memory(bytes(&case["body"]).into());
    if case["html"] == true {
        let kind = format!("text/html; charset={}", case["encoding"].as_str().unwrap_or("utf-8"));
        response.headers.insert(header::CONTENT_TYPE, kind.parse().expect("a value"));
    }
    response
}

/// What a layer says of an outcome.
pub(crate) fn inbound(
    layer: &impl Middleware,
    request: &Request,
    keep: &Keep,
    outcome: Result<Response, Failure>,
) -> Inbound {
    let trip = Trip { wish: request, sent: request, keep };
    runtime().block_on(layer.inbound(&trip, outcome))
}

/// What a layer makes of a request.
pub(crate) fn outbound(layer: &impl Middleware, request: Request) -> Request {
    match runtime().block_on(layer.outbound(request)) {
        Outbound::Send(request) => request,
        other => panic!("{other:?}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Whether a request is the one that is wanted. The `Referer` is another layer's work, and a proxy's password stands in
/// its URL.
pub(crate) fn is_same(ours: &Request, want: &Value) -> Result<(), String> {
    let want = request(want);
    let lines = |headers: &HeaderMap| {
        let lines = headers.iter().filter(|(name, _)| *name != header::PROXY_AUTHORIZATION);
        let mut lines: Vec<_> = lines.map(|(name, value)| (name.clone(), value.clone())).collect();
        lines.sort_by(|one, other| (one.0.as_str(), one.1.as_bytes()).cmp(&(other.0.as_str(), other.1.as_bytes())));
        lines
    };
    let parts = |request: &Request| {
        format!(
            "{} {} {:?} {:?} priority {} attempts {} {:?} {:?}",
            request.method,
            request.url,
            request.body,
            lines(&request.headers),
            request.priority,
            request.attempts,
            request.redirects.iter().map(|hop| (hop.url.as_str(), hop.status)).collect::<Vec<_>>(),
            request.options().via,
        )
    };
    let (ours, want) = (parts(ours), parts(&want));
    if ours == want { Ok(()) } else { Err(format!("{ours}\n  not  {want}")) }
}
