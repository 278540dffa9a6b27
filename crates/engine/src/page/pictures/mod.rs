//! The pictures of a page: what it shows, and what it says of itself, each with all the places where it can be had.

mod candidate;
pub mod css;
mod elements;
mod finder;
mod head;
mod json_ld;
mod lazy;
mod merge;
mod rank;
pub mod srcset;

use serde::{Deserialize, Serialize};

pub use candidate::{Candidate, Source};
use dragline_macros::Item;
use finder::Finder;

use super::Page;

/// One picture, the best of its candidates first.
///
/// What is on one element, or in one `<picture>`, is one picture, and so is what shares its best candidate with another.
/// The rules by which the best is found, the first one that tells two candidates apart:
///
/// 1. What promises the original: a link around the picture that leads to an image, `data-full` and its like. Then all
///    others, then what calls itself a thumbnail, and last `data:` URLs, which mostly hold a place until a script has run.
/// 2. The larger width (or height, if no width is known), by `800w`, `width=`, `og:image:width` and their like.
/// 3. The higher density: `2x`.
/// 4. What every program can read goes before AVIF, HEIC and JPEG XL.
/// 5. Anything before `src`, which is there for those who know nothing better.
/// 6. The order in which they stand on the page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Item)]
pub struct Picture {
    /// Where it can be had; at least one place, the best first.
    pub candidates: Vec<Candidate>,
    /// What to say in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The name of the element where it was found: `img`, `picture`, `meta`.
    pub element: String,
}

impl Picture {
    /// The best of its candidates.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

impl Page {
    /// The pictures of this page, in the order in which they stand there.
    ///
    /// They come from `<img>`, `srcset`, `<picture>`, from the attributes of scripts that load them late, from CSS within
    /// the page, Open Graph and Twitter cards, JSON-LD, microdata, `<link>`, `<noscript>`, video posters, SVG, and from
    /// links around pictures that lead to larger ones. Nothing is fetched for it. All URLs are absolute, http(s) or `data:`.
    ///
    /// More than `spider.max_pictures` candidates are left out and counted as `pictures/over_limit_count`; what is no
    /// URL is `pictures/bad_count`.
    ///
    /// ```
    /// use dragline::prelude::*;
    ///
    /// let page = Page::from_html("http://a.example/", r#"
    ///     <a href="/photos/7.jpg"><img src="7-small.jpg" srcset="7-large.jpg 2x" alt="A lake"></a>"#);
    /// let pictures = page.images();
    /// let best = pictures[0].best().expect("a candidate");
    /// assert_eq!(best.url.as_str(), "http://a.example/photos/7.jpg");
    /// assert_eq!(pictures[0].alt.as_deref(), Some("A lake"));
    /// ```
    #[must_use]
    pub fn images(&self) -> Vec<Picture> {
        let mut finder = Finder::new(self);
        elements::read(&mut finder, self.tree());
        merge::merge(finder.finish())
    }
}

#[cfg(test)]
mod tests;
