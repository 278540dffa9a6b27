//! Bits of an interval of a scan, the highest first.

use crate::picture::Refusal;

/// The most bits that a block can take, and no bytes that a load can read behind them.
const PADDING: usize = 512;

/// The bits of an interval, without stuffing.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// In bits.
    at: usize,
    end: usize,
}

impl Bits {
    /// Takes an interval up to its restart marker and gives back what follows it.
    pub(crate) fn load<'a>(&mut self, data: &'a [u8]) -> Result<&'a [u8], Refusal> {
        if data.is_empty() {
            return Err(Refusal::Truncated);
        }
        self.bytes.clear();
        let mut rest = data;
        let after = loop {
            let Some(at) = memchr::memchr(0xFF, rest) else {
                self.bytes.extend_from_slice(rest);
                break &[][..];
            };
            match rest.get(at + 1) {
                Some(0x00) => {
                    self.bytes.extend_from_slice(&rest[..=at]);
                    rest = &rest[at + 2..];
                }
                // fill bytes
                Some(0xFF) => {
                    self.bytes.extend_from_slice(&rest[..at]);
                    rest = &rest[at + 1..];
                }
                _ => {
                    self.bytes.extend_from_slice(&rest[..at]);
                    break rest.get(at + 2..).unwrap_or_default();
                }
            }
        };
        (self.at, self.end) = (0, 8 * self.bytes.len());
        self.bytes.resize(self.bytes.len() + PADDING, 0);
        Ok(after)
    }

    /// The next 32 bits; zeros behind the end.
    #[inline]
    pub(crate) fn peek(&self) -> u32 {
        let bytes = self.bytes.get(self.at / 8..).and_then(|bytes| bytes.first_chunk::<8>());
        let bits = bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes));
        (bits << (self.at % 8) >> 32) as u32
    }

    #[inline]
    pub(crate) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// A number of so many bits, of which there are at most 16.
    #[inline]
    pub(crate) fn take(&mut self, count: u8) -> u32 {
        let number = if count == 0 { 0 } else { self.peek() >> (32 - u32::from(count)) };
        self.at += usize::from(count);
        number
    }

    /// Whether all that was taken was there.
    #[inline]
    pub(crate) fn is_within(&self) -> bool {
        self.at <= self.end
    }
}
