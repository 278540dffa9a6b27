//! A response's body: in memory, or in a file once it is large.

use std::io;
use std::path::Path;

use bytes::Bytes;
use tempfile::NamedTempFile;

/// A whole body.
#[derive(Debug)]
pub enum Body {
    /// Small enough to be held.
    Memory(Bytes),
    /// Too large to be held; the file goes when this does, unless it is persisted.
    File {
        /// Where the bytes are.
        file: NamedTempFile,
        /// How many there are.
        length: u64,
    },
}

impl Body {
    /// The length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } => *length,
        }
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes; reads the file if they are in one.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn into_bytes(self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes),
            Self::File { file, .. } => std::fs::read(file.path()).map(Bytes::from),
        }
    }
}

impl Body {
    /// A file for a body that is not whole yet: named so that a later run can tell whose it was, removed when it is
    /// dropped, readable by whom the process's umask lets read.
    ///
    /// # Errors
    /// Those of making a file in the folder.
    pub fn part_file(folder: &Path) -> io::Result<NamedTempFile> {
        let prefix = format!("{}-", std::process::id());
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".part");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        builder.tempfile_in(folder)
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Memory(Bytes::new())
    }
}
