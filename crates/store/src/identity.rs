//! What tells one store from another: an object beside the others, written once.

use std::hash::{BuildHasher, Hasher, RandomState};

/// The name of the identity in a store's root; no object of a crawl can have it.
pub const IDENTITY: &str = ".dragline-store";
/// Its first line; the second is the id. Another number is another format.
pub(crate) const FORMAT: &str = "dragline-store 1";

/// The text of a new identity.
#[must_use]
pub fn new_identity() -> String {
    // seeded by the system, and enough to tell stores apart
    let random = || RandomState::new().build_hasher().finish();
    format!("{FORMAT}\n{:016x}{:016x}\n", random(), random())
}
