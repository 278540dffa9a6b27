//! A reference beside a URL.

use url::Url;

/// A place as it is written on a page. More than two slashes are as good as two (URL standard, "special authority ignore
/// slashes state"), which the parser knows of whole URLs only.
pub(crate) fn join(base: &Url, place: &str) -> Option<Url> {
    let place = place.trim_matches(|c: char| c <= ' ');
    let rest = place.trim_start_matches(['/', '\\']);
    if place.len() - rest.len() > 2 { base.join(&format!("//{rest}")).ok() } else { base.join(place).ok() }
}
