//! Reading many objects: from the store as they are named, decoded on threads, with a bound on what is in memory.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dragline_store::{Name, Scope, Stat, StoreError};
use futures_util::{Stream, TryStreamExt};
use sha1::{Digest, Sha1};
use tokio::sync::Semaphore;

use crate::hex;
use crate::keeping::shelf::{KeepingError, Shelf};
use crate::picture::{Kind, Refusal, Verify, Workers, examine};
use crate::render::perceptual_hash;

/// Bytes of objects that are in memory together, unless one alone is larger.
const BUDGET: u64 = 128 << 20;
/// The semaphore counts in these, for it counts in 32 bits.
const UNIT: u64 = 1024;
/// A decoder that takes longer is abandoned.
const DEADLINE: Duration = Duration::from_secs(10);

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    #[error("it is not there")]
    Missing,
    #[error("it cannot be read: {0}")]
    Store(String),
    #[error("{0}")]
    Lost(&'static str),
}

/// Does some work with the bytes of each object and hands on what came of it, in the order in which it is done.
pub(crate) async fn survey<T: Send + 'static>(
    shelf: &Shelf,
    names: impl Stream<Item = Result<(Name, Stat), StoreError>>,
    work: impl Fn(&Name, &[u8]) -> T + Clone + Send + 'static,
    mut each: impl FnMut(Name, Stat, Result<T, Unread>) -> Result<(), KeepingError>,
) -> Result<(), KeepingError> {
    let workers = Workers::start(shelf.threads, DEADLINE).map_err(KeepingError::file(shelf.store.to_string()))?;
    let room = Arc::new(Semaphore::new(usize::try_from(BUDGET / UNIT).unwrap_or(usize::MAX)));
    let read = |(name, stat): (Name, Stat)| {
        let (room, work, workers) = (room.clone(), work.clone(), &workers);
        async move {
            let units = u32::try_from(stat.size.min(BUDGET).div_ceil(UNIT)).unwrap_or(u32::MAX);
            // nobody closes it
            let _room = room.acquire_many(units).await;
            let done = match shelf.store.get(&name).await {
                Ok(Some(bytes)) => {
                    let of = name.clone();
                    workers.run(move || work(&of, &bytes)).await.map_err(|lost| Unread::Lost(lost.name()))
                }
                Ok(None) => Err(Unread::Missing),
                Err(error) if error.scope == Scope::Object => Err(Unread::Store(text(&error))),
                Err(error) => return Err(error),
            };
            Ok((name, stat, done))
        }
    };
    let mut done = std::pin::pin!(names.map_ok(read).try_buffer_unordered(shelf.threads * 2));
    while let Some((name, stat, result)) = done.try_next().await? {
        each(name, stat, result)?;
    }
    Ok(())
}

/// The bytes of an object that are those which the manifest knows.
pub(crate) async fn read_known(shelf: &Shelf, name: &str, sha1: &str) -> Result<Result<Bytes, String>, KeepingError> {
    let Ok(name) = Name::new(name) else { return Ok(Err("its name is none that a store has".to_owned())) };
    match shelf.store.get(&name).await {
        Ok(Some(bytes)) if sha1_of(&bytes) == sha1 => Ok(Ok(bytes)),
        Ok(Some(_)) => Ok(Err("its bytes are not those that the manifest knows".to_owned())),
        Ok(None) => Ok(Err("it is not there".to_owned())),
        Err(error) if error.scope == Scope::Object => Ok(Err(text(&error))),
        Err(error) => Err(error.into()),
    }
}

fn text(error: &StoreError) -> String {
    format!("{error}: {}", error.source)
}

/// What an object's bytes say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Looked {
    pub(crate) sha1: String,
    pub(crate) mime: String,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) taken: Option<String>,
    pub(crate) perceptual: Option<u64>,
    /// What is wrong with it, for people.
    pub(crate) damage: Option<String>,
}

/// Hashes and decodes.
pub(crate) fn look(name: &Name, bytes: &[u8], shelf_bounds: &crate::picture::Bounds) -> Looked {
    let kind = Kind::of(bytes);
    let mut looked = Looked {
        sha1: sha1_of(bytes),
        mime: kind.map_or_else(|| type_of(bytes), Kind::mime).to_owned(),
        width: None,
        height: None,
        taken: None,
        perceptual: None,
        damage: None,
    };
    match examine(bytes, Verify::Decode, shelf_bounds) {
        Ok(examined) => {
            looked.width = Some(examined.picture.width);
            looked.height = Some(examined.picture.height);
            looked.taken = examined.picture.taken;
            looked.perceptual = examined.pixels.as_ref().map(perceptual_hash);
        }
        // a file of another kind is no damaged picture, unless its name says that it is one
        Err(refusal @ (Refusal::NotAnImage { .. } | Refusal::Empty)) => {
            let is_picture = kind.is_none() && is_named_as_picture(name);
            looked.damage = (is_picture || refusal == Refusal::Empty).then(|| refusal.to_string());
        }
        // larger than a picture may be, and perhaps whole
        Err(Refusal::TooLarge { .. } | Refusal::TooManyFrames { .. } | Refusal::Metadata { .. }) => {}
        Err(refusal) => looked.damage = Some(refusal.to_string()),
    }
    looked
}

/// The media type of what is no picture.
fn type_of(bytes: &[u8]) -> &'static str {
    infer::get(bytes).map_or("application/octet-stream", |kind| kind.mime_type())
}

fn is_named_as_picture(name: &Name) -> bool {
    let extension = name.file().rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_it = |kind: &Kind| kind.extension().eq_ignore_ascii_case(extension);
    Kind::KEPT.iter().any(is_it) || extension.eq_ignore_ascii_case("jpeg")
}

pub(crate) fn sha1_of(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}
