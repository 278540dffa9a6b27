//! What can go wrong with a manifest.

use std::io;
use std::path::{Path, PathBuf};

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file cannot be made or opened.
    #[error("the manifest `{path}` cannot be opened")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is something else, or is damaged.
    #[error(
        "`{path}` is damaged or no manifest of a store: move it away, and `dragline store index` makes a new one \
         from the objects"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is another version's.
    #[error("the manifest `{path}` is of version {found}, and this program knows {known}: use the later program")]
    Version {
        /// The file.
        path: PathBuf,
        /// The version that it says it is of.
        found: i64,
        /// The version that is known.
        known: i64,
    },
    /// The file cannot be read or written now.
    #[error("the manifest `{path}` cannot be read or written")]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// Notes could not be queued, because the disk did not keep up.
    #[error(
        "{count} notes for the manifest `{path}` were lost, for it could not be written: `dragline store index` makes up for them"
    )]
    Lost {
        /// The file.
        path: PathBuf,
        /// How many.
        count: u64,
    },
    /// What is queued cannot be committed; it is tried again.
    #[error("the manifest `{path}` cannot be written: {why}")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
}

impl ManifestError {
    /// What an error of SQLite means for the file.
    pub(crate) fn of(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::{Error, ErrorCode};
        let path = path.to_owned();
        let is_damage = match &source {
            Error::SqliteFailure(error, _) => {
                // a table that is not there is what SQLite calls an unknown error
                matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
            }
            // a statement or a value that does not fit what the tables ought to be
            _ => true,
        };
        match is_damage {
            true => Self::Damaged { path, source },
            false => Self::Database { path, source },
        }
    }

    /// Whether the file itself is the trouble, rather than the disk or another process.
    #[must_use]
    pub fn is_about_the_file(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Version { .. })
    }
}
