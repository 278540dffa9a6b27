//! Links, title and metadata of a page without its tree: one pass over its tags.
//!
//! What the pass finds is what the tree has, or it finds nothing: it knows the rules by which the tree builder copies,
//! moves or drops a link, goes through pages where none of them applies, and gives up on others, which then get their
//! tree. The tests hold the two against each other.

mod entities;
mod markup;
mod names;
mod nesting;
mod prose;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

use self::entities::{Place, decoded};
use self::markup::attributes;
use self::nesting::Nesting;
use super::Limits;

/// What a page's tags say, as places in its text; in the order of the page.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Each `<a href>` and `<area href>`.
    links: Vec<Anchor>,
    /// The text of the first `<title>`.
    title: Option<Range<usize>>,
    /// The attributes of each `<meta>` and `<link>`.
    metas: Vec<Range<usize>>,
    relations: Vec<Range<usize>>,
}

/// Where a link stands.
#[derive(Debug)]
struct Anchor {
    attributes: Range<usize>,
    inner: Range<usize>,
    /// Within SVG or MathML.
    is_foreign: bool,
}

/// A tag that was found, in the text of its page.
#[derive(Debug, Clone)]
pub(super) struct Found<'t> {
    text: &'t str,
    attributes: Range<usize>,
    inner: Range<usize>,
    is_foreign: bool,
}

impl Scan {
    /// The pass; none where only the tree knows.
    pub(super) fn of(text: &str, limits: &Limits) -> Option<Self> {
        Nesting::read(text, limits)
    }

    /// Each `<a href>` and `<area href>`.
    pub(super) fn links<'t>(&self, text: &'t str) -> impl Iterator<Item = Found<'t>> + use<'_, 't> {
        (self.links.iter()).map(move |Anchor { attributes, inner, is_foreign }| Found {
            text,
            attributes: attributes.clone(),
            inner: inner.clone(),
            is_foreign: *is_foreign,
        })
    }

    /// The text of the first `<title>`.
    pub(super) fn title<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        Some(decoded(&text[self.title.clone()?], Place::Text))
    }

    /// Each `<meta>`.
    pub(super) fn metas<'t>(&self, text: &'t str) -> impl Iterator<Item = Found<'t>> + use<'_, 't> {
        alone(text, &self.metas)
    }

    /// Each `<link>`.
    pub(super) fn relations<'t>(&self, text: &'t str) -> impl Iterator<Item = Found<'t>> + use<'_, 't> {
        alone(text, &self.relations)
    }
}

fn alone<'s, 't>(text: &'t str, found: &'s [Range<usize>]) -> impl Iterator<Item = Found<'t>> + use<'s, 't> {
    found.iter().map(move |attributes| Found { text, attributes: attributes.clone(), inner: 0..0, is_foreign: false })
}

impl<'t> Found<'t> {
    /// An attribute's value.
    pub(super) fn attr(&self, name: &str) -> Option<Cow<'t, str>> {
        let found = attributes(&self.text[self.attributes.clone()]).find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| decoded(value, Place::Attribute))
    }

    /// All text that is in it, as it stands.
    pub(super) fn prose(&self) -> String {
        prose::of(&self.text[self.inner.clone()], self.is_foreign)
    }
}
