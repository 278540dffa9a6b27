//! What can stop a crawl, or one page of it.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;

use crate::downloader::ClientError;
use crate::frontier::FrontierError;
use crate::message::{Failure, RecordError};

/// The result of what spiders and components do.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a spider, of a component or of the crawl.
///
/// A failure of the *site* is a [`Failure`] and counted; it becomes an error only where somebody asked for a page and
/// cannot go on without it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that cannot be; the text names key, place and cure.
    #[error("{message}")]
    Setting {
        /// The key, dotted; empty if it is not about one key.
        key: String,
        /// What is wrong.
        message: String,
    },
    /// A name that nothing answers to.
    #[error("no {what} is called `{name}` ({})", known_names(name, known))]
    Unknown {
        /// `spider`, `pipeline`, `feed format`.
        what: &'static str,
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A spider's argument that nobody gave.
    #[error(
        "spider `{spider}` needs `{key}`: give `-a {key}=…`, or `{key} = …` under `[spiders.{spider}]` in a settings file"
    )]
    MissingArgument {
        /// The spider.
        spider: String,
        /// The argument.
        key: String,
    },
    /// A page that is not what the spider expects.
    #[error("{0}")]
    Page(String),
    /// A page turns out to be the login form: the host is held, `open` runs again, and the request is sent again.
    #[error("signed out")]
    SignedOut,
    /// The site does not let the spider in.
    #[error("sign-in refused: {0}")]
    SignIn(String),
    /// A request that somebody waited for came to nothing.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// An item that cannot be a record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The frontier cannot go on.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
    /// The HTTP client cannot be made of its settings.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A place on disk that cannot be used.
    #[error("`{}` cannot be used as {what}", path.display())]
    Disk {
        /// What it is for: `the image store`, `a feed`.
        what: &'static str,
        /// The place.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A disk that is nearly full, and has stayed so.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A feed that is no file, and cannot be used.
    #[error("`{feed}` cannot be used as a feed")]
    Feed {
        /// Its URI, without passwords.
        feed: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Anything else.
    #[error("{0}")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A page that is not what the spider expects: what is missing, and where.
    pub fn page(what: impl Display) -> Self {
        Self::Page(what.to_string())
    }

    /// The site does not let the spider in: what it said.
    pub fn sign_in(what: impl Display) -> Self {
        Self::SignIn(what.to_string())
    }

    /// A setting that cannot be.
    pub fn setting(key: &str, what: impl Display) -> Self {
        Self::Setting { key: key.to_owned(), message: format!("`{key}` {what}") }
    }

    /// A feed that cannot be used, and why.
    pub fn feed(feed: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Feed { feed: feed.into(), source: source.into() }
    }

    /// An error of another library.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }
}

/// A disk that is nearly full, and has stayed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` has less than `disk.min_free` = {min_free} of free space, and has had for {}s: make room, or set `disk.min_free`", path.display(), patience.as_secs())]
pub struct SpaceError {
    /// A place on the disk.
    pub path: PathBuf,
    /// What is to stay free.
    pub min_free: ByteSize,
    /// How long it was waited for.
    pub patience: Duration,
}

impl From<url::ParseError> for Error {
    fn from(error: url::ParseError) -> Self {
        Self::Page(format!("not a URL: {error}"))
    }
}

impl From<std::num::ParseIntError> for Error {
    fn from(error: std::num::ParseIntError) -> Self {
        Self::Page(format!("not a number: {error}"))
    }
}

impl From<std::num::ParseFloatError> for Error {
    fn from(error: std::num::ParseFloatError) -> Self {
        Self::Page(format!("not a number: {error}"))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Page(format!("not the JSON that was expected: {error}"))
    }
}

/// `known: a, b; did you mean `a`?`
fn known_names(name: &str, known: &[String]) -> String {
    let list = if known.is_empty() { "none is known".to_owned() } else { format!("known: {}", known.join(", ")) };
    match nearest(name, known.iter().map(String::as_str)) {
        Some(nearest) => format!("{list}; did you mean `{nearest}`?"),
        None => list,
    }
}

/// The known name that `name` is most likely a slip of.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &str| {
        // a slip of the finger, or a part of the name
        let slip = strsim::osa_distance(name, candidate) <= 1 + candidate.len() / 8;
        let part = candidate.contains(name) && name.len() >= 3;
        let likeness = strsim::jaro_winkler(name, candidate);
        if slip || part { likeness.max(0.9) } else { likeness }
    };
    (known.into_iter())
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_says_what_there_is() {
        let known = vec!["books".to_owned(), "kodak-pulse".to_owned()];
        let error = Error::Unknown { what: "spider", name: "kodak".to_owned(), known };
        let text = "no spider is called `kodak` (known: books, kodak-pulse; did you mean `kodak-pulse`?)";
        assert_eq!(error.to_string(), text);
        assert_eq!(nearest("ulr", ["same_host", "url"]), Some("url"));
        assert_eq!(nearest("zzz", ["books"]), None);
    }
}
