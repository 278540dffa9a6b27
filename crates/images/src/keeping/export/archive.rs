//! One archive: ZIP, stored as the pictures are, or tar.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use dragline_store::manifest::Object;
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::packed::{ERRORS, UniqueNames, Zip};
use super::{Exported, finished, read_in_order, refuse_existing, unfinished};
use crate::keeping::shelf::{KeepingError, Selection, Shelf};

/// Writes a ZIP. Pictures are stored and not packed, for they are packed already.
///
/// # Errors
/// If the file is there, or cannot be written; or the store or its manifest cannot be read.
pub async fn zip(shelf: &Shelf, selection: &Selection, out: &Path) -> Result<Exported, KeepingError> {
    refuse_existing(out)?;
    let file = unfinished(out)?;
    let mut archive = Zip::new(BufWriter::new(file));
    let mut exported = fill(shelf, selection, out, &mut archive).await?;
    let file = archive.finish().and_then(|buffer| Ok(buffer.into_inner()?));
    finished(file.map_err(KeepingError::file(out))?, out)?;
    exported.files.push(out.to_owned());
    Ok(exported)
}

/// Writes a tar.
///
/// # Errors
/// If the file is there, or cannot be written; or the store or its manifest cannot be read.
pub async fn tar(shelf: &Shelf, selection: &Selection, out: &Path) -> Result<Exported, KeepingError> {
    refuse_existing(out)?;
    let file = unfinished(out)?;
    let mut archive = Tar(::tar::Builder::new(BufWriter::new(file)));
    let mut exported = fill(shelf, selection, out, &mut archive).await?;
    let file = archive.0.into_inner().and_then(|buffer| Ok(buffer.into_inner()?));
    finished(file.map_err(KeepingError::file(out))?, out)?;
    exported.files.push(out.to_owned());
    Ok(exported)
}

/// What takes files one after the other.
trait Archive {
    fn add(&mut self, name: &str, at: Timestamp, bytes: &[u8]) -> io::Result<()>;
}

impl<W: Write + io::Seek> Archive for Zip<W> {
    fn add(&mut self, name: &str, at: Timestamp, bytes: &[u8]) -> io::Result<()> {
        self.begin(name, at, bytes.len() as u64)?;
        self.write_all(bytes)
    }
}

pub(super) struct Tar<W: Write>(pub(super) ::tar::Builder<W>);

impl<W: Write> Archive for Tar<W> {
    fn add(&mut self, name: &str, at: Timestamp, bytes: &[u8]) -> io::Result<()> {
        append(&mut self.0, name, at, bytes)
    }
}

/// Adds a file to a tar, readable by all and owned by nobody in particular.
pub(super) fn append<W: Write>(
    archive: &mut ::tar::Builder<W>,
    name: &str,
    at: Timestamp,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = ::tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(at.as_second()).unwrap_or_default());
    archive.append_data(&mut header, name, bytes)
}

async fn fill(
    shelf: &Shelf,
    selection: &Selection,
    out: &Path,
    archive: &mut impl Archive,
) -> Result<Exported, KeepingError> {
    let mut exported = Exported::default();
    let mut names = UniqueNames::default();
    let mut last = Timestamp::UNIX_EPOCH;
    let mut objects = std::pin::pin!(read_in_order(shelf, selection, HashSet::new()));
    while let Some((Object { name, stored_at, .. }, bytes)) = objects.try_next().await? {
        match bytes {
            Ok(bytes) => {
                archive.add(&names.of(&name), stored_at, &bytes).map_err(KeepingError::file(out))?;
                exported.count(bytes.len());
                last = last.max(stored_at);
            }
            Err(why) => exported.errors.push((name, why)),
        }
    }
    if let Some(list) = exported.list_of_errors() {
        archive.add(ERRORS, last, list.as_bytes()).map_err(KeepingError::file(out))?;
    }
    Ok(exported)
}
