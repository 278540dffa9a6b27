//! What the first kilobytes of a body tell, while the rest is under way.

use std::io::Cursor;

use image::ImageReader;

use crate::picture::Kind;
use crate::picture::kind::looks_like;

/// What the first kilobytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Glance {
    /// The kind and the size, as stored.
    Picture {
        /// The kind.
        kind: Kind,
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The kind; its size stands further back.
    Kind(Kind),
    /// No picture that is kept.
    NotAnImage {
        /// What it looks like.
        what: &'static str,
    },
    /// Too little to tell.
    Unknown,
}

/// So many bytes tell every kind.
const ENOUGH: usize = 512;

/// Looks at the beginning of a file.
#[must_use]
pub fn glance(head: &[u8]) -> Glance {
    match Kind::of(head) {
        Some(Kind::Svg) => Glance::NotAnImage { what: looks_like(head) },
        Some(kind) => match size_in(kind, head) {
            Some((width, height)) => Glance::Picture { kind, width, height },
            None => Glance::Kind(kind),
        },
        None if head.len() >= ENOUGH => Glance::NotAnImage { what: looks_like(head) },
        None => Glance::Unknown,
    }
}

fn size_in(kind: Kind, head: &[u8]) -> Option<(u32, u32)> {
    ImageReader::with_format(Cursor::new(head), kind.decoder()?).into_dimensions().ok()
}
