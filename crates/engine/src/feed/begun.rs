//! The batches that a feed has begun, in a file of the spool folder: what is cut off after a crash is our own, and never a
//! file of somebody else that happens to have the next name.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use super::volume::failed;
use crate::error::Result;

/// The list.
#[derive(Debug, Clone)]
pub(super) struct Begun {
    path: PathBuf,
}

impl Begun {
    /// The list in a file that may not be there yet.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Adds a batch, before anything of it is written.
    pub(super) fn note(&self, batch: u64) -> Result<()> {
        let note = || {
            if let Some(folder) = self.path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
            file.write_all(format!("{batch}\n").as_bytes())?;
            file.sync_all()
        };
        note().map_err(|source| failed(&self.path, source))
    }

    /// Everything that was begun has ended: there is nothing to cut off any more.
    pub(super) fn end(&self) {
        // a list that stays is read again and says nothing new
        let _ = fs::remove_file(&self.path);
        if let Some(folder) = self.path.parent() {
            // what other feeds have there stays
            let _ = fs::remove_dir(folder);
        }
    }

    /// The batches from this one on.
    pub(super) fn from(&self, first: u64) -> Result<Vec<u64>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            text => text.map_err(|source| failed(&self.path, source))?,
        };
        // half a line is a batch that was not begun
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse().ok());
        let mut batches: Vec<u64> = lines.filter(|batch| *batch >= first).collect();
        batches.sort_unstable();
        batches.dedup();
        Ok(batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_known_once_they_are_noted() {
        let folder = tempfile::tempdir().expect("a folder");
        let begun = Begun::at(folder.path().join("spool").join("feed.begun"));
        assert!(begun.from(0).expect("read").is_empty());
        for batch in [1, 2, 9, 2] {
            begun.note(batch).expect("noted");
        }
        fs::write(&begun.path, fs::read_to_string(&begun.path).expect("text") + "77").expect("half a line");
        assert_eq!(begun.from(2).expect("read"), [2, 9]);
    }
}
