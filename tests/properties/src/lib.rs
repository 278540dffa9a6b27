//! What holds for every input, whoever has written it: one function for each part that reads what servers and people
//! send. Each takes any bytes, and panics if its part does, or does what it must not.
//!
//! Two drivers call them: libFuzzer by the targets in `tests/fuzz`, and `tests/seeds.rs` with mutations of the same
//! seeds.
#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "what does not hold is told by panicking")]

mod canonical;
mod codings;
mod cookies;
mod css_images;
mod curl;
mod data_urls;
mod forms;
mod freshness;
mod message;
mod pictures;
mod redirects;
mod robots;
mod srcset;
mod waits;

pub use canonical::canonical;
pub use codings::codings;
pub use cookies::cookies;
pub use css_images::css_images;
pub use curl::curl;
pub use data_urls::data_urls;
pub use forms::forms;
pub use freshness::freshness;
pub use pictures::pictures;
pub use redirects::redirects;
pub use robots::robots;
pub use srcset::srcset;
pub use waits::waits;

/// A property by its name: that of its file in `tests/fuzz/targets`, its seeds and its dictionary.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: [Target; 13] = [
    ("canonical", canonical),
    ("robots", robots),
    ("cookies", cookies),
    ("codings", codings),
    ("waits", waits),
    ("freshness", freshness),
    ("redirects", redirects),
    ("curl", curl),
    ("data_urls", data_urls),
    ("srcset", srcset),
    ("css_images", css_images),
    ("pictures", pictures),
    ("forms", forms),
];
