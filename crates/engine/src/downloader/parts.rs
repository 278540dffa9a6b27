//! A body as it comes in: one piece is passed on as it is, several are joined, many go to a file.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use tempfile::NamedTempFile;

use crate::message::Body;

/// What goes to a file goes in pieces of this size.
const FILE_PIECE: usize = 256 * 1024;

/// The pieces so far, and where those go that are too many.
pub(super) struct Parts<'a> {
    begun: Begun,
    spill: Option<&'a (PathBuf, u64)>,
}

/// The pieces so far.
#[derive(Debug, Default)]
pub(super) struct Begun {
    pub(super) length: u64,
    first: Bytes,
    joined: BytesMut,
    file: Option<NamedTempFile>,
}

impl<'a> Parts<'a> {
    /// Goes on with what has begun, which may be nothing yet.
    pub(super) fn new(begun: Begun, spill: Option<&'a (PathBuf, u64)>) -> Self {
        Self { begun, spill }
    }

    pub(super) fn length(&self) -> u64 {
        self.begun.length
    }

    /// The first bytes, as long as they are in memory.
    pub(super) fn beginning(&self) -> Option<&[u8]> {
        let Begun { first, joined, file, .. } = &self.begun;
        file.is_none().then(|| if joined.is_empty() { &first[..] } else { &joined[..] })
    }

    /// What there is, to go on with later.
    pub(super) fn into_begun(self) -> Begun {
        self.begun
    }

    pub(super) async fn push(&mut self, chunk: Bytes, declared: Option<u64>) -> io::Result<()> {
        self.begun.length += chunk.len() as u64;
        if self.begun.first.is_empty() && self.begun.joined.is_empty() && self.begun.file.is_none() {
            self.begun.first = chunk;
            return Ok(());
        }
        if !self.begun.first.is_empty() {
            // no allocation on a server's word: it may declare 10^18
            let expected = usize::try_from(declared.unwrap_or(0)).unwrap_or(usize::MAX).min(FILE_PIECE);
            self.begun.joined.reserve(expected.max(self.begun.first.len() + chunk.len()));
            self.begun.joined.extend_from_slice(&std::mem::take(&mut self.begun.first));
        }
        self.begun.joined.extend_from_slice(&chunk);
        if let Some((folder, threshold)) = self.spill
            && (self.begun.length > *threshold && self.begun.joined.len() >= FILE_PIECE)
        {
            self.write_out(folder.clone()).await?;
        }
        Ok(())
    }

    /// Appends what is joined to the file, off the I/O thread.
    async fn write_out(&mut self, folder: PathBuf) -> io::Result<()> {
        let (file, piece) = (self.begun.file.take(), std::mem::take(&mut self.begun.joined));
        let written = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => Body::part_file(&folder)?,
            };
            file.write_all(&piece)?;
            io::Result::Ok(file)
        });
        self.begun.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> io::Result<Body> {
        if let (Some(_), Some((folder, _))) = (&self.begun.file, self.spill) {
            self.write_out(folder.clone()).await?;
        }
        Ok(match self.begun.file {
            Some(file) => Body::File { file, length: self.begun.length },
            None if self.begun.joined.is_empty() => Body::Memory(self.begun.first),
            None => Body::Memory(self.begun.joined.freeze()),
        })
    }
}
