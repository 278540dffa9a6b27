//! Which of a picture's candidates is the best.

use std::cmp::Reverse;

use url::Url;

use super::candidate::{Candidate, Source};
use crate::message::urls::has_any_extension;

/// Formats that not everything can read: behind others of the same size.
const RARE: [&str; 4] = ["avif", "heic", "heif", "jxl"];

/// Puts the best first; what ranks the same keeps its order. See [`Picture`](super::Picture) for the rules.
pub(super) fn rank(candidates: &mut [Candidate]) {
    candidates.sort_by_cached_key(|candidate| {
        let Candidate { url, source, width, height, density, mime, .. } = candidate;
        let size = width.or(*height).unwrap_or(0);
        // in thousandths, so that it has an order; a density that nobody wrote is 1
        let density = (density.unwrap_or(1.0) * 1000.0).min(f64::from(u32::MAX)) as u32;
        (
            Reverse(promise(url, *source)),
            Reverse(size),
            Reverse(density),
            is_rare(url, mime.as_deref()),
            *source == Source::Src,
        )
    });
}

/// What a candidate is by its kind, whatever is said of its size.
fn promise(url: &Url, source: Source) -> u8 {
    match source {
        // mostly a placeholder
        _ if url.scheme() == "data" => 0,
        Source::Thumbnail => 1,
        Source::Anchor | Source::Original => 3,
        _ => 2,
    }
}

fn is_rare(url: &Url, mime: Option<&str>) -> bool {
    match mime.and_then(|mime| mime.trim_ascii().split_once('/')) {
        Some((_, format)) => RARE.iter().any(|rare| format.eq_ignore_ascii_case(rare)),
        None => has_any_extension(url, &RARE),
    }
}
