//! The store on disk. A file has its name only once it is whole: it is written into a folder of this run's own in the
//! same file system, `.part-…`, and renamed into place, so a reader sees all of it or nothing, whenever the process is
//! killed. Nothing outside the root is ever written to, whoever plants links there: every path is opened below the
//! root's handle ([`beneath`]), and before each object the store is asked whether it is still itself ([`identity`]).

mod beneath;
mod calls;
mod identity;
mod list;
mod put;
mod run;
mod twins;

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::mpsc;

use crate::error::StoreError;
use crate::local::calls::{Calls, Real};
use crate::local::identity::Identity;
use crate::local::list::Passed;
use crate::local::run::Run;
use crate::name::Name;
use crate::store::{AT_ONCE, About, Existing, Pieces, Put, Stat, Store};

/// How often a file is tried again when the process has too many open, and how long that waits in between.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(50));
/// How many objects of a list may be found before they are asked for.
const AHEAD: usize = 256;
/// How much of a large object is read at a time.
const PIECE: usize = 1 << 20;

/// A folder.
#[derive(Debug, Clone)]
pub struct Local(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    sync: bool,
    calls: Arc<dyn Calls>,
    opened: OnceLock<Opened>,
}

/// A store that can be written to. The handle keeps what was opened, whatever becomes of its path.
#[derive(Debug)]
struct Opened {
    root: OwnedFd,
    run: Run,
    identity: Identity,
    /// Held while a name is given, on a disk that does not tell capitals from small letters.
    case_blind: Option<Mutex<()>>,
}

impl Local {
    /// A store in a folder; with `sync`, each object is on the disk before it has its name, and its name before it counts
    /// as kept. Touches nothing yet.
    #[must_use]
    pub fn new(root: PathBuf, sync: bool) -> Self {
        Self::with(root, sync, Arc::new(Real))
    }

    fn with(root: PathBuf, sync: bool, calls: Arc<dyn Calls>) -> Self {
        Self(Arc::new(Folder { root, sync, calls, opened: OnceLock::new() }))
    }

    /// Does what blocks where it may.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&folder)).await;
        done.unwrap_or_else(|error| Err(StoreError::new(self, error)))
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.root.display().fmt(f)
    }
}

#[async_trait]
impl Store for Local {
    async fn open(&self) -> Result<(), StoreError> {
        self.off_thread(Folder::open).await
    }

    async fn stat(&self, name: &Name) -> Result<Option<Stat>, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| Ok(folder.object(&name, beneath::LOOK)?.map(|(_, stat)| stat))).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| folder.get(&name)).await
    }

    async fn read(&self, name: &Name) -> Result<Option<Pieces>, StoreError> {
        let object = name.clone();
        let opened = self.off_thread(move |folder| folder.object(&object, beneath::READ)).await?;
        let (store, name) = (self.clone(), name.clone());
        Ok(opened.map(|(file, _)| {
            let next = move |file: Option<File>| {
                let (store, name) = (store.clone(), name.clone());
                async move {
                    let file = file?;
                    let piece = store.off_thread(move |folder| {
                        let mut piece = Vec::with_capacity(PIECE);
                        match (&file).take(PIECE as u64).read_to_end(&mut piece) {
                            Ok(_) => Ok((piece, file)),
                            Err(error) => Err(folder.failed(&name, error)),
                        }
                    });
                    match piece.await {
                        Ok((piece, _)) if piece.is_empty() => None,
                        Ok((piece, file)) => Some((Ok(Bytes::from(piece)), Some(file))),
                        Err(error) => Some((Err(error), None)),
                    }
                }
            };
            stream::unfold(Some(file), next).boxed()
        }))
    }

    async fn put(&self, name: &Name, body: Body, _about: &About, existing: Existing) -> Result<Put, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| folder.put(&name, body, existing)).await
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| folder.delete(&name)).await
    }

    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>> {
        let (store, path) = (self.clone(), folder.to_owned());
        let begin = async move {
            // the thread waits here for who reads the list, and ends when nobody does any more
            let (sender, receiver) = mpsc::channel(AHEAD);
            tokio::task::spawn_blocking(move || {
                let listed = store.0.list(&path, &mut |name, stat| match sender.blocking_send(Ok((name, stat))) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                });
                if let Err(error) = listed {
                    let _ = sender.blocking_send(Err(error));
                }
            });
            stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) })
        };
        stream::once(begin).flatten().boxed()
    }

    fn parts(&self) -> Option<PathBuf> {
        Some(self.0.opened.get().map_or_else(|| self.0.root.clone(), |opened| opened.run.path().to_owned()))
    }

    fn root(&self) -> Option<&Path> {
        Some(&self.0.root)
    }
}

impl Folder {
    /// Makes the folder, makes sure that it can be written to, and removes what dead processes left half done.
    fn open(&self) -> Result<(), StoreError> {
        if self.opened.get().is_some() {
            return Ok(());
        }
        let opened = self.make().map_err(|error| StoreError::new(self.root.display(), error))?;
        let _ = self.opened.set(opened);
        Ok(())
    }

    fn make(&self) -> io::Result<Opened> {
        let missing: Vec<_> = self.root.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(&self.root)?;
        if self.sync {
            for parent in missing.iter().filter_map(|folder| folder.parent()) {
                let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
                self.calls.sync(&File::open(parent)?)?;
            }
        }
        let root = beneath::root(&self.root)?;
        if is_open_to_all(rustix::fs::fstat(&root)?.st_mode) {
            let cure = "take that from them: chmod o-w";
            tracing::warn!(store = %self.root.display(), cure, "everybody may write to the store, and remove what is in it");
        }
        let run = Run::begin(&root, &self.root)?;
        let identity = match Identity::read(&root, &self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.write_identity(&root, &run)?;
                Identity::read(&root, &self.root)?
            }
            found => found?,
        };
        let case_blind = twins::is_case_blind(&root).then(Mutex::default);
        Ok(Opened { root, run, identity, case_blind })
    }

    /// The store as it was opened.
    fn opened(&self) -> Result<&Opened, StoreError> {
        self.opened.get().ok_or_else(|| StoreError::new(self.root.display(), "it is not open"))
    }

    /// Opens an object and looks at it; none if there is none.
    fn object(&self, name: &Name, flags: rustix::fs::OFlags) -> Result<Option<(File, Stat)>, StoreError> {
        let open = || match self.opened.get() {
            Some(opened) => beneath::open(&opened.root, name.as_str(), flags),
            None => beneath::open(beneath::root(&self.root)?, name.as_str(), flags),
        };
        let found =
            patiently(open).and_then(|file| Ok(beneath::object(&file)?.map(|stat| (file.into(), list::of(&stat)))));
        match found {
            Err(error) if beneath::is_none(&error) => Ok(None),
            found => found.map_err(|error| self.failed(name, error)),
        }
    }

    fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        let Some((file, stat)) = self.object(name, beneath::READ)? else { return Ok(None) };
        // what grows meanwhile is no more trusted than what is too large
        let expected = usize::try_from(stat.size.min(AT_ONCE)).unwrap_or_default();
        let mut bytes = Vec::new();
        let read = match bytes.try_reserve_exact(expected + 1) {
            Ok(()) => file.take(AT_ONCE + 1).read_to_end(&mut bytes),
            Err(error) => Err(io::Error::other(error)),
        };
        match read {
            Ok(_) if bytes.len() as u64 > AT_ONCE => Err(StoreError::of_object(
                self.root.join(name.as_str()).display(),
                "it is too large to be read at once",
            )),
            Ok(_) => Ok(Some(bytes.into())),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    fn list(&self, path: &str, found: &mut impl FnMut(Name, Stat) -> ControlFlow<()>) -> Result<(), StoreError> {
        let mut passed = Passed::default();
        let listed = beneath::root(&self.root)
            .and_then(|root| if path.is_empty() { Ok(root) } else { beneath::open(root, path, beneath::FOLDER) })
            .and_then(|folder| list::walk(folder, path, &mut passed, found));
        if passed.count > 0 {
            let (count, first) = (passed.count, passed.first.escape_debug());
            tracing::warn!(store = %self.root.display(), count, %first, "what is no object was passed over");
        }
        match listed {
            Err(error) if !beneath::is_none(&error) => Err(StoreError::new(self.root.join(path).display(), error)),
            _ => Ok(()),
        }
    }
}

/// Whether everybody may write to a folder and remove what others wrote: there is no sticky bit, as there is on `/tmp`.
fn is_open_to_all(mode: rustix::fs::RawMode) -> bool {
    mode & 0o1002 == 0o002
}

/// Tries again for as long as the process has too many files open: that passes, and no photograph is lost for it.
fn patiently<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let (mut left, wait) = PATIENCE;
    loop {
        match open() {
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) && left > 0 => {
                left -= 1;
                std::thread::sleep(wait);
            }
            other => return other,
        }
    }
}
