//! The headers that caching turns on.

use std::time::{Duration, UNIX_EPOCH};

use dragline::downloader::cache::policy::{self, Kept};
use dragline::downloader::cache::{CacheControl, Policy, Rules};
use dragline::downloader::middlewares::cache::{Mode, Settings};
use dragline::message::{Request, Response};
use http::{HeaderMap, StatusCode, header};
use url::Url;

use crate::message::{first_line, headers, numbers};

/// The input is a status, when the response came, how long it took and how long ago that is, in a line; then headers,
/// with a `>` before those of the request and a `<` before those of a 304. Nothing is kept that is not to be stored or
/// varies by everything; nothing becomes fresh by growing older; a 304 changes the same once and twice.
pub fn freshness(input: &[u8]) {
    let (first, rest) = first_line(input);
    let mut numbers = numbers(first);
    let mut next = || numbers.next().unwrap_or(0);
    let status = StatusCode::from_u16(u16::try_from(next()).unwrap_or(0)).unwrap_or(StatusCode::OK);
    // a file system's times end somewhere; clocks never come near
    let [received, delay, since] = [next(), next(), next()].map(|seconds| Duration::from_secs(seconds % (1 << 40)));
    let lines = || rest.split(|byte| *byte == b'\n');
    let of = |mark: u8| headers(lines().filter_map(move |line| line.strip_prefix(&[mark])));
    let mut request = Request::get(Url::parse("http://site.example/").expect("a URL"));
    request.headers = of(b'>');
    let headers = headers(lines().filter(|line| !line.starts_with(b">") && !line.starts_with(b"<")));
    for always_store in [false, true] {
        is_never_stored(&request, status, &headers, always_store);
        let policy = Policy { always_store, ignored: Vec::new(), stale_on_error: true };
        let kept = Kept { status, headers: &headers, received: UNIX_EPOCH + received, delay };
        only_grows_older(&policy, &request, &kept, since);
    }
    changes_once(&headers, &of(b'<'));
}

fn is_never_stored(request: &Request, status: StatusCode, headers: &HeaderMap, always_store: bool) {
    let rules = Rules::new(Settings { mode: Mode::Standard, always_store, ..Settings::default() });
    let mut response = Response::new(request.url.clone(), status);
    response.headers = headers.clone();
    let keeps = rules.keeps(request, &response);
    let is_forbidden = says(headers, "cache-control", "no-store") || says(headers, "vary", "*");
    assert!(!(keeps && is_forbidden), "kept in spite of what it says");
    let is_whole = policy::is_whole(status, headers);
    assert!(!keeps || is_whole, "a part is kept");
    let takes = rules.takes(request);
    assert!(
        !(takes && says(&request.headers, "cache-control", "no-store")),
        "a request that wants no storing is taken"
    );
}

/// Read as simply as can be; with quotes it is not simple.
fn says(headers: &HeaderMap, name: &str, word: &str) -> bool {
    let simple = headers.get_all(name).iter().map(|value| value.as_bytes()).filter(|value| !value.contains(&b'"'));
    simple
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

fn only_grows_older(policy: &Policy, request: &Request, kept: &Kept<'_>, since: Duration) {
    let (soon, late) = (kept.received + since / 2, kept.received + since);
    let (young, old) = (policy.age(kept, soon), policy.age(kept, late));
    assert!(young <= old && old >= since, "{young:?}, then {old:?} after {since:?}");
    let (is_fresh, stays_fresh) = (policy.is_fresh(request, kept, soon), policy.is_fresh(request, kept, late));
    assert!(is_fresh || !stays_fresh, "it has become fresh");
    let (may, may_still) = (policy.may_stand_in(request, kept, soon), policy.may_stand_in(request, kept, late));
    assert!(may || !may_still, "it may stand in because it is older");
    let is_forbidden =
        says(kept.headers, "cache-control", "no-store") || says(kept.headers, "cache-control", "no-cache");
    assert!(!(is_fresh || may) || !is_forbidden, "it answers in spite of what it says");
    let is_pardoned = CacheControl::of(&request.headers).has("max-stale");
    assert!(!is_fresh || is_pardoned || young < policy.lifetime(kept), "it is older than it may be");
    // a clock that is set back makes nothing older
    assert!(policy.age(kept, UNIX_EPOCH) <= young);
    let _ = policy.is_fresh(request, kept, UNIX_EPOCH);
}

fn changes_once(headers: &HeaderMap, not_modified: &HeaderMap) {
    let _ = policy::is_about(headers, not_modified);
    let mut once = policy::lasting(headers);
    assert!(!once.contains_key(header::CONNECTION) && !once.contains_key(header::TRANSFER_ENCODING));
    assert_eq!(policy::lasting(&once), once);
    policy::freshen(&mut once, not_modified);
    let mut twice = once.clone();
    policy::freshen(&mut twice, not_modified);
    assert_eq!(twice, once, "a 304 that comes again changes something else");
    let mut asked = HeaderMap::new();
    policy::ask_for_changes(&mut asked, &once);
    assert!(asked.len() <= 2);
}
