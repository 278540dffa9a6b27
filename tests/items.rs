//! What becomes of items: how full they are, what is valid, what comes twice, and when a crawl counts as failed.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use dragline_replica::books::{Books, Options};
use dragline_tests::{Ended, Scene, dragline, odd_runner};
use serde_json::Value;

/// A shop of two list pages, and the argument that names it.
fn shop() -> (Books, String) {
    let shop = Books::start(Options { books: 40, ..Options::default() }).expect("a shop");
    let url = format!("url={}", shop.url());
    (shop, url)
}

fn crawl(arguments: &[&str]) -> (Scene, Ended) {
    let ((_shop, url), scene) = (shop(), Scene::new());
    let ended = scene.crawl("books", &[&["-a", &url], arguments].concat());
    (scene, ended)
}

#[test]
fn the_report_says_how_full_items_are() {
    let (_, ended) = crawl(&[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let described = ended.items.iter().filter(|book| !book["description"].is_null()).count() as u64;
    assert_eq!(ended.count("items/book/count"), 40);
    assert_eq!(ended.count("items/book/price/filled"), 40);
    assert_eq!(ended.count("items/book/description/filled"), described);
    let table = ended.stderr.split("  filled\n").nth(1).expect("a table");
    let line = |name: &str| table.lines().find(|line| line.trim_start().starts_with(name)).expect("a line");
    assert!(line("book").ends_with("40"), "{table}");
    assert!(line("price").ends_with("40     100 %"), "{table}");
    assert!(!ended.stderr.contains("items/book/count"), "it is said once: {}", ended.stderr);
}

#[test]
fn a_crawl_that_is_over_a_rule_has_failed() {
    let held = ["--fail-on", "fill(price) < 90%", "--fail-on", "items < 40", "--fail-on", "failed > 5%"];
    let (_, ended) = crawl(&held);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let broken = ["--fail-on", "fill(book.price) < 100.5%", "--fail-on", "items < 100", "--fail-on", "items<1"];
    let (_, ended) = crawl(&broken);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let said = "over the rule --fail-on: fill(book.price) < 100.5%: it is 100 % (40 of 40)\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(ended.stderr.contains("over the rule --fail-on: items < 100: it is 40\n"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("items<1"), "{}", ended.stderr);
    let limited = ["--fail-on", "items > 4", "-s", "limits.items=5"];
    let (_, ended) = crawl(&limited);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("limit reached") && ended.stderr.contains("items > 4: it is 5"), "{}", ended.stderr);
}

#[test]
fn a_rule_that_is_none_is_refused_before_anything_is_sent() {
    let output = dragline().args(["crawl", "books", "--fail-on", "fill(price) <"]).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("a number is missing, at column 14; rules are `no-items`"), "{said}");
}

#[test]
fn what_is_not_valid_is_dropped_with_its_reason() {
    let rules = [
        "-s",
        "pipelines.order=['validate']",
        "-s",
        "pipelines.validate.invalid='invalid.jsonl'",
        "-s",
        "pipelines.validate.fields.book={ rating = { max = 3 }, title = { required = true } }",
    ];
    let (scene, ended) = crawl(&rules);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let dropped = ended.count("item_dropped_reasons_count/invalid");
    assert!(dropped > 0 && ended.items.iter().all(|book| book["rating"].as_u64() <= Some(3)), "{}", ended.stderr);
    assert_eq!(ended.items.len() as u64 + dropped, 40);
    assert_eq!(ended.count("items/book/rating/invalid/maximum"), dropped);
    assert_eq!(ended.count("items/book/count"), 40, "what the spider yields");
    assert!(ended.stderr.contains("field=rating rule=maximum"), "{}", ended.stderr);
    let letters = std::fs::read_to_string(scene.path("invalid.jsonl")).expect("dead letters");
    assert_eq!(letters.lines().count() as u64, dropped);
    for letter in letters.lines() {
        let letter: Value = serde_json::from_str(letter).expect("JSON");
        assert!(letter["item"]["rating"].as_u64() > Some(3) && letter["errors"][0]["field"] == "rating", "{letter}");
    }
}

#[test]
fn of_items_with_one_key_the_first_is_kept_also_over_runs() {
    let ((_shop, url), scene) = (shop(), Scene::new());
    let once = |limit: &str| {
        let limit = format!("limits.items={limit}");
        let dedupe = ["-s", "pipelines.order=['dedupe']", "-s", "pipelines.dedupe.key=['rating']"];
        // a run after the first appends
        let arguments = [&["-a", &url, "--job", "job", "-s", &limit, "-o", "all.jsonl"], &dedupe[..]].concat();
        let output = dragline().current_dir(scene.path("")).args(["crawl", "books"]).args(arguments).output();
        let output = output.expect("the binary runs");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    };
    once("2");
    once("0");
    let items = std::fs::read_to_string(scene.path("all.jsonl")).expect("a feed");
    let mut ratings: Vec<u64> = (items.lines())
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["rating"].as_u64().expect("a rating"))
        .collect();
    ratings.sort_unstable();
    assert_eq!(ratings, [1, 2, 3, 4, 5]);
}

#[test]
fn a_spider_says_what_it_yields() {
    let output = odd_runner().args(["schema", "sparse"]).output().expect("the binary runs");
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&schema["title"], &schema["required"][0]), (&"note".into(), &"number".into()));
    let output = odd_runner().args(["schema", "odd"]).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("spider `odd` has declared no items"), "{said}");
}

#[test]
fn csv_has_a_column_for_each_declared_field() {
    let ((_shop, url), scene) = (shop(), Scene::new());
    let arguments = ["crawl", "sparse", "-a", &url, "-O", "notes.csv", "--fail-on", "fill(note) < 50%"];
    let output = odd_runner().current_dir(scene.path("")).args(arguments).output().expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("fill(note) < 50%: it is 33.3 % (1 of 3)"), "{said}");
    let csv = std::fs::read_to_string(scene.path("notes.csv")).expect("a feed");
    assert_eq!(csv, "note,number,gone,empty\r\n,1,,\r\ntwo,2,,\r\n,3,,\r\n");
}
