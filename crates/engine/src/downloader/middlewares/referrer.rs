//! The `Referer` header, by the policy of the request, of its page or of the settings (Referrer Policy, section 8).

use std::fmt;

use async_trait::async_trait;
use http::{HeaderValue, header};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::downloader::{Hooks, Middleware, Outbound};
use crate::message::{ReferrerPolicy, Request, Response};

/// The longest referrer, in bytes; of a longer one the origin is left (Referrer Policy, section 8.3).
const LONGEST: usize = 4096;
/// Scrapy's own name for what it does if nobody says otherwise.
const SCRAPY: (&str, ReferrerPolicy) = ("scrapy-default", ReferrerPolicy::NoReferrerWhenDowngrade);

/// `[middlewares.referrer]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where neither the request nor its page says otherwise. Of several, with commas between them, the last known counts.
    #[serde(deserialize_with = "policy")]
    pub policy: ReferrerPolicy,
}

/// Says which page led to a request.
#[derive(Debug, Default)]
pub struct Referrer {
    settings: Settings,
}

impl Referrer {
    /// By this policy, unless a request has its own.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl fmt::Display for Referrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("referrer")
    }
}

#[async_trait]
impl Middleware for Referrer {
    fn hooks(&self) -> Hooks {
        Hooks::OUT
    }

    async fn outbound(&self, mut request: Request) -> Outbound {
        if let Some(page) = &request.referrer
            && !request.headers.contains_key(header::REFERER)
        {
            let policy = request.options().referrer_policy.unwrap_or(self.settings.policy);
            let value = referrer(page, &request.url, policy).and_then(|value| HeaderValue::try_from(value).ok());
            value.and_then(|value| request.headers.insert(header::REFERER, value));
        }
        Outbound::Send(request)
    }
}

/// What a redirect leaves of the referrer (Fetch, section 4.4, HTTP-redirect fetch): no hop learns more than the one
/// before it has, and the policy that a redirect comes with holds from there on.
pub(super) fn redirected(next: &mut Request, sent: &Request, response: &Response) {
    let told = sent.headers.get(header::REFERER).and_then(|value| value.to_str().ok());
    next.referrer = told.and_then(|value| Url::parse(value).ok());
    // one that the request has brought along is from here on under the policy too
    next.headers.remove(header::REFERER);
    if let Some(policy) = ReferrerPolicy::of_response(&response.headers) {
        next.options_mut().referrer_policy = Some(policy);
    }
}

/// What a request to `target` says of the page that led to it. Never a password or fragment.
fn referrer(page: &Url, target: &Url, policy: ReferrerPolicy) -> Option<String> {
    let is_page = matches!(page.scheme(), "http" | "https" | "ftp" | "ftps") && page.has_host();
    if !is_page || policy == ReferrerPolicy::NoReferrer {
        return None;
    }
    // an address of this machine is not taken for a safe one: what goes there goes in the clear
    let is_downgrade = matches!(page.scheme(), "https" | "ftps") && target.scheme() != "https";
    let is_same = page.origin() == target.origin();
    match policy {
        ReferrerPolicy::NoReferrer => None,
        ReferrerPolicy::NoReferrerWhenDowngrade if is_downgrade => None,
        ReferrerPolicy::StrictOrigin if is_downgrade => None,
        ReferrerPolicy::StrictOriginWhenCrossOrigin if is_downgrade && !is_same => None,
        ReferrerPolicy::SameOrigin if !is_same => None,
        ReferrerPolicy::OriginWhenCrossOrigin | ReferrerPolicy::StrictOriginWhenCrossOrigin if !is_same => {
            Some(origin(page))
        }
        ReferrerPolicy::Origin | ReferrerPolicy::StrictOrigin => Some(origin(page)),
        ReferrerPolicy::NoReferrerWhenDowngrade
        | ReferrerPolicy::SameOrigin
        | ReferrerPolicy::OriginWhenCrossOrigin
        | ReferrerPolicy::StrictOriginWhenCrossOrigin
        | ReferrerPolicy::UnsafeUrl => whole(page),
    }
}

fn whole(page: &Url) -> Option<String> {
    let mut url = page.clone();
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(if url.as_str().len() > LONGEST { origin(page) } else { url.into() })
}

fn origin(page: &Url) -> String {
    let host = page.host_str().unwrap_or_default();
    match page.port() {
        Some(port) => format!("{}://{host}:{port}/", page.scheme()),
        None => format!("{}://{host}/", page.scheme()),
    }
}

fn policy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReferrerPolicy, D::Error> {
    let list = String::deserialize(deserializer)?;
    let last = list.rsplit(',').find_map(|name| {
        let is_scrapys = name.trim_ascii().eq_ignore_ascii_case(SCRAPY.0);
        ReferrerPolicy::of_list(name).or(is_scrapys.then_some(SCRAPY.1))
    });
    last.ok_or_else(|| {
        let known = ReferrerPolicy::ALL.map(ReferrerPolicy::name).join(", ");
        D::Error::custom(format!("no referrer policy is called `{list}` (known: {known}, {})", SCRAPY.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReferrerPolicy::{
        NoReferrer, NoReferrerWhenDowngrade, Origin, OriginWhenCrossOrigin, SameOrigin, StrictOrigin,
        StrictOriginWhenCrossOrigin, UnsafeUrl,
    };
    use http::StatusCode;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn of(page: &str, target: &str, policy: ReferrerPolicy) -> Option<String> {
        referrer(&url(page), &url(target), policy)
    }

    #[test]
    fn c06_every_policy_to_every_origin() {
        let page = "https://me:secret@a.example/album?p=2#top";
        let (whole, origin) = (Some("https://a.example/album?p=2"), Some("https://a.example/"));
        // the same origin, another, this one and another one in the clear
        for (policy, want) in [
            (NoReferrer, [None, None, None, None]),
            (NoReferrerWhenDowngrade, [whole, whole, None, None]),
            (SameOrigin, [whole, None, None, None]),
            (Origin, [origin, origin, origin, origin]),
            (StrictOrigin, [origin, origin, None, None]),
            (OriginWhenCrossOrigin, [whole, origin, origin, origin]),
            (StrictOriginWhenCrossOrigin, [whole, origin, None, None]),
            (UnsafeUrl, [whole, whole, whole, whole]),
        ] {
            let targets = ["https://a.example:443/b", "https://b.example/", "http://a.example/b", "http://localhost/"];
            for (target, want) in targets.into_iter().zip(want) {
                assert_eq!(of(page, target, policy).as_deref(), want, "{policy:?} to {target}");
            }
            let plain = of("http://a.example:8080/x#y", "http://a.example:8080/z", policy);
            let want = match policy {
                NoReferrer => None,
                Origin | StrictOrigin => Some("http://a.example:8080/"),
                _ => Some("http://a.example:8080/x"),
            };
            assert_eq!(plain.as_deref(), want, "{policy:?}");
        }
    }

    #[test]
    fn c06_what_is_no_page_on_a_server_is_no_referrer() {
        for page in
            ["file:///etc/passwd", "data:text/html,x", "about:blank", "s3://bucket/key", "blob:https://a.example/x"]
        {
            assert_eq!(of(page, "https://a.example/", UnsafeUrl), None, "{page}");
        }
    }

    #[test]
    fn a_long_referrer_is_cut_to_its_origin() {
        let page = |length: usize| format!("https://a.example/{}", "x".repeat(length - 18));
        assert_eq!(of(&page(4096), "https://b.example/", UnsafeUrl), Some(page(4096)));
        assert_eq!(of(&page(4097), "https://b.example/", UnsafeUrl).as_deref(), Some("https://a.example/"));
        assert_eq!(of(&page(4097), "https://a.example/", SameOrigin).as_deref(), Some("https://a.example/"));
    }

    #[tokio::test]
    async fn the_request_comes_before_the_settings_and_its_own_header_before_all() {
        let referrer = Referrer::new(Settings { policy: UnsafeUrl });
        let mut request = Request::get(url("https://b.example/"));
        let sent = async |request: &Request| {
            let Outbound::Send(request) = referrer.outbound(request.clone()).await else { panic!("sent") };
            request.headers.get(header::REFERER).map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(sent(&request).await, None);
        request.referrer = Some(url("https://a.example/x"));
        assert_eq!(sent(&request).await.as_deref(), Some("https://a.example/x"));
        request.options_mut().referrer_policy = Some(Origin);
        assert_eq!(sent(&request).await.as_deref(), Some("https://a.example/"));
        let request = request.header(header::REFERER, HeaderValue::from_static("mine"));
        assert_eq!(sent(&request).await.as_deref(), Some("mine"));
    }

    #[test]
    fn c06_a_redirect_brings_its_policy_and_never_learns_more() {
        let mut wish = Request::get(url("https://b.example/"));
        wish.referrer = Some(url("https://a.example/secret"));
        let sent = wish.clone().header(header::REFERER, HeaderValue::from_static("https://a.example/"));
        let mut response = Response::new(wish.url.clone(), StatusCode::FOUND);
        response.headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("unsafe-url"));
        let mut next = wish.clone();
        redirected(&mut next, &sent, &response);
        assert_eq!(next.referrer, Some(url("https://a.example/")));
        assert_eq!(next.options().referrer_policy, Some(UnsafeUrl));
        response.headers.clear();
        redirected(&mut next, &wish, &response);
        assert_eq!(next.referrer, None, "nothing was said, so nothing will be");
        assert_eq!(next.options().referrer_policy, Some(UnsafeUrl), "the policy stays");
        let mut next = sent.clone();
        redirected(&mut next, &sent, &response);
        assert_eq!((next.referrer, next.headers.len()), (Some(url("https://a.example/")), 0));
    }

    #[test]
    fn a_setting_may_be_a_list_and_its_names_are_known() {
        let read = |policy: &str| toml::from_str::<Settings>(&format!("policy = '{policy}'")).map(|read| read.policy);
        assert_eq!(read("SAME-ORIGIN"), Ok(SameOrigin));
        assert_eq!(read("x, no-referrer ,y"), Ok(NoReferrer));
        assert_eq!(read("origin, scrapy-default"), Ok(NoReferrerWhenDowngrade));
        let error = read("orign").expect_err("no policy").to_string();
        assert!(error.contains("`orign`") && error.contains("same-origin"), "{error}");
    }
}
