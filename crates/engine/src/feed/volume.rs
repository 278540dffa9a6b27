//! One file of a feed: the records, and behind them the tail that makes it whole. All of this blocks; it is called on
//! threads that may.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::compression::{Compression, Member};
use super::encoder::Encoder;
use super::format::stranger;
use super::ours;
use super::settings::Mode;
use crate::error::{Error, Result};
use crate::message::Record;
use crate::stats::Stats;

/// A file that is being written.
pub(super) struct Volume {
    path: PathBuf,
    file: File,
    /// A pipe or a device has no length, and takes nothing back.
    is_file: bool,
    compression: Option<Compression>,
    member: Option<Member>,
    encoder: Encoder,
    /// What is encoded and not yet written.
    pending: Vec<u8>,
    /// The records' bytes, without what makes the file whole: the place that a position names.
    length: u64,
    /// Where the member that is being written has come to.
    extent: u64,
    /// Bytes before compression, and records, since the file was begun by this job.
    pub(super) bytes: u64,
    pub(super) records: u64,
    /// When the first record came.
    pub(super) begun: Option<Instant>,
    is_dirty: bool,
    /// The folder knows the file for good.
    is_listed: bool,
}

/// A place in a file to which it can be cut back.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(super) struct Place {
    /// The length of the file in bytes.
    pub(super) length: u64,
    pub(super) bytes: u64,
    pub(super) records: u64,
    pub(super) is_empty: bool,
    pub(super) state: Value,
    /// What the file is known by when it is opened again, and how long it is with what stands behind the last record.
    #[serde(default)]
    pub(super) mark: Option<(u64, u64)>,
}

impl Volume {
    /// Opens a file for the first time.
    pub(super) fn create(path: &Path, mode: Mode, encoder: Encoder, compression: Option<Compression>) -> Result<Self> {
        let failed = |source| failed(path, source);
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        match mode {
            Mode::Append => options.create(true),
            Mode::Overwrite => options.create(true).truncate(true),
            Mode::Fail => options.create_new(true),
        };
        let file = options.open(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed(io::Error::new(
                io::ErrorKind::NotFound,
                format!("{error}: its folder is missing, make it first"),
            )),
            io::ErrorKind::AlreadyExists => failed(io::Error::new(
                io::ErrorKind::AlreadyExists,
                "it is there, and the feed's `mode` is `fail`: move it away, or choose `append` or `overwrite`",
            )),
            _ => failed(error),
        })?;
        let mut volume = Self::over(path, file, encoder, compression).map_err(failed)?;
        volume.begin().map_err(failed)?;
        Ok(volume)
    }

    /// Opens a file that was written to before, and cuts it back.
    pub(super) fn resume(
        path: &Path,
        place: &Place,
        closed: bool,
        encoder: Encoder,
        compression: Option<Compression>,
    ) -> Result<Self> {
        let failed = |source| failed(path, source);
        let file = OpenOptions::new().read(true).write(true).create(place.is_empty).truncate(false).open(path);
        let mut volume = Self::over(path, file.map_err(failed)?, encoder, compression).map_err(failed)?;
        volume.cut(place, closed).map_err(failed)?;
        Ok(volume)
    }

    fn over(path: &Path, file: File, encoder: Encoder, compression: Option<Compression>) -> io::Result<Self> {
        let is_file = file.metadata()?.is_file();
        if is_file {
            ours::lock(&file)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            is_file,
            compression,
            member: None,
            encoder,
            pending: Vec::new(),
            length: 0,
            extent: 0,
            bytes: 0,
            records: 0,
            begun: None,
            is_dirty: false,
            is_listed: false,
        })
    }

    /// Goes to where the next record belongs.
    fn begin(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if !self.is_file || length == 0 {
            return self.write_head();
        }
        if let Some(compression) = self.compression {
            return self.go_on_compressed(compression, length);
        }
        let mut existing = Existing { source: Box::new(self.file.try_clone()?), path: self.path.clone(), length };
        let end = self.encoder.text.go_on(&mut existing)?;
        (self.length, self.encoder.is_empty) = (end.at, end.is_empty);
        if self.encoder.tail().is_empty() {
            self.file.set_len(end.at)?;
        }
        if end.wants_line_end {
            self.put(self.length, b"\n")?;
            self.length += 1;
        }
        self.extent = self.length;
        Ok(())
    }

    /// A compressed file gets another member; half a member at its end is cut off.
    fn go_on_compressed(&mut self, compression: Compression, length: u64) -> io::Result<()> {
        if !self.encoder.tail().is_empty() {
            return Err(stranger("a compressed feed that can be appended to (JSON lines or CSV)"));
        }
        let (end, begin) = compression.whole_members(&mut self.file).map_err(|_| stranger("compressed records"))?;
        let bytes = begin.len() as u64;
        let mut existing =
            Existing { source: Box::new(io::Cursor::new(begin)), path: self.path.clone(), length: bytes };
        let found = self.encoder.text.go_on(&mut existing)?;
        self.encoder.is_empty = found.is_empty;
        if end < length {
            tracing::warn!(path = %self.path.display(), bytes = length - end, "half a member at the end of a feed was cut off");
            self.file.set_len(end)?;
        }
        (self.length, self.extent) = (end, end);
        Ok(())
    }

    fn write_head(&mut self) -> io::Result<()> {
        let head = self.encoder.head();
        let head = match self.compression {
            // also of nothing: a file without a member is no compressed file
            Some(compression) => compression.whole(&head)?,
            None => head,
        };
        self.put(0, &head)?;
        self.length = head.len() as u64;
        self.extent = self.length;
        self.write_tail()
    }

    /// Makes the file whole behind the records.
    fn write_tail(&mut self) -> io::Result<()> {
        // what cannot be taken back gets its tail at the end
        if !self.is_file {
            return Ok(());
        }
        let tail = self.whole_tail()?;
        self.put(self.length, &tail)?;
        self.file.set_len(self.length + tail.len() as u64)
    }

    fn whole_tail(&self) -> io::Result<Vec<u8>> {
        let tail = self.encoder.tail();
        match self.compression {
            Some(compression) if !tail.is_empty() => compression.whole(&tail),
            _ => Ok(tail),
        }
    }

    fn put(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.is_file {
            self.file.seek(SeekFrom::Start(at))?;
        }
        self.is_dirty = true;
        self.file.write_all(bytes)
    }

    /// Makes bytes of a record; they are written with the next [`Volume::write`].
    pub(super) fn push(&mut self, record: &Record, stats: &Stats) -> Result<()> {
        let before = self.pending.len();
        let encoded = self.encoder.encode(record, stats, &mut self.pending);
        if encoded.map_err(|source| failed(&self.path, source))? {
            self.records += 1;
            self.bytes += (self.pending.len() - before) as u64;
            self.begun.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// Writes what was pushed.
    pub(super) fn write(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            self.write_out(pending).map_err(|source| failed(&self.path, source))?;
        }
        Ok(())
    }

    fn write_out(&mut self, mut pending: Vec<u8>) -> io::Result<()> {
        let Some(compression) = self.compression else {
            let records = pending.len() as u64;
            if self.is_file {
                // in one piece, so that the file is whole again when this returns
                pending.append(&mut self.encoder.tail());
            }
            self.put(self.length, &pending)?;
            self.length += records;
            pending.clear();
            self.pending = pending;
            return Ok(());
        };
        let mut member = match self.member.take() {
            Some(member) => member,
            None => {
                if self.is_file {
                    self.file.set_len(self.length)?;
                }
                self.extent = self.length;
                compression.member()?
            }
        };
        let ready = member.take(&pending)?;
        self.member = Some(member);
        self.put(self.extent, &ready)?;
        self.extent += ready.len() as u64;
        pending.clear();
        self.pending = pending;
        Ok(())
    }

    /// Ends the compressed member, makes the file whole, and brings it to the disk if that is asked for.
    pub(super) fn sync(&mut self, is_durable: bool) -> Result<Place> {
        self.settle(is_durable).map_err(|source| failed(&self.path, source))?;
        let state = self.encoder.text.state();
        let is_empty = self.encoder.is_empty;
        let mark = self.mark(is_durable).map_err(|source| failed(&self.path, source))?;
        Ok(Place { length: self.length, bytes: self.bytes, records: self.records, is_empty, state, mark })
    }

    fn mark(&mut self, is_durable: bool) -> io::Result<Option<(u64, u64)>> {
        if !is_durable || !self.is_file {
            return Ok(None);
        }
        Ok(Some((ours::mark(&mut self.file, self.length)?, self.file.metadata()?.len())))
    }

    fn settle(&mut self, is_durable: bool) -> io::Result<()> {
        if let Some(member) = self.member.take() {
            let rest = member.end()?;
            self.put(self.extent, &rest)?;
            self.extent += rest.len() as u64;
            self.length = self.extent;
            self.write_tail()?;
        }
        if !is_durable || !self.is_dirty || !self.is_file {
            return Ok(());
        }
        self.file.sync_data()?;
        if !self.is_listed {
            sync_folder(&self.path)?;
            self.is_listed = true;
        }
        self.is_dirty = false;
        Ok(())
    }

    /// No more records will come.
    pub(super) fn finish(&mut self) -> Result<Place> {
        let place = self.sync(true)?;
        if !self.is_file {
            let ended = self.whole_tail().and_then(|tail| self.put(0, &tail));
            ended.map_err(|source| failed(&self.path, source))?;
        }
        Ok(place)
    }

    fn cut(&mut self, place: &Place, closed: bool) -> io::Result<()> {
        (self.bytes, self.records) = (place.bytes, place.records);
        self.begun = (place.records > 0).then(Instant::now);
        self.encoder.is_empty = place.is_empty;
        self.encoder.text.restore(&place.state);
        if !self.is_file {
            return Ok(());
        }
        let length = self.file.metadata()?.len();
        if length == 0 && place.is_empty {
            return self.write_head();
        }
        if length < place.length {
            let what = format!(
                "it has {length} bytes, and the job wrote {}: put the file back as it was, or begin the job anew",
                place.length
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        if let Some((mark, extent)) = place.mark {
            if ours::mark(&mut self.file, place.length)? != mark {
                return Err(ours::changed("what stands before the job's place is another"));
            }
            // after a kill, what lies behind the place was ours; after an orderly end, nothing does
            if closed && length != extent {
                return Err(ours::changed(&format!("it has {length} bytes, and the job left it with {extent}")));
            }
        }
        (self.length, self.extent) = (place.length, place.length);
        self.write_tail()
    }
}

/// A file that is there, to be looked at.
pub(super) struct Existing {
    source: Box<dyn Source>,
    pub(super) path: PathBuf,
    pub(super) length: u64,
}

trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

impl Existing {
    /// Up to so many bytes from a place on.
    pub(super) fn read(&mut self, from: u64, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.source.seek(SeekFrom::Start(from))?;
        self.source.by_ref().take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The length up to the end of the last whole line.
    pub(super) fn whole_lines(&mut self) -> io::Result<u64> {
        let mut end = self.length;
        while end > 0 {
            let begin = end.saturating_sub(64 * 1024);
            let piece = self.read(begin, end - begin)?;
            if let Some(at) = memchr::memrchr(b'\n', &piece) {
                return Ok(begin + at as u64 + 1);
            }
            end = begin;
        }
        Ok(0)
    }
}

/// Makes a file's name in its folder durable.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

pub(super) fn failed(path: &Path, source: io::Error) -> Error {
    Error::Disk { what: "a feed", path: path.to_owned(), source }
}
