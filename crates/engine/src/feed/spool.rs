//! Places that take only whole files. A batch is gathered in the spool folder, and shipped when it is full or the crawl
//! ends, under a name that a second shipping would overwrite with the same or more records.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::volume::{failed, sync_folder};
use crate::error::{Error, Result};

/// A place that takes whole files: a bucket.
#[async_trait]
pub trait Store: Display + Send + Sync {
    /// Puts a file there under a URI, over what is there; nobody ever sees half of it.
    ///
    /// # Errors
    /// If it cannot; [`Error::Feed`] with the reason.
    async fn put(&self, uri: &str, file: &Path) -> Result<()>;

    /// Whether there is something under a URI.
    ///
    /// # Errors
    /// If the place does not answer, or does not let us look.
    async fn has(&self, uri: &str) -> Result<bool>;

    /// Removes what a rewind has made void: a batch that is written again under another limit may end elsewhere.
    ///
    /// # Errors
    /// If it cannot.
    async fn remove(&self, uri: &str) -> Result<()>;
}

/// A format that is made of a whole batch: Parquet. It blocks, and is called on a thread that may.
pub trait Convert: Send + Sync {
    /// Makes a file of a file of JSON lines.
    ///
    /// # Errors
    /// If it cannot; [`Error::Feed`] or [`Error::Disk`].
    fn convert(&self, lines: &Path, to: &Path) -> Result<()>;
}

/// How a batch gets from the spool folder to its place.
#[derive(Clone)]
pub(super) struct Shipping {
    pub(super) store: Arc<dyn Store>,
    pub(super) convert: Option<Arc<dyn Convert>>,
}

impl Shipping {
    /// Ships a spool file under a URI.
    pub(super) async fn ship(&self, spool: &Path, uri: &str) -> Result<()> {
        let Some(convert) = self.convert.clone() else { return self.store.put(uri, spool).await };
        let (lines, made) = (spool.to_owned(), spool.with_extension("made"));
        let to = made.clone();
        blocking(move || convert.convert(&lines, &to)).await?;
        self.store.put(uri, &made).await?;
        remove(&made)
    }
}

/// A folder of this machine as a store: files appear whole.
#[derive(Debug)]
pub(super) struct Folder;

impl Display for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("files")
    }
}

#[async_trait]
impl Store for Folder {
    async fn put(&self, uri: &str, file: &Path) -> Result<()> {
        let (to, from) = (PathBuf::from(uri), file.to_owned());
        blocking(move || copy_whole(&from, &to).map_err(|source| failed(&to, source))).await
    }

    async fn has(&self, uri: &str) -> Result<bool> {
        let path = Path::new(uri);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // a place that cannot be is said at once, and not when the crawl ends
        tokio::fs::metadata(folder).await.map_err(|source| failed(path, source))?;
        tokio::fs::try_exists(path).await.map_err(|source| failed(path, source))
    }

    async fn remove(&self, uri: &str) -> Result<()> {
        remove(Path::new(uri))
    }
}

/// Under a name for the time being, then under its own: whoever looks sees the old file or the new one.
fn copy_whole(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut part = builder.prefix(".dragline-").suffix(".part").tempfile_in(folder)?;
    io::copy(&mut std::fs::File::open(from)?, part.as_file_mut())?;
    part.as_file().sync_all()?;
    part.persist(to).map_err(|error| error.error)?;
    sync_folder(to)
}

/// Removes a file that need not be there.
pub(super) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, error)),
        _ => Ok(()),
    }
}

/// Does what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let over = |_| Err(Error::other("the work on a feed was given up"));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(over)
}
