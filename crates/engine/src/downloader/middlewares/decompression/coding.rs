//! The codings, each a reader over a reader.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

/// Largest window that a zstd frame may ask for, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW: u32 = 23;
/// What a decoder reads at a time.
const PIECE: usize = 16 * 1024;

/// A content coding (RFC 9110, section 8.4.1; RFC 7932; RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// A body, or what is decoded of it.
pub(super) type Source = Box<dyn BufRead + Send>;

impl Coding {
    /// The coding of that name.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        let names: [(&[u8], Self); 5] = [
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"deflate", Self::Deflate),
            (b"br", Self::Brotli),
            (b"zstd", Self::Zstd),
        ];
        names.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, coding)| coding)
    }

    /// What decodes the source; none if it is not packed, which its first bytes say. Brotli has none that do.
    ///
    /// # Errors
    /// Those of reading, or if the source cannot be decoded.
    pub(super) fn decoder(self, mut source: Source) -> io::Result<(Source, bool)> {
        let mut head = [0; 4];
        let length = read_full(&mut source, &mut head)?;
        let is_packed = match self {
            _ if length == 0 => false,
            Self::Gzip => begins(&head[..length], &[0x1f, 0x8b]),
            Self::Zstd => {
                // or a frame to be skipped
                begins(&head[..length], &[0x28, 0xb5, 0x2f, 0xfd])
                    || head[0] >> 4 == 5 && begins(&head[1..length], &[0x2a, 0x4d, 0x18])
            }
            Self::Deflate | Self::Brotli => true,
        };
        let whole = Cursor::new(head).take(length as u64).chain(source);
        if !is_packed {
            return Ok((Box::new(BufReader::with_capacity(PIECE, whole)), false));
        }
        let decoder: Source = match self {
            Self::Gzip => buffered(Members { member: Some(GzDecoder::new(whole)) }),
            Self::Deflate => buffered(Inflate {
                source: whole,
                // RFC 9110 means zlib; some servers send what is within it
                decoder: Decompress::new(is_zlib(head)),
                is_done: false,
            }),
            Self::Brotli => buffered(brotli_decompressor::Decompressor::new(whole, PIECE)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(whole)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                buffered(decoder)
            }
        };
        Ok((decoder, true))
    }
}

fn buffered(reader: impl Read + Send + 'static) -> Source {
    Box::new(BufReader::with_capacity(PIECE, reader))
}

fn read_full(source: &mut Source, into: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < into.len() {
        match source.read(&mut into[length..])? {
            0 => break,
            more => length += more,
        }
    }
    Ok(length)
}

/// Whether what there is begins as it should; less than that is a body that was cut.
fn begins(head: &[u8], magic: &[u8]) -> bool {
    head.iter().zip(magic).all(|(is, should)| is == should)
}

/// RFC 1950, section 2.2.
fn is_zlib(head: [u8; 4]) -> bool {
    head[0] & 0x0f == 8 && head[0] >> 4 <= 7 && u16::from_be_bytes([head[0], head[1]]).is_multiple_of(31)
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        })
    }
}

/// The members of a gzip file, one after the other (RFC 1952, section 2.2). What comes after the last one and is none is
/// passed over, as browsers do: each member says itself whether it is whole.
struct Members<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let length = member.read(into)?;
            if length > 0 || into.is_empty() {
                return Ok(length);
            }
            if let Some(mut rest) = self.member.take().map(GzDecoder::into_inner)
                && rest.fill_buf()?.first() == Some(&0x1f)
            {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Deflate with or without zlib's frame. Unlike flate2's own reader it tells a stream that ends early.
struct Inflate<R> {
    source: R,
    decoder: Decompress,
    is_done: bool,
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while !self.is_done && !into.is_empty() {
            let input = self.source.fill_buf()?;
            let is_end = input.is_empty();
            let (in_before, out_before) = (self.decoder.total_in(), self.decoder.total_out());
            let status = self.decoder.decompress(input, into, FlushDecompress::None);
            let used = self.decoder.total_in() - in_before;
            let given = self.decoder.total_out() - out_before;
            // both are at most the lengths of the slices
            self.source.consume(usize::try_from(used).unwrap_or(0));
            self.is_done = matches!(status.map_err(io::Error::other)?, Status::StreamEnd);
            if given > 0 {
                return Ok(usize::try_from(given).unwrap_or(0));
            }
            if !self.is_done && used == 0 {
                let kind = if is_end { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData };
                return Err(kind.into());
            }
        }
        Ok(0)
    }
}
