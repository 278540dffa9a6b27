//! What a request asks of single layers: a cookie jar, a proxy, a referrer policy. Scrapy's meta keys, typed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::mask;

/// How far a request may reach. A page from a public address must not lead into a network that is not public, whoever
/// the operator is (W3C Private Network Access); whoever may reach anywhere was named by the operator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reach {
    /// To any address.
    #[default]
    Anywhere,
    /// To globally routable addresses only.
    Public,
}

/// What a request asks for beside its URL, method, headers and body. Each is a layer's own default if it is not given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The cookie jar to use, by a name of one's own (Scrapy's `cookiejar`).
    pub jar: Option<Arc<str>>,
    /// The way to the server.
    pub via: Option<Via>,
    /// What the server learns of the page that led to it.
    pub referrer_policy: Option<ReferrerPolicy>,
    /// The most redirects, instead of `middlewares.redirect.limit`; 0 keeps the redirect as the answer (Scrapy's
    /// `dont_redirect`).
    pub redirects: Option<u32>,
    /// Attempts after the first, instead of `middlewares.retry.times`; 0 is Scrapy's `dont_retry`.
    pub retries: Option<u32>,
    /// Not answered from the HTTP cache, nor kept in it (Scrapy's `dont_cache`).
    pub uncached: bool,
    /// Whatever robots.txt says (Scrapy's `dont_obey_robotstxt`).
    pub despite_robots: bool,
    /// Wherever it leads (Scrapy's `allow_offsite`).
    pub offsite: bool,
    /// Neither sends cookies of a jar nor keeps those that come (Scrapy's `dont_merge_cookies`).
    pub without_cookies: bool,
    /// From the request until the end of the body, instead of `download.timeout` (Scrapy's `download_timeout`).
    pub timeout: Option<Duration>,
}

/// A request's way to its server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Via {
    /// Straight, whatever the settings say.
    Direct,
    /// Through this proxy: `http://`, `https://`, `socks5://` (names are resolved here) or `socks5h://` (there).
    Proxy(Url),
}

impl fmt::Debug for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("Direct"),
            Self::Proxy(proxy) => f.debug_tuple("Proxy").field(&mask::Shown(proxy)).finish(),
        }
    }
}

/// What a server learns of the page that led to it (Referrer Policy, section 3): the eight tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerPolicy {
    /// Nothing.
    NoReferrer,
    /// The whole URL, but nothing from https to http.
    NoReferrerWhenDowngrade,
    /// The whole URL within an origin, nothing to another.
    SameOrigin,
    /// The origin.
    Origin,
    /// The origin, but nothing from https to http.
    StrictOrigin,
    /// The whole URL within an origin, the origin to another.
    OriginWhenCrossOrigin,
    /// The same, but nothing from https to http: what browsers do.
    #[default]
    StrictOriginWhenCrossOrigin,
    /// The whole URL, always.
    UnsafeUrl,
}

impl Options {
    pub(super) const NONE: Self = Self {
        jar: None,
        via: None,
        referrer_policy: None,
        redirects: None,
        retries: None,
        uncached: false,
        despite_robots: false,
        offsite: false,
        without_cookies: false,
        timeout: None,
    };

    /// The same jar and proxy, for what is fetched because of a page; none if those are the usual ones.
    #[must_use]
    pub fn way(&self) -> Option<Arc<Self>> {
        let is_usual = self.jar.is_none() && self.via.is_none() && !self.without_cookies;
        let way = || Self {
            jar: self.jar.clone(),
            via: self.via.clone(),
            without_cookies: self.without_cookies,
            ..Self::NONE
        };
        (!is_usual).then(|| Arc::new(way()))
    }
}
