//! The folder of the copies: made for this process alone, locked while it lives, taken away at its end.
//!
//! What a killed process has left is known by its lock, which the system has taken back; it goes at the next start.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use dragline::error::{Error, Result};
use tempfile::TempDir;

/// How the folders begin; random letters follow.
const PREFIX: &str = "dragline-gallery-";
/// The file in them that their process holds locked.
const LOCK: &str = ".lock";

/// The folder, which goes with this.
#[derive(Debug)]
pub(super) struct Space {
    root: TempDir,
    /// Locked as long as the process lives.
    _lock: File,
}

/// A folder that a process has left, locked by us, so that nobody else takes it away.
#[derive(Debug)]
pub(super) struct Leftover {
    folder: PathBuf,
    _lock: File,
}

impl Space {
    /// Makes one among the temporary files, or in a folder, which is made if it is not there.
    pub(super) fn open(within: &Path) -> Result<Self> {
        let within = base(within);
        make(&within).map_err(|source| Error::Disk { what: "the folder of the copies", path: within, source })
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// What other processes have left beside it.
    pub(super) fn leftovers(&self) -> Vec<Leftover> {
        let entries = self.root().parent().and_then(|base| fs::read_dir(base).ok()).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
        named.map(|entry| entry.path()).filter(|folder| folder != self.root()).filter_map(left).collect()
    }

    /// Takes away what is in it; it stays locked.
    pub(super) fn clear(&self) {
        for entry in fs::read_dir(self.root()).into_iter().flatten().flatten() {
            if entry.file_name() != LOCK {
                take_away(&entry.path());
            }
        }
    }
}

impl Leftover {
    pub(super) fn take_away(self) {
        tracing::info!(folder = %self.folder.display(), "copies that an earlier process has left are taken away");
        take_away(&self.folder);
    }
}

/// Takes a scan's folder away. That it is not there is as good.
pub(super) fn take_away(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "copies cannot be taken away");
    }
}

fn base(within: &Path) -> PathBuf {
    match within.as_os_str().is_empty() {
        true => std::env::temp_dir(),
        false => within.to_owned(),
    }
}

fn make(base: &Path) -> io::Result<Space> {
    fs::create_dir_all(base)?;
    let mut builder = tempfile::Builder::new();
    // for its owner's eyes alone
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let root = builder.prefix(PREFIX).tempdir_in(base)?;
    // it has its name when it is locked: nobody finds it free in between
    let unnamed = root.path().join(".locking");
    let lock = File::create_new(&unnamed)?;
    lock.lock()?;
    fs::rename(unnamed, root.path().join(LOCK))?;
    Ok(Space { root, _lock: lock })
}

/// Whether nobody lives in a folder any more. One without a lock is not one of ours, or somebody is making it now.
fn left(folder: PathBuf) -> Option<Leftover> {
    if !is_own(&folder).unwrap_or(false) {
        return None;
    }
    let lock = File::open(folder.join(LOCK)).ok()?;
    match lock.try_lock() {
        Ok(()) => Some(Leftover { folder, _lock: lock }),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// Whether it is a folder, and no link to one, and its owner is who runs this: `/tmp` is everybody's.
#[cfg(unix)]
fn is_own(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::symlink_metadata(folder)?;
    Ok(found.is_dir() && found.uid() == rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_own(folder: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(folder)?.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_process_and_those_of_killed_ones_at_the_next_start() {
        let base = tempfile::tempdir().expect("a folder");
        let gone = base.path().join("dragline-gallery-gone");
        fs::create_dir(&gone).expect("made");
        fs::write(gone.join(LOCK), "").expect("written");
        fs::write(gone.join("picture"), "").expect("written");
        let others = ["dragline-gallery-begun", "photographs"].map(|name| base.path().join(name));
        others.iter().for_each(|folder| fs::create_dir(folder).expect("made"));

        let living = Space::open(base.path()).expect("a folder");
        let space = Space::open(base.path()).expect("another one");
        let leftovers = space.leftovers();
        assert_eq!(leftovers.iter().map(|left| &left.folder).collect::<Vec<_>>(), [&gone]);
        leftovers.into_iter().for_each(Leftover::take_away);
        assert!(!gone.exists() && living.root().exists() && others.iter().all(|folder| folder.exists()));

        let root = space.root().to_owned();
        fs::write(root.join("picture"), "").expect("written");
        drop(space);
        assert!(!root.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_leftover_and_nobody_else_looks_into_the_folder() {
        use std::os::unix::fs::PermissionsExt as _;
        let (base, other) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(other.path().join(LOCK), "").expect("written");
        std::os::unix::fs::symlink(other.path(), base.path().join("dragline-gallery-link")).expect("linked");
        let space = Space::open(base.path()).expect("a folder");
        assert!(space.leftovers().is_empty());
        let mode = fs::metadata(space.root()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
