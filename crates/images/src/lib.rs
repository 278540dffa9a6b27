//! Images and files for Dragline: the pipelines `images` and `files` fetch what an item's `image_urls` and `file_urls`
//! name, make sure that each is whole and what it should be, and keep its bytes as they came in a store whose names are
//! hashes: `full/<sha1 of the URL>.<ext>`.
//!
//! The layout is Scrapy's, so that a store that it filled is taken over.

mod contact_sheet;
mod entry;
pub mod hotlink;
pub mod keeping;
pub mod picture;
mod pipeline;
pub mod render;

pub use contact_sheet::contact_sheet;
pub use entry::{Entry, Missed, Note, Status};
pub use picture::{Bounds, Picture, Refusal, Verify};
pub use pipeline::names::{self, Names};
pub use pipeline::{
    Checksum, Expires, FileFilter, Files, FilesSettings, Filter, HeaderPick, ImageLimits, Images, OptOuts, Settings,
    ThumbBox,
};

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
