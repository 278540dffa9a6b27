//! Taking a store along: as one archive, as shards to learn from, as pages to look at.
//!
//! What is exported is what the manifest knows and the selection means, in the order of names; bytes that are not those
//! which the manifest knows are left out and told of. A file has its name only once it is whole.

mod archive;
mod gallery;
mod packed;
mod shards;

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use dragline_store::manifest::Object;
use futures_util::{Stream, StreamExt, stream};
use tempfile::NamedTempFile;

pub use archive::{tar, zip};
pub use gallery::gallery;
pub use packed::{ERRORS, UniqueNames, Zip};
pub use shards::shards;

use crate::keeping::shelf::{KeepingError, Selection, Shelf};
use crate::keeping::survey::read_known;

/// Objects that are read ahead of the one that is written.
const AHEAD: usize = 4;

/// What was exported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// Objects that were written now.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that were there from an export before.
    pub there: u64,
    /// Objects that could not be read, each with the reason.
    pub errors: Vec<(String, String)>,
    /// The files that were written, or the page to begin at.
    pub files: Vec<PathBuf>,
}

impl Exported {
    fn count(&mut self, size: usize) {
        self.objects += 1;
        self.bytes += size as u64;
    }

    /// What could not be read, a line each; none if all could be.
    fn list_of_errors(&self) -> Option<String> {
        let line = |(name, why): &(String, String)| format!("{name}\t{why}\n");
        (!self.errors.is_empty()).then(|| self.errors.iter().map(line).collect())
    }
}

type ReadObject = Result<(Object, Result<Bytes, String>), KeepingError>;

/// The objects that are meant, in order, each with its bytes or the reason why there are none.
fn read_in_order<'a>(
    shelf: &'a Shelf,
    selection: &Selection,
    but: HashSet<String>,
) -> impl Stream<Item = ReadObject> + use<'a> {
    let selection = selection.clone();
    let objects = shelf.manifest.objects().filter(move |object| match object {
        Ok(object) => selection.has(object) && !but.contains(&object.name),
        Err(_) => true,
    });
    let read = async move |object| {
        let object: Object = object?;
        let bytes = read_known(shelf, &object.name, &object.sha1).await?;
        Ok((object, bytes))
    };
    stream::iter(objects).map(read).buffered(AHEAD)
}

/// A file that is not whole yet, beside the one that it becomes. What a killed export left of the same one goes.
fn unfinished(out: &Path) -> Result<NamedTempFile, KeepingError> {
    let folder = folder(out);
    let begins = format!(".{}.part-", out.file_name().unwrap_or_default().to_string_lossy());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(&begins);
        // who is alive holds the lock
        if is_ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    let file = tempfile::Builder::new().prefix(&begins).tempfile_in(folder).map_err(KeepingError::file(out))?;
    // where there are no locks, what is left is left
    let _ = file.as_file().try_lock();
    Ok(file)
}

fn folder(out: &Path) -> &Path {
    out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file that is there is not written over: it may be somebody's only copy.
fn refuse_existing(out: &Path) -> Result<(), KeepingError> {
    match out.symlink_metadata() {
        Ok(_) => Err(KeepingError::Refused(format!(
            "`{}` is there already: move it away, or give another name",
            out.display()
        ))),
        Err(_) => Ok(()),
    }
}

/// Gives a whole file its name.
fn finished(file: NamedTempFile, out: &Path) -> Result<(), KeepingError> {
    let readable = |file: &File| -> std::io::Result<()> {
        // a file for oneself alone is right for what is unfinished, and odd for what was asked for
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.sync_all()
    };
    readable(file.as_file()).map_err(KeepingError::file(out))?;
    file.persist_noclobber(out).map(drop).map_err(|error| KeepingError::file(out)(error.error))
}
