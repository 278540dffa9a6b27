//! What can go wrong with a store.

use std::fmt::Display;
use std::io;

use dragline::error::Error;

use crate::name::Name;

/// A store that cannot be used, or an object that cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("`{place}` {}", match scope { Scope::Store => "cannot be used as a store", Scope::Object => "cannot be an object" })]
pub struct StoreError {
    /// The folder, file or object, without any password.
    pub place: String,
    /// How far it reaches.
    pub scope: Scope,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// How far an error reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The next object will fare no better: whoever fills the store stops.
    Store,
    /// This object alone: another has its name, or the place takes no such name.
    Object,
}

/// Two names that differ in case alone, on a disk that takes them for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this disk takes it for `{twin}`, which is there: it does not tell capitals from small letters")]
pub struct CaseTwin {
    /// The name that is taken.
    pub twin: Name,
}

impl StoreError {
    /// An error of a place.
    pub fn new(place: impl Display, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { place: place.to_string(), scope: Scope::Store, source: source.into() }
    }

    /// An error of one object, beside which the store goes on.
    pub fn of_object(place: impl Display, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { scope: Scope::Object, ..Self::new(place, source) }
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
