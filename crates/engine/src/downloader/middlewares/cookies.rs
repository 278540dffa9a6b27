//! Cookies, kept by `cookie_store` (RFC 6265) in one jar for the job: in memory, and with the job where there is one.

use std::fmt;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use cookie_store::serde::json;
use cookie_store::{CookieStore, RawCookie};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::downloader::{Inbound, Middleware, Outbound, Trip};
use crate::message::{Failure, Request, Response};

/// `[middlewares.cookies]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The longest cookie that is taken, name and value, in bytes (RFC 6265bis, section 5.7).
    pub max_cookie: usize,
    /// The most cookies taken from one response.
    pub max_per_response: usize,
    /// The longest `Cookie` header that is sent, in bytes; what does not fit is left out.
    pub max_header: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_cookie: 4096, max_per_response: 50, max_header: 8190 }
    }
}

/// Sends the cookies that a host has set, and takes those that it sets.
#[derive(Debug)]
pub struct Cookies {
    settings: Settings,
    jar: Mutex<CookieStore>,
    /// It has changed since it was last kept.
    changed: AtomicBool,
}

impl Cookies {
    /// An empty jar.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, jar: Mutex::new(CookieStore::new()), changed: AtomicBool::new(false) }
    }
}

impl fmt::Display for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cookies")
    }
}

#[async_trait]
impl Middleware for Cookies {
    async fn outbound(&self, mut request: Request) -> Outbound {
        let mut line = String::new();
        {
            let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, value) in jar.get_request_values(&request.url) {
                if line.len() + name.len() + value.len() + 3 > self.settings.max_header {
                    continue;
                }
                let separator = if line.is_empty() { "" } else { "; " };
                // writing to a String cannot fail
                let _ = write!(line, "{separator}{name}={value}");
            }
        }
        if !line.is_empty()
            && let Ok(mut value) = HeaderValue::try_from(line)
        {
            value.set_sensitive(true);
            request.headers.entry(header::COOKIE).or_insert(value);
        }
        Outbound::Send(request)
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Ok(response) = &outcome else { return Inbound::Pass(outcome) };
        if response.headers.contains_key(header::SET_COOKIE) {
            let cookies = (response.headers.get_all(header::SET_COOKIE).iter())
                .take(self.settings.max_per_response)
                .filter_map(|value| RawCookie::parse(value.to_str().ok()?.to_owned()).ok())
                .filter(|cookie| cookie.name().len() + cookie.value().len() <= self.settings.max_cookie);
            let mut jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
            jar.store_response_cookies(cookies, &trip.sent.url);
            self.changed.store(true, Ordering::Relaxed);
        }
        Inbound::Pass(outcome)
    }

    fn keep(&self) -> Option<Bytes> {
        if !self.changed.swap(false, Ordering::Relaxed) {
            return None;
        }
        let mut kept = Vec::new();
        let jar = self.jar.lock().unwrap_or_else(PoisonError::into_inner);
        // a session's cookie ends with the browser, but a job is one session however often it is begun
        json::save_incl_expired_and_nonpersistent(&jar, &mut kept).ok()?;
        Some(kept.into())
    }

    fn recall(&self, kept: &[u8]) {
        match json::load(kept) {
            Ok(jar) => *self.jar.lock().unwrap_or_else(PoisonError::into_inner) = jar,
            Err(_) => tracing::warn!("the job's cookies cannot be read; it goes on without them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::Keep;
    use crate::message::Body;
    use http::{HeaderMap, StatusCode, Version};
    use url::Url;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    async fn set(cookies: &Cookies, from: &str, lines: &[&str]) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, HeaderValue::try_from(*line).expect("a header"));
        }
        let sent = Request::get(url(from));
        let (status, version, body) = (StatusCode::OK, Version::HTTP_11, Body::default());
        let response = Response { version, headers, body, ..Response::new(url(from), status) };
        cookies.inbound(&Trip { wish: &sent, sent: &sent, keep: &Keep::page(1 << 20) }, Ok(response)).await;
    }

    async fn sent(cookies: &Cookies, to: &str) -> Option<String> {
        let Outbound::Send(request) = cookies.outbound(Request::get(url(to))).await else { panic!("sent") };
        request.headers.get(header::COOKIE).map(|value| value.to_str().expect("text").to_owned())
    }

    #[tokio::test]
    async fn a_session_goes_back_to_its_host_only() {
        let cookies = Cookies::new(Settings::default());
        set(&cookies, "https://a.example/", &["session=1; Path=/; Secure; HttpOnly", "lang=en"]).await;
        assert_eq!(sent(&cookies, "https://a.example/album").await.as_deref(), Some("session=1; lang=en"));
        assert_eq!(sent(&cookies, "http://a.example/album").await.as_deref(), Some("lang=en"));
        assert_eq!(sent(&cookies, "https://b.example/").await, None);
    }

    #[tokio::test]
    async fn a_job_finds_its_cookies_again() {
        let cookies = Cookies::new(Settings::default());
        assert_eq!(cookies.keep(), None);
        set(&cookies, "https://a.example/", &["session=1", "year=2; Max-Age=31536000"]).await;
        let kept = cookies.keep().expect("the jar has changed");
        assert_eq!(cookies.keep(), None, "and not since");
        let next = Cookies::new(Settings::default());
        next.recall(b"not a jar");
        next.recall(&kept);
        assert_eq!(sent(&next, "https://a.example/").await.as_deref(), Some("session=1; year=2"));
    }

    #[tokio::test]
    async fn floods_and_giants_are_not_taken() {
        let cookies = Cookies::new(Settings::default());
        let giant = format!("giant={}", "x".repeat(5000));
        let flood: Vec<String> = (0..100).map(|n| format!("c{n}=1")).collect();
        let lines: Vec<&str> = std::iter::once(giant.as_str()).chain(flood.iter().map(String::as_str)).collect();
        set(&cookies, "https://a.example/", &lines).await;
        let line = sent(&cookies, "https://a.example/").await.expect("cookies");
        assert_eq!(line.split("; ").count(), 49, "fifty were looked at, and the giant was one of them");
    }
}
