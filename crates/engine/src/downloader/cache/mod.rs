//! The HTTP cache below its middleware: the rules (RFC 9111) and the store. Neither knows of the other.

mod answers;
mod caching;
mod entry;
mod error;
mod fields;
mod open;
pub mod policy;
mod rules;
mod store;
mod tables;
#[cfg(test)]
mod tests;

pub use caching::Clock;
pub(in crate::downloader) use caching::{Caching, Looked};
pub use entry::Entry;
pub use error::CacheError;
pub use fields::{CacheControl, http_date};
pub use policy::Policy;
pub use rules::Rules;
pub use store::{Found, Limits, Listed, Store, Totals};
