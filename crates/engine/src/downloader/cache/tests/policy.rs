//! What RFC 9111 asks, section by section.

use std::time::Duration;

use http::StatusCode;
use http_cache_semantics::{CacheOptions, CachePolicy};

use super::{at, date, get, headers};
use crate::downloader::cache::policy::{Kept, Policy, ask_for_changes, freshen, is_about, lasting};

const URL: &str = "http://a.example/";

fn keeps(status: u16, asked: &[(&str, &str)], pairs: &[(&str, &str)]) -> bool {
    let status = StatusCode::from_u16(status).expect("a status");
    Policy::default().keeps(&get(URL, asked), status, &headers(pairs))
}

/// Whether a 200 that came at 0 with these headers is fresh so many seconds later.
fn is_fresh(pairs: &[(&str, &str)], asked: &[(&str, &str)], after: i64) -> bool {
    let headers = headers(pairs);
    let kept = Kept { status: StatusCode::OK, headers: &headers, received: at(0), delay: Duration::ZERO };
    Policy::default().is_fresh(&get(URL, asked), &kept, at(after))
}

#[test]
fn what_may_be_kept() {
    let fresh = ("cache-control", "max-age=60");
    assert!(keeps(200, &[], &[fresh]));
    assert!(keeps(500, &[], &[fresh]), "any final status that says for how long");
    for status in [100, 206, 304] {
        assert!(!keeps(status, &[], &[fresh, ("etag", "\"a\"")]), "{status}");
    }
    assert!(!keeps(200, &[], &[fresh, ("content-range", "bytes 0-1/5")]), "a part is not the whole");
    assert!(!keeps(200, &[], &[("cache-control", "max-age=60, No-Store")]));
    assert!(keeps(200, &[], &[("cache-control", "private, max-age=60")]), "the cache is a private one");
    assert!(!keeps(200, &[], &[fresh, ("vary", "accept, *")]));
    assert!(!keeps(200, &[], &[]), "of no use");
    assert!(keeps(404, &[], &[("etag", "\"a\"")]));
    assert!(!keeps(401, &[], &[("etag", "\"a\"")]), "no status to keep without being told to");
    assert!(!keeps(299, &[], &[("cache-control", "max-age=60, must-understand")]));
}

#[test]
fn what_somebody_signed_in_was_shown_is_kept_only_if_the_server_says_so() {
    let signed_in = [("authorization", "Basic eDp5")];
    assert!(!keeps(200, &signed_in, &[("cache-control", "max-age=60")]));
    for word in ["public", "must-revalidate", "s-maxage=5"] {
        assert!(keeps(200, &signed_in, &[("cache-control", &format!("max-age=60, {word}"))]), "{word}");
    }
    let in_the_url = get("http://me:pw@a.example/", &[]);
    assert!(!Policy::default().keeps(&in_the_url, StatusCode::OK, &headers(&[("cache-control", "max-age=60")])));
}

#[test]
fn only_whole_answers_to_safe_methods_without_no_store_are_looked_up() {
    let takes = |pairs| Policy::default().takes(&get(URL, pairs));
    assert!(takes(&[]));
    assert!(!takes(&[("range", "bytes=0-1")]) && !takes(&[("cache-control", "no-store")]));
    assert!(!Policy::default().takes(&crate::message::Request::post(URL.parse().expect("a URL"))));
}

#[test]
fn freshness_is_told_by_max_age_then_expires_then_a_guess() {
    assert!(is_fresh(&[("cache-control", "max-age=60"), ("expires", &date(-5))], &[], 59));
    assert!(!is_fresh(&[("cache-control", "max-age=60"), ("expires", &date(500))], &[], 60));
    assert!(is_fresh(&[("expires", &date(60)), ("date", &date(0))], &[], 59));
    for never in ["0", "-1", "soon", ""] {
        assert!(!is_fresh(&[("expires", never), ("last-modified", &date(-1_000_000))], &[], 0), "{never}");
    }
    assert!(is_fresh(&[("last-modified", &date(-1000))], &[], 99));
    assert!(!is_fresh(&[("last-modified", &date(-1000))], &[], 100));
    assert!(!is_fresh(&[("cache-control", "max-age=60, s-maxage=600")], &[], 61), "s-maxage is for shared caches");
    assert!(!is_fresh(&[("cache-control", "no-cache, max-age=60")], &[], 0));
    assert!(
        !is_fresh(&[("cache-control", "max-age=x"), ("expires", &date(60))], &[], 0),
        "what makes no sense is stale"
    );
}

#[test]
fn age_counts_from_where_the_response_began() {
    let fresh = ("cache-control", "max-age=60");
    assert!(!is_fresh(&[fresh, ("age", "60")], &[], 0));
    assert!(!is_fresh(&[fresh, ("date", &date(-60))], &[], 0), "it was on its way for that long");
    assert!(is_fresh(&[fresh, ("date", &date(3600))], &[], 59), "a server's clock that is ahead");
    assert!(is_fresh(&[fresh, ("age", "nonsense")], &[], 59));
    assert!(!is_fresh(&[fresh, ("age", "18446744073709551615")], &[], 0), "and no overflow");
    assert!(is_fresh(&[fresh], &[], -1_000_000), "our clock was set back");
}

#[test]
fn the_request_has_a_say() {
    let (kept, asks) = ([("cache-control", "max-age=60")], |line| [("cache-control", line)]);
    assert!(!is_fresh(&kept, &asks("no-cache"), 0));
    assert!(!is_fresh(&kept, &[("pragma", "no-cache")], 0));
    assert!(is_fresh(&kept, &[("pragma", "no-cache"), ("cache-control", "max-age=9")], 0));
    assert!(!is_fresh(&kept, &asks("max-age=10"), 10) && is_fresh(&kept, &asks("max-age=10"), 9));
    assert!(!is_fresh(&kept, &asks("min-fresh=20"), 41) && is_fresh(&kept, &asks("min-fresh=20"), 40));
    assert!(is_fresh(&kept, &asks("max-stale"), 100_000));
    assert!(is_fresh(&kept, &asks("max-stale=10"), 69) && !is_fresh(&kept, &asks("max-stale=10"), 70));
    assert!(!is_fresh(&kept, &asks("max-stale=soon"), 61));
    assert!(!is_fresh(&[("cache-control", "max-age=60, must-revalidate")], &asks("max-stale"), 61));
}

#[test]
fn a_stale_answer_stands_in_unless_it_is_forbidden() {
    let stands = |line: &str, asked: &[(&str, &str)], after| {
        let headers = headers(&[("cache-control", line)]);
        let kept = Kept { status: StatusCode::OK, headers: &headers, received: at(0), delay: Duration::ZERO };
        let policy = Policy { stale_on_error: true, ..Policy::default() };
        policy.may_stand_in(&get(URL, asked), &kept, at(after))
    };
    assert!(stands("max-age=60", &[], 100_000));
    for never in ["max-age=60, must-revalidate", "no-cache", "no-store"] {
        assert!(!stands(never, &[], 61), "{never}");
    }
    assert!(stands("max-age=60, stale-if-error=10", &[], 70) && !stands("max-age=60, stale-if-error=10", &[], 71));
    assert!(!stands("max-age=60", &[("cache-control", "no-cache")], 61));
    let never = Policy::default();
    let none = headers(&[]);
    let kept = Kept { status: StatusCode::OK, headers: &none, received: at(0), delay: Duration::ZERO };
    assert!(!never.may_stand_in(&get(URL, &[]), &kept, at(1)), "unless it is allowed at all");
}

#[test]
fn a_304_is_about_the_response_with_its_validator() {
    let about = |kept: &[(&str, &str)], answer: &[(&str, &str)]| is_about(&headers(kept), &headers(answer));
    assert!(about(&[("etag", "\"a\"")], &[("etag", "\"a\"")]));
    assert!(about(&[("etag", "W/\"a\"")], &[("etag", "\"a\"")]));
    assert!(!about(&[("etag", "\"a\"")], &[("etag", "\"b\"")]), "another variant");
    assert!(!about(&[("last-modified", &date(0))], &[("etag", "\"b\"")]));
    assert!(about(&[("etag", "\"a\"")], &[]) && about(&[], &[]));
    assert!(!about(&[("last-modified", &date(0))], &[("last-modified", &date(5))]));
    assert!(about(&[("last-modified", &date(0))], &[("last-modified", &date(0).replace("GMT", "-0000"))]));
}

#[test]
fn a_304_brings_headers_and_leaves_those_of_the_body() {
    let mut kept = headers(&[
        ("etag", "\"a\""),
        ("content-encoding", "gzip"),
        ("content-length", "9"),
        ("age", "500"),
        ("cache-control", "max-age=1"),
        ("cache-control", "public"),
        ("warning", "110 - old"),
        ("warning", "214 - keep"),
    ]);
    let new = [
        ("cache-control", "max-age=2"),
        ("content-length", "0"),
        ("x-new", "1"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
    ];
    freshen(&mut kept, &headers(&new));
    let want = headers(&[
        ("etag", "\"a\""),
        ("content-encoding", "gzip"),
        ("content-length", "9"),
        ("cache-control", "max-age=2"),
        ("warning", "214 - keep"),
        ("x-new", "1"),
    ]);
    assert_eq!(kept, want);
    let hop =
        [("connection", "close, x-hop"), ("x-hop", "1"), ("transfer-encoding", "chunked"), ("x", "1"), ("x", "2")];
    assert_eq!(lasting(&headers(&hop)), headers(&[("x", "1"), ("x", "2")]));
}

#[test]
fn both_validators_are_sent() {
    let mut asked = headers(&[("if-none-match", "\"mine\"")]);
    ask_for_changes(&mut asked, &headers(&[("etag", "\"a\""), ("last-modified", "then")]));
    assert_eq!(asked, headers(&[("if-none-match", "\"a\""), ("if-modified-since", "then")]));
}

/// The crate `http-cache-semantics` is another's reading of the same RFC. Where it has no known fault (see the rules'
/// own page), the two must agree.
#[test]
fn another_reading_of_the_rfc_comes_to_the_same() {
    let controls = [
        "",
        "max-age=60",
        "max-age=0",
        "no-cache",
        "no-store",
        "private, max-age=60",
        "public",
        "must-revalidate",
        "max-age=60, must-revalidate",
        "s-maxage=60",
        "max-age=\"60\"",
    ];
    let (past, soon, long_ago) = (date(-60), date(60), date(-6000));
    let times: [&[(&str, &str)]; 5] = [
        &[],
        &[("expires", &soon)],
        &[("expires", &past)],
        &[("last-modified", &long_ago)],
        &[("etag", "\"a\""), ("age", "30")],
    ];
    let asked = ["", "no-cache", "max-age=31", "min-fresh=40", "max-stale", "max-stale=30"];
    let mut looked_at = 0;
    for (control, time) in controls.iter().flat_map(|control| times.iter().map(move |time| (control, time))) {
        let mut pairs = time.to_vec();
        let now = date(0);
        pairs.push(("date", &now));
        if !control.is_empty() {
            pairs.push(("cache-control", control));
        }
        for asks in asked {
            let request = get(URL, if asks.is_empty() { vec![] } else { vec![("cache-control", asks)] }.as_slice());
            let mut theirs = http::Request::get(URL).body(()).expect("a request");
            theirs.headers_mut().clone_from(&request.headers);
            let mut answer = http::Response::new(());
            *answer.headers_mut() = headers(&pairs);
            let options = CacheOptions { shared: false, ..CacheOptions::default() };
            let other = CachePolicy::new_options(&theirs, &answer, at(0), options);
            let ours = Policy::default();
            // we keep nothing that is of no use
            if ours.keeps(&request, StatusCode::OK, answer.headers()) {
                assert!(other.is_storable(), "{pairs:?}");
            }
            if !other.is_storable() {
                continue;
            }
            for after in [0, 15, 45, 75, 200] {
                let kept =
                    Kept { status: StatusCode::OK, headers: answer.headers(), received: at(0), delay: Duration::ZERO };
                // it lets `max-stale` overrule the server's `no-cache` (section 4.2.4 does not)
                let is_known = control.contains("no-cache") && asks.starts_with("max-stale");
                let is_fresh = other.before_request(&theirs, at(after)).satisfies_without_revalidation();
                let same = ours.is_fresh(&request, &kept, at(after)) == is_fresh;
                assert!(same || is_known, "{pairs:?} asked {asks} after {after} s: theirs {is_fresh}");
                looked_at += 1;
            }
        }
    }
    assert!(looked_at > 1000, "{looked_at}");
}
