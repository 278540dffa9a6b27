//! One body on its way through its codings, within its limits.

use std::borrow::Cow;
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::coding::{Coding, Source};
use crate::downloader::Keep;
use crate::message::Body;

/// What is decoded at a time; the limits are looked at after each.
const PIECE: usize = 64 * 1024;

/// Why a body cannot be unpacked.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Over the limit of the body.
    TooLarge,
    /// Over the ratio.
    TooDense,
    /// It is not what its coding says, or ends early.
    Damaged { coding: Coding, what: Cow<'static, str> },
    /// The local disk.
    Disk(io::Error),
}

/// How far it has come.
pub(super) enum Progress {
    Done,
    More,
}

/// A body that is unpacked.
pub(super) struct Unpacked {
    pub(super) body: Body,
    /// Codings that were named, and were not there.
    pub(super) not_packed: u64,
}

/// A body that is being unpacked: it may go on in another thread.
pub(super) struct Unpacking {
    packed: Option<Body>,
    codings: Vec<Coding>,
    source: Option<Source>,
    not_packed: u64,
    out: Out,
    limit: u64,
    most: u64,
}

/// What has been decoded: in memory, or in a file once it is large.
struct Out {
    memory: Vec<u8>,
    file: Option<NamedTempFile>,
    length: u64,
    spill: Option<(PathBuf, u64)>,
}

impl Unpacking {
    /// A body with its codings in the order in which they were applied; `most` is the limit that its ratio sets.
    pub(super) fn new(body: Body, codings: Vec<Coding>, keep: &Keep, most: u64) -> Self {
        let out = Out { memory: Vec::new(), file: None, length: 0, spill: keep.spill.clone() };
        Self { packed: Some(body), codings, source: None, not_packed: 0, out, limit: keep.limit, most }
    }

    /// Decodes until its end, or until there is at least so much.
    pub(super) fn run(&mut self, until: u64) -> Result<Progress, Wrong> {
        if let Some(body) = self.packed.take() {
            self.source = Some(self.open(body)?);
        }
        let coding = self.codings.first().copied().unwrap_or(Coding::Gzip);
        let Some(source) = &mut self.source else { return Ok(Progress::Done) };
        let mut piece = vec![0; PIECE];
        while self.out.length < until {
            let length = source.read(&mut piece).map_err(|error| wrong(coding, error))?;
            if length == 0 {
                self.source = None;
                return Ok(Progress::Done);
            }
            let total = self.out.length + length as u64;
            if total > self.limit {
                return Err(Wrong::TooLarge);
            }
            if total > self.most {
                return Err(Wrong::TooDense);
            }
            self.out.push(&piece[..length], self.limit).map_err(Wrong::Disk)?;
        }
        Ok(Progress::More)
    }

    /// The whole body, once it is.
    pub(super) fn finish(self) -> Result<Unpacked, Wrong> {
        Ok(Unpacked { body: self.out.finish().map_err(Wrong::Disk)?, not_packed: self.not_packed })
    }

    /// The decoders over each other, the last coding that was applied first.
    fn open(&mut self, body: Body) -> Result<Source, Wrong> {
        let mut source: Source = match body {
            Body::Memory(bytes) => Box::new(Cursor::new(bytes)),
            Body::File { mut file, .. } => {
                file.rewind().map_err(Wrong::Disk)?;
                Box::new(BufReader::with_capacity(PIECE, Removed(file)))
            }
        };
        for (place, coding) in self.codings.iter().copied().enumerate().rev() {
            let (decoder, is_packed) = coding.decoder(source).map_err(|error| wrong(coding, error))?;
            self.not_packed += u64::from(!is_packed);
            source = if place == 0 {
                decoder
            } else {
                // what lies between two codings is nowhere kept, but to decode it takes time
                let limit = self.limit;
                Box::new(BufReader::with_capacity(PIECE, Bounded { source: decoder, coding, left: limit }))
            };
        }
        Ok(source)
    }
}

/// An error of a reader; one that lies deeper says itself what it is.
fn wrong(coding: Coding, error: io::Error) -> Wrong {
    match error.downcast::<Inner>() {
        Ok(Inner(wrong)) => wrong,
        Err(error) => {
            let what = match error.kind() {
                io::ErrorKind::UnexpectedEof => Cow::Borrowed("it ends early"),
                _ => Cow::Owned(error.to_string()),
            };
            Wrong::Damaged { coding, what }
        }
    }
}

/// What is wrong, on its way through other readers.
#[derive(Debug, thiserror::Error)]
#[error("an inner coding failed")]
struct Inner(Wrong);

/// A file that goes when it has been read.
struct Removed(NamedTempFile);

impl Read for Removed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.as_file_mut().read(into).map_err(|error| io::Error::other(Inner(Wrong::Disk(error))))
    }
}

/// A reader that gives only so much.
struct Bounded {
    source: Source,
    coding: Coding,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let inner = |wrong| io::Error::other(Inner(wrong));
        let length = self.source.read(into).map_err(|error| inner(wrong(self.coding, error)))?;
        self.left = self.left.checked_sub(length as u64).ok_or_else(|| inner(Wrong::TooLarge))?;
        Ok(length)
    }
}

impl Out {
    fn push(&mut self, piece: &[u8], limit: u64) -> io::Result<()> {
        self.length += piece.len() as u64;
        if let Some(file) = &mut self.file {
            return file.write_all(piece);
        }
        if let Some((folder, from)) = &self.spill
            && self.length > *from
        {
            let mut file = Body::part_file(folder)?;
            file.write_all(&std::mem::take(&mut self.memory))?;
            file.write_all(piece)?;
            self.file = Some(file);
            return Ok(());
        }
        let needed = self.memory.len() + piece.len();
        if needed > self.memory.capacity() {
            // twice as much each time, but never room for more than may come
            let most = usize::try_from(limit).unwrap_or(usize::MAX);
            let room = needed.max(self.memory.capacity().saturating_mul(2)).min(most.max(needed));
            self.memory.reserve_exact(room - self.memory.len());
        }
        self.memory.extend_from_slice(piece);
        Ok(())
    }

    fn finish(mut self) -> io::Result<Body> {
        match self.file.take() {
            Some(mut file) => {
                file.flush()?;
                Ok(Body::File { file, length: self.length })
            }
            None => Ok(Body::Memory(self.memory.into())),
        }
    }
}
