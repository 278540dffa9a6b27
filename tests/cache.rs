//! The HTTP cache through the binary: what a second crawl asks of the server, and what `dragline cache` says.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use dragline_replica::books::{Books, Options};
use dragline_tests::{Ended, Scene, dragline};
use serde_json::Value;

const EVERYTHING: [&str; 2] = ["-s", "middlewares.cache.mode=everything"];
const OFFLINE: [&str; 2] = ["-s", "middlewares.cache.mode=offline"];

fn shop(books: usize) -> Books {
    Books::start(Options { books, ..Options::default() }).expect("a shop")
}

fn crawl(scene: &Scene, url: &str, more: &[&str]) -> Ended {
    let start = format!("url={url}");
    let arguments: Vec<&str> = ["-a", &start].into_iter().chain(more.iter().copied()).collect();
    scene.crawl("books", &arguments)
}

/// Items in no order: pages may settle in another one.
fn items(ended: &Ended) -> BTreeSet<String> {
    ended.items.iter().map(Value::to_string).collect()
}

/// What `dragline cache …` says in the folder of a scene, and its exit code.
fn cache(scene: &Scene, arguments: &[&str]) -> (String, i32) {
    let mut command = dragline();
    let output = command.current_dir(scene.path("")).arg("cache").args(arguments).output().expect("the binary runs");
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).expect("UTF-8"), output.status.code().expect("an exit code"))
}

#[test]
fn a_second_crawl_asks_nothing_and_gives_the_same() {
    let (shop, scene) = (shop(100), Scene::new());
    let first = crawl(&scene, &shop.url(), &EVERYTHING);
    first.expect_code(0);
    let (asked, pages) = (shop.log().served(), first.count("response_received_count"));
    assert_eq!((first.count("httpcache/store"), first.count("httpcache/firsthand")), (asked as u64, asked as u64));
    assert_eq!(first.count("httpcache/hit"), 0);

    let second = crawl(&scene, &shop.url(), &EVERYTHING);
    second.expect_code(0);
    assert_eq!(shop.log().served(), asked, "the server was asked nothing");
    assert_eq!((second.count("httpcache/hit"), second.count("httpcache/miss")), (asked as u64, 0));
    assert_eq!(second.count("downloader/request_count"), 0);
    assert_eq!(second.count("response_received_count"), pages);
    assert_eq!(items(&second), items(&first));
    assert_eq!(items(&first).len(), 100);

    // the server is gone, and what was never asked is not there
    let url = shop.url();
    drop(shop);
    let offline = crawl(&scene, &url, &OFFLINE);
    offline.expect_code(0);
    assert_eq!(items(&offline), items(&first));
    let missing = crawl(&scene, &format!("{url}nowhere"), &OFFLINE);
    missing.expect_code(3);
    assert_eq!((missing.count("httpcache/ignore"), missing.count("requests/failed")), (1, 1));
    assert!(missing.stderr.contains("cache_miss"), "{}", missing.stderr);
}

#[test]
fn off_is_the_default_and_leaves_nothing_behind() {
    let (shop, scene) = (shop(20), Scene::new());
    let ended = crawl(&scene, &shop.url(), &[]);
    ended.expect_code(0);
    assert!(!scene.path("httpcache").exists());
    assert!(!ended.report.as_object().expect("a report").keys().any(|name| name.starts_with("httpcache")));
}

#[test]
fn the_cache_can_be_looked_at_and_emptied() {
    let (shop, scene) = (shop(40), Scene::new());
    let (said, code) = cache(&scene, &["ls"]);
    assert!(code == 4 && said.contains("there is no cache in `httpcache`"), "{code} {said}");
    crawl(&scene, &shop.url(), &EVERYTHING).expect_code(0);
    let count = shop.log().served();

    let (said, code) = cache(&scene, &["ls"]);
    assert_eq!((said.lines().count(), code), (count, 0));
    let start = shop.url();
    let line = said.lines().find(|line| line.ends_with(&start)).expect("the first page");
    assert!(line.starts_with("200  ") && line.contains(" GET "), "{line}");
    let (said, _) = cache(&scene, &["ls", &start, "--json"]);
    let row: Value = serde_json::from_str(&said).expect("one line of JSON");
    assert_eq!((&row["url"], &row["status"], &row["method"]), (&start.as_str().into(), &200.into(), &"GET".into()));

    let stats = || -> Value { serde_json::from_str(&cache(&scene, &["stats", "--json"]).0).expect("JSON") };
    assert_eq!(
        (&stats()["responses"], &stats()["statuses"]["200"]),
        (&count.into(), &(count - 1).into()),
        "robots.txt is 404"
    );
    assert!(cache(&scene, &["stats"]).0.contains("127.0.0.1"));

    assert_eq!(cache(&scene, &["rm"]).1, 2, "what is to go must be said");
    assert!(cache(&scene, &["rm", "--older", "1h"]).0.starts_with("0 responses are gone"));
    assert!(cache(&scene, &["rm", &start]).0.starts_with("1 responses are gone"));
    assert_eq!(stats()["responses"], count - 1);
    assert_eq!(cache(&scene, &["rm", "--all"]).1, 0);
    assert_eq!((&stats()["responses"], &stats()["bytes"]), (&0.into(), &0.into()));
    let before = shop.log().served();
    crawl(&scene, &shop.url(), &EVERYTHING).expect_code(0);
    assert_eq!(shop.log().served(), before + count, "all of it is asked anew");
}

#[test]
fn two_crawls_do_not_share_a_store_and_the_second_says_so() {
    let (shop, scene, other) = (shop(20), Scene::new(), Scene::new());
    let dir = scene.path("httpcache");
    let limits = dragline::downloader::cache::Limits::NONE;
    let held = dragline::downloader::cache::Store::open(&dir, limits, std::time::SystemTime::now()).expect("a store");
    let setting = format!("middlewares.cache.dir={:?}", dir.display().to_string());
    let ended = crawl(&other, &shop.url(), &[EVERYTHING[0], EVERYTHING[1], "-s", &setting]);
    ended.expect_code(0);
    let words = format!("in use by process {}", std::process::id());
    assert!(ended.stderr.contains(&words) && ended.stderr.contains("goes on without a cache"), "{}", ended.stderr);
    let (said, code) = cache(&scene, &["ls"]);
    assert!(code == 4 && said.contains(&words), "{code} {said}");
    drop(held);
    assert_eq!(cache(&scene, &["ls"]).1, 0);
}
