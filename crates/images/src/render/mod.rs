//! Pictures in another form: converted, made smaller, thumbnails, and a hash of what they look like.
//!
//! Pixels that were decoded once serve all of it. Nothing is made larger, and no colour that was hidden under full
//! transparency shows.

mod background;
mod color;
mod encoding;
mod hash;
mod metadata;
mod recipe;
mod scale;
mod thumbnail;
mod write;

pub use color::Color;
pub use encoding::Encoding;
pub use hash::perceptual_hash;
pub use recipe::{Recipe, Rendered, render};
pub use thumbnail::{thumbnail, thumbnail_of};
