//! All objects below a folder, as they are found: no more of them are held than a reader is behind.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, statat};

use crate::local::{beneath, run};
use crate::name::Name;
use crate::store::Stat;

/// What is in a store and is no object.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) count: u64,
    /// One of them, for who wonders.
    pub(super) first: String,
}

impl Passed {
    fn note(&mut self, path: &str) {
        if self.count == 0 {
            self.first = path.to_owned();
        }
        self.count += 1;
    }
}

/// Gives all objects below a folder to a function, until it has had enough. Folders lie no deeper than names do.
pub(super) fn walk(
    folder: OwnedFd,
    path: &str,
    passed: &mut Passed,
    found: &mut impl FnMut(Name, Stat) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut entries = Dir::new(folder)?;
    while let Some(entry) = entries.read() {
        let entry = entry?;
        let Ok(file) = entry.file_name().to_str() else {
            passed.note(&entry.file_name().to_string_lossy());
            continue;
        };
        if matches!(file, "." | "..") || path.is_empty() && is_ours(file) {
            continue;
        }
        let full = if path.is_empty() { file.to_owned() } else { format!("{path}/{file}") };
        let Ok(name) = Name::new(full.as_str()) else {
            passed.note(&full);
            continue;
        };
        let kind = match entry.file_type() {
            FileType::Directory => FileType::Directory,
            FileType::RegularFile | FileType::Unknown => {
                let Some(stat) = gone(statat(entries.fd()?, file, AtFlags::SYMLINK_NOFOLLOW).map_err(io::Error::from))?
                else {
                    continue;
                };
                let kind = FileType::from_raw_mode(stat.st_mode);
                if kind.is_file() && found(name, of(&stat)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                kind
            }
            other => other,
        };
        match kind {
            FileType::RegularFile => {}
            FileType::Directory => {
                if let Some(below) = gone(beneath::open(entries.fd()?, file, beneath::FOLDER))?
                    && walk(below, &full, passed, found)?.is_break()
                {
                    return Ok(ControlFlow::Break(()));
                }
            }
            _ => passed.note(&full),
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// What a store has in its root for itself, and what is kept beside it.
fn is_ours(file: &str) -> bool {
    file.starts_with(".dragline-") || file.starts_with(run::PARTS)
}

/// None of what went away since it was found.
fn gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if beneath::is_none(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is told of a file.
#[cfg_attr(target_os = "linux", expect(clippy::unnecessary_cast, reason = "nanoseconds have a sign elsewhere"))]
pub(super) fn of(stat: &rustix::fs::Stat) -> Stat {
    let since = Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or_default());
    let modified = SystemTime::UNIX_EPOCH.checked_add(since + Duration::from_nanos(stat.st_mtime_nsec as u64));
    Stat { size: u64::try_from(stat.st_size).unwrap_or_default(), modified }
}
