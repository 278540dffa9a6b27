//! What the spider yields.

use std::fmt;

use dragline::page::pictures::{Candidate, Picture};
use dragline::prelude::*;

use crate::asking::Tried;

/// A page that was read. It comes before the pictures that it shows itself.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "page")]
pub struct ReadPage {
    /// Its URL, after redirects.
    pub url: Url,
    /// Its title, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many pictures it has, without those of its style sheets.
    pub pictures: usize,
    /// How many links lie between the first page and this one.
    #[serde(default)]
    pub depth: u32,
}

/// One picture of a page.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "picture")]
pub struct PagePicture {
    /// The page.
    pub page: Url,
    /// The style sheet that names it, if it is not the page itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<Url>,
    /// How many links lie between the first page and this one.
    #[serde(default)]
    pub depth: u32,
    /// The picture, which the pipeline `images` fetches: the one element of this list.
    pub image_urls: Vec<Wanted>,
}

/// A picture as a page has it, and how large it must be.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
pub struct Wanted {
    /// Where it can be had; at least one place, the best first.
    pub candidates: Vec<Candidate>,
    /// What to say in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The name of the element where it was found: `img`, `picture`, `meta`; `style` for a style sheet, `document` for a
    /// URL that is a picture itself.
    pub element: String,
    /// The fewest pixels of its shorter side; smaller ones are not kept. 0 is any.
    #[serde(default, skip_serializing_if = "is_any")]
    pub min_side: u32,
}

/// The first page could not be read, in no way of asking for it. It comes once, and no other item with it.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Item)]
#[item(kind = "unread_page")]
pub struct UnreadPage {
    /// The URL that was asked for last.
    pub url: Url,
    /// Why: the stable name of a failure, or `not_a_page`.
    pub reason: String,
    /// What happened at last, for people.
    pub detail: String,
    /// Each way of asking, and what it came to, in this order.
    pub tried: Vec<Tried>,
}

impl Wanted {
    /// A picture that must be so large.
    #[must_use]
    pub fn new(picture: Picture, min_side: u32) -> Self {
        let Picture { candidates, alt, title, element } = picture;
        Self { candidates, alt, title, element, min_side }
    }
}

impl From<Wanted> for Picture {
    fn from(wanted: Wanted) -> Self {
        let Wanted { candidates, alt, title, element, min_side: _ } = wanted;
        Self { candidates, alt, title, element }
    }
}

/// What is to be said to people.
impl fmt::Display for UnreadPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tried.as_slice() {
            [] => write!(f, "This is not a page: {}", self.detail),
            [one] => match one.status {
                Some(status) => write!(f, "This page answered {status}"),
                None => write!(f, "This page cannot be had: {}", self.detail),
            },
            [first, others @ ..] => match first.status {
                Some(status) if others.iter().all(|other| other.status == first.status) => {
                    write!(f, "This page answered {status} to every way of asking")
                }
                _ => write!(f, "This page cannot be had in any way of asking; at last: {}", self.detail),
            },
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives what it is to write by reference")]
fn is_any(min_side: &u32) -> bool {
    *min_side == 0
}
