//! One wish: what to fetch, how urgently, and what to do with the answer.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
pub use http::Method;
use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::{Options, Reach, mask};

/// A request, from the moment a spider asks for it until its outcome is settled.
///
/// Plain data: middlewares may change any of it. Built with [`Request::get`] or [`Request::post`] and the setters below.
#[derive(Clone)]
pub struct Request {
    /// The method; `GET` unless something else was asked for.
    pub method: Method,
    /// Where to send it; always absolute.
    pub url: Url,
    /// Headers that this request asks for beside those of the middlewares, which never overwrite them.
    pub headers: HeaderMap,
    /// The body, empty for most.
    pub body: Bytes,
    /// Higher goes first among the requests of one host.
    pub priority: i32,
    /// How many links lie between a start request (0) and this one.
    pub depth: u32,
    /// How often this wish was tried before and is to be tried again.
    pub attempts: u32,
    /// How often it was sent again because the spider had been signed out.
    pub sign_ins: u32,
    /// Not to be sent earlier than this: a back-off or a `Retry-After`.
    pub due: Option<SystemTime>,
    /// The spider's step, sealed; empty where the engine itself asks.
    pub step: Sealed,
    /// The page that led here, for the `Referer` header.
    pub referrer: Option<Url>,
    /// Not tested against the seen set (Scrapy's `dont_filter`).
    pub unfiltered: bool,
    /// The redirects that led here, first one first.
    pub redirects: Vec<Redirect>,
    /// The request as the spider wished it, once redirects have changed it.
    pub original: Option<Box<Request>>,
    /// Records of its page that were kept already: the page comes again for the rest.
    pub given: u64,
    /// How far it may reach, by where the page was that led to it.
    pub reach: Reach,
    /// What it asks of single layers; nothing for most.
    pub options: Option<Box<Options>>,
}

/// A host as politeness knows it: its name, and its port where that is not the scheme's own.
pub type Host = Arc<str>;

/// One hop of a redirect chain.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The URL that answered with a redirect.
    pub url: Url,
    /// Its status: 301 to 308, or that of a page which led on by a refresh.
    pub status: u16,
    /// It came with a `Set-Cookie`, after which a known URL may answer otherwise.
    pub sets_cookie: bool,
}

/// A spider's step in the form in which it travels and rests: JSON, so that it can be read back by a later build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed(pub Bytes);

impl Request {
    /// A `GET` request.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    /// A `POST` request with an empty body; see [`Request::form`].
    #[must_use]
    pub fn post(url: Url) -> Self {
        Self::new(Method::POST, url)
    }

    /// A request of any method.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            priority: 0,
            depth: 0,
            attempts: 0,
            sign_ins: 0,
            due: None,
            step: Sealed::default(),
            referrer: None,
            unfiltered: false,
            redirects: Vec::new(),
            original: None,
            given: 0,
            reach: Reach::Anywhere,
            options: None,
        }
    }

    /// What it asks of single layers.
    #[must_use]
    pub fn options(&self) -> &Options {
        self.options.as_deref().unwrap_or(&Options::NONE)
    }

    /// The same, to be changed: `request.options_mut().jar = Some("second".into())`.
    pub fn options_mut(&mut self) -> &mut Options {
        self.options.get_or_insert_default()
    }

    /// Sets a header, in place of any of that name.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the priority: higher goes first, 0 is usual.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Lets this request pass although its URL was seen before (Scrapy's `dont_filter=True`).
    #[must_use]
    pub fn unfiltered(mut self) -> Self {
        self.unfiltered = true;
        self
    }

    /// The wish as the spider made it, before redirects and attempts.
    #[must_use]
    pub fn as_wished(self) -> Self {
        match self.original {
            Some(original) => Self { given: self.given, ..*original },
            None => self,
        }
    }

    /// The host whose turn this request has to wait for: name, and port where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> Host {
        let name = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => Host::from(format!("{name}:{port}")),
            None => Host::from(name),
        }
    }
}

// by hand, and whole: URLs, headers and body without their secrets
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &mask::Shown(&self.url))
            .field("headers", &mask::Headers(&self.headers))
            .field("body", &Bytes::from(self.shown_body(true)))
            .field("priority", &self.priority)
            .field("depth", &self.depth)
            .field("attempts", &self.attempts)
            .field("sign_ins", &self.sign_ins)
            .field("due", &self.due)
            .field("step", &self.step)
            .field("referrer", &self.referrer.as_ref().map(mask::Shown))
            .field("unfiltered", &self.unfiltered)
            .field("redirects", &self.redirects)
            .field("original", &self.original)
            .field("given", &self.given)
            .field("reach", &self.reach)
            .field("options", &self.options)
            .finish()
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirect")
            .field("url", &mask::Shown(&self.url))
            .field("status", &self.status)
            .field("sets_cookie", &self.sets_cookie)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l01_a_request_prints_without_its_secrets() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let mut value = HeaderValue::from_static("canary");
        value.set_sensitive(true);
        let mut request = Request::post(url("http://me:canary@a.example/?token=canary"))
            .form([("password", "canary")])
            .header(HeaderName::from_static("x-odd"), value)
            .header(http::header::COOKIE, HeaderValue::from_static("sid=canary"));
        request.referrer = Some(url("http://a.example/?code=canary"));
        request.redirects = vec![Redirect { url: url("http://canary@a.example/"), status: 302, sets_cookie: false }];
        request.options_mut().via = Some(super::super::Via::Proxy(url("http://me:canary@proxy.example/")));
        request.original = Some(Box::new(request.clone()));
        for text in [format!("{request:?}"), format!("{request:#?}")] {
            assert!(!text.contains("canary"), "{text}");
            assert!(text.contains("a.example") && text.contains("x-odd"), "{text}");
        }
    }

    #[test]
    fn a_host_names_its_port_only_where_it_is_unusual() {
        let host = |url: &str| Request::get(Url::parse(url).expect("a URL")).host();
        assert_eq!(&*host("https://EXAMPLE.com:443/a"), "example.com");
        assert_eq!(&*host("http://example.com:8080/a"), "example.com:8080");
    }
}
