//! A body as it comes in: one piece is passed on as it is, several are joined, many go to a file.

use std::io::{self, Write};
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use tempfile::NamedTempFile;

use crate::message::Body;

/// What goes to a file goes in pieces of this size.
const FILE_PIECE: usize = 256 * 1024;

/// The pieces so far.
pub(super) struct Parts<'a> {
    pub(super) length: u64,
    first: Bytes,
    joined: BytesMut,
    file: Option<NamedTempFile>,
    spill: Option<&'a (PathBuf, u64)>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(spill: Option<&'a (PathBuf, u64)>) -> Self {
        Self { length: 0, first: Bytes::new(), joined: BytesMut::new(), file: None, spill }
    }

    pub(super) async fn push(&mut self, chunk: Bytes, declared: Option<u64>) -> io::Result<()> {
        self.length += chunk.len() as u64;
        if self.first.is_empty() && self.joined.is_empty() && self.file.is_none() {
            self.first = chunk;
            return Ok(());
        }
        if !self.first.is_empty() {
            // no allocation on a server's word: it may declare 10^18
            let expected = usize::try_from(declared.unwrap_or(0)).unwrap_or(usize::MAX).min(FILE_PIECE);
            self.joined.reserve(expected.max(self.first.len() + chunk.len()));
            self.joined.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.joined.extend_from_slice(&chunk);
        if let Some((folder, threshold)) = self.spill
            && (self.length > *threshold && self.joined.len() >= FILE_PIECE)
        {
            self.write_out(folder.clone()).await?;
        }
        Ok(())
    }

    /// Appends what is joined to the file, off the I/O thread.
    async fn write_out(&mut self, folder: PathBuf) -> io::Result<()> {
        let (file, piece) = (self.file.take(), std::mem::take(&mut self.joined));
        let written = tokio::task::spawn_blocking(move || {
            let mut file = match file {
                Some(file) => file,
                None => Body::part_file(&folder)?,
            };
            file.write_all(&piece)?;
            io::Result::Ok(file)
        });
        self.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }

    pub(super) async fn finish(mut self) -> io::Result<Body> {
        if let (Some(_), Some((folder, _))) = (&self.file, self.spill) {
            self.write_out(folder.clone()).await?;
        }
        Ok(match self.file {
            Some(file) => Body::File { file, length: self.length },
            None if self.joined.is_empty() => Body::Memory(self.first),
            None => Body::Memory(self.joined.freeze()),
        })
    }
}
