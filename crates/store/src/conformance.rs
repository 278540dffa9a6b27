//! What every store must do. Panics where one does not.
#![expect(clippy::expect_used, reason = "a store that fails here is to fail its test")]

use std::io::Write;

use dragline::message::Body;
use futures_util::TryStreamExt;

use crate::name::Name;
use crate::store::{About, Existing, Put, Store};

/// Runs the suite against stores that are empty.
///
/// # Panics
/// Where the store does not do what a store must.
pub async fn run<S: Store>(empty: impl Fn() -> S) {
    let store = empty();
    store.open().await.expect("opened");
    whole_objects(&store).await;
    names_that_are_taken(&store).await;
    lists(&store).await;
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

async fn whole_objects(store: &impl Store) {
    let about = About { mime: "image/png".to_owned(), metadata: vec![("width", "24".to_owned())] };
    let object = name("full/a.png");
    assert_eq!(store.stat(&object).await.expect("an answer"), None);
    assert_eq!(store.get(&object).await.expect("an answer"), None);
    assert!(!store.delete(&object).await.expect("an answer"));
    for size in [0, 7, 70_000] {
        let bytes = vec![7; size];
        let put = store.put(&object, Body::Memory(bytes.clone().into()), &about, Existing::Replace).await;
        assert_eq!(put.expect("put"), Put::Written);
        let stat = store.stat(&object).await.expect("an answer").expect("an object");
        assert_eq!(stat.size, size as u64);
        assert_eq!(store.get(&object).await.expect("an answer").expect("an object"), bytes);
    }
    // a body in a file, of the store's own folder where it has one
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = Body::part_file(&store.parts().unwrap_or_else(|| folder.path().to_owned())).expect("a file");
    file.write_all(b"from a file").expect("written");
    let body = Body::File { file, length: 11 };
    store.put(&object, body, &about, Existing::Replace).await.expect("put");
    assert_eq!(&store.get(&object).await.expect("an answer").expect("an object")[..], b"from a file");
    assert!(store.delete(&object).await.expect("an answer"));
    assert_eq!(store.stat(&object).await.expect("an answer"), None);
}

async fn names_that_are_taken(store: &impl Store) {
    let (object, about) = (name("full/ab/cd/taken.bin"), About::default());
    let put = async |text: &'static str, existing| {
        store.put(&object, Body::Memory(text.into()), &about, existing).await.expect("put")
    };
    assert_eq!(put("first", Existing::Keep).await, Put::Written);
    assert_eq!(put("second", Existing::Keep).await, Put::Kept);
    assert_eq!(&store.get(&object).await.expect("an answer").expect("an object")[..], b"first");
    assert_eq!(put("third", Existing::Replace).await, Put::Written);
    assert_eq!(&store.get(&object).await.expect("an answer").expect("an object")[..], b"third");
    store.delete(&object).await.expect("removed");
}

async fn lists(store: &impl Store) {
    let about = About::default();
    let names = ["top.txt", "full/1.jpg", "full/2.jpg", "full/3/4.jpg", "fuller/5.jpg", "thumbs/small/1.jpg"];
    for text in names {
        store.put(&name(text), Body::Memory("x".into()), &about, Existing::Replace).await.expect("put");
    }
    for (folder, expected) in [("", 6), ("full", 3), ("thumbs/small", 1), ("none", 0)] {
        let found: Vec<_> = store.list(folder).try_collect().await.expect("a list");
        assert_eq!(found.len(), expected, "below `{folder}`: {found:?}");
        assert!(found.iter().all(|(_, stat)| stat.size == 1));
    }
}
