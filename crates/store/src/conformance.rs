//! What every store must do. Panics where one does not.
#![expect(clippy::expect_used, reason = "a store that fails here is to fail its test")]

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use dragline::message::Body;
use futures_util::TryStreamExt;
use tokio::task::JoinSet;

use crate::name::Name;
use crate::store::{About, Existing, Put, Store};

/// How many put at once, and how often each of them.
const WRITERS: (u8, usize) = (6, 12);
/// A body that no store sends in one piece.
const LARGE: usize = 20 << 20;
/// Names that are fine, and that not everybody escapes as he should.
const ODD: [&str; 8] = [
    "odd/with space (1).jpg",
    "odd/50% off+more&less=1.jpg",
    "odd/%2e%2e%2fa.jpg",
    "odd/#1;a,b'c!.jpg",
    "odd/Köln – 日本 😀.jpg",
    "odd/1/2/3/4/5/6/seven.jpg",
    "odd/no extension",
    "odd/[a]{b}^c`d$e@f.jpg",
];

/// Runs the suite against a store that is empty.
///
/// # Panics
/// Where the store does not do what a store must.
pub async fn run<S: Store + 'static>(empty: impl Fn() -> S) {
    let store = Arc::new(empty());
    assert!(listed(&*store, "").await.is_empty(), "an empty store");
    store.open().await.expect("opened");
    whole_objects(&*store).await;
    names_that_are_taken(&*store).await;
    odd_names(&*store).await;
    lists(&*store).await;
    large_bodies(&*store).await;
    many_at_once(&store).await;
    one_of_many_keeps(&store).await;
    lists_while_others_write(&store).await;
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

async fn put(store: &impl Store, text: &str, bytes: impl Into<Bytes>, existing: Existing) -> Put {
    let put = store.put(&name(text), Body::Memory(bytes.into()), &About::default(), existing).await;
    put.expect("put")
}

async fn bytes(store: &impl Store, text: &str) -> Bytes {
    store.get(&name(text)).await.expect("an answer").expect("an object")
}

async fn listed(store: &impl Store, folder: &str) -> Vec<String> {
    let found: Vec<_> = store.list(folder).try_collect().await.expect("a list");
    found.into_iter().map(|(name, _)| name.to_string()).collect()
}

/// A body in a file, of the store's own folder where it has one.
fn in_file(store: &impl Store, bytes: &[u8]) -> (Option<tempfile::TempDir>, Body) {
    let (folder, parts) = match store.parts() {
        Some(parts) => (None, parts),
        None => {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().to_owned();
            (Some(folder), path)
        }
    };
    let mut file = Body::part_file(&parts).expect("a file");
    file.write_all(bytes).expect("written");
    (folder, Body::File { file, length: bytes.len() as u64 })
}

async fn whole_objects(store: &impl Store) {
    let about = About { mime: "image/png".to_owned(), metadata: vec![("width", "24".to_owned())] };
    let object = name("full/a.png");
    assert_eq!(store.stat(&object).await.expect("an answer"), None);
    assert_eq!(store.get(&object).await.expect("an answer"), None);
    assert!(store.read(&object).await.expect("an answer").is_none());
    assert!(!store.delete(&object).await.expect("an answer"));
    for size in [0, 7, 70_000] {
        let bytes = vec![7; size];
        let put = store.put(&object, Body::Memory(bytes.clone().into()), &about, Existing::Replace).await;
        assert_eq!(put.expect("put"), Put::Written);
        let stat = store.stat(&object).await.expect("an answer").expect("an object");
        assert_eq!(stat.size, size as u64);
        assert_eq!(store.get(&object).await.expect("an answer").expect("an object"), bytes);
        let pieces = store.read(&object).await.expect("an answer").expect("an object");
        assert_eq!(pieces.try_collect::<Vec<_>>().await.expect("pieces").concat(), bytes);
    }
    for (_folder, body) in [in_file(store, b"from a file"), in_file(store, b"from a file")] {
        store.put(&object, body, &about, Existing::Replace).await.expect("put");
        assert_eq!(bytes(store, "full/a.png").await, "from a file");
    }
    // a folder is no object
    assert_eq!(store.stat(&name("full")).await.expect("an answer"), None);
    assert_eq!(store.get(&name("full")).await.expect("an answer"), None);
    assert!(!store.delete(&name("full")).await.expect("an answer"));
    assert!(store.delete(&object).await.expect("an answer"));
    assert_eq!(store.stat(&object).await.expect("an answer"), None);
}

async fn names_that_are_taken(store: &impl Store) {
    let taken = "full/ab/cd/taken.bin";
    assert_eq!(put(store, taken, "first", Existing::Keep).await, Put::Written);
    assert_eq!(put(store, taken, "second", Existing::Keep).await, Put::Kept);
    let (_folder, body) = in_file(store, b"second");
    let kept = store.put(&name(taken), body, &About::default(), Existing::Keep).await;
    assert_eq!(kept.expect("put"), Put::Kept);
    assert_eq!(bytes(store, taken).await, "first");
    assert_eq!(put(store, taken, "third", Existing::Replace).await, Put::Written);
    assert_eq!(bytes(store, taken).await, "third");
    store.delete(&name(taken)).await.expect("removed");
}

async fn odd_names(store: &impl Store) {
    let long = format!("odd/{}.jpg", "ä".repeat(98));
    let odd: BTreeSet<String> = ODD.into_iter().map(str::to_owned).chain([long]).collect();
    for text in &odd {
        assert_eq!(put(store, text, text.clone(), Existing::Replace).await, Put::Written, "{text}");
    }
    for text in &odd {
        assert_eq!(&bytes(store, text).await[..], text.as_bytes());
        assert_eq!(store.stat(&name(text)).await.expect("an answer").expect(text).size, text.len() as u64);
    }
    assert_eq!(listed(store, "odd").await.into_iter().collect::<BTreeSet<_>>(), odd);
    for text in &odd {
        assert!(store.delete(&name(text)).await.expect("removed"), "{text}");
    }
}

async fn lists(store: &impl Store) {
    let names = ["top.txt", "full/1.jpg", "full/2.jpg", "full/3/4.jpg", "fuller/5.jpg", "thumbs/small/1.jpg"];
    for text in names {
        put(store, text, "x", Existing::Replace).await;
    }
    for (folder, expected) in [("", 6), ("full", 3), ("thumbs/small", 1), ("none", 0), ("top.txt", 0)] {
        let found: Vec<_> = store.list(folder).try_collect().await.expect("a list");
        assert_eq!(found.len(), expected, "below `{folder}`: {found:?}");
        assert!(found.iter().all(|(_, stat)| stat.size == 1));
    }
    for text in names {
        store.delete(&name(text)).await.expect("removed");
    }
    assert!(listed(store, "").await.is_empty());
}

async fn large_bodies(store: &impl Store) {
    let large: Vec<u8> = (0..LARGE).map(|at| (at / 1000 % 251) as u8).collect();
    for existing in [Existing::Keep, Existing::Replace] {
        let (_folder, body) = in_file(store, &large);
        let put = store.put(&name("large.bin"), body, &About::default(), existing).await;
        assert_eq!(put.expect("put"), Put::Written);
    }
    let mut pieces = store.read(&name("large.bin")).await.expect("an answer").expect("an object");
    let mut at = 0;
    while let Some(piece) = pieces.try_next().await.expect("a piece") {
        assert!(large[at..].starts_with(&piece), "other bytes from {at} on");
        at += piece.len();
    }
    assert_eq!(at, LARGE);
    assert!(bytes(store, "large.bin").await == large);
    store.delete(&name("large.bin")).await.expect("removed");
}

/// A body that says by itself whether it is whole.
fn sealed(writer: u8, round: usize) -> Vec<u8> {
    let rest = vec![writer; 1 + 7919 * round];
    [&(rest.len() as u64).to_le_bytes()[..], &rest].concat()
}

fn is_whole(body: &[u8]) -> bool {
    body.split_first_chunk().is_some_and(|(length, rest)| {
        u64::from_le_bytes(*length) == rest.len() as u64 && rest.iter().all(|byte| *byte == rest[0])
    })
}

async fn many_at_once(store: &Arc<impl Store + 'static>) {
    let shared = "shared/one.jpg";
    put(&**store, shared, sealed(0, 0), Existing::Replace).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (store, done) = (store.clone(), done.clone());
        readers.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let body = bytes(&*store, shared).await;
                assert!(is_whole(&body), "{} bytes that are not one body", body.len());
                tokio::task::yield_now().await;
            }
        });
    }
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS.0 {
        let store = store.clone();
        writers.spawn(async move {
            for round in 0..WRITERS.1 {
                put(&*store, shared, sealed(writer, round), Existing::Replace).await;
            }
        });
    }
    writers.join_all().await;
    done.store(true, Ordering::Relaxed);
    readers.join_all().await;
    assert_eq!(listed(&**store, "").await, [shared], "nothing else is left");
    store.delete(&name(shared)).await.expect("removed");
}

async fn one_of_many_keeps(store: &Arc<impl Store + 'static>) {
    for round in 0..5 {
        let text = format!("races/{round}.jpg");
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS.0 {
            let (store, text) = (store.clone(), text.clone());
            writers.spawn(async move { (put(&*store, &text, sealed(writer, 3), Existing::Keep).await, writer) });
        }
        let winners: Vec<u8> = (writers.join_all().await.into_iter())
            .filter_map(|(put, writer)| (put == Put::Written).then_some(writer))
            .collect();
        assert_eq!(winners.len(), 1, "one has the name");
        assert_eq!(bytes(&**store, &text).await, sealed(winners[0], 3));
        store.delete(&name(&text)).await.expect("removed");
    }
}

async fn lists_while_others_write(store: &Arc<impl Store + 'static>) {
    let there: BTreeSet<String> = (0..30).map(|number| format!("there/{number}.jpg")).collect();
    for text in &there {
        put(&**store, text, "x", Existing::Replace).await;
    }
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for number in 0..30 {
            put(&*writer, &format!("there/new {number}.jpg"), "x", Existing::Replace).await;
        }
    });
    for _ in 0..3 {
        let found = listed(&**store, "there").await;
        let once: BTreeSet<String> = found.iter().cloned().collect();
        assert!(once.len() == found.len() && once.is_superset(&there), "{found:?}");
    }
    writing.await.expect("written");
    for text in listed(&**store, "").await {
        store.delete(&name(&text)).await.expect("removed");
    }
}
