//! What a picture claims, added up against its bounds.

use std::io::Read as _;

use flate2::bufread::ZlibDecoder;

use crate::picture::{Bounds, Refusal};

/// Counts frames, pixels and metadata, and says when it is too much.
#[derive(Debug)]
pub(crate) struct Tally<'b> {
    bounds: &'b Bounds,
    frames: u32,
    pixels: u64,
    blocks: u32,
}

impl<'b> Tally<'b> {
    pub(crate) fn new(bounds: &'b Bounds) -> Self {
        Self { bounds, frames: 0, pixels: 0, blocks: 0 }
    }

    /// The size of the whole picture.
    pub(crate) fn size(&self, width: u32, height: u32) -> Result<(), Refusal> {
        if width == 0 || height == 0 {
            return Err(Refusal::Broken(format!("it has {width} x {height} pixels")));
        }
        self.bounds.size(width, height)
    }

    /// One more frame, which is decoded into so many pixels.
    pub(crate) fn frame(&mut self, width: u32, height: u32) -> Result<(), Refusal> {
        self.frames = self.frames.saturating_add(1);
        self.pixels = self.pixels.saturating_add(u64::from(width) * u64::from(height));
        let limit = if self.frames > self.bounds.max_frames {
            format!("`max_frames` = {}", self.bounds.max_frames)
        } else if self.pixels > self.bounds.max_total_pixels {
            format!("`max_total_pixels` = {}", self.bounds.max_total_pixels)
        } else {
            return Ok(());
        };
        Err(Refusal::TooManyFrames { frames: self.frames, limit })
    }

    pub(crate) fn frames(&self) -> u32 {
        self.frames
    }

    /// One more block of metadata.
    pub(crate) fn metadata(&mut self, size: usize) -> Result<(), Refusal> {
        self.blocks = self.blocks.saturating_add(1);
        let limit = if size as u64 > self.bounds.max_metadata {
            format!("`max_metadata` = {}", self.bounds.max_metadata)
        } else if self.blocks > self.bounds.max_blocks {
            format!("`max_blocks` = {}", self.bounds.max_blocks)
        } else {
            return Ok(());
        };
        Err(Refusal::Metadata { limit })
    }

    /// A block that is packed is unpacked no further than a block may be long.
    pub(crate) fn packed(&self, block: &[u8]) -> Result<(), Refusal> {
        let most = self.bounds.max_metadata;
        let unpacked = std::io::copy(&mut ZlibDecoder::new(block).take(most + 1), &mut std::io::sink());
        // what cannot be unpacked is passed over by decoders
        if unpacked.is_ok_and(|unpacked| unpacked > most) {
            return Err(Refusal::Metadata { limit: format!("`max_metadata` = {most}") });
        }
        Ok(())
    }

    /// For a picture within the picture.
    pub(crate) fn afresh(&self) -> Self {
        Self::new(self.bounds)
    }
}
