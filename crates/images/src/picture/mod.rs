//! What bytes are: their kind, their size, whether all of them is there, and their pixels. Name and `Content-Type` do
//! not count.

mod bounds;
mod decode;
mod examine;
pub(crate) mod exif;
mod glance;
mod jpeg;
mod kind;
mod refusal;
pub(crate) mod walk;
mod workers;

pub use bounds::Bounds;
pub use examine::{Examined, Picture, Verify, check, examine};
pub use glance::{Glance, glance};
pub use image::metadata::Orientation;
pub use kind::Kind;
pub use refusal::Refusal;
pub use workers::{Lost, Workers};

#[cfg(test)]
pub(crate) mod samples;
