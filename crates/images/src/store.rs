//! The store on disk. A file has its name only once it is whole: it is written into a folder of this run's own in the
//! same file system, `.part-…`, and renamed into place, so a reader sees all of it or nothing, whenever the process is
//! killed. The folder is locked while its run lives; what is not locked was left by a dead one and is removed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use dragline::message::Body;
use sha1::{Digest, Sha1};
use tempfile::TempDir;

use crate::container::is_whole;
use crate::verify::{FORMATS, Picture, extension};

/// Where a run keeps its unfinished files: this and a name of its own.
const PARTS: &str = ".part-";
/// The file in it that is locked for as long as the run lives.
const LOCK: &str = "lock";
/// A folder without a living owner is left alone for so long: its owner may be about to lock it.
const YOUNG: Duration = Duration::from_secs(60);
/// Where originals are, as in Scrapy's stores.
const FULL: &str = "full";
/// How often a file is tried again when the process has too many open, and how long that waits in between.
const PATIENCE: (u32, Duration) = (100, Duration::from_millis(50));

/// A folder of images under hash names.
#[derive(Debug)]
pub struct Store {
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

/// A store that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be used as an image store", path.display())]
pub struct StoreError {
    /// The folder or file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Store {
    /// A store in a folder; with `sync`, each file is on the disk before it has its name. Touches nothing yet.
    #[must_use]
    pub fn new(root: PathBuf, sync: bool) -> Self {
        Self { root, sync, run: OnceLock::new() }
    }

    /// Makes its folders, makes sure that they can be written to, and removes what dead processes left half done.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub fn open(&self) -> Result<(), StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError { path, source }
        };
        let full = self.root.join(FULL);
        fs::create_dir_all(&full).map_err(failed(&full))?;
        // Whoever makes his folder and locks it holds the store's, so that no folder is seen between the two.
        let alone = fs::File::open(&self.root).ok().filter(|root| root.lock().is_ok());
        // what cannot be listed or removed does no harm
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(PARTS) && is_left_over(&entry.path(), alone.is_some()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let parts = tempfile::Builder::new().prefix(PARTS).tempdir_in(&self.root).map_err(failed(&self.root))?;
        let lock = fs::File::create(parts.path().join(LOCK)).map_err(failed(&self.root))?;
        // where there are no locks, nothing is removed for want of one
        if lock.try_lock().is_ok() {
            let _ = (&lock).write_all(b"taken");
        }
        drop(alone);
        // without a name, so that a kill at this moment leaves none
        let probe = tempfile::tempfile_in(&full).and_then(|mut file| file.write_all(b"can this be written to?"));
        probe.map_err(failed(&full))?;
        let _ = self.run.set(Run { parts, _lock: lock });
        Ok(())
    }

    /// The folder of the store.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder for bodies that are not whole yet; the store must be open.
    #[must_use]
    pub fn parts(&self) -> PathBuf {
        self.run.get().map_or_else(|| self.root.clone(), |run| run.parts.path().to_owned())
    }

    /// The name of a URL's file without its extension: `full/<sha1 of the URL>`.
    #[must_use]
    pub fn stem(url: &str) -> String {
        format!("{FULL}/{}", hex(&Sha1::digest(url.as_bytes())))
    }

    /// The file of a URL, if one is there that is an image by its header and whole by its structure: its name, its
    /// bytes, what it is.
    #[must_use]
    pub fn find(&self, stem: &str) -> Option<(String, Vec<u8>, Picture)> {
        FORMATS.iter().find_map(|format| {
            let name = format!("{stem}.{}", extension(*format));
            let bytes = fs::read(self.root.join(&name)).ok()?;
            // another program may have been killed while it wrote
            let picture = Picture::of_header(&bytes).ok().filter(|picture| is_whole(picture.format, &bytes))?;
            Some((name, bytes, picture))
        })
    }

    /// Keeps a whole body under its final name.
    ///
    /// # Errors
    /// If the disk refuses it; nothing is left then.
    pub fn keep(&self, body: Body, name: &str) -> Result<(), StoreError> {
        let path = self.root.join(name);
        let keep = || {
            let file = match body {
                Body::File { file, .. } => file,
                Body::Memory(bytes) => {
                    let mut file = patiently(|| Body::part_file(&self.parts()))?;
                    file.write_all(&bytes)?;
                    file
                }
            };
            if self.sync {
                file.as_file().sync_all()?;
            }
            file.persist(&path).map_err(|error| error.error)?;
            if self.sync {
                patiently(|| fs::File::open(self.root.join(FULL)))?.sync_all()?;
            }
            Ok(())
        };
        keep().map_err(|source| StoreError { path: path.clone(), source })
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

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // writing to a String cannot fail
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::tests::sample;
    use image::ImageFormat;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path().join("photos"), true);
        store.open().expect("opened");
        (folder, store)
    }

    #[test]
    fn names_are_those_of_scrapy() {
        // the cases of Scrapy's own suite
        let stem = Store::stem("https://dev.mydeco.com/mydeco.gif");
        assert_eq!(stem, "full/3fd165099d8e71b8a48b2683946e64dbfad8b52d");
        let stem = Store::stem("http://www.maddiebrown.co.uk///catalogue-items//image_54642_12175_95307.jpg");
        assert_eq!(stem, "full/0ffcd85d563bca45e2f90becd0ca737bc58a00b2");
    }

    #[test]
    fn what_was_kept_is_found_as_it_came() {
        let (_folder, store) = store();
        let (stem, bytes) = (Store::stem("http://a.example/1"), sample(ImageFormat::Png));
        assert!(store.find(&stem).is_none());
        store.keep(Body::Memory(bytes.clone().into()), &format!("{stem}.png")).expect("kept");
        let (name, found, picture) = store.find(&stem).expect("found");
        assert_eq!((name, found, picture.format), (format!("{stem}.png"), bytes, ImageFormat::Png));
        let left: Vec<_> = fs::read_dir(store.parts()).expect("a folder").flatten().collect();
        assert_eq!(left.len(), 1, "nothing but the lock is left: {left:?}");
        let (root, parts) = (store.root().to_owned(), store.parts());
        drop(store);
        assert!(!parts.exists() && root.join("full").exists());
    }

    #[test]
    fn half_a_file_of_another_program_is_not_taken_for_an_image() {
        let (_folder, store) = store();
        let (stem, whole) = (Store::stem("http://a.example/1"), sample(ImageFormat::Jpeg));
        for half in [&whole[..2], &whole[..whole.len() - 2]] {
            fs::write(store.root().join(format!("{stem}.jpg")), half).expect("written");
            assert!(store.find(&stem).is_none());
        }
        fs::write(store.root().join(format!("{stem}.jpg")), &whole).expect("written");
        assert!(store.find(&stem).is_some());
    }

    #[test]
    fn what_dead_processes_left_is_removed_and_the_living_are_let_be() {
        let (_folder, living) = store();
        fs::write(living.parts().join("half.part"), b"half").expect("written");
        let dead = living.root().join(".part-dead");
        fs::create_dir(&dead).expect("a folder");
        fs::write(dead.join(LOCK), b"taken").expect("written");
        // one that was killed before it could lock its folder
        let unlocked = living.root().join(".part-unlocked");
        fs::create_dir(&unlocked).expect("a folder");
        let second = Store::new(living.root().to_owned(), false);
        second.open().expect("opened beside the first");
        assert!(living.parts().join("half.part").exists() && !unlocked.exists() && !dead.exists());
        // and the second one's end takes nothing from the first
        drop(second);
        living.keep(Body::Memory(sample(ImageFormat::Png).into()), "full/a.png").expect("kept");
    }

    #[test]
    fn a_store_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let error = Store::new(file.join("photos"), false).open().expect_err("a file is in the way");
        assert!(error.to_string().ends_with("photos/full` cannot be used as an image store"), "{error}");
    }
}
