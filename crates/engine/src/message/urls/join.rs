//! A reference beside a URL.

use std::borrow::Cow;

use encoding_rs::UTF_8;
use url::Url;

use super::shown::shown;
use super::text::encode;
use super::{Encoding, UrlError};

/// A place as it is written on a page. More than two slashes are as good as two (URL standard, "special authority ignore
/// slashes state"), which the parser knows of whole URLs only.
pub(crate) fn join(base: &Url, place: &str) -> Option<Url> {
    join_in(base, place, UTF_8).ok()
}

/// The URL that a page's reference is: relative to its base, its query in the encoding of the page (URL standard, "query
/// state").
///
/// # Errors
/// If it is none.
pub fn join_in(base: &Url, place: &str, encoding: &'static Encoding) -> Result<Url, UrlError> {
    let place = place.trim_matches(|c: char| c <= ' ');
    let rest = place.trim_start_matches(['/', '\\']);
    let slashes = place.len() - rest.len();
    let place = if slashes > 2 { Cow::Owned(format!("//{rest}")) } else { Cow::Borrowed(place) };
    let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| Cow::Owned(encode(query, encoding));
    let mut options = Url::options().base_url(Some(base));
    if encoding.output_encoding() != UTF_8 {
        options = options.encoding_override(Some(encode));
    }
    options.parse(&place).map_err(|reason| UrlError::NotAUrl { text: shown(&place), reason })
}
