//! Pictures in another form: converted, made smaller, thumbnails, and a hash of what they look like.

mod color;
mod encoding;
mod hash;
mod recipe;

pub use color::Color;
pub use encoding::Encoding;
pub use hash::perceptual_hash;
pub use recipe::{Recipe, Rendered, render, thumbnail, thumbnail_of};
