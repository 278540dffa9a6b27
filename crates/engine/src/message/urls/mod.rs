//! What a crawler does with URLs: read them as people and pages write them, make two spellings one, take them apart.
//!
//! A URL is a [`Url`], parsed once by the rules of browsers (WHATWG URL); text that may not be one is a `&str`. Who comes
//! from Python finds w3lib's name of each in its description.
//!
//! ```
//! use dragline::message::urls::{self, Which};
//!
//! let url = urls::from_text(" https://shop.example/Käse?utm_source=mail&id=7#top ")?;
//! assert_eq!(urls::query_parameter(&url, "id").as_deref(), Some("7"));
//! let plain = urls::clean_query(&url, Which::Only(&["id"]), urls::Clean::default());
//! assert_eq!(plain.as_str(), "https://shop.example/K%C3%A4se?id=7");
//! # Ok::<(), dragline::message::urls::UrlError>(())
//! ```

mod canonical;
mod data;
mod domain;
mod extension;
mod file;
mod query;
mod scheme;
mod shown;
mod strip;
mod text;

pub use canonical::{Canonical, canonical, canonicalise};
pub use data::Data;
pub use domain::{is_from_any_domain, registrable_domain};
pub use encoding_rs::Encoding;
pub use extension::has_any_extension;
pub use file::{any_url, file_path, file_url};
pub use query::{
    Clean, Which, clean_query, query_pairs, query_parameter, set_parameter, set_parameters, set_parameters_between,
};
pub use scheme::{guess, is_url, with_http};
pub use strip::{Strip, strip};
pub use text::{Spelling, for_download, from_bytes, from_text, from_text_in, join};

use bytesize::ByteSize;
// for the documentation above
#[cfg(doc)]
use url::Url;

/// Text that is not the URL that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is no absolute URL at all.
    #[error("`{text}` is not a URL: {reason}")]
    NotAUrl {
        /// The text, without passwords, cut where it is long.
        text: String,
        /// What the parser says.
        reason: url::ParseError,
    },
    /// It is not a `data:` URL.
    #[error("not a data URL: {what} at byte {at}")]
    Data {
        /// What is wrong.
        what: &'static str,
        /// Where, counted from the beginning of the text.
        at: usize,
    },
    /// The data is longer than what it may come to.
    #[error("data of {size} is over the limit of {limit}")]
    TooLarge {
        /// How long it is.
        size: ByteSize,
        /// How long it may be.
        limit: ByteSize,
    },
    /// It names no file of this machine.
    #[error("`{text}` names no file: {what}")]
    File {
        /// The text, without passwords, cut where it is long.
        text: String,
        /// What is wrong.
        what: &'static str,
    },
}
