//! The little of EXIF that is read and changed: which way is up, and when the picture was taken (CIPA DC-008).
//!
//! Only the first directory and its EXIF directory are looked at, once each, so that there is no chain to go round in.

use image::metadata::Orientation;

const ORIENTATION: u16 = 0x0112;
const EXIF_DIRECTORY: u16 = 0x8769;
const TAKEN: u16 = 0x9003;
const DIGITIZED: u16 = 0x9004;

const SHORT: u16 = 3;

/// EXIF data, from the byte order on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exif<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl<'a> Exif<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Option<Self> {
        let is_little = match bytes {
            [b'I', b'I', 42, 0, ..] => true,
            [b'M', b'M', 0, 42, ..] => false,
            _ => return None,
        };
        Some(Self { bytes, is_little })
    }

    /// Which way is up; what says nothing of use is upright.
    pub(crate) fn orientation(self) -> Orientation {
        let value = self.orientation_at().and_then(|at| self.short(at));
        let known = value.and_then(|value| u8::try_from(value).ok()).and_then(Orientation::from_exif);
        known.unwrap_or(Orientation::NoTransforms)
    }

    /// When the picture was taken, as `2009-07-04T18:30:00`.
    pub(crate) fn taken(self) -> Option<String> {
        let directory = self.long(self.field(self.first_directory()?, EXIF_DIRECTORY)? + 8)?;
        [TAKEN, DIGITIZED].into_iter().find_map(|tag| {
            let at = self.long(self.field(directory, tag)? + 8)?;
            iso(self.bytes.get(at..at.checked_add(19)?)?)
        })
    }

    fn first_directory(self) -> Option<usize> {
        self.long(4)
    }

    fn orientation_at(self) -> Option<usize> {
        let field = self.field(self.first_directory()?, ORIENTATION)?;
        (self.short(field + 2)? == SHORT).then_some(field + 8)
    }

    /// Where a field of a directory stands: tag, type, count, value or its offset.
    fn field(self, directory: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(directory)?);
        let fields = (0..count).map(|index| directory + 2 + 12 * index);
        fields.take_while(|at| at + 12 <= self.bytes.len()).find(|at| self.short(*at) == Some(tag))
    }

    fn short(self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        usize::try_from(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }).ok()
    }
}

/// The same data for a picture whose pixels are upright now: the orientation says so, and the second directory, which
/// holds a thumbnail of the picture as it was, is left out.
pub(crate) fn upright(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let exif = Exif::of(&bytes)?;
    let directory = exif.first_directory()?;
    let next = directory.checked_add(2 + 12 * usize::from(exif.short(directory)?))?;
    let one = if exif.is_little { 1_u16.to_le_bytes() } else { 1_u16.to_be_bytes() };
    if let Some(at) = exif.orientation_at() {
        bytes.get_mut(at..at + 2)?.copy_from_slice(&one);
    }
    bytes.get_mut(next..next.checked_add(4)?)?.fill(0);
    Some(bytes)
}

/// `2009:07:04 18:30:00` as ISO 8601 has it. Cameras whose clock was never set write zeros.
fn iso(text: &[u8]) -> Option<String> {
    let mut iso = text.to_vec();
    for (at, byte) in iso.iter_mut().enumerate() {
        match at {
            4 | 7 if matches!(*byte, b':' | b'-') => *byte = b'-',
            10 if matches!(*byte, b' ' | b'T') => *byte = b'T',
            13 | 16 if *byte == b':' => {}
            4 | 7 | 10 | 13 | 16 => return None,
            _ if byte.is_ascii_digit() => {}
            _ => return None,
        }
    }
    let iso = String::from_utf8(iso).ok()?;
    let number = |range: std::ops::Range<usize>| iso.get(range)?.parse::<u8>().ok();
    let is_date = (1..=12).contains(&number(5..7)?) && (1..=31).contains(&number(8..10)?);
    let is_time = number(11..13)? < 24 && number(14..16)? < 60 && number(17..19)? <= 60;
    (is_date && is_time).then_some(iso)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples::exif;

    #[test]
    fn orientation_and_date_are_read_in_both_byte_orders() {
        for is_little in [true, false] {
            for value in 1..=8 {
                let bytes = exif(value, "2009:07:04 18:30:00", is_little);
                let exif = Exif::of(&bytes).expect("EXIF");
                assert_eq!(exif.orientation().to_exif(), value as u8);
                assert_eq!(exif.taken().as_deref(), Some("2009-07-04T18:30:00"));
                let upright = upright(bytes).expect("EXIF");
                let exif = Exif::of(&upright).expect("EXIF");
                assert_eq!(exif.orientation(), Orientation::NoTransforms);
                assert_eq!(exif.taken().as_deref(), Some("2009-07-04T18:30:00"));
            }
        }
    }

    #[test]
    fn what_is_no_exif_or_no_date_is_nothing_and_ends() {
        let whole = exif(6, "0000:00:00 00:00:00", true);
        assert_eq!(Exif::of(&whole).expect("EXIF").taken(), None);
        for cut in 0..whole.len() {
            if let Some(exif) = Exif::of(&whole[..cut]) {
                let _ = (exif.orientation(), exif.taken());
            }
            let _ = upright(whole[..cut].to_vec());
        }
        // directories that name themselves
        let mut looped = whole.clone();
        for at in (8..looped.len() - 4).step_by(2) {
            looped[at..at + 4].copy_from_slice(&8_u32.to_le_bytes());
            let _ = Exif::of(&looped).map(Exif::taken);
        }
        for wrong in ["2009:13:04 18:30:00", "2009:07:04 25:30:00", "July 4th 2009, noon", "2009-07-04 18.30.00"] {
            assert_eq!(iso(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
