//! The `Referer` header, by the policy that browsers use: `strict-origin-when-cross-origin` (Referrer Policy, section 8).

use std::fmt;

use async_trait::async_trait;
use http::{HeaderValue, header};
use url::Url;

use crate::downloader::{Middleware, Outbound};
use crate::message::Request;

/// Says which page led to a request.
#[derive(Debug, Default)]
pub struct Referrer;

impl fmt::Display for Referrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("referrer")
    }
}

#[async_trait]
impl Middleware for Referrer {
    async fn outbound(&self, mut request: Request) -> Outbound {
        let value = request.referrer.as_ref().and_then(|page| referrer(page, &request.url));
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            request.headers.entry(header::REFERER).or_insert(value);
        }
        Outbound::Send(request)
    }
}

/// The whole URL within an origin, the origin alone to another, nothing from https to http. Never a password or fragment.
fn referrer(page: &Url, target: &Url) -> Option<String> {
    if page.scheme() == "https" && target.scheme() != "https" || !page.has_host() {
        return None;
    }
    if page.origin() != target.origin() {
        return Some(format!("{}/", page.origin().ascii_serialization()));
    }
    let mut page = page.clone();
    page.set_fragment(None);
    page.set_username("").and_then(|()| page.set_password(None)).ok()?;
    Some(page.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_origin_learns_the_origin_and_plain_http_learns_nothing() {
        let of =
            |page: &str, target: &str| referrer(&Url::parse(page).expect("a URL"), &Url::parse(target).expect("a URL"));
        let page = "https://me:secret@a.example/album?p=2#top";
        assert_eq!(of(page, "https://a.example/b").as_deref(), Some("https://a.example/album?p=2"));
        assert_eq!(of(page, "https://b.example/b").as_deref(), Some("https://a.example/"));
        assert_eq!(of(page, "http://a.example/b"), None);
    }
}
