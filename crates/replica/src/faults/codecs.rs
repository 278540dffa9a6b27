//! Bytes packed by the content codings, honestly or as bombs. Brotli and zstd are written by hand, for a bomb wants
//! what no encoder offers, and a stream may also hold its bytes unpacked.

use std::io::{self, Write};

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::faults::script::Step;

pub(crate) fn gzip(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

pub(crate) fn zlib(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

pub(crate) fn deflate(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data)?;
    encoder.finish()
}

/// A stream of zeros, packed: what is sent, and how many bytes that is.
pub(crate) struct Packed {
    pub(crate) steps: Vec<Step>,
    pub(crate) length: u64,
}

impl Packed {
    fn new(start: Vec<u8>, block: Vec<u8>, times: u64, end: Vec<u8>) -> Self {
        let length = start.len() as u64 + block.len() as u64 * times + end.len() as u64;
        let repeat = Step::Repeat { bytes: block.into(), times, every: std::time::Duration::ZERO };
        Self { steps: vec![Step::Send(start.into()), repeat, Step::Send(end.into())], length }
    }
}

/// Zeros of one block of a deflate bomb.
const DEFLATE_BLOCK: u64 = 1024 * 1024;

/// The block is packed once; a full flush ends it at a byte and makes it independent of what came before it.
fn deflate_zeros(bytes: u64, start: &[u8], end: &[u8]) -> io::Result<Packed> {
    let zeros = vec![0; DEFLATE_BLOCK as usize];
    let mut block = Vec::with_capacity(64 * 1024);
    Compress::new(Compression::best(), false)
        .compress_vec(&zeros, &mut block, FlushCompress::Full)
        .map_err(io::Error::other)?;
    let rest = deflate(&zeros[..(bytes % DEFLATE_BLOCK) as usize])?;
    Ok(Packed::new(start.to_vec(), block, bytes / DEFLATE_BLOCK, [&rest, end].concat()))
}

/// gzip (RFC 1952): a head, deflate, the checksum and the length modulo 2^32.
pub(crate) fn gzip_zeros(bytes: u64) -> io::Result<Packed> {
    let end = [crc_of_zeros(bytes).to_le_bytes(), (bytes as u32).to_le_bytes()].concat();
    deflate_zeros(bytes, &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255], &end)
}

/// zlib (RFC 1950), which HTTP calls deflate. Of zeros only the second half of the Adler sum grows, by one each.
pub(crate) fn zlib_zeros(bytes: u64) -> io::Result<Packed> {
    let adler = ((bytes % 65_521) as u32) << 16 | 1;
    deflate_zeros(bytes, &[0x78, 0xda], &adler.to_be_bytes())
}

/// By doubling, for the sum of 10 GiB is not to take seconds.
fn crc_of_zeros(bytes: u64) -> u32 {
    let (mut sum, mut power) = (Crc::new(), Crc::new());
    power.update(&[0]);
    let mut left = bytes;
    while left > 0 {
        if left & 1 == 1 {
            sum.combine(&power);
        }
        let half = clone(&power);
        power.combine(&half);
        left >>= 1;
    }
    sum.sum()
}

fn clone(sum: &Crc) -> Crc {
    let mut copy = Crc::new();
    copy.combine(sum);
    copy
}

/// A literal zero and a copy of it over the whole meta-block: at most 2^24 bytes (RFC 7932, section 9.2).
const BROTLI_BLOCK: u64 = 1 << 24;

/// A window of 64 KiB, and a meta-block with nothing in it, which ends at a byte.
const BROTLI_START: u8 = 0b0000_1100;

/// The last meta-block, empty.
const BROTLI_END: u8 = 0b11;

/// The copies that are made are of so many bytes at least.
const BROTLI_COPY: u64 = 2_118;

/// Brotli (RFC 7932): 16 MiB in 15 bytes.
pub(crate) fn brotli_zeros(bytes: u64) -> Packed {
    let rest = bytes % BROTLI_BLOCK;
    let rest = if rest > BROTLI_COPY { brotli_copied(rest) } else { brotli_stored(&vec![0; rest as usize]) };
    let end = [rest, vec![BROTLI_END]].concat();
    Packed::new(vec![BROTLI_START], brotli_copied(BROTLI_BLOCK), bytes / BROTLI_BLOCK, end)
}

/// A meta-block of so many zeros, which ends at a byte.
fn brotli_copied(zeros: u64) -> Vec<u8> {
    // the length less one, in no more nibbles than it takes
    let nibbles = if zeros > 1 << 20 {
        6
    } else if zeros > 1 << 16 {
        5
    } else {
        4
    };
    let mut block = Bits::default();
    block.push(0, 1); // not the last
    block.push(nibbles - 4, 2);
    block.push(zeros - 1, 4 * nibbles as u32);
    block.push(0, 1); // compressed
    block.push(0, 3); // one type of literals, of commands, of distances
    block.push(0, 2 + 4 + 2); // no postfix bits, no direct distances, literals' contexts by their low bits
    block.push(0, 2); // one code for literals, one for distances
    for (symbol, width) in [(0, 8), (399, 10), (16, 6)] {
        // a prefix code of one symbol, which then takes no bits: the literal 0; insert one and copy 2,118 or more, the
        // exact number in 24 bits; distance 1 or 2, which of them in one bit
        block.push(0b01, 2);
        block.push(0, 2);
        block.push(symbol, width);
    }
    block.push(zeros - 1 - BROTLI_COPY, 24);
    block.push(0, 1); // distance 1
    block.push(0b00_0110, 6); // a meta-block with nothing in it, to end at a byte
    block.bytes
}

/// Brotli that holds its bytes as they are.
pub(crate) fn brotli(data: &[u8]) -> Vec<u8> {
    [vec![BROTLI_START], brotli_stored(data), vec![BROTLI_END]].concat()
}

fn brotli_stored(data: &[u8]) -> Vec<u8> {
    let mut stored = Vec::new();
    for part in data.chunks(1 << 16) {
        let mut head = Bits::default();
        head.push(0, 1); // not the last
        head.push(0b00, 2); // a length of four nibbles
        head.push(part.len() as u64 - 1, 16);
        head.push(1, 1); // as it is
        stored.extend_from_slice(&head.bytes);
        stored.extend_from_slice(part);
    }
    stored
}

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const ZSTD_BLOCK: u64 = 128 * 1024;

/// zstd (RFC 8878): blocks that say how often a zero comes, 128 KiB in 4 bytes. The window is 2^`window` bytes.
pub(crate) fn zstd_zeros(bytes: u64, window: u8) -> Packed {
    let block = zstd_block(false, 1, ZSTD_BLOCK as usize, &[0]);
    let end = zstd_block(true, 1, (bytes % ZSTD_BLOCK) as usize, &[0]);
    Packed::new(zstd_start(window), block, bytes / ZSTD_BLOCK, end)
}

/// zstd that holds its bytes as they are.
pub(crate) fn zstd(data: &[u8]) -> Vec<u8> {
    let mut frame = zstd_start(17);
    for part in data.chunks(ZSTD_BLOCK as usize) {
        frame.extend_from_slice(&zstd_block(false, 0, part.len(), part));
    }
    frame.extend_from_slice(&zstd_block(true, 0, 0, &[]));
    frame
}

/// A frame's head with no length, no checksum, and a window of 2^`window` bytes, 10 at least.
fn zstd_start(window: u8) -> Vec<u8> {
    [&ZSTD_MAGIC[..], &[0, window.saturating_sub(10) << 3]].concat()
}

fn zstd_block(last: bool, kind: u32, size: usize, content: &[u8]) -> Vec<u8> {
    let head = (size as u32) << 3 | kind << 1 | u32::from(last);
    [&head.to_le_bytes()[..3], content].concat()
}

/// Bits from the lowest up, as brotli wants them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u64, width: u32) {
        for bit in 0..width {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> bit & 1) as u8) << (self.count % 8);
            }
            self.count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    const SIZES: [u64; 7] = [0, 1, 2_118, 2_119, 131_072 + 5, 3_000_000, (1 << 24) + 3];

    fn bytes(packed: Packed) -> Vec<u8> {
        let mut bytes = Vec::new();
        for step in packed.steps {
            match step {
                Step::Send(part) => bytes.extend_from_slice(&part),
                Step::Repeat { bytes: part, times, .. } => bytes.extend_from_slice(&part.repeat(times as usize)),
                _ => panic!("a bomb is sent at once"),
            }
        }
        assert_eq!(bytes.len() as u64, packed.length);
        bytes
    }

    fn read(mut decoder: impl Read) -> Vec<u8> {
        let mut data = Vec::new();
        decoder.read_to_end(&mut data).expect("a whole stream");
        data
    }

    fn zeros(data: &[u8], size: u64) {
        assert!(data.len() as u64 == size && data.iter().all(|byte| *byte == 0), "{} bytes for {size}", data.len());
    }

    #[test]
    fn a_bomb_is_a_whole_stream_of_zeros() {
        for size in SIZES {
            zeros(&read(flate2::read::GzDecoder::new(&bytes(gzip_zeros(size).expect("packed"))[..])), size);
            zeros(&read(flate2::read::ZlibDecoder::new(&bytes(zlib_zeros(size).expect("packed"))[..])), size);
            zeros(&read(brotli_decompressor::Decompressor::new(&bytes(brotli_zeros(size))[..], 4096)), size);
            zeros(&::zstd::decode_all(&bytes(zstd_zeros(size, 20))[..]).expect("a whole stream"), size);
        }
    }

    #[test]
    fn ten_gibibytes_are_small_on_the_wire() {
        let size = 10 << 30;
        assert!(gzip_zeros(size).expect("packed").length < 11_000_000);
        assert!(zstd_zeros(size, 20).length < 400_000);
        assert!(brotli_zeros(size).length < 10_000);
    }

    #[test]
    fn what_is_held_as_it_is_comes_out_as_it_was() {
        let data = crate::faults::script::filler(300_000);
        for size in [0, 1, 300_000] {
            let data = &data[..size];
            assert!(read(brotli_decompressor::Decompressor::new(&brotli(data)[..], 4096)) == data);
            assert!(::zstd::decode_all(&zstd(data)[..]).expect("a whole stream") == data);
        }
    }
}
