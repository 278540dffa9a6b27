//! What can go wrong with a store.

use std::fmt::Display;
use std::io;
use std::path::Path;

use dragline::error::Error;

/// A store that cannot be used, or an object that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("`{place}` cannot be used as a store")]
pub struct StoreError {
    /// The folder, file or object, without any password.
    pub place: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StoreError {
    /// An error of a place.
    pub fn new(place: impl Display, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { place: place.to_string(), source: source.into() }
    }

    /// An error of a file.
    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::new(path.display(), source)
    }

    /// The same for who runs the crawl: what cannot be kept is not to be fetched, so that this ends it.
    #[must_use]
    pub fn into_error(self, what: &'static str) -> Error {
        let source = match self.source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        };
        Error::Disk { what, path: self.place.into(), source }
    }
}
