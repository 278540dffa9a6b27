//! Where items go: formats, compression, batches, a table, a bucket, and what happens when a place fails.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::Child;

use dragline_replica::books::{Books, Options};
use dragline_tests::servers::Moto;
use dragline_tests::{Ended, Scene, wait_until};
use serde_json::Value;

fn shop(size: usize, latency: u64) -> Books {
    let latency = std::time::Duration::from_millis(latency);
    Books::start(Options { books: size, latency, ..Options::default() }).expect("the replica starts")
}

/// Crawls a shop with feeds by a settings file.
fn crawl(shop: &Books, scene: &Scene, feeds: &str, more: &[&str]) -> Ended {
    fs::write(scene.path("feeds.toml"), feeds).expect("written");
    let url = format!("url={}", shop.url());
    scene.crawl("books", &[&["-a", url.as_str(), "--config", "feeds.toml"], more].concat())
}

fn urls<'a>(items: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    items.into_iter().map(|item| item["url"].as_str().expect("a URL").to_owned()).collect()
}

/// JSON lines, and each item in them once.
fn lines(text: &str) -> BTreeSet<String> {
    let items: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let urls = urls(&items);
    assert_eq!(urls.len(), items.len(), "each item once");
    urls
}

#[test]
fn the_extension_says_the_format_and_the_compression() {
    let (shop, scene) = (shop(40, 0), Scene::new());
    let flags = ["a.json", "a.csv", "a.xml", "a.jsonl.gz", "b.json.zst", "a.sqlite"].map(|name| ["-O", name]).concat();
    let ended = crawl(&shop, &scene, "", &flags);
    ended.expect_code(0);
    let all = urls(&ended.items);
    assert_eq!((all.len(), ended.items.len()), (40, 40));
    assert_eq!(ended.count("feedexport/success_count/FileFeed"), 6);
    assert_eq!(ended.count("feedexport/success_count/SqliteFeed"), 1);

    let array = |text: &str| urls(&serde_json::from_str::<Vec<Value>>(text).expect("an array"));
    assert_eq!(array(&fs::read_to_string(scene.path("a.json")).expect("text")), all);
    assert_eq!(
        array(
            &String::from_utf8(
                zstd::decode_all(&fs::read(scene.path("b.json.zst")).expect("bytes")[..]).expect("zstd")
            )
            .expect("text")
        ),
        all
    );
    let mut text = String::new();
    let packed = fs::read(scene.path("a.jsonl.gz")).expect("bytes");
    flate2::read::MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(lines(&text), all);
    let csv = fs::read_to_string(scene.path("a.csv")).expect("text");
    assert!(csv.starts_with("url,title,price,stock,rating,upc,description,image_urls\r\n"), "{}", &csv[..100]);
    assert_eq!(csv.matches("\r\n").count(), 41);
    let xml = fs::read_to_string(scene.path("a.xml")).expect("text");
    assert_eq!(xml.matches("<item><url>").count(), 40);
    assert!(xml.ends_with("</item>\n</items>"));
    let table = rusqlite::Connection::open(scene.path("a.sqlite")).expect("a database");
    let count = "SELECT count(DISTINCT url), typeof(price), typeof(stock) FROM items";
    let row = table.query_row(count, [], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)));
    assert_eq!(row.expect("a row"), (40, "real".to_owned(), "integer".to_owned()));
}

#[test]
fn fields_kinds_names_and_batches_are_as_they_are_set() {
    let (shop, scene) = (shop(40, 0), Scene::new());
    fs::create_dir(scene.path("out")).expect("a folder");
    let feeds = "[[feeds]]\nuri = 'chosen.csv'\nfields = ['price', 'title']\nnames = { price = 'Pounds' }\ndelimiter = ';'\n\
                 [[feeds]]\nuri = 'none.json'\nkinds = ['photo']\n\
                 [[feeds]]\nuri = 'books.jsonl'\nkinds = ['photo', 'book']\n\
                 [[feeds]]\nuri = 'out/{time}-{spider}-{batch:02}.jsonl'\nbatch_items = 15\n";
    let ended = crawl(&shop, &scene, feeds, &["-o", "items.jsonl"]);
    ended.expect_code(2);
    assert!(ended.stderr.contains("names `items.jsonl` twice"), "{}", ended.stderr);
    let ended = crawl(&shop, &scene, feeds, &[]);
    ended.expect_code(0);
    let all = urls(&ended.items);
    let csv = fs::read_to_string(scene.path("chosen.csv")).expect("text");
    assert!(csv.starts_with("Pounds;title\r\n"), "{csv}");
    assert_eq!(fs::read_to_string(scene.path("none.json")).expect("text"), "[]");
    assert_eq!(lines(&fs::read_to_string(scene.path("books.jsonl")).expect("text")), all);
    let mut names: Vec<String> = fs::read_dir(scene.path("out"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    let start = ended.report["start_time"].as_str().expect("a time");
    assert!(
        names.iter().all(|name| name.starts_with(&start[..13]) && name[13..].contains("-books-0")),
        "{names:?} of {start}"
    );
    let text: Vec<String> =
        names.iter().map(|name| fs::read_to_string(scene.path("out").join(name)).expect("text")).collect();
    assert_eq!(text.iter().map(|text| text.lines().count()).collect::<Vec<_>>(), [15, 15, 10]);
    assert_eq!(lines(&text.concat()), all);
}

#[test]
fn what_is_there_is_appended_to_replaced_or_refused() {
    let (shop, scene) = (shop(5, 0), Scene::new());
    for (flag, count) in [("-o", 5), ("-o", 10), ("-O", 5)] {
        crawl(&shop, &scene, "", &[flag, "a.json"]).expect_code(0);
        let text = fs::read_to_string(scene.path("a.json")).expect("text");
        assert_eq!(serde_json::from_str::<Vec<Value>>(&text).expect("an array").len(), count);
    }
    let asked = shop.log().served();
    let ended = crawl(&shop, &scene, "[[feeds]]\nuri = 'a.json'\nmode = 'fail'", &[]);
    ended.expect_code(6);
    assert!(
        ended.stderr.contains("`a.json` cannot be used as a feed: it is there, and the feed's `mode` is `fail`"),
        "{}",
        ended.stderr
    );
    let ended = crawl(&shop, &scene, "[[feeds]]\nuri = 'b.jsonl'\nbatch_items = 2", &[]);
    ended.expect_code(2);
    assert!(ended.stderr.contains("needs `{batch}` in the name"), "{}", ended.stderr);
    assert_eq!(shop.log().served(), asked, "nothing was sent");
}

/// A crawl whose batches lie in a folder that goes away after the second of them.
fn begin_and_lose_the_folder(shop: &Books, scene: &Scene, patience: &str) -> Child {
    fs::create_dir(scene.path("out")).expect("a folder");
    fs::write(scene.path("feeds.toml"), "[[feeds]]\nuri = 'out/{batch}.jsonl'\nbatch_items = 10\n").expect("written");
    let (url, patience) = (format!("url={}", shop.url()), format!("crawl.patience={patience}"));
    let mut command = scene.command("books", &["-a", &url, "--config", "feeds.toml", "-s", &patience]);
    let said = fs::File::create(scene.path("said")).expect("a file");
    let running = command.stderr(said).spawn().expect("the binary runs");
    wait_until("a second batch", || scene.path("out/2.jsonl").exists());
    fs::rename(scene.path("out"), scene.path("away")).expect("moved");
    wait_until("a failure", || fs::read_to_string(scene.path("said")).expect("text").contains("a feed fails"));
    running
}

#[test]
fn a_feed_that_fails_for_a_while_loses_nothing_and_writes_nothing_twice() {
    let (shop, scene) = (shop(120, 10), Scene::new());
    let mut running = begin_and_lose_the_folder(&shop, &scene, "10m");
    fs::rename(scene.path("away"), scene.path("out")).expect("moved back");
    assert_eq!(running.wait().expect("it ends").code(), Some(0));
    let said = fs::read_to_string(scene.path("said")).expect("text");
    assert!(said.contains("a feed works again"), "{said}");
    assert_eq!(said.matches("a feed fails").count(), 1, "said once: {said}");
    let report: Value = serde_json::from_slice(&fs::read(scene.path("stats.json")).expect("a report")).expect("JSON");
    assert!(report["feedexport/failed_count/FileFeed"].as_u64() >= Some(1), "{report:#}");
    let batches: String =
        (1..=12).map(|batch| fs::read_to_string(scene.path(&format!("out/{batch}.jsonl"))).expect("text")).collect();
    let all = lines(&fs::read_to_string(scene.path("items.jsonl")).expect("text"));
    assert_eq!(all.len(), 120, "the other feed did not wait");
    assert_eq!(lines(&batches), all);
}

#[test]
fn patience_with_a_feed_has_an_end() {
    let (shop, scene) = (shop(1000, 40), Scene::new());
    let mut running = begin_and_lose_the_folder(&shop, &scene, "1s");
    assert_eq!(running.wait().expect("it ends").code(), Some(6));
    let said = fs::read_to_string(scene.path("said")).expect("text");
    assert!(said.contains("`out/") && said.contains("cannot be used as a feed: No such file"), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(scene.path("stats.json")).expect("a report")).expect("JSON");
    assert_eq!(report["finish_reason"], "feed_failed");
    let kept = lines(&fs::read_to_string(scene.path("items.jsonl")).expect("text"));
    assert!(
        !kept.is_empty() && kept.len() < 1000,
        "the other feed is whole, and the rest was not fetched: {}",
        kept.len()
    );
}

/// Crawls a shop with feeds in buckets.
fn crawl_into(moto: &Moto, shop: &Books, scene: &Scene, feeds: &str) -> Ended {
    fs::write(scene.path("feeds.toml"), feeds).expect("written");
    let url = format!("url={}", shop.url());
    let patience = "crawl.patience=2s";
    let mut command = scene.command("books", &["-a", &url, "--config", "feeds.toml", "-s", patience]);
    command.env("AWS_ACCESS_KEY_ID", "canary-id").env("AWS_SECRET_ACCESS_KEY", "canary-secret");
    command.env("AWS_REGION", "us-east-1").env("AWS_ALLOW_HTTP", "true");
    command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", moto.port)).env("TMPDIR", scene.path(""));
    let ended = scene.ended(&command.output().expect("the binary runs"));
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    ended
}

#[test]
fn a_bucket_gets_whole_objects_by_batches() {
    let Some(moto) = Moto::start() else { return };
    let (shop, scene) = (shop(40, 0), Scene::new());
    let feeds = "[[feeds]]\nuri = 's3://shop/{spider}/{batch:02}.jsonl'\nbatch_items = 15\n\
                 [[feeds]]\nuri = 's3://shop/all.json'\n";
    let ended = crawl_into(&moto, &shop, &scene, feeds);
    ended.expect_code(6);
    assert!(
        ended.stderr.contains("cannot be used as a feed") && ended.stderr.contains("NoSuchBucket"),
        "{}",
        ended.stderr
    );
    assert_eq!(shop.log().served(), 0, "a bucket that is not there is said before any request");

    moto.ask("PUT", "/shop");
    let ended = crawl_into(&moto, &shop, &scene, feeds);
    ended.expect_code(0);
    let all = urls(&ended.items);
    assert_eq!(ended.count("feedexport/success_count/S3Feed"), 2);
    assert_eq!(moto.keys("shop"), ["all.json", "books/01.jsonl", "books/02.jsonl", "books/03.jsonl"]);
    let parts = ["01", "02", "03"].map(|part| moto.ask("GET", &format!("/shop/books/{part}.jsonl")));
    assert_eq!(parts.each_ref().map(|part| part.lines().count()), [15, 15, 10]);
    assert_eq!(lines(&parts.concat()), all);
    assert_eq!(urls(&serde_json::from_str::<Vec<Value>>(&moto.ask("GET", "/shop/all.json")).expect("an array")), all);

    // an object cannot be appended to; batches go on after those that are there
    let ended = crawl_into(&moto, &shop, &scene, feeds);
    ended.expect_code(6);
    assert!(
        ended.stderr.contains("`s3://shop/all.json` cannot be used as a feed: it is there, and cannot be appended to"),
        "{}",
        ended.stderr
    );
    crawl_into(&moto, &shop, &scene, feeds.split_once("[[feeds]]\nuri = 's3://shop/all").expect("two").0)
        .expect_code(0);
    assert_eq!(moto.keys("shop").len(), 7);
    let left = fs::read_dir(scene.path("")).expect("a folder").flatten();
    assert!(
        left.into_iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("dragline-")),
        "no spool is left"
    );
}

#[test]
fn a_bucket_that_comes_back_gets_everything() {
    let Some(moto) = Moto::start() else { return };
    let (shop, scene) = (shop(200, 100), Scene::new());
    moto.ask("PUT", "/shop");
    fs::write(scene.path("feeds.toml"), "[[feeds]]\nuri = 's3://shop/{batch}.jsonl'\nbatch_items = 20\n")
        .expect("written");
    let mut command = scene.command("books", &["-a", &format!("url={}", shop.url()), "--config", "feeds.toml"]);
    command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "us-east-1");
    command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", moto.port)).env("AWS_ALLOW_HTTP", "true");
    command.env("TMPDIR", scene.path(""));
    let said = fs::File::create(scene.path("said")).expect("a file");
    let mut running = command.stderr(said).spawn().expect("the binary runs");
    wait_until("a first object", || !moto.keys("shop").is_empty());
    let kept: Vec<(String, String)> =
        moto.keys("shop").into_iter().map(|key| (key.clone(), moto.ask("GET", &format!("/shop/{key}")))).collect();
    // a bucket that is taken away answers as one that was never there
    for (key, _) in &kept {
        moto.ask("DELETE", &format!("/shop/{key}"));
    }
    moto.ask("DELETE", "/shop");
    wait_until("a failure", || fs::read_to_string(scene.path("said")).expect("text").contains("a feed fails"));
    moto.ask("PUT", "/shop");
    assert_eq!(
        running.wait().expect("it ends").code(),
        Some(0),
        "{}",
        fs::read_to_string(scene.path("said")).expect("text")
    );
    let mut all = String::new();
    for (key, text) in kept {
        if !moto.keys("shop").contains(&key) {
            all.push_str(&text);
        }
    }
    for key in moto.keys("shop") {
        all.push_str(&moto.ask("GET", &format!("/shop/{key}")));
    }
    assert_eq!(lines(&all).len(), 200);
}
