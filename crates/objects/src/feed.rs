//! Feeds that are objects of a bucket.

use std::path::Path;

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::feed::Store;
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{Attributes, ObjectStoreExt};

use crate::bucket::Bucket;

impl Bucket {
    fn key(&self, uri: &str) -> Result<Key> {
        let key = uri.strip_prefix(&self.name).unwrap_or(uri).trim_start_matches('/');
        Key::parse(key).map_err(|error| Error::feed(uri, error))
    }
}

#[async_trait]
impl Store for Bucket {
    async fn put(&self, uri: &str, file: &Path) -> Result<()> {
        let key = self.key(uri)?;
        self.upload(key, file, Attributes::new()).await.map_err(|error| Error::feed(uri, error))
    }

    async fn has(&self, uri: &str) -> Result<bool> {
        match self.store.head(&self.key(uri)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => {
                // a missing bucket answers the same; it is missed when its objects are asked for, where we may ask
                match self.store.list(None).next().await {
                    None | Some(Ok(_)) => Ok(false),
                    Some(Err(
                        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. },
                    )) => Ok(false),
                    Some(Err(error)) => Err(Error::feed(uri, error)),
                }
            }
            Err(error) => Err(Error::feed(uri, error)),
        }
    }

    async fn remove(&self, uri: &str) -> Result<()> {
        self.store.delete(&self.key(uri)?).await.map_err(|error| Error::feed(uri, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dragline::feed::conformance::{self, Case};
    use dragline::feed::{Catalogue, Settings, Storage};
    use object_store::ObjectStore;
    use object_store::memory::InMemory;
    use std::sync::Arc;

    /// A bucket of this process.
    struct Memory(Arc<dyn ObjectStore>);

    impl Storage for Memory {
        fn schemes(&self) -> &'static [(&'static str, &'static str)] {
            &[("s3", "S3Feed")]
        }

        fn store(&self, _uri: &str) -> Result<Arc<dyn Store>> {
            Ok(Arc::new(Bucket { name: "s3://bucket".to_owned(), store: self.0.clone() }))
        }
    }

    /// The numbers of all objects, in the order of their names.
    fn numbers(store: &InMemory) -> Vec<u64> {
        let (store, mut numbers) = (store.fork(), Vec::new());
        let text = futures_util::future::FutureExt::now_or_never(async {
            let mut keys: Vec<Key> = store.list(None).map(|found| found.expect("an object").location).collect().await;
            keys.sort();
            let mut text = Vec::new();
            for key in keys {
                text.extend(store.get(&key).await.expect("an object").bytes().await.expect("bytes"));
            }
            text
        });
        for line in String::from_utf8(text.expect("memory does not wait")).expect("text").lines() {
            let rest = line.split_once("\"number\":").expect("a number").1;
            numbers.push(rest.split(',').next().expect("a number").parse().expect("a number"));
        }
        numbers
    }

    #[tokio::test]
    async fn objects_are_a_feed() {
        for (name, batch_items) in [("a.jsonl", 0), ("{job}-{batch:03}.jsonl", 2)] {
            conformance::run(|_| {
                let store = Arc::new(InMemory::new());
                let mut catalogue = Catalogue::default();
                catalogue.add_storage(Arc::new(Memory(store.clone())));
                let settings = Settings { batch_items, ..Settings::new(format!("s3://bucket/{name}")) };
                let plan = catalogue.plan(&settings).expect("a plan");
                Case { plan, read: Box::new(move || numbers(&store)), torn: None, is_read_early: false }
            })
            .await;
        }
    }

    #[tokio::test]
    async fn an_object_of_any_size_is_put_whole_and_over_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("spool");
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let bucket = Bucket { name: "s3://bucket".to_owned(), store: store.clone() };
        let uri = "s3://bucket/a/b.jsonl";
        assert!(!bucket.has(uri).await.expect("an answer"));
        for size in [0, 7, 23 << 20] {
            std::fs::write(&file, vec![7; size]).expect("a file");
            bucket.put(uri, &file).await.expect("put");
            let found = store.get(&Key::from("a/b.jsonl")).await.expect("an object").bytes().await.expect("bytes");
            assert_eq!(found.len(), size);
            assert!(bucket.has(uri).await.expect("an answer"));
        }
    }
}
