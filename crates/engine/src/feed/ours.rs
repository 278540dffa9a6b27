//! Whether a file is still the one that we wrote: who else writes to it, or has, loses nothing by us.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use xxhash_rust::xxh3::xxh3_64;

/// Bytes before a place by which a file is known again.
const KNOWN_BY: u64 = 4096;

/// Keeps other processes, and other feeds of this one, from writing to a file as long as it is open.
pub(super) fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            let what = "another process or feed is writing to it: give each a file of its own";
            Err(io::Error::new(ErrorKind::ResourceBusy, what))
        }
        // a file system without locks
        _ => Ok(()),
    }
}

/// Stands for the bytes before a place.
pub(super) fn mark(file: &mut File, before: u64) -> io::Result<u64> {
    let begin = before.saturating_sub(KNOWN_BY);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(begin))?;
    file.take(before - begin).read_to_end(&mut bytes)?;
    Ok(xxh3_64(&bytes))
}

/// Refuses a file that somebody else has changed.
pub(super) fn changed(how: &str) -> io::Error {
    let what =
        format!("somebody else has changed it since the job wrote it ({how}): put it back as it was, or begin anew");
    io::Error::new(ErrorKind::InvalidData, what)
}
