//! A store that cannot be used: what is wrong, where, and what helps.

use std::io;
use std::path::{Path, PathBuf};

/// A store that cannot be opened, read or written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Another process has it.
    #[error("cache `{}` is in use by {owner}: wait for it, or give another `middlewares.cache.dir`", folder.display())]
    InUse {
        /// The store's folder.
        folder: PathBuf,
        /// What the owner says of itself.
        owner: String,
    },
    /// It was written by another version.
    #[error("cache `{}` has format {found}, and this build reads format {known}: remove it, or give another `middlewares.cache.dir`", folder.display())]
    OtherFormat {
        /// The store's folder.
        folder: PathBuf,
        /// Its format.
        found: u64,
        /// The one that this build knows.
        known: u64,
    },
    /// There is none.
    #[error("there is no cache in `{}`", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The file system's own trouble.
    #[error("cache `{}` cannot be used", folder.display())]
    Io {
        /// The store's folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The index is not as it was written.
    #[error("cache `{}` is damaged ({what}): remove the folder, and it is filled anew", folder.display())]
    Damaged {
        /// The store's folder.
        folder: PathBuf,
        /// What was found.
        what: String,
    },
}

impl CacheError {
    pub(super) fn io(folder: &Path, source: io::Error) -> Self {
        Self::Io { folder: folder.to_owned(), source }
    }

    /// The error and its cause, for a log.
    pub(super) fn with_cause(&self) -> String {
        let cause = std::error::Error::source(self).map_or(String::new(), |cause| format!(": {cause}"));
        format!("{self}{cause}")
    }

    /// What redb says.
    pub(super) fn of(folder: &Path, error: impl Into<redb::Error>) -> Self {
        let folder = folder.to_owned();
        match error.into() {
            redb::Error::Io(source) => Self::Io { folder, source },
            redb::Error::DatabaseAlreadyOpen => Self::InUse { folder, owner: "another process".to_owned() },
            other => Self::Damaged { folder, what: other.to_string() },
        }
    }
}
