//! What the first kilobytes of a body tell, while the rest is under way.

use crate::picture::Kind;
use crate::picture::kind::looks_like;
use crate::picture::walk::size;

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
        Some(kind) => match size(kind, head) {
            Some((width, height)) => Glance::Picture { kind, width, height },
            None => Glance::Kind(kind),
        },
        None if head.len() >= ENOUGH => Glance::NotAnImage { what: looks_like(head) },
        None => Glance::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::samples;

    #[test]
    fn the_first_bytes_tell_kind_and_size() {
        for (kind, bytes) in samples::all() {
            let seen = glance(&bytes);
            assert!(matches!(seen, Glance::Picture { kind: found, .. } if found == kind), "{kind:?}: {seen:?}");
            // fewer tell less, and nothing else
            for cut in 0..bytes.len() {
                let less = glance(&bytes[..cut]);
                let is_less = match &less {
                    Glance::Picture { .. } => less == seen || kind == Kind::Ico,
                    Glance::Kind(found) => *found == kind,
                    Glance::NotAnImage { .. } => false,
                    Glance::Unknown => true,
                };
                assert!(is_less, "{kind:?} at {cut}: {less:?}");
            }
        }
    }

    #[test]
    fn what_is_no_picture_is_seen_at_once() {
        let page = [b"<!DOCTYPE html>".as_slice(), &[b' '; 600]].concat();
        assert_eq!(glance(&page), Glance::NotAnImage { what: "an HTML page" });
        assert_eq!(glance(&page[..20]), Glance::Unknown);
        assert_eq!(glance(b"<svg>"), Glance::NotAnImage { what: "an SVG, which is a program and not kept" });
    }
}
