//! A job that cannot be opened or written to: what is wrong, where, and what helps.

use std::io;
use std::path::{Path, PathBuf};

/// A job that cannot be opened or written to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// Another process has it.
    #[error("job `{}` is in use by {owner}: stop that first, or look at it with `dragline job show {}`", folder.display(), folder.display())]
    Locked {
        /// The job's folder.
        folder: PathBuf,
        /// What the owner says of itself.
        owner: String,
    },
    /// It was written by a later version.
    #[error("job `{}` has format {found}, and this build reads formats up to {known}: use a newer Dragline", folder.display())]
    Newer {
        /// The job's folder.
        folder: PathBuf,
        /// Its format.
        found: u32,
        /// The latest that this build knows.
        known: u32,
    },
    /// It is not as it was written.
    #[error("job `{}` is damaged ({what}): `dragline job repair {}` saves what can be read and counts the rest", folder.display(), folder.display())]
    Damaged {
        /// The job's folder.
        folder: PathBuf,
        /// What was found.
        what: String,
    },
    /// It cannot be repaired.
    #[error("job `{}`: {what}", folder.display())]
    Beyond {
        /// The job's folder.
        folder: PathBuf,
        /// What there is to say.
        what: String,
    },
    /// It is the job of another spider.
    #[error("job `{}` is one of spider `{job}`, not of `{wanted}`: give each its own folder", folder.display())]
    OtherSpider {
        /// The job's folder.
        folder: PathBuf,
        /// Whose it is.
        job: String,
        /// Who came.
        wanted: String,
    },
    /// The folder holds something else.
    #[error("`{}` holds other things and no job: give a folder that is empty or not there", folder.display())]
    NotAJob {
        /// The folder.
        folder: PathBuf,
    },
    /// There is no job.
    #[error("there is no job in `{}`", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The disk is full, and has stayed so.
    #[error("job `{}` cannot be written to: {source}", folder.display())]
    Full {
        /// The job's folder.
        folder: PathBuf,
        /// What the disk says.
        source: io::Error,
    },
    /// The file system's own trouble.
    #[error("job `{}` {what}", folder.display())]
    Io {
        /// The job's folder.
        folder: PathBuf,
        /// What failed.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It could not be written to, so nothing more is taken in.
    #[error("job `{}` cannot be written to: {why}", folder.display())]
    Broken {
        /// The job's folder.
        folder: PathBuf,
        /// What happened.
        why: String,
    },
    /// It was not opened, or is closed.
    #[error("the job is not open")]
    Closed,
}

impl JobError {
    /// What redb says, of a job that is being opened.
    pub(super) fn of(folder: &Path, error: redb::Error) -> Self {
        match error {
            redb::Error::Io(source) if !is_about_the_bytes(&source) => {
                Self::Io { folder: folder.to_owned(), what: "cannot be opened", source }
            }
            redb::Error::DatabaseAlreadyOpen => {
                Self::Locked { folder: folder.to_owned(), owner: "another process".to_owned() }
            }
            other => Self::Damaged { folder: folder.to_owned(), what: other.to_string() },
        }
    }

    /// What happened, in a few words.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Full { source, .. } | Self::Io { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether the job stands in the way of the crawl, rather than the disk.
    #[must_use]
    pub fn is_about_the_job(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::Newer { .. }
                | Self::Damaged { .. }
                | Self::Beyond { .. }
                | Self::OtherSpider { .. }
                | Self::NotAJob { .. }
                | Self::Missing { .. }
        )
    }
}

/// Whether a file was read, and was not what it should be.
fn is_about_the_bytes(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput)
}
