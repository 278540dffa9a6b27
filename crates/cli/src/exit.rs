//! What the exit code says.

use std::process::ExitCode;

use dragline::Error;
use dragline::downloader::cache::CacheError;
use dragline::frontier::FrontierError;
use dragline::frontier::disk::JobError;

/// The exit codes, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The crawl is finished, or the command has done what it was asked.
    Finished = 0,
    /// An error of Dragline's own.
    Internal = 1,
    /// The command line or a setting cannot be; nothing was sent.
    Usage = 2,
    /// The crawl is finished, but over a `--fail-on` rule; or what was asked for is not there: no whole response, no
    /// match, a page that the spider does not understand; or a store has objects that are damaged or cannot be read.
    Failed = 3,
    /// The job, the cache or the manifest of a store is in use, or cannot be read: another version's, another spider's, damaged.
    Job = 4,
    /// The site refused the sign-in.
    SignIn = 5,
    /// The store or a feed cannot be written to.
    Disk = 6,
    /// Stopped by a signal; what was under way has ended.
    Stopped = 11,
    /// Stopped by a second signal.
    Forced = 13,
}

impl Exit {
    /// The exit code of an error.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<Error>() {
            // of a page that a person asked for; in a crawl it is counted
            Some(Error::Page(_)) => Self::Failed,
            Some(error) => Self::of_engine(error),
            None if error.downcast_ref::<JobError>().is_some() => Self::Job,
            None if matches!(error.downcast_ref::<CacheError>(), Some(CacheError::Io { .. })) => Self::Disk,
            None if error.downcast_ref::<CacheError>().is_some() => Self::Job,
            None if let Some(exit) = crate::store::exit_of(error) => exit,
            None if error.downcast_ref::<std::io::Error>().is_some() => Self::Disk,
            None => Self::Internal,
        }
    }

    /// The exit code of an error of the engine.
    #[must_use]
    pub fn of_engine(error: &Error) -> Self {
        match error {
            Error::Setting { .. } | Error::Unknown { .. } | Error::MissingArgument { .. } | Error::Client(_) => {
                Self::Usage
            }
            Error::Failure(_) => Self::Failed,
            Error::SignIn(_) | Error::SignedOut => Self::SignIn,
            Error::Frontier(FrontierError::Job(error)) if error.is_about_the_job() => Self::Job,
            Error::Disk { .. } | Error::Feed { .. } | Error::Space(_) | Error::Frontier(FrontierError::Job(_)) => {
                Self::Disk
            }
            _ => Self::Internal,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
