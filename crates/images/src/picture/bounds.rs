//! The most that a picture may claim; held to before anything is allocated for it.

use crate::picture::Refusal;

/// Limits, each with the name of its setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Pixels on a side.
    pub max_side: u32,
    /// Pixels in all, of one frame.
    pub max_pixels: u64,
    /// Bytes that a decoder may allocate.
    pub max_alloc: u64,
    /// Frames of an animation, pages of a TIFF, sizes in an icon.
    pub max_frames: u32,
    /// Pixels of all frames together.
    pub max_total_pixels: u64,
    /// Bytes of one block of metadata: EXIF, XMP, a colour profile, a text, unpacked.
    pub max_metadata: u64,
    /// Blocks of metadata.
    pub max_blocks: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max_side: 16_384,
            max_pixels: 100_000_000,
            max_alloc: 512 << 20,
            max_frames: 1000,
            max_total_pixels: 1_000_000_000,
            max_metadata: 1 << 20,
            max_blocks: 1000,
        }
    }
}

impl Bounds {
    /// Refuses what is larger than a picture may be.
    pub(crate) fn size(&self, width: u32, height: u32) -> Result<(), Refusal> {
        let limit = if width.max(height) > self.max_side {
            format!("`max_side` = {}", self.max_side)
        } else if u64::from(width) * u64::from(height) > self.max_pixels {
            format!("`max_pixels` = {}", self.max_pixels)
        } else {
            return Ok(());
        };
        Err(Refusal::TooLarge { width, height, limit })
    }
}
