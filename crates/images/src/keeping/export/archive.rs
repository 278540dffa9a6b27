//! One archive: ZIP, stored as the pictures are, or tar.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, DateTime, ZipWriter};
use dragline_store::Name;
use dragline_store::manifest::Object;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Exported, finished, read_in_order, refuse_existing, unfinished};
use crate::keeping::shelf::{KeepingError, Selection, Shelf};

/// What could not be read, in the archive.
const ERRORS: &str = "_errors.txt";
/// From this size on a ZIP needs its larger form.
const LARGE: usize = 0xffff_0000;

/// Writes a ZIP. Pictures are stored and not packed, for they are packed already.
///
/// # Errors
/// If the file is there, or cannot be written; or the store or its manifest cannot be read.
pub async fn zip(shelf: &Shelf, selection: &Selection, out: &Path) -> Result<Exported, KeepingError> {
    refuse_existing(out)?;
    let file = unfinished(out)?;
    let mut archive = Zip(ZipWriter::new(BufWriter::new(file)));
    let mut exported = fill(shelf, selection, out, &mut archive).await?;
    let file = archive.0.finish().map_err(io::Error::other).and_then(|buffer| Ok(buffer.into_inner()?));
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

struct Zip<W: Write + io::Seek>(ZipWriter<W>);

impl<W: Write + io::Seek> Archive for Zip<W> {
    fn add(&mut self, name: &str, at: Timestamp, bytes: &[u8]) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o644)
            .large_file(bytes.len() >= LARGE)
            .last_modified_time(time(at));
        self.0.start_file(name, options).map_err(io::Error::other)?;
        self.0.write_all(bytes)
    }
}

/// A ZIP knows the years from 1980 on.
fn time(at: Timestamp) -> DateTime {
    let at = at.to_zoned(TimeZone::UTC);
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(at.year()).unwrap_or_default();
    let date = (small(at.month()), small(at.day()));
    DateTime::from_date_and_time(year, date.0, date.1, small(at.hour()), small(at.minute()), small(at.second()))
        .unwrap_or_default()
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
    let mut names = Unique::default();
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

/// Names that are one on no disk, be it blind for capitals.
#[derive(Default)]
struct Unique(HashSet<String>);

impl Unique {
    fn of(&mut self, name: &str) -> String {
        let name = Name::cleaned(name);
        let (stem, extension) = name.as_str().rsplit_once('.').unwrap_or((name.as_str(), ""));
        let dot = if extension.is_empty() { "" } else { "." };
        let numbered = (2..).map(|number| format!("{stem}-{number}{dot}{extension}"));
        let mut names = std::iter::once(name.to_string()).chain(numbered);
        // numbers do not end
        let free = names.find(|name| name != ERRORS && self.0.insert(name.to_lowercase()));
        free.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_one_on_any_disk() {
        let mut names = Unique::default();
        assert_eq!(names.of("full/A.jpg"), "full/A.jpg");
        assert_eq!(names.of("full/a.jpg"), "full/a-2.jpg");
        assert_eq!(names.of("full/a.JPG"), "full/a-3.JPG");
        assert_eq!(names.of("../x"), "_/x");
        assert_eq!(names.of("x"), "x");
        assert_eq!(names.of("X"), "X-2");
        assert_eq!(names.of("_errors.txt"), "_errors-2.txt");
    }

    #[test]
    fn a_time_before_zips_is_their_first() {
        assert_eq!(time(Timestamp::UNIX_EPOCH), DateTime::default());
        let at: Timestamp = "2026-11-21T22:40:10Z".parse().expect("a time");
        assert_eq!((time(at).year(), time(at).hour(), time(at).minute()), (2026, 22, 40));
    }
}
