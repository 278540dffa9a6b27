//! Looking after a store: what is in it, whether it is whole, what is there twice, what nobody needs, taking it along.
//!
//! Each part answers with plain data and prints nothing. Objects are read and decoded on as many threads as there are
//! processors, and no more of them are in memory than their size allows. The store's folders `thumbs/`, where thumbnails
//! are, and `damaged/`, where objects are set aside, hold no objects of their own.

mod shelf;
mod survey;

mod index;
mod verify;

mod dupes;
mod near;

mod gc;
mod named;

pub mod export;

pub use dupes::{Group, dupes, part_with};
pub use gc::{Garbage, Waste, garbage, remove};
pub use index::{Indexed, Indexing, index};
pub use named::{Named, named_by};
pub use near::groups_of;
pub use shelf::{KeepingError, Selection, Shelf};
pub use verify::{Finding, Verified, What, set_aside, verify};
