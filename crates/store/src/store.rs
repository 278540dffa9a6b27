//! What a place must be able to do, to be one where pictures are kept.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::StoreError;
use crate::name::Name;

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its length in bytes.
    pub size: u64,
    /// When it was written; none where the store does not tell.
    pub modified: Option<SystemTime>,
}

/// What goes with an object where the store has a place for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The media type; empty if it is not known.
    pub mime: String,
    /// Names and values, such as `width` and `height`.
    pub metadata: Vec<(&'static str, String)>,
}

/// What becomes of an object that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It gives way at once: a reader sees the old one or the new one, whole.
    Replace,
    /// It stays: its name says what is in it.
    Keep,
}

/// What `put` did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is what was given.
    Written,
    /// There was one, and it stays.
    Kept,
}

/// The most that [`Store::get`] reads at once. What is larger is read piece by piece, with [`Store::read`].
pub const AT_ONCE: u64 = 1 << 30;

/// The bytes of an object, piece by piece.
pub type Pieces = BoxStream<'static, Result<Bytes, StoreError>>;

/// A place for objects, each under its name only once it is whole.
///
/// What reads (`stat`, `get`, `read`, `list`) works before `open`, and on a place that cannot be written to. An implementation runs [`crate::conformance::run`] in its tests.
#[async_trait]
pub trait Store: Display + Send + Sync {
    /// Before anything else: makes what has to be there, makes sure that it can be written to, removes what dead
    /// processes left half done.
    async fn open(&self) -> Result<(), StoreError>;

    /// What is known of an object; none if there is none. What is no object (a folder, a link, a device) is none.
    async fn stat(&self, name: &Name) -> Result<Option<Stat>, StoreError>;

    /// The bytes of an object; none if there is none. What is larger than [`AT_ONCE`] is an error of that object.
    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError>;

    /// The bytes of an object of any size, piece by piece; none if there is none. What is replaced meanwhile is read to
    /// its end as it was, or fails.
    async fn read(&self, name: &Name) -> Result<Option<Pieces>, StoreError> {
        let bytes = self.get(name).await?;
        Ok(bytes.map(|bytes| stream::once(async move { Ok(bytes) }).boxed()))
    }

    /// Keeps a whole body under a name: who reads it sees what was there before, or all of the new one. Nothing is left
    /// of what fails. With [`Existing::Keep`], one of many who put the same name writes it, and the others keep that.
    async fn put(&self, name: &Name, body: Body, about: &About, existing: Existing) -> Result<Put, StoreError>;

    /// Removes an object; says whether there was one.
    async fn delete(&self, name: &Name) -> Result<bool, StoreError>;

    /// All objects below a folder (`""` is all), in no order, as they are found. Objects that come and go meanwhile may be
    /// missing; what has no name that we would give is passed over, and said once.
    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>>;

    /// The folder for bodies that are not whole yet, if `put` can take them from there without a copy. The store is open.
    fn parts(&self) -> Option<PathBuf> {
        None
    }

    /// The folder on this machine, if it is one.
    fn root(&self) -> Option<&Path> {
        None
    }
}
