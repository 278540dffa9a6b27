//! What is the same, and what a job remembers of it.

use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::*;

fn dedupe(toml: &str, file: Option<PathBuf>) -> Dedupe {
    let settings: Settings = toml::from_str(toml).expect("TOML");
    Dedupe { settings, file, keys: Mutex::default(), stats: Arc::default(), is_full: AtomicBool::new(false) }
}

async fn passes(dedupe: &Dedupe, kind: &str, page: &str, item: Value) -> bool {
    let page = Arc::new(Url::parse("http://a.example/").and_then(|url| url.join(page)).expect("a URL"));
    let record = Record::from_json(kind, page, Bytes::from(item.to_string())).expect("an object");
    match dedupe.process(record).await.expect("a verdict") {
        Verdict::Keep(_) => true,
        Verdict::Drop(reason) => {
            assert_eq!(reason, "duplicate");
            false
        }
    }
}

#[tokio::test]
async fn an_item_comes_once() {
    let dedupe = dedupe("key = ['url']\nkeys.author = ['name', 'born']", None);
    assert!(passes(&dedupe, "book", "1", json!({"url": "a", "price": 1})).await);
    assert!(!passes(&dedupe, "book", "2", json!({"url": "a", "price": 2})).await);
    assert!(!passes(&dedupe, "book", "1", json!({"url": "a"})).await);
    assert!(passes(&dedupe, "book", "1", json!({"url": "b"})).await);
    assert!(passes(&dedupe, "page", "1", json!({"url": "a"})).await);
    assert!(passes(&dedupe, "author", "1", json!({"name": "a", "born": 1})).await);
    assert!(passes(&dedupe, "author", "1", json!({"name": "a"})).await);
    assert!(!passes(&dedupe, "author", "1", json!({"born": 1, "name": "a", "url": "x"})).await);
    for _ in 0..2 {
        assert!(passes(&dedupe, "author", "1", json!({"born": null, "url": "x"})).await, "it has no key");
    }
    assert_eq!(dedupe.stats.count("dedupe/keyless_count"), 2);
    let whole = super::tests::dedupe("", None);
    assert!(passes(&whole, "book", "1", json!({"a": 1, "b": 2})).await);
    assert!(!passes(&whole, "book", "2", json!({"a": 1, "b": 2})).await);
    assert!(passes(&whole, "book", "2", json!({"a": 1, "b": 3})).await);
}

#[tokio::test]
async fn a_job_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("dedupe.keys");
    let run = || dedupe("key = ['url']", Some(file.clone()));
    let first = run();
    first.open().await.expect("opened");
    for (page, url) in [("1", "a"), ("2", "b")] {
        assert!(passes(&first, "book", page, json!({"url": url})).await);
    }
    // killed within an entry
    let mut bytes = std::fs::read(&file).expect("a file");
    bytes.extend_from_slice(&[7; 13]);
    std::fs::write(&file, &bytes).expect("written");
    let second = run();
    second.open().await.expect("opened");
    assert!(!passes(&second, "book", "3", json!({"url": "a"})).await, "another page has brought it");
    assert!(passes(&second, "book", "2", json!({"url": "b"})).await, "its page was not committed, and comes again");
    assert!(!passes(&second, "book", "2", json!({"url": "b"})).await, "but once");
    assert!(passes(&second, "book", "4", json!({"url": "d"})).await);
    let third = run();
    third.open().await.expect("opened");
    for url in ["a", "b", "d"] {
        assert!(!passes(&third, "book", "9", json!({"url": url})).await);
    }
    std::fs::write(&file, "something else altogether, and long").expect("written");
    assert!(run().open().await.expect_err("no such file").to_string().contains("dedupe.keys"));
}

#[tokio::test]
async fn memory_has_a_limit_and_no_item_is_lost_by_it() {
    let dedupe = dedupe("key = ['url']\nmax_keys = 2", None);
    for url in ["a", "b", "c", "c"] {
        assert!(passes(&dedupe, "book", "1", json!({"url": url})).await);
    }
    assert!(!passes(&dedupe, "book", "1", json!({"url": "a"})).await);
    assert_eq!(dedupe.stats.count("dedupe/over_limit_count"), 2);
}
