//! Regular expressions: of the crate `regex`, which takes linear time whatever the text. There is no backtracking engine
//! here, so neither look-around nor back-references.

use regex::{Regex, RegexBuilder};

use crate::QueryError;

/// What a compiled expression may come to, in bytes (FAULTS, P05).
const MOST: usize = 10 * 1024 * 1024;

/// Compiles a regular expression.
///
/// # Errors
/// If it is none, or too large.
pub fn pattern(text: &str) -> Result<Regex, QueryError> {
    let what = |error: regex::Error| QueryError::new("regular expression", text, error.to_string());
    RegexBuilder::new(text).size_limit(MOST).build().map_err(what)
}
