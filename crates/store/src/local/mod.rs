//! The store on disk. A file has its name only once it is whole: it is written into a folder of this run's own in the
//! same file system, `.part-…`, and renamed into place, so a reader sees all of it or nothing, whenever the process is
//! killed. The folder is locked while its run lives; what is not locked was left by a dead one and is removed.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tempfile::TempDir;

use crate::error::StoreError;
use crate::name::Name;
use crate::store::{About, Existing, Put, Stat, Store};

/// Where a run keeps its unfinished files: this and a name of its own.
const PARTS: &str = ".part-";
/// The file in it that is locked for as long as the run lives.
const LOCK: &str = "lock";
/// A folder without a living owner is left alone for so long: its owner may be about to lock it.
const YOUNG: Duration = Duration::from_secs(60);
/// How often a file is tried again when the process has too many open, and how long that waits in between.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(50));

/// A folder.
#[derive(Debug, Clone)]
pub struct Local(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    sync: bool,
    run: OnceLock<Run>,
}

/// The folder of a run, and the lock on it.
#[derive(Debug)]
struct Run {
    parts: TempDir,
    _lock: fs::File,
}

impl Local {
    /// A store in a folder; with `sync`, each object is on the disk before it has its name. Touches nothing yet.
    #[must_use]
    pub fn new(root: PathBuf, sync: bool) -> Self {
        Self(Arc::new(Folder { root, sync, run: OnceLock::new() }))
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
        self.off_thread(move |folder| folder.stat(&folder.path(&name))).await
    }

    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| {
            let path = folder.path(&name);
            match folder.stat(&path)? {
                None => Ok(None),
                Some(_) => fs::read(&path)
                    .map(|bytes| Some(bytes.into()))
                    .map_err(|error| StoreError::new(path.display(), error)),
            }
        })
        .await
    }

    async fn put(&self, name: &Name, body: Body, _about: &About, existing: Existing) -> Result<Put, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| folder.put(&name, body, existing)).await
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        let name = name.clone();
        self.off_thread(move |folder| {
            let path = folder.path(&name);
            match fs::remove_file(&path) {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(StoreError::new(path.display(), error)),
            }
        })
        .await
    }

    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>> {
        let (store, folder) = (self.clone(), folder.to_owned());
        let found = async move {
            let found = store.off_thread(move |store| {
                let mut found = Vec::new();
                store.walk(&folder, &mut found)?;
                Ok(found)
            });
            match found.await {
                Ok(found) => stream::iter(found.into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            }
        };
        stream::once(found).flatten().boxed()
    }

    fn parts(&self) -> Option<PathBuf> {
        Some(self.0.run.get().map_or_else(|| self.0.root.clone(), |run| run.parts.path().to_owned()))
    }

    fn root(&self) -> Option<&Path> {
        Some(&self.0.root)
    }
}

impl Folder {
    /// Makes the folder, makes sure that it can be written to, and removes what dead processes left half done.
    fn open(&self) -> Result<(), StoreError> {
        let failed = |source| StoreError::new(self.root.display(), source);
        fs::create_dir_all(&self.root).map_err(failed)?;
        // Whoever makes his folder and locks it holds the store's, so that no folder is seen between the two.
        let alone = fs::File::open(&self.root).ok().filter(|root| root.lock().is_ok());
        // what cannot be listed or removed does no harm
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(PARTS) && is_left_over(&entry.path(), alone.is_some()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let parts = tempfile::Builder::new().prefix(PARTS).tempdir_in(&self.root).map_err(failed)?;
        let lock = fs::File::create(parts.path().join(LOCK)).map_err(failed)?;
        // where there are no locks, nothing is removed for want of one
        if lock.try_lock().is_ok() {
            let _ = (&lock).write_all(b"taken");
        }
        drop(alone);
        // without a name, so that a kill at this moment leaves none
        let probe = tempfile::tempfile_in(&self.root).and_then(|mut file| file.write_all(b"can this be written to?"));
        probe.map_err(failed)?;
        let _ = self.run.set(Run { parts, _lock: lock });
        Ok(())
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.root.join(name.as_str())
    }

    fn stat(&self, path: &Path) -> Result<Option<Stat>, StoreError> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_file() => Ok(Some(Stat { size: found.len(), modified: found.modified().ok() })),
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(StoreError::new(path.display(), error)),
        }
    }

    fn put(&self, name: &Name, body: Body, existing: Existing) -> Result<Put, StoreError> {
        let path = self.path(name);
        if existing == Existing::Keep && self.stat(&path)?.is_some() {
            return Ok(Put::Kept);
        }
        let parts = self.run.get().map_or(self.root.as_path(), |run| run.parts.path());
        let folder = path.parent().unwrap_or(&self.root);
        let put = || {
            let file = match body {
                Body::File { file, .. } if file.path().starts_with(&self.root) => file,
                Body::File { file, .. } => {
                    let mut copy = patiently(|| Body::part_file(parts))?;
                    io::copy(&mut fs::File::open(file.path())?, copy.as_file_mut())?;
                    copy
                }
                Body::Memory(bytes) => {
                    let mut file = patiently(|| Body::part_file(parts))?;
                    file.write_all(&bytes)?;
                    file
                }
            };
            if self.sync {
                file.as_file().sync_all()?;
            }
            // a store that is gone is not made again: whoever unmounted it has its objects elsewhere
            if !folder.exists() && self.root.exists() {
                fs::create_dir_all(folder)?;
            }
            match existing {
                Existing::Replace => drop(file.persist(&path).map_err(|error| error.error)?),
                Existing::Keep => match file.persist_noclobber(&path) {
                    Ok(_) => {}
                    Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(Put::Kept),
                    Err(error) => return Err(error.error),
                },
            }
            if self.sync {
                patiently(|| fs::File::open(folder))?.sync_all()?;
            }
            Ok(Put::Written)
        };
        put().map_err(|source| StoreError::new(path.display(), source))
    }

    fn walk(&self, folder: &str, found: &mut Vec<(Name, Stat)>) -> Result<(), StoreError> {
        let path = self.root.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::new(path.display(), error)),
        };
        for entry in entries.flatten() {
            let file = entry.file_name();
            let Some(file) = file.to_str() else { continue };
            let name = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
            match (entry.file_type(), Name::new(&name)) {
                (Ok(kind), Ok(_)) if kind.is_dir() => self.walk(&name, found)?,
                (Ok(kind), Ok(name)) if kind.is_file() => {
                    if let Some(stat) = self.stat(&entry.path())? {
                        found.push((name, stat));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether the run of a folder is gone: nobody holds its lock. Where a folder cannot be locked (the store's own), one that
/// is young may belong to somebody who is about to lock it.
fn is_left_over(parts: &Path, alone: bool) -> bool {
    let age = fs::metadata(parts).and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
    let is_settled = alone || age.is_some_and(|age| age > YOUNG);
    match fs::File::open(parts.join(LOCK)) {
        Ok(lock) => lock.try_lock().is_ok() && (is_settled || lock_was_taken(parts)),
        Err(error) => error.kind() == io::ErrorKind::NotFound && is_settled,
    }
}

/// A lock that was taken once says so, so that the folder of a run that was just killed is known for what it is.
fn lock_was_taken(parts: &Path) -> bool {
    fs::metadata(parts.join(LOCK)).is_ok_and(|lock| lock.len() > 0)
}

/// Tries again for as long as the process has too many files open: that passes, and no photograph is lost for it.
fn patiently<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    const EMFILE: i32 = 24;
    let (mut left, wait) = PATIENCE;
    loop {
        match open() {
            Err(error) if error.raw_os_error() == Some(EMFILE) && left > 0 => {
                left -= 1;
                std::thread::sleep(wait);
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Local) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Local::new(folder.path().join("photos"), true);
        store.0.open().expect("opened");
        (folder, store)
    }

    fn parts(store: &Local) -> PathBuf {
        store.parts().expect("a folder")
    }

    #[tokio::test]
    async fn a_folder_is_a_store() {
        let folder = tempfile::tempdir().expect("a folder");
        crate::conformance::run(|| Local::new(folder.path().join("photos"), false)).await;
    }

    #[tokio::test]
    async fn nothing_but_the_object_is_left() {
        let (_folder, store) = store();
        let name = Name::new("full/a.png").expect("a name");
        store.put(&name, Body::Memory("x".into()), &About::default(), Existing::Replace).await.expect("kept");
        let left: Vec<_> = fs::read_dir(parts(&store)).expect("a folder").flatten().collect();
        assert_eq!(left.len(), 1, "nothing but the lock is left: {left:?}");
        let (root, parts) = (store.root().expect("a folder").to_owned(), parts(&store));
        drop(store);
        assert!(!parts.exists() && root.join("full/a.png").exists());
    }

    #[test]
    fn what_dead_processes_left_is_removed_and_the_living_are_let_be() {
        let (_folder, living) = store();
        fs::write(parts(&living).join("half.part"), b"half").expect("written");
        let root = living.root().expect("a folder").to_owned();
        let dead = root.join(".part-dead");
        fs::create_dir(&dead).expect("a folder");
        fs::write(dead.join(LOCK), b"taken").expect("written");
        // one that was killed before it could lock its folder
        let unlocked = root.join(".part-unlocked");
        fs::create_dir(&unlocked).expect("a folder");
        let second = Local::new(root, false);
        second.0.open().expect("opened beside the first");
        assert!(parts(&living).join("half.part").exists() && !unlocked.exists() && !dead.exists());
        // and the second one's end takes nothing from the first
        drop(second);
        assert!(parts(&living).exists());
    }

    #[test]
    fn a_store_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let error = Local::new(file.join("photos"), false).0.open().expect_err("a file is in the way");
        assert!(error.to_string().ends_with("photos` cannot be used as a store"), "{error}");
    }
}
