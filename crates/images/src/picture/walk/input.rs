//! Numbers out of a file: what lies behind its end is missing.

use crate::picture::Refusal;

/// The bytes of a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    pub(crate) fn slice(self, at: usize, length: usize) -> Result<&'a [u8], Refusal> {
        let end = at.checked_add(length).ok_or(Refusal::Truncated)?;
        self.0.get(at..end).ok_or(Refusal::Truncated)
    }

    /// Counted from an offset on.
    pub(crate) fn from(self, at: usize) -> Result<Self, Refusal> {
        self.0.get(at..).map(Self).ok_or(Refusal::Truncated)
    }

    fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Refusal> {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(Refusal::Truncated)
    }

    pub(crate) fn byte(self, at: usize) -> Result<u8, Refusal> {
        self.0.get(at).copied().ok_or(Refusal::Truncated)
    }

    pub(crate) fn four(self, at: usize) -> Result<[u8; 4], Refusal> {
        self.array(at)
    }

    pub(crate) fn big_16(self, at: usize) -> Result<u16, Refusal> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(crate) fn big_32(self, at: usize) -> Result<u32, Refusal> {
        self.array(at).map(u32::from_be_bytes)
    }

    pub(crate) fn big_64(self, at: usize) -> Result<u64, Refusal> {
        self.array(at).map(u64::from_be_bytes)
    }

    pub(crate) fn little_16(self, at: usize) -> Result<u16, Refusal> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(crate) fn little_24(self, at: usize) -> Result<u32, Refusal> {
        let [low, middle, high] = self.array(at)?;
        Ok(u32::from_le_bytes([low, middle, high, 0]))
    }

    pub(crate) fn little_32(self, at: usize) -> Result<u32, Refusal> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn little_64(self, at: usize) -> Result<u64, Refusal> {
        self.array(at).map(u64::from_le_bytes)
    }
}

/// A length or an offset of a file. What does not fit into memory is not in the file.
pub(crate) fn offset(number: impl TryInto<usize>) -> Result<usize, Refusal> {
    number.try_into().map_err(|_| Refusal::Truncated)
}

/// The sum of two offsets.
pub(crate) fn sum(one: usize, other: usize) -> Result<usize, Refusal> {
    one.checked_add(other).ok_or(Refusal::Truncated)
}

pub(crate) fn broken(why: &str) -> Refusal {
    Refusal::Broken(why.to_owned())
}
