//! The middleware, request by request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::{at, date, get, response};
use crate::downloader::middlewares::cache::{Cache, Mode, Settings};
use crate::downloader::{Inbound, Keep, Middleware, Outbound, Trip};
use crate::message::{Failure, FailureKind, Request, Response};
use crate::stats::Stats;

const URL: &str = "http://a.example/page";

struct Session {
    cache: Cache,
    stats: Arc<Stats>,
    now: Arc<AtomicI64>,
    _folder: Option<tempfile::TempDir>,
}

impl Session {
    fn new(mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let session = Self::of(Settings { mode, dir: folder.path().to_owned(), ..Settings::default() });
        Self { _folder: Some(folder), ..session }
    }

    fn of(settings: Settings) -> Self {
        let (stats, now) = (Arc::new(Stats::default()), Arc::new(AtomicI64::new(0)));
        let clock = now.clone();
        let cache = Cache::with_clock(settings, stats.clone(), Arc::new(move || at(clock.load(Ordering::Relaxed))));
        Self { cache, stats, now, _folder: None }
    }

    /// A trip on which the server, if it is asked, says this. What came of it, and what the server was asked.
    async fn trip(&self, wish: &Request, said: Result<Response, Failure>) -> (Inbound, Option<Request>) {
        match self.cache.outbound(wish.clone()).await {
            Outbound::Send(sent) => (self.come(wish, &sent, said).await, Some(sent)),
            Outbound::Answer(response) => (self.come(wish, wish, Ok(response)).await, None),
            Outbound::Drop(reason) => panic!("dropped: {reason:?}"),
        }
    }

    async fn come(&self, wish: &Request, sent: &Request, outcome: Result<Response, Failure>) -> Inbound {
        self.cache.inbound(&Trip { wish, sent, keep: &Keep::page(1 << 20) }, outcome).await
    }

    fn counts(&self, names: &[&str]) -> Vec<u64> {
        names.iter().map(|name| self.stats.count(&format!("httpcache/{name}"))).collect()
    }
}

fn text(inbound: Inbound) -> (u16, String) {
    let Inbound::Pass(Ok(response)) = inbound else { panic!("{inbound:?}") };
    let body = response.body.into_bytes().expect("in memory");
    (response.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

fn says(status: u16, pairs: &[(&str, &str)], body: &str) -> Result<Response, Failure> {
    Ok(response(URL, status, pairs, body))
}

fn fails(kind: FailureKind) -> Result<Response, Failure> {
    Err(Failure::new(kind, URL.parse().expect("a URL"), "no answer"))
}

#[tokio::test]
async fn a_fresh_answer_asks_nobody_and_a_stale_one_is_confirmed() {
    let session = Session::new(Mode::Standard);
    let wish = get(URL, &[]);
    let first = [("cache-control", "max-age=60"), ("etag", "\"a\""), ("x", "1")];
    session.trip(&wish, says(200, &first, "one")).await;
    session.now.store(59, Ordering::Relaxed);
    let (came, asked) = session.trip(&wish, says(500, &[], "")).await;
    assert!(asked.is_none());
    let Inbound::Pass(Ok(hit)) = came else { panic!("{came:?}") };
    assert!(hit.from_cache);
    assert_eq!(hit.headers["age"], "59");
    session.now.store(61, Ordering::Relaxed);
    let confirms = [("etag", "\"a\""), ("x", "2"), ("set-cookie", "sid=2")];
    let (came, asked) = session.trip(&wish, says(304, &confirms, "")).await;
    assert_eq!(asked.expect("asked").headers["if-none-match"], "\"a\"");
    let Inbound::Pass(Ok(confirmed)) = came else { panic!("{came:?}") };
    assert_eq!((confirmed.status.as_u16(), &confirmed.headers["x"]), (200, &http::HeaderValue::from_static("2")));
    assert!(confirmed.headers.contains_key("set-cookie"), "the jar hears of it");
    session.now.store(120, Ordering::Relaxed);
    let (came, asked) = session.trip(&wish, says(500, &[], "")).await;
    assert!(asked.is_none(), "its age began anew");
    let Inbound::Pass(Ok(hit)) = came else { panic!("{came:?}") };
    assert!(!hit.headers.contains_key("set-cookie"), "an old cookie does not come back");
    assert_eq!(session.counts(&["hit", "miss", "store", "firsthand", "revalidate"]), [2, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_304_for_what_is_not_there_is_asked_again_without_conditions() {
    let session = Session::new(Mode::Standard);
    let wish = get(URL, &[]);
    session.trip(&wish, says(200, &[("cache-control", "max-age=1"), ("etag", "\"a\"")], "one")).await;
    session.now.store(5, Ordering::Relaxed);
    // for another variant
    let (came, _) = session.trip(&wish, says(304, &[("etag", "\"b\"")], "")).await;
    let Inbound::Again(again) = came else { panic!("{came:?}") };
    let (came, asked) = session.trip(&again, says(200, &[("etag", "\"b\"")], "two")).await;
    assert!(!asked.expect("asked").headers.contains_key("if-none-match"));
    assert_eq!(text(came), (200, "two".to_owned()));
    // gone while the server was asked
    let Outbound::Send(sent) = session.cache.outbound(wish.clone()).await else { panic!("stale") };
    session.cache.store().await.expect("a store").remove_url(&wish).expect("removed");
    let came = session.come(&wish, &sent, says(304, &[("etag", "\"b\"")], "")).await;
    assert!(matches!(came, Inbound::Again(_)), "{came:?}");
    // what the spider itself asks is its own affair
    let own = get(URL, &[("if-none-match", "\"mine\"")]);
    let (came, _) = session.trip(&own, says(304, &[("etag", "\"mine\"")], "")).await;
    assert_eq!(text(came).0, 304);
}

#[tokio::test]
async fn a_stale_answer_stands_in_for_a_server_that_fails() {
    let session = Session::new(Mode::Standard);
    let wish = get(URL, &[]);
    session.trip(&wish, says(200, &[("cache-control", "max-age=1")], "one")).await;
    session.now.store(5, Ordering::Relaxed);
    for said in [says(503, &[], "down"), fails(FailureKind::Connect), fails(FailureKind::DnsNxdomain)] {
        assert_eq!(text(session.trip(&wish, said).await.0), (200, "one".to_owned()));
    }
    let (came, _) = session.trip(&wish, fails(FailureKind::TooLarge)).await;
    assert!(matches!(came, Inbound::Pass(Err(_))));
    assert_eq!(session.counts(&["errorrecovery"]), [3]);
}

#[tokio::test]
async fn what_changes_things_makes_what_is_known_untrue() {
    let session = Session::new(Mode::Standard);
    let (page, other) = (get(URL, &[]), get("http://a.example/other", &[]));
    for wish in [&page, &other] {
        let response = response(wish.url.as_str(), 200, &[("cache-control", "max-age=60")], "one");
        session.trip(wish, Ok(response)).await;
    }
    let form = Request::post(URL.parse().expect("a URL"));
    session.trip(&form, says(500, &[], "")).await;
    assert!(session.trip(&page, fails(FailureKind::Connect)).await.1.is_none(), "nothing has changed");
    session.trip(&form, says(302, &[("location", "/other")], "")).await;
    for wish in [&page, &other] {
        assert!(session.trip(wish, fails(FailureKind::Connect)).await.1.is_some(), "{}", wish.url);
    }
    assert_eq!(session.counts(&["invalidate"]), [2]);
}

#[tokio::test]
async fn everything_is_everything_but_what_may_pass_or_is_not_whole() {
    let session = Session::new(Mode::Everything);
    let no = [("cache-control", "no-store, max-age=0"), ("vary", "*"), ("set-cookie", "sid=1")];
    let form = Request::post(URL.parse().expect("a URL")).form([("a", "1")]);
    for wish in [get(URL, &[]), form] {
        session.trip(&wish, says(404, &no, "gone")).await;
        session.now.fetch_add(1_000_000, Ordering::Relaxed);
        let (came, asked) = session.trip(&wish, fails(FailureKind::Connect)).await;
        assert!(asked.is_none());
        let Inbound::Pass(Ok(hit)) = came else { panic!("{came:?}") };
        assert_eq!((hit.status.as_u16(), &hit.headers["set-cookie"]), (404, &http::HeaderValue::from_static("sid=1")));
    }
    for (status, path) in [(503, "a"), (206, "b"), (304, "c")] {
        let wish = get(&format!("http://a.example/{path}"), &[]);
        session.trip(&wish, says(status, &[("content-type", "text/plain")], "x")).await;
        assert!(session.trip(&wish, says(200, &[], "x")).await.1.is_some(), "{status}");
    }
    let mut uncached = get(URL, &[]);
    uncached.options_mut().uncached = true;
    assert!(session.trip(&uncached, says(200, &[], "new")).await.1.is_some());
    assert_eq!(text(session.trip(&get(URL, &[]), says(200, &[], "x")).await.0).1, "gone", "nor was it kept");
}

#[tokio::test]
async fn offline_asks_no_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = |mode| Settings { mode, dir: folder.path().to_owned(), ..Settings::default() };
    let first = Session::of(settings(Mode::Everything));
    first.trip(&get(URL, &[]), says(200, &[("date", &date(0))], "one")).await;
    drop(first);
    let session = Session::of(settings(Mode::Offline));
    assert_eq!(text(session.trip(&get(URL, &[]), says(200, &[], "x")).await.0).1, "one");
    let mut uncached = get("http://a.example/b", &[]);
    uncached.options_mut().uncached = true;
    for wish in [get("http://a.example/c", &[]), uncached, get("http://a.example/d", &[("range", "bytes=0-1")])] {
        let (came, asked) = session.trip(&wish, says(200, &[], "x")).await;
        assert!(asked.is_none());
        assert!(matches!(came, Inbound::Pass(Err(failure)) if failure.kind == FailureKind::CacheMiss));
    }
    assert_eq!(session.counts(&["hit", "ignore", "store"]), [1, 3, 0]);
    // and so it is for one request that wants it (RFC 9111, section 5.2.1.7)
    let session = Session::new(Mode::Standard);
    let (came, _) = session.trip(&get(URL, &[("cache-control", "only-if-cached")]), says(200, &[], "x")).await;
    assert!(matches!(came, Inbound::Pass(Err(failure)) if failure.kind == FailureKind::CacheMiss));
}

#[tokio::test]
async fn a_crawl_without_its_store_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings { mode: Mode::Everything, dir: folder.path().to_owned(), ..Settings::default() };
    let first = Session::of(settings.clone());
    first.trip(&get(URL, &[]), says(200, &[], "one")).await;
    let second = Session::of(settings);
    assert_eq!(text(second.trip(&get(URL, &[]), says(200, &[], "two")).await.0).1, "two");
    assert_eq!(second.counts(&["hit", "store"]), [0, 0]);
}

#[tokio::test]
async fn what_was_kept_under_another_limit_is_too_large_now() {
    let session = Session::new(Mode::Everything);
    let wish = get(URL, &[]);
    session.trip(&wish, says(200, &[], &"x".repeat(5000))).await;
    let Outbound::Answer(hit) = session.cache.outbound(wish.clone()).await else { panic!("a hit") };
    let keep = Keep::page(4000);
    let came = session.cache.inbound(&Trip { wish: &wish, sent: &wish, keep: &keep }, Ok(hit)).await;
    assert!(matches!(came, Inbound::Pass(Err(failure)) if failure.kind == FailureKind::TooLarge));
}

#[tokio::test]
async fn off_does_nothing_at_all() {
    let session = Session::of(Settings { dir: "/nowhere/at/all".into(), ..Settings::default() });
    let (came, asked) = session.trip(&get(URL, &[]), says(200, &[], "x")).await;
    let Inbound::Pass(Ok(response)) = came else { panic!("{came:?}") };
    assert!(asked.is_some() && response.headers.is_empty());
}
