//! Where pictures and files are kept: an object has its name only once it is whole, whatever the store is made of.
//!
//! [`Store`] is what a place must be able to do, [`conformance`] is how it is known that it does. [`Local`] is a folder,
//! [`Memory`] is for tests; others are crates of their own, which a runner adds to its [`Stores`].

mod error;
mod identity;
mod name;

mod store;

mod catalogue;
pub mod conformance;
#[cfg(test)]
mod hostile;
mod local;
mod memory;

pub mod manifest;

pub use catalogue::{Backend, Options, Stores};
pub use error::{CaseTwin, Scope, StoreError};
pub use identity::{IDENTITY, new_identity};
pub use local::Local;
pub use memory::Memory;
pub use name::{BadName, Name, clean};
pub use store::{AT_ONCE, About, Existing, Pieces, Put, Stat, Store};
