//! Where answers lead on to: `Location`, `Refresh`, `<meta http-equiv=refresh>`.

use std::sync::Arc;

use bytes::Bytes;
use dragline::downloader::middlewares::redirect::Settings;
use dragline::downloader::middlewares::{MetaRefresh, Redirects, meta_refresh};
use dragline::downloader::{Inbound, Keep, Middleware};
use dragline::message::{Body, Request, Response};
use http::{HeaderValue, Method, StatusCode, header};
use url::Url;

use crate::message::{first_line, headers, inbound, numbers};

/// The longest URL that is followed here.
const MAX_URL: usize = 300;

/// The input is a page's URL, its status, its headers, an empty line and its body. Whoever is led on goes to the web,
/// not far, and not for ever; secrets and bodies stay with their origin.
pub fn redirects(input: &[u8]) {
    let (page, rest) = first_line(input);
    let (status, rest) = first_line(rest);
    let Some(page) = std::str::from_utf8(page).ok().and_then(|page| Url::parse(page).ok()) else { return };
    if !matches!(page.scheme(), "http" | "https") {
        return;
    }
    let status = numbers(status).next().and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let end = rest.windows(2).position(|two| two == b"\n\n").unwrap_or(rest.len());
    let (head, body) = (&rest[..end], rest.get(end + 2..).unwrap_or_default());
    let answer = || {
        let mut response = Response::new(page.clone(), status.unwrap_or(StatusCode::FOUND));
        response.headers = headers(head.split(|byte| *byte == b'\n'));
        response.body = Body::Memory(Bytes::copy_from_slice(body));
        response
    };
    let redirects = Redirects::new(Settings::default(), MAX_URL, Arc::default()).expect("settings");
    let refresh = MetaRefresh::new(meta_refresh::Settings::default(), Settings::default(), MAX_URL, Arc::default());
    let refresh = refresh.expect("settings");
    for method in [Method::GET, Method::POST] {
        follow(&redirects, &wish(&page, &method), answer);
        follow(&refresh, &wish(&page, &method), answer);
    }
}

fn wish(page: &Url, method: &Method) -> Request {
    let mut wish = Request::new(method.clone(), page.clone());
    for name in [header::AUTHORIZATION, header::COOKIE] {
        wish.headers.insert(name, HeaderValue::from_static("secret=1"));
    }
    let mut token = HeaderValue::from_static("secret=2");
    token.set_sensitive(true);
    wish.headers.insert("x-own", token);
    if *method == Method::POST {
        wish.body = Bytes::from_static(b"password=secret");
    }
    wish
}

/// The same answer everywhere.
fn follow(layer: &impl Middleware, wish: &Request, answer: impl Fn() -> Response) {
    let limit = Settings::default().limit;
    let mut wish = wish.clone();
    for hop in 0.. {
        let Inbound::Again(next) = inbound(layer, &wish, &Keep::page(1), answer()) else { return };
        assert!(hop < limit, "{hop} hops are too many");
        leads_well(&wish, &next);
        wish = next;
    }
}

fn leads_well(from: &Request, to: &Request) {
    let url = &to.url;
    assert!(matches!(url.scheme(), "http" | "https") && url.has_host(), "`{url}` is not of the web");
    assert!(url.as_str().len() <= MAX_URL + from.url.as_str().len(), "`{url}` is too long");
    assert_eq!(to.redirects.len(), from.redirects.len() + 1);
    if url.origin() == from.url.origin() {
        return;
    }
    assert!(!to.headers.contains_key(header::AUTHORIZATION) && !to.headers.contains_key("x-own"), "a secret leaves");
    let is_same_host = url.host() == from.url.host();
    assert!(is_same_host || !to.headers.contains_key(header::COOKIE), "a cookie leaves");
    assert!(is_same_host || to.body.is_empty(), "a body leaves");
}
