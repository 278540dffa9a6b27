//! The request that a redirect or a refresh leads to: what it keeps of the request before it, and what it must not.
//!
//! Method and body by the table of the Fetch standard (section 4.4, HTTP-redirect fetch); what is a secret stays with its
//! origin, and as each request is made of the one before it, what was dropped once does not come back.

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as ValueError, StrDeserializer};
use url::Url;

use super::{Downgrade, Settings};
use crate::error::Error;
use crate::message::{Failure, FailureKind, Reach, Redirect, ReferrerPolicy, Request, Response};
use crate::stats::Stats;

/// Headers that are secrets whatever the settings say.
const SECRETS: [HeaderName; 3] = [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE];

/// Makes the next request, for redirects and for refreshes alike.
#[derive(Debug)]
pub(in crate::downloader::middlewares) struct Onward {
    settings: Settings,
    secrets: HashSet<HeaderName>,
    max_url: usize,
    stats: Arc<Stats>,
}

impl Onward {
    /// # Errors
    /// If a name in `sensitive_headers` is not that of a header.
    pub(in crate::downloader::middlewares) fn new(
        settings: Settings,
        max_url: usize,
        stats: Arc<Stats>,
    ) -> Result<Self, Error> {
        let mut secrets = HashSet::from(SECRETS);
        for name in &settings.sensitive_headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| {
                let what = format!("has `{name}`, which is not a header's name: letters, digits and `-`");
                Error::setting("middlewares.redirect.sensitive_headers", what)
            })?;
            secrets.insert(name);
        }
        Ok(Self { settings, secrets, max_url, stats })
    }

    /// The request to `target`, to which this response to `wish` leads. The target is a http(s) URL.
    ///
    /// # Errors
    /// If it leads too far, back to where it was, or where it must not.
    pub(in crate::downloader::middlewares) fn request(
        &self,
        wish: &Request,
        response: &Response,
        target: Url,
    ) -> Result<Request, Failure> {
        let status = response.status;
        let fail = |(kind, detail)| Failure { status: Some(status), ..Failure::new(kind, wish.url.clone(), detail) };
        let mut target = self.allowed(wish, target).map_err(fail)?;
        let becomes_get = becomes_get(status, &wish.method);
        let method = if becomes_get { Method::GET } else { wish.method.clone() };
        let sets_cookie = sets_cookie(wish, response);
        if is_loop(wish, &method, &target, sets_cookie) {
            let detail = format!("{} redirects lead back to where they began", wish.redirects.len() + 1);
            return Err(fail((FailureKind::RedirectLoop, detail)));
        }
        let mut next = wish.clone();
        if becomes_get {
            next.body.clear();
            remove(&mut next.headers, |name, _| {
                name.as_str().starts_with("content-") || *name == header::TRANSFER_ENCODING
            });
        }
        if target.origin() == wish.url.origin() {
            keep_userinfo(&wish.url, &mut target);
        } else {
            self.leave_behind(&mut next, &target).map_err(fail)?;
        }
        refer(&mut next, response);
        if response.reach == Reach::Public {
            next.reach = Reach::Public;
        }
        next.redirects.push(Redirect { url: wish.url.clone(), status: status.as_u16(), sets_cookie });
        next.original.get_or_insert_with(|| Box::new(wish.clone()));
        next.priority = wish.priority.saturating_add(self.settings.priority_adjust);
        (next.method, next.url, next.attempts, next.due) = (method, target, 0, None);
        Ok(next)
    }

    /// The place itself, or the same by https; or why it is not to be gone to.
    fn allowed(&self, wish: &Request, mut target: Url) -> Result<Url, (FailureKind, String)> {
        if wish.url.scheme() == "https" && target.scheme() == "http" {
            self.stats.add("redirect/downgrade_count", 1);
            match self.settings.downgrade {
                Downgrade::Follow => {}
                Downgrade::Upgrade if target.set_scheme("https").is_ok() => {}
                Downgrade::Upgrade | Downgrade::Refuse => {
                    let detail = "leads from https to http, against `middlewares.redirect.downgrade` = \"refuse\"";
                    return Err((FailureKind::BadRedirect, detail.to_owned()));
                }
            }
        }
        if target.as_str().len() > self.max_url {
            let (length, limit) = (target.as_str().len(), self.max_url);
            let detail = format!("leads to a URL of {length} bytes, over `download.max_url` = {limit}");
            return Err((FailureKind::UrlTooLong, detail));
        }
        let own = wish.options().redirects;
        let limit = own.map_or(self.settings.limit, |limit| limit as usize);
        if wish.redirects.len() >= limit {
            let setting = if own.is_some() { "the request's own limit" } else { "`middlewares.redirect.limit`" };
            return Err((FailureKind::TooManyRedirects, format!("more than {setting} = {limit} redirects")));
        }
        Ok(target)
    }

    /// Takes out what is not for another origin; or says that it cannot go there without.
    fn leave_behind(&self, next: &mut Request, target: &Url) -> Result<(), (FailureKind, String)> {
        let is_upgrade = is_upgrade(&next.url, target);
        if !next.body.is_empty() && !is_upgrade && !self.settings.cross_origin_body {
            let setting = "`middlewares.redirect.cross_origin_body` = false";
            let detail = format!("would send the request's body on to another origin, against {setting}");
            return Err((FailureKind::BadRedirect, detail));
        }
        remove(&mut next.headers, |name, is_sensitive| {
            // cookies are bound to a host and not to a scheme (RFC 6265, section 8.5)
            let is_secret = self.secrets.contains(name) && !(is_upgrade && *name == header::COOKIE);
            is_sensitive || is_secret || *name == header::HOST
        });
        Ok(())
    }
}

/// Whether only http(s) takes part: from elsewhere nothing leads into the web, and nothing of the web leads elsewhere.
pub(in crate::downloader::middlewares) fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// A response that answers with a page and leads on by a refresh is fetched anew; redirects by Fetch's table.
fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        200..=299 => true,
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    }
}

/// Whether the jar may be another one after this.
pub(in crate::downloader::middlewares) fn sets_cookie(wish: &Request, response: &Response) -> bool {
    response.headers.contains_key(header::SET_COOKIE) && !wish.options().without_cookies
}

/// Whether this method was sent to this URL before, and no cookie was set since that may change its answer.
fn is_loop(wish: &Request, method: &Method, target: &Url, sets_cookie: bool) -> bool {
    let mut sent = wish.original.as_ref().map_or(&wish.method, |original| &original.method).clone();
    let mut is_back = false;
    for hop in &wish.redirects {
        is_back = is_back || sent == *method && is_same_page(&hop.url, target);
        is_back = is_back && !hop.sets_cookie;
        let status = StatusCode::from_u16(hop.status).unwrap_or(StatusCode::FOUND);
        if becomes_get(status, &sent) {
            sent = Method::GET;
        }
    }
    is_back = is_back || wish.method == *method && is_same_page(&wish.url, target);
    is_back && !sets_cookie
}

/// The same but for the fragment, which is not sent.
pub(in crate::downloader::middlewares) fn is_same_page(one: &Url, other: &Url) -> bool {
    let end = |url: &Url| url.as_str().find('#').unwrap_or(url.as_str().len());
    one.as_str()[..end(one)] == other.as_str()[..end(other)]
}

/// The same host by a safer way.
fn is_upgrade(from: &Url, to: &Url) -> bool {
    (from.scheme(), to.scheme()) == ("http", "https")
        && from.host() == to.host()
        && (from.port(), to.port()) == (None, None)
}

/// Within an origin, who was signed in by the URL stays so, as browsers have it.
fn keep_userinfo(from: &Url, to: &mut Url) {
    if to.username().is_empty() && to.password().is_none() && (!from.username().is_empty() || from.password().is_some())
    {
        // both are http(s) URLs with a host, which take them
        let _ = to.set_username(from.username());
        let _ = to.set_password(from.password());
    }
}

/// The page that led to the first request stays the referrer, under the policy that the response may set (Fetch, section
/// 4.4, "set request's referrer policy on redirect"). The header is written anew from it: the new place may learn less.
fn refer(next: &mut Request, response: &Response) {
    if let Some(value) = next.headers.remove(header::REFERER) {
        next.referrer = value.to_str().ok().and_then(|page| Url::parse(page).ok());
    }
    let values = response.headers.get_all(header::REFERRER_POLICY).iter().filter_map(|value| value.to_str().ok());
    let mut policies = values.flat_map(|value| value.split(',')).filter_map(|token| {
        let token = token.trim().to_ascii_lowercase();
        let token: StrDeserializer<'_, ValueError> = token.as_str().into_deserializer();
        ReferrerPolicy::deserialize(token).ok()
    });
    if let Some(policy) = policies.next_back() {
        next.options_mut().referrer_policy = Some(policy);
    }
}

/// Removes the headers for which it is said so, by name and by whether one of its values is marked as sensitive.
fn remove(headers: &mut HeaderMap, is_meant: impl Fn(&HeaderName, bool) -> bool) {
    let is_sensitive = |name| headers.get_all(name).iter().any(|value| value.is_sensitive());
    let meant: Vec<HeaderName> = headers.keys().filter(|name| is_meant(name, is_sensitive(*name))).cloned().collect();
    for name in meant {
        headers.remove(name);
    }
}
