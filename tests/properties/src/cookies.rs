//! Cookies.

use std::sync::Arc;

use dragline::downloader::middlewares::Cookies;
use dragline::downloader::middlewares::cookies::Settings;
use dragline::downloader::{Keep, Middleware, Outbound};
use dragline::message::urls::registrable_domain;
use dragline::message::{Request, Response};
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use url::Url;

use crate::message::{inbound, wait};

/// Somebody else.
const STRANGERS: [&str; 3] = ["https://stranger.example/", "https://127.0.0.1/", "https://a.stranger.co.uk/"];

/// The input is lines of a URL and, behind a space, the `Set-Cookie` that it answers with. What a site sets goes to no
/// other, what is `Secure` to nobody over http, no line is longer than it may be or has a control byte in it, and a job
/// that goes on sends what it would have sent.
pub fn cookies(input: &[u8]) {
    let lines: Vec<_> = input.split(|byte| *byte == b'\n').filter_map(read).take(20).collect();
    let mut urls: Vec<&Url> = lines.iter().map(|(url, _)| url).collect();
    urls.sort_by_key(|url| (site(url), *url));
    urls.dedup();
    let all = jar(lines.iter().map(|(url, line)| (url, *line)));
    for url in STRANGERS.iter().filter_map(|url| Url::parse(url).ok()) {
        let is_known = urls.iter().any(|known| site(known) == site(&url));
        assert!(is_known || sent(&all, &url).is_none(), "`{url}` gets what other sites have set");
    }
    for of_site in urls.chunk_by(|one, other| site(one) == site(other)).take(3) {
        let others =
            jar(lines.iter().filter(|(from, _)| site(from) != site(of_site[0])).map(|(url, line)| (url, *line)));
        for url in of_site.iter().take(4) {
            assert_eq!(sent(&others, url), None, "`{url}` gets what another site has set");
        }
    }
    let recalled = jar([]);
    if let Some(kept) = all.keep() {
        recalled.recall(&kept);
    }
    for url in urls.iter().take(8) {
        let line = sent(&all, url);
        assert_eq!(sent(&recalled, url), line, "`{url}` gets something else when the job goes on");
        is_within_limits(line.as_ref().map(HeaderValue::as_bytes).unwrap_or_default());
    }
    let secure: Vec<_> = lines.iter().map(|(url, line)| (url, [line, &b"; Secure"[..]].concat())).collect();
    let secure = jar(secure.iter().map(|(url, line)| (*url, &**line)));
    for url in urls.iter().filter(|url| url.scheme() == "http").take(4) {
        assert_eq!(sent(&secure, url), None, "`{url}` gets what is secure");
    }
}

/// A URL, and what it sets.
fn read(line: &[u8]) -> Option<(Url, &[u8])> {
    let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let url = Url::parse(std::str::from_utf8(&line[..space]).ok()?).ok()?;
    matches!(url.scheme(), "http" | "https").then_some((url, line.get(space + 1..).unwrap_or_default()))
}

/// Whose a URL is.
fn site(url: &Url) -> &str {
    registrable_domain(url).or(url.host_str()).unwrap_or_default()
}

/// With little room, so that the limits are met.
fn settings() -> Settings {
    Settings { max_cookie: 80, max_per_domain: 6, max_per_jar: 9, max_header: 120, max_pairs: 4, ..Settings::default() }
}

/// What has received these lines.
fn jar<'a>(lines: impl IntoIterator<Item = (&'a Url, &'a [u8])>) -> Cookies {
    let noon = Timestamp::from_second(1_700_000_000).expect("a time");
    let cookies = Cookies::new(settings(), Arc::default()).expect("no file is asked for").with_clock(move || noon);
    for (from, line) in lines {
        let Ok(line) = HeaderValue::from_bytes(line) else { continue };
        let mut response = Response::new(from.clone(), StatusCode::OK);
        response.headers.append(header::SET_COOKIE, line);
        inbound(&cookies, &Request::get(from.clone()), &Keep::page(1 << 10), response);
    }
    cookies
}

fn sent(cookies: &Cookies, to: &Url) -> Option<HeaderValue> {
    match wait(cookies.outbound(Request::get(to.clone()))) {
        Outbound::Send(mut request) => request.headers.remove(header::COOKIE),
        Outbound::Answer(_) | Outbound::Drop(_) => None,
    }
}

fn is_within_limits(line: &[u8]) {
    let Settings { max_header, max_pairs, .. } = settings();
    assert!(line.len() <= max_header, "{} bytes", line.len());
    assert!(!line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'), "a control byte");
    let pairs = line.split(|byte| *byte == b';').count();
    assert!(pairs <= max_pairs, "{pairs} pairs");
}
