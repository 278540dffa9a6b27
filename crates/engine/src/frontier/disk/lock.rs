//! One process to a job: a lock on a file in its folder, in which the owner says who it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::process;
use std::time::Duration;

use jiff::Timestamp;

use super::JobError;

const NAME: &str = "lock";

/// A job that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for as long as it is open")] File);

impl Lock {
    /// Takes the lock.
    pub(super) fn take(folder: &Path, purpose: &str) -> Result<Self, JobError> {
        let failed = |source| JobError::Io { folder: folder.to_owned(), what: "cannot be locked", source };
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(folder.join(NAME)).map_err(failed)?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.take(1000).read_to_string(&mut owner);
                return Err(JobError::Locked { folder: folder.to_owned(), owner: owner.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        say_who(&mut file, purpose).map_err(failed)?;
        Ok(Self(file))
    }

    /// Whether somebody has the lock.
    pub(super) fn is_taken(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join(NAME)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Takes the lock; whoever only looks whether it is taken has it for a moment.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            other => return other,
        }
    }
    file.try_lock()
}

fn say_who(file: &mut File, purpose: &str) -> io::Result<()> {
    let since = Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC");
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {}, {purpose}, since {since}", process::id())
}
