//! Pipelines for items: [`Validate`] holds each against what its kind must be, [`Dedupe`] lets each through once.

pub mod dedupe;
pub mod validate;

pub use dedupe::Dedupe;
pub use validate::Validate;
