//! A ZIP, written piece by piece to whatever takes bytes, and names that are one on no disk.

use std::collections::HashSet;
use std::io::{self, Seek, Write};

use dragline_store::Name;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The file of an archive that says what is missing, and why.
pub const ERRORS: &str = "_errors.txt";
/// From this size on a ZIP needs its larger form.
const LARGE: u64 = 0xffff_0000;

/// A ZIP. Pictures are stored and not packed, for they are packed already. What is not finished is no ZIP: its list of
/// files stands at the end.
pub struct Zip<W: Write + Seek>(ZipWriter<W>);

impl<W: Write + Seek> Zip<W> {
    /// One that is written to a file.
    pub fn new(file: W) -> Self {
        Self(ZipWriter::new(file))
    }

    /// Begins a file of so many bytes, which are written next. Times before 1980 are taken for its begin.
    ///
    /// # Errors
    /// If the file before it cannot be ended, or two have the same name.
    pub fn begin(&mut self, name: &str, at: Timestamp, size: u64) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o644)
            .large_file(size >= LARGE)
            .last_modified_time(time(at));
        self.0.start_file(name, options).map_err(io::Error::other)
    }

    /// Writes the list of files.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.0.finish().map_err(io::Error::other)
    }
}

impl<W: Write> Zip<StreamWriter<W>> {
    /// One that is sent while it is written: nothing is written twice.
    pub fn streamed(to: W) -> Self {
        Self(ZipWriter::new_stream(to))
    }
}

impl<W: Write + Seek> Write for Zip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
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

/// Names that are one on no disk, be it blind for capitals.
#[derive(Debug, Default)]
pub struct UniqueNames(HashSet<String>);

impl UniqueNames {
    /// The name that a file has in an archive: clean, and numbered if it is taken.
    pub fn of(&mut self, name: &str) -> String {
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
        let mut names = UniqueNames::default();
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
