//! The store: what it gives back, what it lets go, what a kill or a damage leaves.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::{at, files, get, limits, response};
use crate::downloader::cache::{CacheError, Limits, Store, Totals};
use crate::message::{Body, Reach, Request};

const URL: &str = "http://a.example/page";

fn body(store: &Store, request: &Request) -> Option<String> {
    let found = store.find(request, |entry| store.varies_as(entry, request)).expect("readable")?;
    let body = store.body(&found).expect("readable")?;
    Some(String::from_utf8_lossy(&body).into_owned())
}

fn put(store: &Store, request: &Request, pairs: &[(&str, &str)], text: &str, now: i64) -> u64 {
    let response = response(request.url.as_str(), 200, pairs, text);
    store.put(request, &response, text.as_bytes(), at(now), false).expect("written")
}

#[test]
fn what_was_put_is_found_again_small_or_large_after_a_restart_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let (small, large) = (get(URL, &[]), get("http://a.example/large", &[]));
    let text = "large ".repeat(1000);
    {
        let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
        assert_eq!(body(&store, &small), None);
        put(&store, &small, &[("x-a", "1"), ("x-a", "2"), ("set-cookie", "sid=secret")], "small", 0);
        put(&store, &large, &[], &text, 0);
        put(&store, &small, &[("x-a", "1"), ("x-a", "2"), ("set-cookie", "sid=secret")], "smaller", 1);
    }
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    assert_eq!(body(&store, &small).as_deref(), Some("smaller"));
    assert_eq!(body(&store, &large).as_deref(), Some(&*text));
    let found = store.find(&small, |_| true).expect("readable").expect("there");
    assert_eq!(found.entry.headers().get_all("x-a").iter().count(), 2);
    assert!(!found.entry.headers().contains_key("set-cookie"));
    assert_eq!(found.entry.received(), at(1));
    assert_eq!(store.totals().expect("readable").entries, 2);
}

#[test]
fn each_asks_for_his_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let mut second = get(URL, &[]);
    second.options_mut().jar = Some("second".into());
    let signed_in = get(URL, &[("authorization", "Basic eDp5")]);
    let head = Request::new(http::Method::HEAD, URL.parse().expect("a URL"));
    let mut form = Request::post(URL.parse().expect("a URL"));
    form.body = "a=1".into();
    let all = [get(URL, &[]), second, signed_in, head, form.clone(), get("http://me:pw@a.example/page", &[])];
    for (number, request) in all.iter().enumerate() {
        assert_eq!(body(&store, request), None, "{number}");
        put(&store, request, &[], &number.to_string(), 0);
    }
    for (number, request) in all.iter().enumerate() {
        assert_eq!(body(&store, request), Some(number.to_string()));
    }
    assert_eq!(body(&store, &get("http://a.example/page#part", &[])).as_deref(), Some("0"));
    form.body = "a=2".into();
    assert_eq!(body(&store, &form), None);
    assert_eq!(store.remove_url(&get(URL, &[])).expect("written"), 5, "all answers to the URL");
    assert_eq!(body(&store, &all[0]), None);
}

#[test]
fn secrets_that_are_sent_are_not_on_the_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let asked = get("http://me:hunter2@a.example/", &[("cookie", "sid=hunter2"), ("authorization", "Bearer hunter2")]);
    put(&store, &asked, &[("vary", "Cookie, Authorization"), ("set-cookie", "sid=hunter2")], "text", 0);
    assert_eq!(body(&store, &asked).as_deref(), Some("text"));
    drop(store);
    for path in files(folder.path()) {
        let bytes = fs::read(&path).expect("readable");
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert!(mode & 0o077 == 0, "{} {mode:o}", path.display());
        }
    }
}

#[test]
fn variants_lie_side_by_side_up_to_a_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let asked = |language: &str| get(URL, &[("accept-language", language)]);
    for (now, language) in (0..).zip(["a", "b", "c", "d", "e"]) {
        put(&store, &asked(language), &[("vary", "Accept-Language")], language, now);
    }
    assert_eq!(body(&store, &asked("a")), None, "the oldest of five has gone");
    for language in ["b", "c", "d", "e"] {
        assert_eq!(body(&store, &asked(language)).as_deref(), Some(language));
    }
    assert_eq!(body(&store, &get(URL, &[])), None, "asked without what it was chosen by");
    put(&store, &asked("x"), &[], "for all", 9);
    assert_eq!(body(&store, &asked("e")).as_deref(), Some("for all"), "the latest that fits");
}

#[test]
fn the_least_recently_used_goes_when_there_is_no_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), Limits { max_size: 20_000, ..limits() }, at(0)).expect("a store");
    let asked = |number: i64| get(&format!("http://a.example/{number}"), &[]);
    let text = "x".repeat(4000);
    let mut gone = 0;
    for number in 0..50 {
        gone += put(&store, &asked(number), &[], &text, number);
        let first = store.find(&asked(0), |_| true).expect("readable").expect("it is used all the time");
        store.touch(&first, at(number)).expect("written");
        assert!(store.totals().expect("readable").bytes <= 20_000);
    }
    assert_eq!(gone, 46);
    assert_eq!(body(&store, &asked(0)).as_deref(), Some(&*text));
    assert_eq!(body(&store, &asked(1)), None);
    assert_eq!(body(&store, &asked(49)).as_deref(), Some(&*text));
    assert_eq!(files(&folder.path().join("bodies")).len(), 4, "no file stays of what has gone");
    put(&store, &asked(99), &[], &"x".repeat(30_000), 99);
    assert_eq!(body(&store, &asked(99)), None, "what is larger than all the room is not taken in");
    assert_eq!(body(&store, &asked(49)).as_deref(), Some(&*text), "and nothing has gone for it");
}

#[test]
fn a_damaged_or_missing_body_is_a_miss_and_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let text = "x".repeat(5000);
    let damages: [fn(&Path) -> io::Result<()>; 3] = [
        |path| fs::write(path, "x".repeat(4999)),
        |path| fs::write(path, "y".repeat(5000)),
        |path| fs::remove_file(path),
    ];
    for damage in damages {
        put(&store, &get(URL, &[]), &[], &text, 0);
        damage(&files(&folder.path().join("bodies"))[0]).expect("damaged");
        assert_eq!(body(&store, &get(URL, &[])), None);
        assert_eq!(store.totals().expect("readable"), Totals::default());
        assert!(files(&folder.path().join("bodies")).is_empty());
    }
}

#[test]
fn what_a_kill_has_left_is_cleared_away() {
    let (folder, copy) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let text = "x".repeat(5000);
    put(&store, &get(URL, &[]), &[], &text, 0);
    store.sync(true).expect("synced");
    // a kill now: the file as it lies there, a body whose row was not written, one that was half written
    fs::create_dir_all(copy.path().join("bodies/ab")).expect("a folder");
    fs::copy(folder.path().join("cache.redb"), copy.path().join("cache.redb")).expect("copied");
    let named = &files(&folder.path().join("bodies"))[0];
    let kept = copy.path().join("bodies").join(named.strip_prefix(folder.path().join("bodies")).expect("below"));
    fs::create_dir_all(kept.parent().expect("a folder")).expect("a folder");
    fs::copy(named, &kept).expect("copied");
    fs::write(copy.path().join("bodies/ab/abcdef"), "no row").expect("written");
    fs::write(copy.path().join("bodies/4711-x.part"), "half").expect("written");
    let again = Store::open(copy.path(), limits(), at(0)).expect("a store");
    assert_eq!(body(&again, &get(URL, &[])).as_deref(), Some(&*text));
    assert_eq!(files(&copy.path().join("bodies")), [kept]);
}

#[test]
fn what_is_too_old_has_gone_when_the_store_is_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    put(&Store::open(folder.path(), limits(), at(0)).expect("a store"), &get(URL, &[]), &[], "old", 0);
    let limits = Limits { max_age: Duration::from_secs(100), ..limits() };
    let count = |now| Store::open(folder.path(), limits.clone(), at(now)).expect("a store").totals().expect("readable");
    assert_eq!((count(-50).entries, count(100).entries, count(101).entries), (1, 1, 0));
}

#[test]
fn one_process_at_a_time_and_the_other_learns_who() {
    let folder = tempfile::tempdir().expect("a folder");
    let _store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let error = Store::open(folder.path(), limits(), at(0)).expect_err("in use");
    assert!(error.to_string().contains(&format!("in use by process {}", std::process::id())), "{error}");
    let error = Store::existing(&folder.path().join("none"), limits(), at(0)).expect_err("none there");
    assert!(matches!(error, CacheError::Missing { .. }));
}

#[test]
fn a_damaged_index_is_refused_and_never_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    put(&Store::open(folder.path(), limits(), at(0)).expect("a store"), &get(URL, &[]), &[], "text", 0);
    let path = folder.path().join("cache.redb");
    let whole = fs::read(&path).expect("readable");
    let (mut refused, step) = (0, whole.len() / 60);
    for at_byte in (0..whole.len()).step_by(step) {
        let mut damaged = whole.clone();
        damaged[at_byte..(at_byte + 64).min(whole.len())].fill(0xa5);
        fs::write(&path, damaged).expect("written");
        match Store::open(folder.path(), limits(), at(0)) {
            Ok(store) => assert!(matches!(body(&store, &get(URL, &[])).as_deref(), Some("text") | None)),
            Err(_) => refused += 1,
        }
    }
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    assert!(Store::open(folder.path(), limits(), at(0)).is_err() && refused > 0);
}

#[test]
fn the_world_is_not_shown_what_this_network_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), limits(), at(0)).expect("a store");
    let mut from_the_world = get(URL, &[]);
    from_the_world.reach = Reach::Public;
    put(&store, &get(URL, &[]), &[], "inside", 0);
    assert_eq!(body(&store, &from_the_world), None);
    let outside = crate::message::Response { reach: Reach::Public, ..response(URL, 200, &[], "outside") };
    store.put(&get(URL, &[]), &outside, b"outside", at(1), false).expect("written");
    assert_eq!(body(&store, &from_the_world).as_deref(), Some("outside"));
    let found = store.find(&from_the_world, |_| true).expect("readable").expect("there");
    let given = found.entry.response(&from_the_world, found.entry.headers());
    assert_eq!(given.reach, Reach::Public, "what stands in it reaches no further");
    assert!(given.from_cache && matches!(given.body, Body::Memory(_)));
}
