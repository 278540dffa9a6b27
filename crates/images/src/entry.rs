//! What an item learns of each of its images: one entry per URL, in order, failures included.

use serde::{Deserialize, Serialize};

/// What became of one URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The URL as the item has it.
    pub url: String,
    /// The URL that answered, after redirects; none if it was not asked.
    pub final_url: Option<String>,
    /// The file, relative to the store.
    pub path: Option<String>,
    /// The hash of the file's bytes, in hex, by `pipelines.images.checksum`.
    pub checksum: Option<String>,
    /// What became of it.
    pub status: Status,
    /// The file's size in bytes.
    pub size: Option<u64>,
    /// The type, by the bytes.
    pub mime: Option<String>,
    /// Pixels from left to right, as stored.
    pub width: Option<u32>,
    /// Pixels from top to bottom, as stored.
    pub height: Option<u32>,
    /// Why there is no file: a stable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What became of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Fetched and kept.
    Downloaded,
    /// There already, and not fetched.
    Uptodate,
    /// Not kept: `reason` says why.
    Failed,
}

impl Status {
    /// The word in stats and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Downloaded => "downloaded",
            Self::Uptodate => "uptodate",
            Self::Failed => "failed",
        }
    }
}

impl Entry {
    /// An image that is not there, and why.
    #[must_use]
    pub fn failed(url: String, final_url: Option<String>, reason: &str, detail: String) -> Self {
        Self {
            url,
            final_url,
            path: None,
            checksum: None,
            status: Status::Failed,
            size: None,
            mime: None,
            width: None,
            height: None,
            reason: Some(reason.to_owned()),
            detail: Some(detail),
        }
    }
}
