//! What Scrapy's own suite asks of its HTTP cache.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dragline::downloader::cache::policy::Kept;
use dragline::downloader::cache::policy::{ask_for_changes, is_about};
use dragline::downloader::cache::{CacheControl, Rules, http_date};
use dragline::downloader::middlewares::cache::{Cache, Mode, Settings};
use dragline::downloader::{Inbound, Keep, Middleware, Outbound, Trip};
use dragline::message::{Body, Failure, FailureKind, Method, Request, Response};
use dragline::stats::Stats;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::{bytes, check};

fn headers(value: &Value) -> HeaderMap {
    let pair = |pair: &Value| {
        let name = HeaderName::try_from(pair[0].as_str().expect("a name")).expect("a name");
        (name, HeaderValue::from_bytes(&bytes(&pair[1])).expect("a value"))
    };
    value.as_array().into_iter().flatten().map(pair).collect()
}

fn request(case: &Value) -> Request {
    let method = case["method"].as_str().unwrap_or("GET");
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = Request::new(method, case["url"].as_str().expect("a URL").parse().expect("a URL"));
    request.headers = headers(&case["headers"]);
    request.body = bytes(&case["body"]).into();
    if case["meta"]["dont_cache"].as_bool() == Some(true) {
        request.options_mut().uncached = true;
    }
    request
}

fn response(case: &Value) -> Response {
    let status = u16::try_from(case["status"].as_u64().expect("a status")).expect("a status");
    let url = case["url"].as_str().expect("a URL").parse().expect("a URL");
    let mut response = Response::new(url, StatusCode::from_u16(status).expect("a status"));
    response.headers = headers(&case["headers"]);
    response.body = Body::Memory(bytes(&case["body"]).into());
    response
}

/// Their settings in our words.
fn settings(case: &Value, dir: &std::path::Path) -> Settings {
    let theirs = &case["settings"];
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
    };
    let mode = match (theirs["ignore_missing"].as_bool(), case["policy"].as_str()) {
        (Some(true), _) => Mode::Offline,
        (_, Some("DummyPolicy")) => Mode::Everything,
        _ => Mode::Standard,
    };
    let statuses = theirs["ignore_http_codes"].as_array().into_iter().flatten();
    Settings {
        mode,
        dir: dir.to_owned(),
        max_age: Duration::from_secs(theirs["expiration_secs"].as_u64().unwrap_or(0)),
        ignore_statuses: statuses.filter_map(|status| u16::try_from(status.as_u64()?).ok()).collect(),
        ignore_schemes: texts(&theirs["ignore_schemes"]),
        ignore_directives: texts(&theirs["ignore_response_cache_controls"]),
        always_store: theirs["always_store"].as_bool().unwrap_or(false),
        ..Settings::default()
    }
}

fn at(case: &Value) -> Option<SystemTime> {
    let seconds = case["now"].as_f64()?;
    Some(UNIX_EPOCH + Duration::from_secs_f64(seconds))
}

/// Whether a response is the wanted one. `Age`, which RFC 9111 demands of an answer from a cache, is passed over where
/// the peer, which never sets it, has none.
fn is_same(ours: Response, want: &Value) -> Result<(), String> {
    let theirs = response(want);
    let sorted = |headers: &HeaderMap| {
        let has_age = theirs.headers.contains_key("age");
        let mut all: Vec<_> = headers.iter().filter(|(name, _)| has_age || *name != "age").collect();
        all.sort_by_key(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        format!("{all:?}")
    };
    let said = (ours.status, ours.url.clone(), sorted(&ours.headers));
    let wanted = (theirs.status, theirs.url.clone(), sorted(&theirs.headers));
    let bodies = [ours.body, theirs.body].map(|body| body.into_bytes().expect("in memory"));
    if said == wanted && bodies[0] == bodies[1] { Ok(()) } else { Err(format!("{said:?} and not {wanted:?}")) }
}

struct Scene {
    cache: Cache,
    now: Arc<AtomicU64>,
    expires: Duration,
    _folder: tempfile::TempDir,
    /// Requests as they were sent, by the case's number.
    sent: Mutex<std::collections::HashMap<u64, (Request, Request)>>,
}

impl Scene {
    fn new(case: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let now = Arc::new(AtomicU64::new(0));
        let clock = now.clone();
        let settings = settings(case, folder.path());
        let expires = settings.max_age;
        let cache = Cache::with_clock(
            settings,
            Arc::new(Stats::default()),
            Arc::new(move || UNIX_EPOCH + Duration::from_millis(clock.load(Ordering::Relaxed))),
        );
        let scene = Self { cache, now, expires, _folder: folder, sent: Mutex::default() };
        scene.set(at(case));
        scene
    }

    fn set(&self, now: Option<SystemTime>) {
        if let Some(now) = now {
            let now = now.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
            self.now.store(u64::try_from(now).expect("small"), Ordering::Relaxed);
        }
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.now.load(Ordering::Relaxed))
    }

    async fn ask(&self, wish: &Request) -> Outbound {
        self.cache.outbound(wish.clone()).await
    }

    async fn come(&self, wish: &Request, sent: &Request, outcome: Result<Response, Failure>) -> Inbound {
        self.cache.inbound(&Trip { wish, sent, keep: &Keep::page(1 << 30) }, outcome).await
    }

    async fn event(&self, event: &Value) -> Result<(), String> {
        self.set(at(event));
        let (id, asked, want) = (event["id"].as_u64().unwrap_or(0), request(&event["request"]), &event["want"]);
        let known = self.sent.lock().expect("unpoisoned").get(&id).cloned();
        let trip = || known.clone().filter(|(wish, _)| wish.url == asked.url).unwrap_or((asked.clone(), asked.clone()));
        match event["op"].as_str().expect("an op") {
            "request" => match self.ask(&asked).await {
                Outbound::Answer(response) if !response.from_cache => {
                    let came = self.come(&asked, &asked, Ok(response)).await;
                    let is_miss =
                        matches!(&came, Inbound::Pass(Err(failure)) if failure.kind == FailureKind::CacheMiss);
                    if is_miss && want["error"].is_string() { Ok(()) } else { Err(format!("{came:?}")) }
                }
                Outbound::Answer(response) if want["status"].is_u64() => is_same(response, want),
                Outbound::Send(sent) if want.is_null() => {
                    let added = headers(&event["sent"]);
                    let missing = added.iter().any(|(name, value)| sent.headers.get(name) != Some(value));
                    self.sent.lock().expect("unpoisoned").insert(id, (asked, sent.clone()));
                    if missing { Err(format!("sent {:?}", sent.headers)) } else { Ok(()) }
                }
                other => Err(format!("{other:?}")),
            },
            "response" => {
                let (wish, sent) = trip();
                match self.come(&wish, &sent, Ok(response(&event["response"]))).await {
                    Inbound::Pass(Ok(ours)) => is_same(ours, want),
                    other => Err(format!("{other:?}")),
                }
            }
            "exception" => {
                let kind = match event["exception"].as_str().expect("an exception") {
                    "timeout" => FailureKind::HeadTimeout,
                    "lost" | "closed" | "failed" => FailureKind::IncompleteBody,
                    "other" => FailureKind::Internal,
                    _ => FailureKind::Connect,
                };
                let ((wish, sent), failure) = (trip(), Failure::new(kind, asked.url.clone(), "it failed"));
                match self.come(&wish, &sent, Err(failure)).await {
                    Inbound::Pass(Ok(ours)) if !want.is_null() => is_same(ours, want),
                    Inbound::Pass(Err(_)) if want.is_null() => Ok(()),
                    other => Err(format!("{other:?}")),
                }
            }
            "lookup" => {
                let (store, expires) = (self.cache.store().await.expect("a store"), self.expires);
                let now = self.now();
                let found = store.find(&asked, |entry| !entry.is_older_than(expires, now)).expect("readable");
                match found {
                    Some(found) if !want.is_null() => {
                        let body = store.body(&found).expect("readable").expect("whole");
                        let ours = found.entry.response(&asked, found.entry.headers());
                        is_same(Response { body: Body::Memory(body), ..ours }, want)
                    }
                    None if want.is_null() => Ok(()),
                    other => Err(format!("{:?}", other.map(|found| found.entry))),
                }
            }
            "store" => {
                let (store, response) = (self.cache.store().await.expect("a store"), response(&event["response"]));
                let body = bytes(&event["response"]["body"]);
                store.put(&asked, &response, &body, self.now(), true).map(drop).map_err(|error| error.to_string())
            }
            other => Err(format!("no such op: {other}")),
        }
    }
}

fn verdict(ours: bool, want: &Value) -> Result<(), String> {
    if json!(ours) == *want { Ok(()) } else { Err(ours.to_string()) }
}

fn judge(case: &Value) -> Result<(), String> {
    let (want, rules) = (&case["want"], settings(case, std::path::Path::new("unused")));
    let cache = Rules::new(rules);
    let now = at(case).unwrap_or(UNIX_EPOCH);
    let kept =
        |headers| Kept { status: response(&case["cached"]).status, headers, received: now, delay: Duration::ZERO };
    match case["fn"].as_str().expect("a function") {
        "should_cache_request" => verdict(cache.takes(&request(&case["request"])), want),
        "should_cache_response" => verdict(cache.keeps(&request(&case["request"]), &response(&case["response"])), want),
        "is_fresh" => {
            let (mut request, headers) = (request(&case["request"]), headers(&case["cached"]["headers"]));
            let is_fresh = cache.is_fresh(&request, &kept(&headers), now);
            verdict(is_fresh, want)?;
            ask_for_changes(&mut request.headers, &headers);
            let added = self::headers(&case["validators"]);
            let is_sent = added.iter().all(|(name, value)| request.headers.get(name) == Some(value));
            if is_sent { Ok(()) } else { Err(format!("sent {:?}", request.headers)) }
        }
        "is_valid" => {
            let (answer, headers) = (response(&case["response"]), headers(&case["cached"]["headers"]));
            let is_valid = match answer.status {
                StatusCode::NOT_MODIFIED => is_about(&headers, &answer.headers),
                status if status.is_server_error() => {
                    cache.may_stand_in(&request(&case["request"]), &kept(&headers), now)
                }
                _ => false,
            };
            verdict(is_valid, want)
        }
        "cache_control" => {
            let mut headers = HeaderMap::new();
            headers.insert("cache-control", HeaderValue::from_bytes(&bytes(&case["header"])).expect("a header"));
            let ours: serde_json::Map<_, _> =
                CacheControl::of(&headers).iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            if *want == Value::Object(ours.clone()) { Ok(()) } else { Err(json!(ours).to_string()) }
        }
        "http_date" => {
            let time = case["date"].as_str().and_then(http_date);
            let ours = time.map(|time| time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs());
            if ours == want.as_u64() { Ok(()) } else { Err(format!("{ours:?}")) }
        }
        "session" => {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                let scene = Scene::new(case);
                for (at, event) in case["events"].as_array().expect("events").iter().enumerate() {
                    scene.event(event).await.map_err(|what| format!("at event {at} {event}: {what}"))?;
                }
                Ok(())
            })
        }
        other => Err(format!("no such function: {other}")),
    }
}

#[test]
fn the_cache_keeps_what_scrapys_keeps() {
    check("httpcache.jsonl", judge);
}
