//! Pictures and files that are objects of a bucket. A provider shows an object whole or not at all, so that nothing needs
//! a name for the time being.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use dragline_store::{AT_ONCE, About, Existing, IDENTITY, Name, Pieces, Put, Stat, Store, StoreError};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, Error, GetResult, ObjectMeta, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};

use crate::bucket::{Address, Bucket};

/// What Scrapy tells browsers of an image: two days.
const CACHE_CONTROL: &str = "max-age=172800";
/// A body in a file that is to replace nothing is sent in one request up to this size: parts cannot be put on that
/// condition, so that what is larger is looked for first.
const IN_ONE: u64 = 64 << 20;

/// A bucket, or the folder of one.
pub(crate) struct Keep {
    bucket: Bucket,
    /// Empty for the whole bucket.
    folder: String,
    cache_control: Option<String>,
}

impl Keep {
    /// What a URI names. Touches no network.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(address: &Address<'_>) -> Result<Self, String> {
        let (folder, query) = address.rest.split_once('?').unwrap_or((address.rest, ""));
        let folder = folder.trim_end_matches('/');
        if !folder.is_empty() {
            Name::new(folder).map_err(|error| error.to_string())?;
        }
        let mut cache_control = Some(CACHE_CONTROL.to_owned());
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=').unwrap_or((option, "")) {
                ("cache_control", value) => cache_control = Some(value.to_owned()).filter(|value| !value.is_empty()),
                (other, _) => return Err(format!("`{other}` is no option of a bucket (known: cache_control)")),
            }
        }
        let bucket = address.bucket().map_err(|error| error.to_string())?;
        Ok(Self { bucket, folder: folder.to_owned(), cache_control })
    }

    fn key(&self, name: &str) -> Result<Key, StoreError> {
        let path = if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) };
        Key::parse(path).map_err(|error| StoreError::of_object(format!("{self}/{name}"), error))
    }

    fn attributes(&self, about: &About) -> Attributes {
        let mut attributes = Attributes::new();
        if !about.mime.is_empty() {
            attributes.insert(Attribute::ContentType, about.mime.clone().into());
        }
        if let Some(value) = &self.cache_control {
            attributes.insert(Attribute::CacheControl, value.clone().into());
        }
        for (name, value) in &about.metadata {
            attributes.insert(Attribute::Metadata((*name).into()), value.clone().into());
        }
        attributes
    }

    /// Sends an object in one request.
    async fn send(&self, key: &Key, bytes: Bytes, about: &About, existing: Existing) -> object_store::Result<Put> {
        let options = |mode| PutOptions { mode, attributes: self.attributes(about), ..PutOptions::default() };
        let put = |mode| self.bucket.store.put_opts(key, PutPayload::from(bytes.clone()), options(mode));
        let done = match existing {
            Existing::Replace => put(PutMode::Overwrite).await,
            Existing::Keep => match put(PutMode::Create).await {
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => return Ok(Put::Kept),
                // a provider that knows no conditions
                Err(error) if is_not_implemented(&error) => match self.bucket.store.head(key).await {
                    Ok(_) => return Ok(Put::Kept),
                    Err(Error::NotFound { .. }) => put(PutMode::Overwrite).await,
                    Err(error) => return Err(error),
                },
                other => other,
            },
        };
        done.map(|_| Put::Written)
    }

    /// The answer to a question for an object, if there is one.
    fn some<T>(&self, name: &Name, answer: object_store::Result<T>) -> Result<Option<T>, StoreError> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    fn failed(&self, name: &Name, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
        StoreError::new(format!("{self}/{name}"), error)
    }

    async fn ask(&self, name: &Name) -> Result<Option<GetResult>, StoreError> {
        self.some(name, self.bucket.store.get(&self.key(name.as_str())?).await)
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.folder.is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", self.bucket, self.folder)
    }
}

#[async_trait]
impl Store for Keep {
    /// Writes what tells this store from others, unless it is there: who may do that may write.
    async fn open(&self) -> Result<(), StoreError> {
        let about = About { mime: "text/plain".to_owned(), metadata: Vec::new() };
        let text = dragline_store::new_identity().into();
        let sent = self.send(&self.key(IDENTITY)?, text, &about, Existing::Keep).await;
        sent.map(drop).map_err(|error| StoreError::new(self, error))
    }

    async fn stat(&self, name: &Name) -> Result<Option<Stat>, StoreError> {
        let found = self.bucket.store.head(&self.key(name.as_str())?).await;
        Ok(self.some(name, found)?.map(|meta| stat(&meta)))
    }

    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        let Some(found) = self.ask(name).await? else { return Ok(None) };
        if found.meta.size > AT_ONCE {
            return Err(StoreError::of_object(format!("{self}/{name}"), "it is too large to be read at once"));
        }
        found.bytes().await.map(Some).map_err(|error| self.failed(name, error))
    }

    async fn read(&self, name: &Name) -> Result<Option<Pieces>, StoreError> {
        let place = format!("{self}/{name}");
        let pieces = |found: GetResult| {
            let pieces = found.into_stream();
            pieces.map(move |piece| piece.map_err(|error| StoreError::new(&place, error))).boxed()
        };
        Ok(self.ask(name).await?.map(pieces))
    }

    async fn put(&self, name: &Name, body: Body, about: &About, existing: Existing) -> Result<Put, StoreError> {
        let key = self.key(name.as_str())?;
        let sent = match body {
            Body::Memory(bytes) => self.send(&key, bytes, about, existing).await.map_err(Into::into),
            Body::File { ref file, length } => match existing {
                Existing::Keep if length <= IN_ONE => match tokio::fs::read(file.path()).await {
                    Ok(bytes) => self.send(&key, bytes.into(), about, existing).await.map_err(Into::into),
                    Err(error) => Err(error.into()),
                },
                Existing::Keep if self.stat(name).await?.is_some() => return Ok(Put::Kept),
                _ => self.bucket.upload(key, file.path(), self.attributes(about)).await.map(|()| Put::Written),
            },
        };
        sent.map_err(|error| self.failed(name, error))
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        // a provider says the same of what was there and what was not
        if self.stat(name).await?.is_none() {
            return Ok(false);
        }
        let removed = self.bucket.store.delete(&self.key(name.as_str())?).await;
        Ok(self.some(name, removed)?.is_some())
    }

    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>> {
        let below = match (folder, &*self.folder) {
            ("", "") => None,
            ("", root) => Some(root.to_owned()),
            (folder, "") => Some(folder.to_owned()),
            (folder, root) => Some(format!("{root}/{folder}")),
        };
        let prefix = match below.map(Key::parse).transpose() {
            Ok(prefix) => prefix,
            Err(error) => return stream::iter([Err(StoreError::new(self, error))]).boxed(),
        };
        let (place, root) = (self.to_string(), self.folder.clone());
        let found = self.bucket.store.list(prefix.as_ref());
        stream::unfold((found, 0_u64, place, root), |(mut found, mut passed, place, root)| async move {
            loop {
                let next = match found.next().await {
                    Some(Ok(meta)) => {
                        let name = meta.location.as_ref().strip_prefix(&*root).unwrap_or_default();
                        match Name::new(name.trim_start_matches('/')) {
                            Ok(name) => Ok((name, stat(&meta))),
                            Err(_) => {
                                passed += u64::from(meta.location.filename() != Some(IDENTITY));
                                continue;
                            }
                        }
                    }
                    Some(Err(error)) => Err(StoreError::new(&place, error)),
                    None => {
                        if passed > 0 {
                            tracing::warn!(store = %place, count = passed, "what is no object was passed over");
                        }
                        return None;
                    }
                };
                return Some((next, (found, passed, place, root)));
            }
        })
        .boxed()
    }
}

fn stat(meta: &ObjectMeta) -> Stat {
    Stat { size: meta.size, modified: Some(meta.last_modified.into()) }
}

fn is_not_implemented(error: &Error) -> bool {
    matches!(error, Error::NotImplemented { .. } | Error::NotSupported { .. })
        || error.to_string().contains("<Code>NotImplemented</Code>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use std::sync::Arc;

    fn keep(store: InMemory, folder: &str) -> Keep {
        let bucket = Bucket { name: "s3://bucket".to_owned(), store: Arc::new(store) };
        Keep { bucket, folder: folder.to_owned(), cache_control: Some(CACHE_CONTROL.to_owned()) }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_bucket_is_a_store() {
        for folder in ["", "photos", "a/b"] {
            dragline_store::conformance::run(|| keep(InMemory::new(), folder)).await;
        }
    }

    #[tokio::test]
    async fn an_object_carries_what_is_known_of_it() {
        let store = keep(InMemory::new(), "photos");
        let name = Name::new("full/a.png").expect("a name");
        let about = About { mime: "image/png".to_owned(), metadata: vec![("width", "24".to_owned())] };
        store.put(&name, Body::Memory("x".into()), &about, Existing::Keep).await.expect("put");
        let key = Key::from("photos/full/a.png");
        let attributes = store.bucket.store.get(&key).await.expect("an object").attributes;
        let value = |attribute| attributes.get(&attribute).map(|value| value.as_ref().to_owned());
        assert_eq!(value(Attribute::ContentType).as_deref(), Some("image/png"));
        assert_eq!(value(Attribute::CacheControl).as_deref(), Some("max-age=172800"));
        assert_eq!(value(Attribute::Metadata("width".into())).as_deref(), Some("24"));
    }
}
