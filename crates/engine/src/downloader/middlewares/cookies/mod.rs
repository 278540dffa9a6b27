//! Cookies, as browsers keep them (RFC 6265bis): in jars that requests choose by name, with the job where there is one.

mod cookie;
mod date;
mod file;
mod jar;
mod kept;
mod line;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, header};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

pub use date::cookie_date;

use self::cookie::{Cookie, Refusal};
use self::jar::{Jar, Put};
use self::kept::Kept;
use self::line::Line;
use crate::downloader::{Inbound, Middleware, Outbound, Trip};
use crate::error::{Error, Result};
use crate::message::{Failure, Request, Response};
use crate::stats::{Name, Stats};

/// `[middlewares.cookies]`. The limits are those of RFC 6265bis and of browsers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The longest cookie that is taken, name and value, in bytes.
    pub max_cookie: usize,
    /// The longest attribute that is looked at, in bytes.
    pub max_attribute: usize,
    /// The most cookies taken from one response.
    pub max_per_response: usize,
    /// The most cookies of one domain; then those go that were not sent for the longest.
    pub max_per_domain: usize,
    /// The most cookies in one jar.
    pub max_per_jar: usize,
    /// The longest `Cookie` header that is sent, in bytes; what does not fit is left out.
    pub max_header: usize,
    /// The most cookies in one `Cookie` header.
    pub max_pairs: usize,
    /// The longest life of a cookie.
    #[serde(with = "humantime_serde")]
    pub max_life: Duration,
    /// A file of cookies to begin with; none if it is empty.
    pub file: PathBuf,
    /// Where the cookies are written at the end; nowhere if it is empty.
    pub export: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_cookie: 4096,
            max_attribute: 1024,
            max_per_response: 50,
            max_per_domain: 180,
            max_per_jar: 3000,
            max_header: 8190,
            max_pairs: 150,
            max_life: Duration::from_secs(400 * 24 * 3600),
            file: PathBuf::new(),
            export: PathBuf::new(),
        }
    }
}

/// Sends the cookies that a host has set, and takes those that it sets.
pub struct Cookies {
    settings: Settings,
    stats: Arc<Stats>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    jars: Mutex<Jars>,
    /// They have changed since they were last kept.
    changed: AtomicBool,
    /// What `middlewares.cookies.file` has, and a hash of it.
    brought: Option<(u64, Vec<Cookie>)>,
}

#[derive(Default)]
struct Jars {
    /// That of requests that name none.
    default: Jar,
    named: HashMap<Arc<str>, Jar>,
}

impl Jars {
    fn get(&mut self, name: Option<&str>) -> Option<&mut Jar> {
        match name {
            Some(name) => self.named.get_mut(name),
            None => Some(&mut self.default),
        }
    }

    fn get_or_new(&mut self, name: Option<&str>) -> &mut Jar {
        match name {
            Some(name) => self.named.entry(name.into()).or_default(),
            None => &mut self.default,
        }
    }
}

impl Cookies {
    /// Empty jars, or one with the cookies of `file`.
    ///
    /// # Errors
    /// If that file cannot be read: the place, and never what stands there.
    pub fn new(settings: Settings, stats: Arc<Stats>) -> Result<Self> {
        let mut this = Self {
            settings,
            stats,
            clock: Box::new(Timestamp::now),
            jars: Mutex::default(),
            changed: AtomicBool::new(false),
            brought: None,
        };
        if !this.settings.file.as_os_str().is_empty() {
            let path = this.settings.file.display();
            let unread = |what: String| Error::setting("middlewares.cookies.file", format!("= `{path}` {what}"));
            let file =
                std::fs::read(&this.settings.file).map_err(|error| unread(format!("cannot be read: {error}")))?;
            this.brought = Some((xxh3_64(&file), file::read(&file).map_err(unread)?));
            this.bring();
        }
        Ok(this)
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Takes a cookie as if a response from `url` had come with this `Set-Cookie` line. What is not taken is counted.
    pub fn set(&self, jar: Option<&str>, url: &Url, line: &str) {
        self.receive(jar, url, std::iter::once(line.as_bytes()));
    }

    fn receive<'a>(&self, jar: Option<&str>, url: &Url, lines: impl Iterator<Item = &'a [u8]>) {
        let (now, settings) = ((self.clock)(), &self.settings);
        let mut counts = Counts::default();
        let mut jars = self.lock();
        for (number, line) in lines.enumerate() {
            if number >= settings.max_per_response {
                counts.refused(Refusal::TooMany);
                continue;
            }
            let put = Line::parse(line, settings).and_then(|line| {
                counts.add("cookies/ignored_attribute_count", line.too_long);
                let cookie = Cookie::received(&line, url, now, settings)?;
                jars.get_or_new(jar).receive(&cookie, url, now, settings)
            });
            match put {
                Ok(put) => self.put(put, &mut counts),
                Err(refusal) => counts.refused(refusal),
            }
        }
        drop(jars);
        counts.write(&self.stats);
    }

    /// Puts the file's cookies into the default jar.
    fn bring(&self) {
        let (now, settings) = ((self.clock)(), &self.settings);
        let mut counts = Counts::default();
        let mut jars = self.lock();
        for cookie in self.brought.iter().flat_map(|(_, cookies)| cookies) {
            match cookie.clone().brought(now, settings) {
                Ok(cookie) => self.put(jars.default.put(&cookie, now, settings), &mut counts),
                Err(refusal) => counts.refused(refusal),
            }
        }
        drop(jars);
        counts.write(&self.stats);
    }

    fn put(&self, put: Put, counts: &mut Counts) {
        if put.changed {
            self.changed.store(true, Ordering::Relaxed);
        }
        counts.add("cookies/evicted_count/domain", put.over_domain);
        counts.add("cookies/evicted_count/jar", put.over_jar);
    }

    /// The line for a request's `Cookie` header: its own cookies, then those of its jar that have other names. None if
    /// its jar is empty, or all is.
    fn line(&self, request: &Request) -> Option<HeaderValue> {
        let own: Vec<&[u8]> = request.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
        let mut line = Vec::new();
        let left_out = {
            let mut jars = self.lock();
            let jar = jars.get(request.options().jar.as_deref()).filter(|jar| !jar.is_empty())?;
            let names: Vec<&[u8]> = own.iter().flat_map(|own| names(own)).collect();
            line.extend(own.join(&b"; "[..]));
            jar.write(&request.url, (self.clock)(), &self.settings, &names, &mut line)
        };
        if left_out > 0 {
            self.stats.add("cookies/unsent_count", left_out);
        }
        if line.is_empty() {
            return None;
        }
        let mut value = HeaderValue::try_from(line).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    // a panic while a jar is changed leaves at most a cookie without a value, which is passed over
    fn lock(&self) -> MutexGuard<'_, Jars> {
        self.jars.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The names in a `Cookie` header.
fn names(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b';').map(|pair| match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => pair[..at].trim_ascii(),
        None => b"",
    })
}

/// Figures that are written once the jars are unlocked.
#[derive(Default)]
struct Counts(Vec<(&'static str, u64)>);

impl Counts {
    fn refused(&mut self, refusal: Refusal) {
        self.add(refusal.stat(), 1);
    }

    fn add(&mut self, name: &'static str, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known += count,
            None if count > 0 => self.0.push((name, count)),
            None => {}
        }
    }

    fn write(self, stats: &Stats) {
        if !self.0.is_empty() {
            stats.add_all(self.0.into_iter().map(|(name, count)| (Name::from(name), count)));
        }
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // not the jars: what stands there signs in
        f.debug_struct("Cookies").field("settings", &self.settings).finish_non_exhaustive()
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
        if !request.options().without_cookies
            && let Some(line) = self.line(&request)
        {
            request.headers.insert(header::COOKIE, line);
        }
        Outbound::Send(request)
    }

    async fn inbound(&self, trip: &Trip<'_>, outcome: Result<Response, Failure>) -> Inbound {
        if let Ok(response) = &outcome
            && response.headers.contains_key(header::SET_COOKIE)
            && !trip.sent.options().without_cookies
        {
            let lines = response.headers.get_all(header::SET_COOKIE).iter().map(HeaderValue::as_bytes);
            self.receive(trip.sent.options().jar.as_deref(), &trip.sent.url, lines);
        }
        Inbound::Pass(outcome)
    }

    fn keep(&self) -> Option<Bytes> {
        if !self.changed.swap(false, Ordering::Relaxed) {
            return None;
        }
        let now = (self.clock)();
        let jars = self.lock();
        // a session's cookie ends with the browser, but a job is one session however often it is begun
        let named = jars.named.iter().map(|(name, jar)| (Some(String::from(&**name)), jar.cookies(now)));
        let all = std::iter::once((None, jars.default.cookies(now))).chain(named).collect();
        drop(jars);
        Kept::new(self.brought.as_ref().map(|(hash, _)| *hash), all).write().map(Bytes::from)
    }

    fn recall(&self, kept: &[u8]) {
        let Some(kept) = Kept::read(kept) else {
            return tracing::warn!("the job's cookies cannot be read; it goes on without them");
        };
        let now = (self.clock)();
        let mut jars = Jars::default();
        for (name, cookies) in &kept.jars {
            let jar = jars.get_or_new(name.as_deref());
            for cookie in cookies {
                jar.put(cookie, now, &self.settings);
            }
        }
        *self.lock() = jars;
        // a file that the job has not begun with is news to it
        if self.brought.as_ref().is_some_and(|(hash, _)| kept.file != Some(*hash)) {
            self.bring();
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    async fn close(&self) {
        let path = &self.settings.export;
        if path.as_os_str().is_empty() {
            return;
        }
        let cookies = self.lock().default.cookies((self.clock)());
        match file::write(path, &cookies) {
            Ok(0) => {}
            Ok(left_out) => tracing::warn!(left_out, "cookies with a tab in their name have no place in cookies.txt"),
            Err(error) => tracing::error!(path = %path.display(), %error, "the cookies cannot be written"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::downloader::Keep;
    use http::StatusCode;

    fn cookies() -> Cookies {
        Cookies::new(Settings::default(), Arc::default()).expect("cookies")
    }

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn get(to: &str, jar: Option<&str>) -> Request {
        let mut request = Request::get(url(to));
        if let Some(jar) = jar {
            request.options_mut().jar = Some(jar.into());
        }
        request
    }

    async fn answer(cookies: &Cookies, sent: &Request, lines: &[&str]) {
        let mut response = Response::new(sent.url.clone(), StatusCode::OK);
        for line in lines {
            response.headers.append(header::SET_COOKIE, HeaderValue::try_from(*line).expect("a header"));
        }
        cookies.inbound(&Trip { wish: sent, sent, keep: &Keep::page(1 << 20) }, Ok(response)).await;
    }

    async fn set(cookies: &Cookies, from: &str, lines: &[&str]) {
        answer(cookies, &get(from, None), lines).await;
    }

    async fn send(cookies: &Cookies, request: Request) -> Option<String> {
        let Outbound::Send(request) = cookies.outbound(request).await else { panic!("sent") };
        let line = request.headers.get(header::COOKIE)?;
        Some(String::from_utf8(line.as_bytes().to_vec()).expect("text"))
    }

    async fn sent(cookies: &Cookies, to: &str) -> Option<String> {
        send(cookies, get(to, None)).await
    }

    #[tokio::test]
    async fn a_session_goes_back_to_its_host_only() {
        let cookies = cookies();
        set(&cookies, "https://a.example/", &["session=1; Path=/; Secure; HttpOnly", "lang=en"]).await;
        assert_eq!(sent(&cookies, "https://a.example/album").await.as_deref(), Some("session=1; lang=en"));
        assert_eq!(sent(&cookies, "http://a.example/album").await.as_deref(), Some("lang=en"));
        assert_eq!(sent(&cookies, "https://b.example/").await, None);
    }

    #[tokio::test]
    async fn jars_know_nothing_of_each_other() {
        let cookies = cookies();
        for jar in [None, Some("first"), Some("second")] {
            let line = format!("who={}", jar.unwrap_or("nobody"));
            answer(&cookies, &get("http://a.example/", jar), &[&line]).await;
        }
        let to = |jar| send(&cookies, get("http://a.example/", jar));
        assert_eq!(to(None).await.as_deref(), Some("who=nobody"));
        assert_eq!(to(Some("first")).await.as_deref(), Some("who=first"));
        assert_eq!(to(Some("second")).await.as_deref(), Some("who=second"));
        assert_eq!(to(Some("third")).await, None);
    }

    #[tokio::test]
    async fn a_request_may_do_without_cookies() {
        let cookies = cookies();
        let mut request = get("http://a.example/", None);
        request.options_mut().without_cookies = true;
        answer(&cookies, &request, &["a=1"]).await;
        assert_eq!(sent(&cookies, "http://a.example/").await, None);
        set(&cookies, "http://a.example/", &["a=1"]).await;
        assert_eq!(send(&cookies, request.clone()).await, None);
        let own = request.header(header::COOKIE, HeaderValue::from_static("b=2"));
        assert_eq!(send(&cookies, own).await.as_deref(), Some("b=2"));
    }

    #[tokio::test]
    async fn a_requests_own_cookies_come_first_and_win() {
        let cookies = cookies();
        set(&cookies, "http://a.example/", &["a=jar", "b=jar", "nameless"]).await;
        let own = |line| get("http://a.example/", None).header(header::COOKIE, HeaderValue::from_static(line));
        assert_eq!(send(&cookies, own("b=own; c=own")).await.as_deref(), Some("b=own; c=own; a=jar; nameless"));
        assert_eq!(send(&cookies, own("other")).await.as_deref(), Some("other; a=jar; b=jar"));
        let mut two = own("b=own");
        two.headers.append(header::COOKIE, HeaderValue::from_static("c=own"));
        assert_eq!(send(&cookies, two).await.as_deref(), Some("b=own; c=own; a=jar; nameless"));
        let Outbound::Send(request) = cookies.outbound(own("c=own")).await else { panic!("sent") };
        assert!(request.headers[header::COOKIE].is_sensitive());
    }

    #[tokio::test]
    async fn bytes_go_back_as_they_came() {
        let cookies = cookies();
        let mut response = Response::new(url("http://a.example/"), StatusCode::OK);
        let bytes = |bytes: &[u8]| HeaderValue::from_bytes(bytes).expect("a header");
        response.headers.append(header::SET_COOKIE, bytes(b"latin=\xE4"));
        response.headers.append(header::SET_COOKIE, bytes("utf\u{e4}=\u{e4}".as_bytes()));
        let request = get("http://a.example/", None);
        let trip = Trip { wish: &request, sent: &request, keep: &Keep::page(1 << 20) };
        cookies.inbound(&trip, Ok(response)).await;
        let Outbound::Send(request) = cookies.outbound(request.clone()).await else { panic!("sent") };
        assert_eq!(request.headers[header::COOKIE].as_bytes(), b"latin=\xE4; utf\xC3\xA4=\xC3\xA4");
    }

    #[tokio::test]
    async fn c11_a_job_finds_its_jars_again_and_nobody_else_does() {
        let cookies = cookies();
        assert_eq!(cookies.keep(), None);
        set(&cookies, "https://a.example/", &["session=1", "year=2; Max-Age=31536000", "nameless", "x=; Secure"]).await;
        answer(&cookies, &get("https://a.example/", Some("second")), &["session=2; Domain=a.example"]).await;
        let kept = cookies.keep().expect("the jars have changed");
        assert_eq!(cookies.keep(), None, "and not since");
        set(&cookies, "https://a.example/", &["session=1"]).await;
        assert_eq!(cookies.keep(), None, "what is the same is no change");
        let next = self::cookies();
        assert_eq!(sent(&next, "https://a.example/").await, None);
        next.recall(b"not a jar");
        next.recall(&kept);
        assert_eq!(sent(&next, "https://a.example/").await.as_deref(), Some("session=1; year=2; nameless; x="));
        let second = send(&next, get("https://www.a.example/", Some("second"))).await;
        assert_eq!(second.as_deref(), Some("session=2"));
    }

    #[tokio::test]
    async fn c08_floods_and_giants_are_not_taken_and_are_counted() {
        let cookies = cookies();
        let giant = format!("giant={}", "x".repeat(5000));
        let flood: Vec<String> = (0..10_000).map(|n| format!("c{n}=1")).collect();
        let lines: Vec<&str> = std::iter::once(giant.as_str()).chain(flood.iter().map(String::as_str)).collect();
        set(&cookies, "https://a.example/", &lines).await;
        let line = sent(&cookies, "https://a.example/").await.expect("cookies");
        assert_eq!(line.split("; ").count(), 49, "fifty were looked at, and the giant was one of them");
        for (name, count) in [("too_large", 1), ("too_many", 9951)] {
            assert_eq!(cookies.stats.count(&format!("cookies/ignored_count/{name}")), count, "{name}");
        }
        for lines in flood.chunks(50) {
            set(&cookies, "https://a.example/", &lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
        let line = sent(&cookies, "https://a.example/").await.expect("cookies");
        assert_eq!(line.split("; ").count(), 150, "of the 180 that are there");
        assert_eq!(cookies.stats.count("cookies/unsent_count"), 30);
        assert_eq!(cookies.stats.count("cookies/evicted_count/domain"), 10_000 - 180);
    }

    #[tokio::test]
    async fn c08_a_cookie_header_has_a_limit() {
        let cookies = cookies();
        let long = ["a", "b", "c"].map(|name| format!("{name}={}", "x".repeat(4000)));
        set(&cookies, "https://a.example/", &long.each_ref().map(String::as_str)).await;
        set(&cookies, "https://a.example/", &["d=4"]).await;
        let line = sent(&cookies, "https://a.example/").await.expect("cookies");
        assert!(line.len() <= 8190 && line.ends_with("; d=4"), "{}", line.len());
        assert_eq!(cookies.stats.count("cookies/unsent_count"), 1);
    }

    #[tokio::test]
    async fn cookies_come_from_a_file_and_go_to_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, export) = (folder.path().join("in.txt"), folder.path().join("out.json"));
        let lines = "a.example\tFALSE\t/\tTRUE\t0\tsession\t1\n.com\tTRUE\t/\tFALSE\t0\tevil\t1\n\
            .shop.co.uk\tTRUE\t/\tFALSE\t0\tcart\t2\nb.example\tFALSE\t/\tTRUE\t9\told\t1\n\
            x@a.example\tFALSE\t/\tTRUE\t0\tat\t1\na.example\tFALSE\t/\tTRUE\t0\ttwo\t1; three=3\n";
        std::fs::write(&file, lines).expect("a file");
        let settings = Settings { file: file.clone(), export: export.clone(), ..Settings::default() };
        let open = || Cookies::new(settings.clone(), Arc::default()).expect("cookies");
        let first = open();
        assert_eq!(sent(&first, "https://a.example/").await.as_deref(), Some("session=1"));
        assert_eq!(sent(&first, "http://www.shop.co.uk/").await.as_deref(), Some("cart=2"));
        assert_eq!(sent(&first, "https://b.com/").await, None);
        for name in ["expired", "domain", "control_byte"] {
            assert_eq!(first.stats.count(&format!("cookies/ignored_count/{name}")), 1, "{name}");
        }
        set(&first, "https://a.example/", &["session=2"]).await;
        let kept = first.keep().expect("jars");
        first.close().await;
        assert!(std::fs::read_to_string(&export).expect("a file").contains("\"session\""));
        // the file that the job has begun with does not take it back to its beginning; another one is news
        let second = open();
        second.recall(&kept);
        assert_eq!(sent(&second, "https://a.example/").await.as_deref(), Some("session=2"));
        std::fs::write(&file, "a.example\tFALSE\t/\tTRUE\t0\tsession\t3\n").expect("a file");
        let third = open();
        third.recall(&kept);
        assert_eq!(sent(&third, "https://a.example/").await.as_deref(), Some("session=3"));
        assert_eq!(sent(&third, "http://www.shop.co.uk/").await.as_deref(), Some("cart=2"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let settings = Settings { file: "/nowhere/cookies.txt".into(), ..Settings::default() };
        let error = Cookies::new(settings, Arc::default()).expect_err("no file").to_string();
        assert!(error.contains("middlewares.cookies.file") && error.contains("/nowhere/cookies.txt"), "{error}");
    }

    #[tokio::test]
    async fn c09_whatever_comes_is_taken_or_left() {
        const PARTS: [&[u8]; 28] = [
            b"a",
            b"=",
            b";",
            b" ",
            b"\t",
            b"\"",
            b"\xE4",
            "\u{e4}".as_bytes(),
            b"\x7F",
            b"__Host-",
            b"__Secure-",
            b"; Secure",
            b"; Path=/",
            b"; Path=",
            b"; Domain=",
            b".",
            b"a.example",
            b"example",
            b"com",
            b"; Max-Age=",
            b"-",
            b"9999999999999",
            b"; Expires=",
            b"31 Dec 9999 23:59:59",
            b"1 Jan 1601 0:0:0",
            b"; SameSite=None",
            b"; HttpOnly",
            b"%00",
        ];
        let settings = Settings { max_per_domain: 5, max_per_jar: 9, max_header: 60, ..Settings::default() };
        let cookies = Cookies::new(settings, Arc::default()).expect("cookies");
        let hosts =
            ["https://x.a.example/", "http://a.example/a/", "https://a.example./", "http://127.0.0.1/", "http://com/"];
        for round in 0..20_000_u64 {
            let parts = (0..round % 12)
                .map(|at| PARTS[(xxh3_64(&[round.to_le_bytes(), at.to_le_bytes()].concat()) % 28) as usize]);
            let url = url(hosts[(round % 5) as usize]);
            cookies.receive(None, &url, std::iter::once(&*parts.collect::<Vec<_>>().concat()));
            if let Some(line) = cookies.line(&Request::get(url)) {
                assert!(line.len() <= 60 && !line.as_bytes().iter().any(|byte| line::is_control(*byte)));
            }
            if round % 1000 == 0 {
                let next = self::cookies();
                next.recall(&cookies.keep().unwrap_or_default());
            }
        }
        assert!(cookies.lock().default.cookies(Timestamp::now()).len() <= 9);
        for name in ["control_byte", "empty", "domain", "public_suffix", "insecure", "prefix"] {
            assert!(cookies.stats.count(&format!("cookies/ignored_count/{name}")) > 0, "{name}");
        }
    }

    #[tokio::test]
    async fn l01_nothing_prints_a_cookie() {
        let cookies = cookies();
        set(&cookies, "https://a.example/", &["session=hunter2"]).await;
        assert!(!format!("{cookies:?}").contains("hunter2"));
        let Outbound::Send(request) = cookies.outbound(get("https://a.example/", None)).await else { panic!("sent") };
        assert!(!format!("{request:?}").contains("hunter2"));
    }
}
