//! The calls that decide whether an object outlives a fault. A test puts others in their place, which fail.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::store::Existing;

/// A file in a folder: the folder's handle, and the name in it.
pub(super) type At<'a> = (BorrowedFd<'a>, &'a OsStr);

/// What is done to a disk for an object.
pub(super) trait Calls: Debug + Send + Sync {
    /// Makes a file that was not there, readable by whom the process's umask lets read.
    fn create(&self, (folder, name): At<'_>) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(folder, name, flags, Mode::from_raw_mode(0o666))?.into())
    }

    /// Writes all of it.
    fn write(&self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Copies all of a file.
    fn copy(&self, from: &mut File, mut to: &File) -> io::Result<()> {
        io::copy(from, &mut to).map(drop)
    }

    /// Waits until a file or a folder is on the disk. What fails is not asked for again: the kernel takes the pages for
    /// clean then, and would say that all is well (Rebello et al., USENIX ATC 2020).
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Makes a folder; that it is there already is no error.
    fn make_folder(&self, (folder, name): At<'_>) -> io::Result<Made> {
        match rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => Ok(Made::New),
            Err(Errno::EXIST) => Ok(Made::Old),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives a file its name, at once. With [`Existing::Keep`], `AlreadyExists` if anything has that name.
    fn rename(&self, from: At<'_>, to: At<'_>, existing: Existing) -> io::Result<()> {
        match existing {
            Existing::Replace => Ok(rustix::fs::renameat(from.0, from.1, to.0, to.1)?),
            Existing::Keep => keep(from, to),
        }
    }

    /// Removes a file.
    fn remove(&self, (folder, name): At<'_>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(folder, name, AtFlags::empty())?)
    }
}

/// Whether a folder was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    New,
    Old,
}

/// Those of the machine.
#[derive(Debug)]
pub(super) struct Real;

impl Calls for Real {}

/// Renames over nothing. A file system that cannot is asked for a second name and the end of the first.
fn keep(from: At<'_>, to: At<'_>) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{RenameFlags, renameat_with};
        match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM) => {}
            other => return Ok(other?),
        }
    }
    by_link(from, to)
}

fn by_link(from: At<'_>, to: At<'_>) -> io::Result<()> {
    rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
    // what is left of the first name lies in the run's folder, and goes with it
    let _ = rustix::fs::unlinkat(from.0, from.1, AtFlags::empty());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn what_is_there_is_kept_whichever_way_the_file_system_knows() {
        for way in [keep, by_link] {
            let folder = tempfile::tempdir().expect("a folder");
            let handle = File::open(folder.path()).expect("a handle");
            let at = |name: &'static str| (handle.as_fd(), OsStr::new(name));
            for name in ["first", "second"] {
                Real.create(at(name)).and_then(|file| Real.write(&file, name.as_bytes())).expect("written");
            }
            assert!(Real.create(at("first")).is_err(), "nothing is opened that is there");
            way(at("first"), at("object")).expect("named");
            let error = way(at("second"), at("object")).expect_err("taken");
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(folder.path().join("object")).expect("the object"), b"first");
            assert!(!folder.path().join("first").exists());
        }
    }
}
