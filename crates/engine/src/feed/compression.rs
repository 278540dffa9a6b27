//! Compression in members: each ends at a sync, so that a file that is cut at a position is a whole one.
//!
//! Members of gzip (RFC 1952, section 2.2) and frames of zstd (RFC 8878, section 3.1) may follow one another; every
//! tool reads them as one file.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// How much of a file's beginning is looked at.
const BEGIN: u64 = 1024 * 1024;

/// How a feed is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// gzip, level 6.
    Gzip,
    /// Zstandard, level 3.
    Zstd,
}

impl Compression {
    /// The compression that a file's extension means.
    pub(super) fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Begins a member.
    pub(super) fn member(self) -> io::Result<Member> {
        Ok(match self {
            Self::Gzip => Member::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::new(6))),
            Self::Zstd => Member::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 3)?),
        })
    }

    /// A member of its own.
    pub(super) fn whole(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut member = self.member()?;
        let mut out = member.take(bytes)?;
        out.append(&mut member.end()?);
        Ok(out)
    }

    /// The end of the last whole member, and the begin of the text.
    ///
    /// # Errors
    /// If the file is not compressed like this.
    pub(super) fn whole_members(self, file: &mut (impl Read + Seek)) -> io::Result<(u64, Vec<u8>)> {
        let mut begin = Vec::new();
        let mut end = 0;
        loop {
            file.seek(SeekFrom::Start(end))?;
            let mut reader = BufReader::with_capacity(64 * 1024, &mut *file);
            if reader.fill_buf()?.is_empty() {
                return Ok((end, begin));
            }
            let mut counted = Counted { inner: reader, count: 0 };
            let read = match self {
                Self::Gzip => read_member(flate2::bufread::GzDecoder::new(&mut counted), &mut begin),
                Self::Zstd => zstd::stream::read::Decoder::with_buffer(&mut counted)
                    .and_then(|decoder| read_member(decoder.single_frame(), &mut begin)),
            };
            match read {
                Ok(()) => end += counted.count,
                Err(_) if end > 0 => return Ok((end, begin)),
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads a member to its end, and keeps what there is room for.
fn read_member(mut member: impl Read, begin: &mut Vec<u8>) -> io::Result<()> {
    let room = BEGIN.saturating_sub(begin.len() as u64);
    member.by_ref().take(room).read_to_end(begin)?;
    io::copy(&mut member, &mut io::sink()).map(drop)
}

/// A reader that knows how much was taken from it.
struct Counted<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count += count as u64;
        self.inner.consume(count);
    }
}

/// A member that is being written.
pub(super) enum Member {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Member {
    /// Compresses bytes, and gives what is ready.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
            Self::Zstd(encoder) => {
                encoder.write_all(bytes)?;
                Ok(std::mem::take(encoder.get_mut()))
            }
        }
    }

    /// Ends the member, and gives the rest of it.
    pub(super) fn end(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn members_are_found_and_half_of_one_is_not() {
        for compression in [Compression::Gzip, Compression::Zstd] {
            let mut file = compression.whole(b"one\n").expect("compressed");
            file.append(&mut compression.whole(b"two\n").expect("compressed"));
            let whole = file.len() as u64;
            assert_eq!(
                compression.whole_members(&mut Cursor::new(&file)).expect("members"),
                (whole, b"one\ntwo\n".to_vec())
            );
            let third = compression.whole(b"three\n").expect("compressed");
            file.extend_from_slice(&third[..third.len() - 2]);
            let (end, _) = compression.whole_members(&mut Cursor::new(&file)).expect("members");
            assert_eq!(end, whole, "{compression:?}");
            assert!(compression.whole_members(&mut Cursor::new(b"a letter")).is_err());
        }
    }
}
