//! Why bytes are not kept.

/// Why bytes are not kept. [`Refusal::name`] is the stable name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There are none.
    #[error("the body is empty")]
    Empty,
    /// Not of a kind that is kept: an HTML page under a picture's name, a PDF.
    #[error("it is not an image: {what}")]
    NotAnImage {
        /// What it looks like.
        what: String,
    },
    /// A part is missing.
    #[error("it ends before it is whole")]
    Truncated,
    /// More pixels, or more memory for them, than a picture may have.
    #[error("{width} x {height} pixels are over {limit}")]
    TooLarge {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// The setting and its value.
        limit: String,
    },
    /// More frames than a picture may have, or more pixels in all of them.
    #[error("{frames} frames are over {limit}")]
    TooManyFrames {
        /// As many as were counted until it was over.
        frames: u32,
        /// The setting and its value.
        limit: String,
    },
    /// More metadata than a picture may have.
    #[error("its metadata is over {limit}")]
    Metadata {
        /// The setting and its value.
        limit: String,
    },
    /// The structure contradicts itself, or the pixels cannot be decoded.
    #[error("it cannot be decoded: {0}")]
    Broken(String),
    /// The result cannot be written in the form that was asked for.
    #[error("it cannot be written as {kind}: {why}")]
    Unwritable {
        /// The kind that was asked for.
        kind: &'static str,
        /// What stands against it.
        why: String,
    },
}

impl Refusal {
    /// The stable name, as it stands in stats and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Empty => "empty_content",
            Self::NotAnImage { .. } => "not_an_image",
            Self::Truncated => "image_truncated",
            Self::TooLarge { .. } => "image_too_large",
            Self::TooManyFrames { .. } => "image_too_many_frames",
            Self::Metadata { .. } => "image_metadata",
            Self::Broken(_) => "image_broken",
            Self::Unwritable { .. } => "image_unwritable",
        }
    }
}
