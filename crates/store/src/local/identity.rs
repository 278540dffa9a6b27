//! What tells one store from another: a file in its root with a random id, written once. It is looked for before each
//! object is written, so that what is no longer mounted, or was put in the place of another, is not written to.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{Dev, fstat, lstat, stat};

use crate::identity::{FORMAT, IDENTITY};
use crate::local::beneath;

/// The identity of a store that is open.
#[derive(Debug)]
pub(super) struct Identity {
    id: String,
    path: PathBuf,
    /// Where the file was when it was last read: one look shows whether it still is.
    device: Dev,
    inode: AtomicU64,
}

impl Identity {
    /// That of a root which has one.
    pub(super) fn read(root: &OwnedFd, path: &Path) -> io::Result<Self> {
        let file = beneath::open(root, IDENTITY, beneath::READ)?;
        let Some(found) = beneath::object(&file)? else {
            return Err(io::Error::other(format!("`{IDENTITY}` in it is no file")));
        };
        let mut text = String::new();
        File::from(file).take(1024).read_to_string(&mut text)?;
        let id = match text.split_once('\n') {
            Some((FORMAT, id)) => id.trim_end().to_owned(),
            _ => {
                return Err(io::Error::other(format!(
                    "`{IDENTITY}` in it is not of this version of Dragline, or damaged"
                )));
            }
        };
        Ok(Self { id, path: path.join(IDENTITY), device: found.st_dev, inode: found.st_ino.into() })
    }

    /// Whether the store is still where it was. One call to the system, unless the file was put there anew.
    pub(super) fn check(&self, root: &OwnedFd) -> io::Result<()> {
        let gone = |why: &str| Err(io::Error::new(io::ErrorKind::NotFound, format!("{why}: is it still mounted?")));
        let found = match lstat(&self.path) {
            Ok(found) => found,
            Err(error) if beneath::is_none(&error.into()) => return gone("the store is gone"),
            Err(error) => return Err(error.into()),
        };
        if found.st_dev != self.device {
            return gone("another disk is in the store's place");
        }
        if found.st_ino == self.inode.load(Ordering::Relaxed) {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        let is_same = |a: rustix::fs::Stat, b: rustix::fs::Stat| (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino);
        match Self::read(root, folder) {
            // restored from a copy, or of a file system that numbers files as it likes
            Ok(now) if now.id == self.id && is_same(stat(folder)?, fstat(root.as_fd())?) => {
                self.inode.store(now.inode.into_inner(), Ordering::Relaxed);
                Ok(())
            }
            _ => gone("another store is in its place"),
        }
    }
}
