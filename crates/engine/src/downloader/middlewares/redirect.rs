//! Redirects, as new requests: method and body by the table of the Fetch standard (section 4.4, HTTP-redirect fetch).

use std::fmt;

use async_trait::async_trait;
use http::{Method, StatusCode, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::referrer;
use crate::downloader::{Inbound, Middleware, Trip};
use crate::message::{Failure, FailureKind, Redirect, Request, Response};

/// `[middlewares.redirect]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The longest chain.
    pub limit: usize,
    /// Added to the priority at each hop, so that what was begun is finished.
    pub priority_adjust: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limit: 20, priority_adjust: 2 }
    }
}

/// Makes the request that a redirect asks for.
#[derive(Debug)]
pub struct Redirects {
    settings: Settings,
}

impl Redirects {
    /// Follows redirects within these limits.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    fn follow(&self, wish: &Request, response: &Response) -> Result<Option<Request>, Failure> {
        let status = response.status;
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let fail =
            |kind, detail: String| Failure { status: Some(status), ..Failure::new(kind, wish.url.clone(), detail) };
        let Some(location) = response.headers.get(header::LOCATION) else {
            return Err(fail(FailureKind::BadRedirect, format!("answered {status} without a `Location`")));
        };
        let target = (std::str::from_utf8(location.as_bytes()).ok())
            .and_then(|location| wish.url.join(location).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(mut target) = target else {
            return Err(fail(FailureKind::BadRedirect, format!("answered {status} to what is not a http(s) URL")));
        };
        if target.fragment().is_none() {
            target.set_fragment(wish.url.fragment());
        }
        if wish.redirects.len() >= self.settings.limit {
            let detail = format!("more than `middlewares.redirect.limit` = {} redirects", self.settings.limit);
            return Err(fail(FailureKind::TooManyRedirects, detail));
        }
        // the same place twice is a loop, unless a cookie was set in between that may change its answer
        let sets_cookie = response.headers.contains_key(header::SET_COOKIE);
        let before = wish.redirects.iter().rposition(|hop| hop.url == target);
        let since = before.map(|before| &wish.redirects[before..]).unwrap_or_default();
        let changed = sets_cookie || since.iter().any(|hop| hop.sets_cookie);
        if (before.is_some() || wish.url == target) && !changed {
            return Err(fail(
                FailureKind::RedirectLoop,
                format!("{} redirects lead back to {target}", wish.redirects.len()),
            ));
        }
        self.next(wish, status, target, sets_cookie).map(Some)
    }

    fn next(&self, wish: &Request, status: StatusCode, target: Url, sets_cookie: bool) -> Result<Request, Failure> {
        let mut next = wish.clone();
        let becomes_get = match status.as_u16() {
            301 | 302 => wish.method == Method::POST,
            303 => wish.method != Method::GET && wish.method != Method::HEAD,
            _ => false,
        };
        if becomes_get {
            next.method = Method::GET;
            next.body.clear();
            for name in
                [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE]
            {
                next.headers.remove(name);
            }
        }
        if target.origin() != wish.url.origin() {
            next.headers.remove(header::AUTHORIZATION);
            next.headers.remove(header::COOKIE);
            // a body is not for another origin either, unless it is the same host by a safer way
            let is_upgrade = wish.url.scheme() == "http"
                && target.scheme() == "https"
                && wish.url.host() == target.host()
                && (wish.url.port(), target.port()) == (None, None);
            if !next.body.is_empty() && !is_upgrade {
                let detail = format!("answered {status}, which would send the body on to another origin");
                let failure = Failure::new(FailureKind::BadRedirect, wish.url.clone(), detail);
                return Err(Failure { status: Some(status), ..failure });
            }
        }
        next.redirects.push(Redirect { url: wish.url.clone(), status: status.as_u16(), sets_cookie });
        next.original.get_or_insert_with(|| Box::new(wish.clone()));
        next.priority = wish.priority.saturating_add(self.settings.priority_adjust);
        next.attempts = 0;
        next.due = None;
        next.url = target;
        Ok(next)
    }
}

impl fmt::Display for Redirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redirect")
    }
}

#[async_trait]
impl Middleware for Redirects {
    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        let Ok(response) = &outcome else { return Inbound::Pass(outcome) };
        match self.follow(trip.wish, response) {
            Ok(Some(mut next)) => {
                referrer::redirected(&mut next, trip.sent, response);
                Inbound::Again(next)
            }
            Ok(None) => Inbound::Pass(outcome),
            Err(failure) => Inbound::Pass(Err(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Body;
    use http::{HeaderMap, HeaderValue, Version};

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn follow(wish: &Request, status: u16, location: &str) -> Result<Option<Request>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, HeaderValue::try_from(location).expect("a header"));
        let status = StatusCode::from_u16(status).expect("a status");
        let (version, body) = (Version::HTTP_11, Body::default());
        let response = Response { version, headers, body, ..Response::new(wish.url.clone(), status) };
        Redirects::new(Settings::default()).follow(wish, &response)
    }

    #[test]
    fn a_form_becomes_a_get_and_307_keeps_it() {
        let login = Request::post(url("https://a.example/")).form([("password", "secret")]);
        let next = follow(&login, 302, "/home").expect("followed").expect("a request");
        assert_eq!((next.method, next.body.len(), next.url.as_str()), (Method::GET, 0, "https://a.example/home"));
        assert!(!next.headers.contains_key(header::CONTENT_TYPE));
        let next = follow(&login, 307, "/home").expect("followed").expect("a request");
        assert_eq!((next.method, next.body), (Method::POST, login.body));
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let wish =
            Request::get(url("https://a.example/")).header(header::AUTHORIZATION, HeaderValue::from_static("Basic x"));
        for (target, kept) in [("/b", true), ("http://a.example/", false), ("https://a.example:8443/", false)] {
            let next = follow(&wish, 301, target).expect("followed").expect("a request");
            assert_eq!(next.headers.contains_key(header::AUTHORIZATION), kept, "{target}");
        }
        let form = Request::post(url("https://a.example/")).form([("password", "secret")]);
        assert_eq!(follow(&form, 308, "https://b.example/").expect_err("refused").kind, FailureKind::BadRedirect);
        let form = Request::post(url("http://a.example/")).form([("password", "secret")]);
        let safer = follow(&form, 308, "https://a.example/").expect("followed").expect("a request");
        assert_eq!((safer.method, safer.body), (Method::POST, form.body));
    }

    #[test]
    fn a_loop_is_found_at_once_and_a_cookie_makes_a_difference() {
        let start = Request::get(url("http://a.example/"));
        assert_eq!(follow(&start, 302, "/").expect_err("a loop").kind, FailureKind::RedirectLoop);
        let away = follow(&start, 302, "/b").expect("followed").expect("a request");
        assert_eq!(follow(&away, 302, "/").expect_err("a loop").kind, FailureKind::RedirectLoop);
        // the first answer set a cookie: the start may be another page now
        let mut away = away;
        away.redirects[0].sets_cookie = true;
        assert!(follow(&away, 302, "/").is_ok());
    }

    #[test]
    fn what_is_no_web_page_is_not_followed() {
        let wish = Request::get(url("http://a.example/"));
        for target in ["file:///etc/passwd", "javascript:alert(1)", "http://"] {
            assert_eq!(follow(&wish, 302, target).expect_err(target).kind, FailureKind::BadRedirect);
        }
        assert!(follow(&wish, 200, "/elsewhere").expect("passed").is_none());
    }

    #[test]
    fn the_wish_is_remembered_through_the_chain() {
        let wish = Request::get(url("http://a.example/album?p=7"));
        let first = follow(&wish, 302, "/login").expect("followed").expect("a request");
        let second = follow(&first, 302, "/login/form").expect("followed").expect("a request");
        assert_eq!(second.redirects.len(), 2);
        assert_eq!(second.as_wished().url, wish.url);
    }
}
