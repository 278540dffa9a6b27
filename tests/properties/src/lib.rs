//! What holds for every input, whoever has written it: one function for each part that reads what servers and people
//! send. Each takes any bytes, and panics if its part does, or does what it must not.
//!
//! Two drivers call them: libFuzzer by the targets in `tests/fuzz`, and `tests/seeds.rs` with mutations of the same
//! seeds.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "what does not hold is told by panicking")]

mod canonical;
mod codings;
mod cookies;
mod curl;
mod data_urls;
mod freshness;
mod message;
mod redirects;
mod robots;
mod selectors;
mod waits;

pub use canonical::canonical;
pub use codings::codings;
pub use cookies::cookies;
pub use curl::curl;
pub use data_urls::data_urls;
pub use freshness::freshness;
pub use redirects::redirects;
pub use robots::robots;
pub use selectors::selectors;
pub use waits::waits;

/// A property by its name: that of its file in `tests/fuzz/targets`, its seeds and its dictionary.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 10] = [
    ("canonical", canonical),
    ("robots", robots),
    ("cookies", cookies),
    ("codings", codings),
    ("waits", waits),
    ("freshness", freshness),
    ("redirects", redirects),
    ("curl", curl),
    ("data_urls", data_urls),
    ("selectors", selectors),
];
