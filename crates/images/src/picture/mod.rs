//! What bytes are: their kind, their size, whether all of them is there, and their pixels. Name and `Content-Type` do
//! not count.

mod bounds;
mod container;
mod examine;
mod glance;
mod kind;
mod refusal;
mod workers;

pub use bounds::Bounds;
pub use examine::{Examined, Picture, Verify, examine};
pub use glance::{Glance, glance};
pub use image::metadata::Orientation;
pub use kind::Kind;
pub use refusal::Refusal;
pub use workers::{Lost, Workers};

#[cfg(test)]
pub(crate) mod samples;
