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
mod declared;
mod encodings;
mod forms;
mod freshness;
mod html;
mod image_bytes;
mod links;
mod message;
mod object_names;
mod pictures;
mod redirects;
mod robots;
mod selectors;
mod sitemaps;
mod srcset;
mod waits;
mod xml;

pub use canonical::canonical;
pub use codings::codings;
pub use cookies::cookies;
pub use css_images::css_images;
pub use curl::curl;
pub use data_urls::data_urls;
pub use declared::declared;
pub use encodings::encodings;
pub use forms::forms;
pub use freshness::freshness;
pub use html::html;
pub use image_bytes::image_bytes;
pub use links::links;
pub use object_names::object_names;
pub use pictures::pictures;
pub use redirects::redirects;
pub use robots::robots;
pub use selectors::selectors;
pub use sitemaps::sitemaps;
pub use srcset::srcset;
pub use waits::waits;
pub use xml::xml;

/// A property by its name: that of its file in `tests/fuzz/targets`, its seeds and its dictionary.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("canonical", canonical),
    ("codings", codings),
    ("cookies", cookies),
    ("css_images", css_images),
    ("curl", curl),
    ("data_urls", data_urls),
    ("declared", declared),
    ("encodings", encodings),
    ("forms", forms),
    ("freshness", freshness),
    ("html", html),
    ("image_bytes", image_bytes),
    ("links", links),
    ("object_names", object_names),
    ("pictures", pictures),
    ("redirects", redirects),
    ("robots", robots),
    ("selectors", selectors),
    ("sitemaps", sitemaps),
    ("srcset", srcset),
    ("waits", waits),
    ("xml", xml),
];
