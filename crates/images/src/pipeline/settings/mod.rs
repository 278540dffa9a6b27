//! What the two pipelines can be told, and what they have in common.

mod expires;
mod files;
mod images;
mod thumbs;

use std::time::Duration;

use bytesize::ByteSize;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

pub use self::expires::Expires;
pub use self::files::{FileFilter, FilesSettings};
pub use self::images::{ImageLimits, Settings};
pub use self::thumbs::ThumbBox;
use crate::hex;
use crate::pipeline::headers::HeaderPick;
use crate::pipeline::names::Names;

/// A hash of a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// SHA-1.
    Sha1,
    /// MD5, which is what Scrapy writes; it costs three times as much.
    Md5,
}

impl Checksum {
    /// The hash of some bytes, in hex.
    #[must_use]
    pub fn of(self, bytes: &[u8]) -> String {
        match self {
            Self::Sha1 => hex(&Sha1::digest(bytes)),
            Self::Md5 => hex(&Md5::digest(bytes)),
        }
    }
}

/// What becomes of a file whose server says that machines are not to learn from it, or that rights are reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptOuts {
    /// It is kept, and the item and the manifest say so.
    Record,
    /// It is not kept: the failure `opted_out`.
    Obey,
}

/// What both pipelines are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Common {
    pub(super) store: String,
    pub(super) urls_field: String,
    pub(super) result_field: String,
    pub(super) names: Names,
    pub(super) checksum: Checksum,
    pub(super) sync: bool,
    pub(super) max_body: ByteSize,
    pub(super) spill: ByteSize,
    pub(super) expires: Expires,
    pub(super) retry_failed: bool,
    pub(super) fallback: bool,
    pub(super) max_known: usize,
    pub(super) opt_outs: OptOuts,
    pub(super) manifest: String,
    pub(super) headers: Vec<HeaderPick>,
    pub(super) threads: usize,
    pub(super) deadline: Duration,
}
