//! Images for Dragline: the pipeline `images` fetches what an item's `image_urls` name, makes sure that each is whole
//! and an image, and keeps its bytes as they came in a store whose names are hashes: `full/<sha1 of the URL>.<ext>`.
//!
//! The layout is Scrapy's, so that a store that it filled is taken over.

mod contact_sheet;
mod entry;
pub mod keeping;
pub mod picture;
mod pipeline;
pub mod render;

pub use contact_sheet::contact_sheet;
pub use entry::{Entry, Status};
pub use picture::{Bounds, Picture, Refusal, Verify};
pub use pipeline::{Checksum, Images, Settings};
