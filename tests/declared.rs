//! Spiders that need no Rust: files, run through the binary.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use dragline_replica::books::{Books, Options};
use dragline_tests::Scene;
use serde_json::Value;

fn shop(books: usize) -> Books {
    Books::start(Options { books, ..Options::default() }).expect("a shop")
}

/// The items by their pages.
fn by_url(items: &[Value]) -> BTreeMap<String, Value> {
    items.iter().map(|item| (item["url"].to_string(), item.clone())).collect()
}

#[test]
fn a_file_gives_what_the_compiled_spider_gives() {
    let site = shop(130);
    let url = format!("url={}", site.url());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spiders/books/books.toml");
    let (compiled, declared) = (Scene::new(), Scene::new());
    let compiled = compiled.crawl("books", &["-a", &url]);
    compiled.expect_code(0);
    let declared = declared.crawl(&file.to_string_lossy(), &["-a", &url]);
    declared.expect_code(0);
    assert_eq!((compiled.items.len(), declared.items.len()), (130, 130));
    assert_eq!(by_url(&declared.items), by_url(&compiled.items));
    let fields = |items: &[Value]| items[0].as_object().map(|item| item.keys().cloned().collect::<Vec<_>>());
    assert_eq!(fields(&declared.items), fields(&compiled.items), "in the same order");
    assert_eq!(declared.count("requests/scheduled"), compiled.count("requests/scheduled"));
    let rules = Scene::new();
    let ruled = rules.crawl("shelf", &["-a", &url]);
    ruled.expect_code(0);
    assert_eq!(by_url(&ruled.items).len(), 130, "and what rules lead to are the same pages");
    assert_eq!(ruled.count("requests/scheduled"), compiled.count("requests/scheduled"));
}

const LIST: &str = r#"
name = "lists"
start = "{args.url}"
domains = "127.0.0.1"

[arguments]
url = {}

[pages.list]
next = "li.next a"

[[pages.list.items]]
kind = "entry"
rows = "article.product_pod"

[pages.list.items.fields]
title = "h3 a::attr(title)"
price = { css = "p.price_color", parse = "price" }

[settings.hosts]
concurrency = 3
"#;

#[test]
fn a_job_of_a_file_goes_on_and_says_that_the_file_has_changed() {
    let (site, scene) = (shop(200), Scene::new());
    std::fs::write(scene.path("lists.toml"), LIST).expect("written");
    let url = format!("url={}", site.url());
    let arguments = ["-a", &url, "--job", "job"];
    let first = scene.crawl("lists.toml", &[&arguments[..], &["-s", "limits.pages=4"]].concat());
    first.expect_code(0);
    assert!(first.count("requests/pending") > 0, "{:#}", first.report);
    assert!(!first.stderr.contains("is not what it was"), "{}", first.stderr);
    std::fs::write(scene.path("lists.toml"), LIST.replace("concurrency = 3", "concurrency = 2")).expect("written");
    let more = ["-s", "limits.pages=3", "-o", "items.jsonl"];
    let second = scene.ended(&again(&scene, &[&arguments[..], &more].concat()));
    assert!(!second.stderr.contains("is not what it was"), "settings may change: {}", second.stderr);
    std::fs::write(scene.path("lists.toml"), LIST.replace("h3 a::attr(title)", "h3 a")).expect("written");
    let third = scene.ended(&again(&scene, &arguments));
    third.expect_code(0);
    assert!(third.stderr.contains("the spider's file is not what it was"), "{}", third.stderr);
    assert_eq!(third.items.len(), 200, "each entry once");
}

fn again(scene: &Scene, arguments: &[&str]) -> std::process::Output {
    let mut command = dragline_tests::dragline();
    command.current_dir(scene.path("")).args(["crawl", "lists.toml", "--stats", "stats.json"]).args(arguments);
    command.output().expect("the binary runs")
}

#[test]
fn what_is_wrong_with_a_file_is_said_before_anything_is_asked() {
    let scene = Scene::new();
    let said = |text: &str, arguments: &[&str]| {
        std::fs::write(scene.path("lists.toml"), text).expect("written");
        let ended = scene.crawl("lists.toml", arguments);
        ended.expect_code(2);
        ended.stderr
    };
    let url = ["-a", "url=http://127.0.0.1:1/"];
    let text = said(&LIST.replace("rows = \"article.product_pod\"", "rows = \"article[\""), &url);
    assert!(text.contains("lists.toml:14:8: `pages.list.items[0].rows.css`: `article[` is no CSS selector"), "{text}");
    let text = said(&LIST.replace("[settings.hosts]", "[settings.host]"), &url);
    assert!(text.contains("there is no setting `host` (lists.toml:20); did you mean `hosts`?"), "{text}");
    let text = said(LIST, &[]);
    assert!(text.contains("spider `lists` needs `url`: give `-a url=…`"), "{text}");
    let text = said(LIST, &["-a", "ulr=x"]);
    assert!(text.contains("spider `lists` has no argument `ulr`; did you mean `url`?"), "{text}");
    let text = said(LIST, &["-a", "url=nowhere"]);
    assert!(text.contains("`nowhere` is not a URL"), "{text}");
    let text = said(&LIST.replace("name = \"lists\"", "name = \"books\""), &url);
    assert!(text.contains("lists.toml: a spider is called `books` already"), "{text}");
    let ended = scene.crawl("none.toml", &[]);
    ended.expect_code(2);
    assert!(ended.stderr.contains("spider file `none.toml` cannot be read"), "{}", ended.stderr);
}

#[test]
fn a_file_stays_within_its_domains() {
    let (site, scene) = (shop(20), Scene::new());
    let text = LIST.replace("domains = \"127.0.0.1\"", "domains = \"books.example\"");
    std::fs::write(scene.path("lists.toml"), text).expect("written");
    let ended = scene.crawl("lists.toml", &["-a", &format!("url={}", site.url())]);
    assert_eq!((ended.items.len(), ended.count("offsite/filtered")), (0, 1), "{}", ended.stderr);
}
