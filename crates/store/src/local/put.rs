//! How an object comes into the folder, and out of it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek};
use std::os::fd::{AsFd, OwnedFd};

use dragline::message::Body;
use rustix::fs::AtFlags;
use rustix::io::Errno;
use tempfile::NamedTempFile;

use crate::error::{CaseTwin, StoreError};
use crate::identity::{IDENTITY, new_identity};
use crate::local::calls::{At, Calls, Made};
use crate::local::run::Run;
use crate::local::{Folder, Opened, beneath, patiently, twins};
use crate::name::Name;
use crate::store::{Existing, Put};

/// How often an object is given its name anew when its folder went away meanwhile, or what had its name.
const TRIES: u32 = 8;

/// A whole body in the run's folder, which goes unless it got a name.
struct Part<'a> {
    run: &'a Run,
    calls: &'a dyn Calls,
    /// None once it has its own.
    name: Option<OsString>,
}

impl Folder {
    pub(super) fn put(&self, name: &Name, body: Body, existing: Existing) -> Result<Put, StoreError> {
        let opened = self.opened()?;
        self.is_there(opened)?;
        if existing == Existing::Keep && self.object(name, beneath::LOOK)?.is_some() {
            self.tell_twins(opened, name)?;
            return Ok(Put::Kept);
        }
        let mut part = self.part(&opened.run, body).map_err(|error| self.failed(name, error))?;
        let mut tries = TRIES;
        loop {
            let folder = self.folder(opened, name.folder()).map_err(|error| self.in_the_way(name, error))?;
            let _alone = opened.case_blind.as_ref().map(|lock| lock.lock());
            self.tell_twins(opened, name)?;
            tries -= 1;
            match self.give_name(&mut part, &folder, name, existing) {
                // whoever clears away empty folders, and objects that others no longer want, is not in our way
                Err(error) if beneath::is_none(&error) && tries > 0 && self.is_there(opened).is_ok() => {}
                done => return done.map_err(|error| self.failed(name, error)),
            }
        }
    }

    pub(super) fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        let opened = self.opened()?;
        self.is_there(opened)?;
        // a twin's name is not this one
        if self.object(name, beneath::LOOK)?.is_none() || self.tell_twins(opened, name).is_err() {
            return Ok(false);
        }
        let folder = patiently(|| beneath::open(&opened.root, name.folder(), beneath::FOLDER));
        match folder.and_then(|folder| self.calls.remove((folder.as_fd(), OsStr::new(name.file())))) {
            Ok(()) => Ok(true),
            Err(error) if beneath::is_none(&error) => Ok(false),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// Writes what tells this store from others, once: who comes second reads what the first wrote.
    pub(super) fn write_identity(&self, root: &OwnedFd, run: &Run) -> io::Result<()> {
        let mut part = self.part(run, Body::Memory(new_identity().into()))?;
        match self.calls.rename(part.at(), (root.as_fd(), OsStr::new(IDENTITY)), Existing::Keep) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            named => named?,
        }
        part.name = None;
        if self.sync { self.calls.sync(&root.try_clone()?.into()) } else { Ok(()) }
    }

    /// A store that is gone is not made again: whoever unmounted it has its objects elsewhere.
    fn is_there(&self, opened: &Opened) -> Result<(), StoreError> {
        opened.identity.check(&opened.root).map_err(|error| StoreError::new(self.root.display(), error))
    }

    /// Puts a body into the run's folder, unless it is there already. It is whole, and on the disk if it is to be.
    fn part<'a>(&'a self, run: &'a Run, body: Body) -> io::Result<Part<'a>> {
        let calls = &*self.calls;
        let (part, file) = match body {
            Body::File { file, .. } if file.path().parent() == Some(run.path()) => {
                let name = file.path().file_name().map(OsStr::to_owned);
                let (file, path) = file.into_parts();
                let part = Part { run, calls, name };
                path.keep().map_err(|error| error.error)?;
                (part, file)
            }
            body => {
                let name = run.name();
                let file = patiently(|| calls.create((run.folder.as_fd(), OsStr::new(&name))))?;
                let part = Part { run, calls, name: Some(name.into()) };
                match body {
                    Body::Memory(bytes) => calls.write(&file, &bytes)?,
                    Body::File { file: mut from, .. } => copy(calls, &mut from, &file)?,
                }
                (part, file)
            }
        };
        if self.sync {
            calls.sync(&file)?;
        }
        Ok(part)
    }

    /// The handle of a folder of the store, which is made if it is not there.
    fn folder(&self, opened: &Opened, path: &str) -> io::Result<OwnedFd> {
        match patiently(|| beneath::open(&opened.root, path, beneath::FOLDER)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let mut at = opened.root.try_clone()?;
        for segment in path.split('/') {
            let made = self.calls.make_folder((at.as_fd(), OsStr::new(segment)))?;
            if self.sync && made == Made::New {
                self.calls.sync(&at.try_clone()?.into())?;
            }
            at = patiently(|| beneath::open(&at, segment, beneath::FOLDER))?;
        }
        Ok(at)
    }

    fn give_name(&self, part: &mut Part<'_>, folder: &OwnedFd, name: &Name, existing: Existing) -> io::Result<Put> {
        let to: At<'_> = (folder.as_fd(), OsStr::new(name.file()));
        match self.calls.rename(part.at(), to, existing) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = rustix::fs::statat(folder, name.file(), AtFlags::SYMLINK_NOFOLLOW)?;
                if rustix::fs::FileType::from_raw_mode(there.st_mode).is_file() {
                    return Ok(Put::Kept);
                }
                // a link, a pipe: no object, and so nothing to keep
                self.calls.rename(part.at(), to, Existing::Replace)?;
            }
            named => named?,
        }
        part.name = None;
        if self.sync
            && let Err(error) = self.calls.sync(&folder.try_clone()?.into())
        {
            // whether the name is on the disk nobody can say: who asks again is to find nothing
            let _ = self.calls.remove(to);
            return Err(error);
        }
        Ok(Put::Written)
    }

    /// Refuses a name that this disk takes for one that is there.
    fn tell_twins(&self, opened: &Opened, name: &Name) -> Result<(), StoreError> {
        if opened.case_blind.is_none() || self.object(name, beneath::LOOK)?.is_none() {
            return Ok(());
        }
        match twins::twin(&opened.root, name) {
            Ok(None) => Ok(()),
            Ok(Some(twin)) => Err(StoreError::of_object(self.root.join(name.as_str()).display(), CaseTwin { twin })),
            Err(error) => Err(self.failed(name, error)),
        }
    }

    /// An error of an object.
    pub(super) fn failed(&self, name: &Name, error: io::Error) -> StoreError {
        let place = self.root.join(name.as_str());
        let own = [Errno::ISDIR, Errno::NOTEMPTY, Errno::NAMETOOLONG, Errno::ILSEQ, Errno::ACCESS, Errno::FBIG];
        match own.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) {
            true => StoreError::of_object(place.display(), error),
            false => StoreError::new(place.display(), error),
        }
    }

    /// An error of an object's folder.
    fn in_the_way(&self, name: &Name, error: io::Error) -> StoreError {
        let is_no_folder =
            [Errno::LOOP, Errno::NOTDIR].iter().any(|no| error.raw_os_error() == Some(no.raw_os_error()));
        let place = self.root.join(name.folder());
        match is_no_folder {
            true => StoreError::new(
                place.display(),
                "a link or a file is where a folder should be, and links in a store are not followed: bind or mount what is to lie elsewhere",
            ),
            false => StoreError::new(place.display(), error),
        }
    }
}

impl Part<'_> {
    fn at(&self) -> At<'_> {
        (self.run.folder.as_fd(), self.name.as_deref().unwrap_or_default())
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if self.name.is_some() {
            // what stays goes with the run's folder
            let _ = self.calls.remove(self.at());
        }
    }
}

/// Copies a body of another folder by its handle.
fn copy(calls: &dyn Calls, from: &mut NamedTempFile, to: &File) -> io::Result<()> {
    from.as_file_mut().rewind()?;
    calls.copy(from.as_file_mut(), to)
}
