//! A baseline JPEG cut at its restart markers, and put together again from rows of several.
//!
//! Two JPEGs can exchange rows if width, quality, sampling and Huffman tables are the same, which holds for all that
//! this crate encodes.

use std::ops::Range;

/// Start of image, and the JFIF segment that jpeg-encoder writes first: 2 + 18 bytes.
const JFIF_END: usize = 20;

/// A JPEG in rows of blocks.
pub(crate) struct Strips {
    jpeg: Vec<u8>,
    /// Where the height is, two bytes in network order.
    height_at: usize,
    /// Where the header ends.
    scan_at: usize,
    /// Each row's entropy-coded bytes, without marker.
    rows: Vec<Range<usize>>,
}

impl Strips {
    /// Cuts a JPEG that has a restart marker after each row, as jpeg-encoder writes it.
    pub(crate) fn cut(jpeg: Vec<u8>) -> Self {
        let (mut height_at, mut at) = (0, 2);
        loop {
            let (marker, length) = (jpeg[at + 1], usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]])));
            if marker == 0xC0 {
                height_at = at + 5;
            }
            at += 2 + length;
            if marker == 0xDA {
                break;
            }
        }
        let scan_at = at;
        let mut rows = Vec::new();
        let mut row_at = scan_at;
        while at + 1 < jpeg.len() {
            // A byte FF of the data is followed by 00; anything else after it is a marker.
            if jpeg[at] == 0xFF && jpeg[at + 1] != 0 {
                rows.push(row_at..at);
                row_at = at + 2;
                at += 1;
            }
            at += 1;
        }
        Self { jpeg, height_at, scan_at, rows }
    }

    pub(crate) fn row(&self, row: usize) -> &[u8] {
        &self.jpeg[self.rows[row].clone()]
    }

    /// A JPEG of this one's tables, `height` pixels high, with one more segment and with the given rows.
    pub(crate) fn join<'a>(&self, height: u16, segment: &[u8], rows: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut joined = Vec::with_capacity(192 * 1024);
        joined.extend_from_slice(&self.jpeg[..JFIF_END]);
        joined.extend_from_slice(segment);
        joined.extend_from_slice(&self.jpeg[JFIF_END..self.height_at]);
        joined.extend_from_slice(&height.to_be_bytes());
        joined.extend_from_slice(&self.jpeg[self.height_at + 2..self.scan_at]);
        for (number, row) in rows.enumerate() {
            if number > 0 {
                // Restart markers count from 0 to 7 and begin again.
                joined.extend_from_slice(&[0xFF, 0xD0 + ((number - 1) % 8) as u8]);
            }
            joined.extend_from_slice(row);
        }
        joined.extend_from_slice(&[0xFF, 0xD9]);
        joined
    }
}
