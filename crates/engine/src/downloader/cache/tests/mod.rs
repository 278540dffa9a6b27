//! The rules and the store, tried.
