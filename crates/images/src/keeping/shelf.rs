//! A store with its manifest, and which of its objects are meant.

use std::path::PathBuf;
use std::sync::Arc;

use dragline_store::manifest::{Manifest, ManifestError, Object};
use dragline_store::{Name, Store, StoreError};

use crate::picture::Bounds;

/// Where thumbnails are.
const THUMBS: &str = "thumbs/";
/// Where damaged objects are set aside.
pub(crate) const DAMAGED: &str = "damaged/";

/// A store and what is known of it.
#[derive(Clone)]
pub struct Shelf {
    /// Where the objects are.
    pub store: Arc<dyn Store>,
    /// What is known of them.
    pub manifest: Manifest,
    /// The most that a picture may claim.
    pub bounds: Bounds,
    /// Threads that decode.
    pub threads: usize,
}

/// A store that cannot be looked after.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeepingError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file cannot be read or written.
    #[error("`{path}` cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What is asked for cannot be done.
    #[error("{0}")]
    Refused(String),
}

impl KeepingError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Which objects are meant. The default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Media types, or the part behind the `/`: `jpeg`.
    pub types: Vec<String>,
    /// The fewest pixels from left to right.
    pub min_width: u32,
    /// The fewest pixels from top to bottom.
    pub min_height: u32,
    /// The fewest bytes.
    pub min_bytes: u64,
}

impl Selection {
    /// Whether an object is meant.
    #[must_use]
    pub fn has(&self, object: &Object) -> bool {
        let short = object.mime.rsplit('/').next().unwrap_or_default();
        let is_of = |wanted: &String| {
            let wanted = if wanted.eq_ignore_ascii_case("jpg") { "jpeg" } else { wanted };
            wanted.eq_ignore_ascii_case(short) || wanted.eq_ignore_ascii_case(&object.mime)
        };
        (self.types.is_empty() || self.types.iter().any(is_of))
            && object.width.unwrap_or(0) >= self.min_width
            && object.height.unwrap_or(0) >= self.min_height
            && object.size >= self.min_bytes
    }
}

/// Whether a name is that of an object: no thumbnail, and not set aside.
pub(crate) fn is_object(name: &Name) -> bool {
    !is_thumbnail(name) && !name.as_str().starts_with(DAMAGED)
}

pub(crate) fn is_thumbnail(name: &Name) -> bool {
    name.as_str().starts_with(THUMBS)
}

/// The size's name and the stem of a thumbnail: `small` and `3fd1…` of `thumbs/small/3fd1….jpg`.
pub(crate) fn thumbnail_of(name: &Name) -> Option<(&str, &str)> {
    let rest = name.as_str().strip_prefix(THUMBS)?;
    let (size, file) = rest.split_once('/')?;
    Some((size, stem(file)))
}

/// The last part of a name without its extension.
pub(crate) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or_default();
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}
