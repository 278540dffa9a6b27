//! Files below a folder's handle: no link is followed and nothing outside is reached, whatever else happens in that
//! tree at the same time. On Linux the kernel sees to it (`openat2`); elsewhere, and where that is forbidden, each folder
//! of a path is opened from the one before it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;

/// For a folder that is read, written into or synced.
pub(super) const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);
/// For an object that is read. What turns out to be a pipe or a device does not keep anybody waiting.
pub(super) const READ: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY);
/// For what is only looked at.
#[cfg(target_os = "linux")]
pub(super) const LOOK: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
pub(super) const LOOK: OFlags = READ;

/// A kernel may ask to be asked again while others rename.
const AGAIN: u32 = 16;

/// The handle of a folder that the operator names; he may name it by a link.
pub(super) fn root(path: &std::path::Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, FOLDER | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens what is there; the path is that of a name, or empty for the folder itself.
pub(super) fn open(root: impl AsFd, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let path = if path.is_empty() { "." } else { path };
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{ResolveFlags, openat2};
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        for _ in 0..AGAIN {
            match openat2(root.as_fd(), path, flags, Mode::empty(), resolve) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                // an old kernel, or a sandbox that has not heard of it
                Err(Errno::NOSYS | Errno::PERM) => break,
                other => return Ok(other?),
            }
        }
    }
    step_by_step(root, path, flags)
}

/// The same without the kernel's help.
fn step_by_step(root: impl AsFd, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let (folders, last) = path.rsplit_once('/').map_or((None, path), |(folders, last)| (Some(folders), last));
    let mut at: Option<OwnedFd> = None;
    let step = |at: &Option<OwnedFd>, segment: &str, flags| match at {
        Some(at) => openat(at, segment, flags, Mode::empty()),
        None => openat(root.as_fd(), segment, flags, Mode::empty()),
    };
    for folder in folders.into_iter().flat_map(|folders| folders.split('/')) {
        let flags = LOOK | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        at = Some(step(&at, folder, flags)?);
    }
    Ok(step(&at, last, flags)?)
}

/// What is known of an object; none of what is none: a folder, a link, a pipe, a device.
pub(super) fn object(file: impl AsFd) -> io::Result<Option<Stat>> {
    let stat = fstat(file)?;
    Ok(FileType::from_raw_mode(stat.st_mode).is_file().then_some(stat))
}

/// Whether an error says that there is no object under a name: nothing, or something else in the way.
pub(super) fn is_none(error: &io::Error) -> bool {
    let none = [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::ISDIR, Errno::NXIO, Errno::NODEV];
    none.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    type Opener = fn(&OwnedFd, &str, OFlags) -> io::Result<OwnedFd>;

    /// Both ways to open, which must not differ.
    const WAYS: [Opener; 2] = [
        |root, path, flags| open(root, path, flags),
        |root, path, flags| step_by_step(root, if path.is_empty() { "." } else { path }, flags),
    ];

    fn tree(folder: &Path) -> OwnedFd {
        let root = folder.join("root");
        std::fs::create_dir_all(root.join("full/deep")).expect("folders");
        std::fs::create_dir(folder.join("outside")).expect("a folder");
        std::fs::write(folder.join("outside/secret"), b"secret").expect("written");
        std::fs::write(root.join("full/deep/a.jpg"), b"a").expect("written");
        symlink(folder.join("outside"), root.join("away")).expect("a link");
        symlink("full", root.join("within")).expect("a link");
        symlink("/etc/hostname", root.join("full/b.jpg")).expect("a link");
        super::root(&root).expect("a handle")
    }

    #[test]
    fn what_is_below_is_opened_and_no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = tree(folder.path());
        for open in WAYS {
            let file = open(&root, "full/deep/a.jpg", READ).expect("an object");
            assert_eq!(object(&file).expect("an answer").expect("an object").st_size, 1);
            let looked = open(&root, "full/deep", LOOK).expect("a folder");
            assert!(object(&looked).expect("an answer").is_none(), "a folder is no object");
            assert!(open(&root, "", FOLDER).is_ok() && open(&root, "full", FOLDER).is_ok());
            for path in ["away/secret", "within/deep/a.jpg", "full/b.jpg", "none", "full/deep/a.jpg/b"] {
                let error = open(&root, path, READ).expect_err(path);
                assert!(is_none(&error), "{path}: {error}");
            }
            assert!(is_none(&open(&root, "within", FOLDER).expect_err("a link")));
        }
    }

    #[test]
    fn nobody_waits_for_the_other_end_of_a_pipe() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = tree(folder.path());
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("root/full/pipe.jpg")).status();
        assert!(made.expect("mkfifo runs").success());
        for open in WAYS {
            let pipe = open(&root, "full/pipe.jpg", READ).expect("at once");
            assert!(object(&pipe).expect("an answer").is_none());
        }
    }
}
