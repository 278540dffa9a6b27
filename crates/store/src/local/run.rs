//! The folder of a run, `.part-…`: what is written lies there until it is whole. It is locked while its run lives; what
//! is not locked was left by a dead one and is removed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use tempfile::TempDir;

use crate::local::beneath;
use crate::local::patiently;

/// Where a run keeps its unfinished files: this and a name of its own.
pub(super) const PARTS: &str = ".part-";
/// The file in it that is locked for as long as the run lives.
const LOCK: &str = "lock";
/// A folder without a living owner is left alone for so long: its owner may be about to lock it.
const YOUNG: Duration = Duration::from_secs(60);
/// How often the lock on the store is tried, and how long that waits in between: whoever makes a folder holds it for
/// moments, and who holds it for longer must not keep a crawl from beginning.
const TRIES: (u32, Duration) = (100, Duration::from_millis(20));

/// The folder of a run, and the lock on it.
#[derive(Debug)]
pub(super) struct Run {
    parts: TempDir,
    /// Its handle.
    pub(super) folder: OwnedFd,
    /// The number of the next file.
    next: AtomicU64,
    _lock: File,
}

impl Run {
    /// Makes one, and removes those of the dead.
    pub(super) fn begin(root: &OwnedFd, path: &Path) -> io::Result<Self> {
        // Whoever makes his folder and locks it holds the store's, so that no folder is seen between the two.
        let alone = File::open(path).ok().filter(locked);
        // what cannot be listed or removed does no harm
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let is_run = name.to_str().filter(|name| name.starts_with(PARTS));
            if is_run.is_some_and(|name| is_left_over(root, name, alone.is_some())) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        // for nobody else: what is in it gets its name unread
        let private = fs::Permissions::from_mode(0o700);
        let parts = tempfile::Builder::new().prefix(PARTS).permissions(private).tempdir_in(path)?;
        let name = parts.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = beneath::open(root, name, beneath::FOLDER)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let lock: File = rustix::fs::openat(&folder, LOCK, flags, Mode::from_raw_mode(0o666))?.into();
        // where there are no locks, nothing is removed for want of one
        if lock.try_lock().is_ok() {
            let _ = (&lock).write_all(b"taken");
        }
        drop(alone);
        // without a name, so that a kill at this moment leaves none
        tempfile::tempfile_in(path).and_then(|mut file| file.write_all(b"can this be written to?"))?;
        Ok(Self { parts, folder, next: AtomicU64::new(0), _lock: lock })
    }

    /// The folder's path.
    pub(super) fn path(&self) -> &Path {
        self.parts.path()
    }

    /// A name for a file in it that no other has.
    pub(super) fn name(&self) -> String {
        format!("{}.part", self.next.fetch_add(1, Ordering::Relaxed))
    }
}

fn locked(root: &File) -> bool {
    let (mut left, wait) = TRIES;
    loop {
        match root.try_lock() {
            Ok(()) => return true,
            Err(TryLockError::WouldBlock) if left > 0 => {
                left -= 1;
                std::thread::sleep(wait);
            }
            Err(_) => return false,
        }
    }
}

/// Whether the run of a folder is gone: nobody holds its lock. Where a folder cannot be locked (the store's own), one that
/// is young may belong to somebody who is about to lock it.
fn is_left_over(root: &OwnedFd, name: &str, alone: bool) -> bool {
    let Ok(folder) = patiently(|| beneath::open(root, name, beneath::FOLDER)).map(File::from) else { return false };
    let age = folder.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
    let is_settled = alone || age.is_some_and(|age| age > YOUNG);
    match beneath::open(&folder, LOCK, beneath::READ).map(File::from) {
        // a lock that was taken once says so, so that the folder of a run that was just killed is known for what it is
        Ok(lock) => {
            let was_taken = lock.metadata().is_ok_and(|lock| lock.len() > 0);
            lock.try_lock().is_ok() && (is_settled || was_taken)
        }
        Err(error) => error.kind() == io::ErrorKind::NotFound && is_settled,
    }
}
