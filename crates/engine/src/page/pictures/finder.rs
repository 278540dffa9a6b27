//! Gathers candidates: makes references absolute, drops what is no picture, and knows when there are enough.

use url::Url;

use super::candidate::{Candidate, Source};
use super::{Picture, srcset};
use crate::page::Page;

/// What a page says of a candidate beside its URL.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) density: Option<f64>,
    pub(super) mime: Option<String>,
    pub(super) media: Option<String>,
}

/// The pictures so far.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    page: &'a Page,
    pictures: Vec<Picture>,
    /// Candidates that may still come.
    left: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(page: &'a Page) -> Self {
        Self { page, pictures: Vec::new(), left: page.limits.pictures }
    }

    pub(super) fn page(&self) -> &'a Page {
        self.page
    }

    /// Adds a candidate to a picture, if it is one.
    pub(super) fn add(&mut self, picture: &mut Picture, reference: &str, source: Source, facts: Facts) {
        // what is empty would be the page itself
        if reference.trim_ascii().is_empty() || reference.trim_ascii().starts_with('#') {
            return;
        }
        let Ok(url) = self.page.join(reference) else {
            self.page.lose("pictures/bad_count", 1);
            return;
        };
        if !self.is_picture(&url) {
            return;
        }
        if self.left == 0 {
            self.page.lose("pictures/over_limit_count", 1);
            return;
        }
        self.left -= 1;
        let Facts { width, height, density, mime, media } = facts;
        picture.candidates.push(Candidate { url, source, width, height, density, mime, media });
    }

    /// Adds all that a `srcset` names. `facts` are those of the element: its width and height are how large it is shown.
    pub(super) fn add_set(&mut self, picture: &mut Picture, set: &str, source: Source, facts: &Facts) {
        for entry in srcset::parse(set) {
            let times = |shown: Option<u32>| {
                let pixels = f64::from(shown?) * entry.density.unwrap_or(1.0);
                // a cast ends at the largest number
                entry.width.is_none().then_some(pixels.round() as u32).filter(|pixels| *pixels > 0)
            };
            let own = Facts {
                width: entry.width.or_else(|| times(facts.width)),
                height: entry.height.or_else(|| times(facts.height)),
                density: entry.density,
                ..facts.clone()
            };
            self.add(picture, entry.url, source, own);
        }
    }

    /// Keeps a picture that has a candidate; its number.
    pub(super) fn keep(&mut self, picture: Picture) -> Option<usize> {
        if picture.candidates.is_empty() {
            return None;
        }
        self.pictures.push(picture);
        Some(self.pictures.len() - 1)
    }

    /// One that was kept before, to be added to.
    pub(super) fn kept(&mut self, number: usize) -> Option<&mut Picture> {
        self.pictures.get_mut(number)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.pictures.len()
    }

    /// Takes back the last one, if it is the only one since there were so many.
    pub(super) fn take_only_after(&mut self, count: usize) -> Option<Picture> {
        (self.pictures.len() == count + 1).then(|| self.pictures.pop()).flatten()
    }

    /// Says where all since there were so many come from.
    pub(super) fn mark_after(&mut self, count: usize, source: Source) {
        let candidates = self.pictures.iter_mut().skip(count).flat_map(|picture| &mut picture.candidates);
        candidates.for_each(|candidate| candidate.source = source);
    }

    pub(super) fn finish(self) -> Vec<Picture> {
        self.pictures
    }

    fn is_picture(&self, url: &Url) -> bool {
        match url.scheme() {
            "http" | "https" => url.has_host(),
            "data" => url.path().get(.."image/".len()).is_some_and(|kind| kind.eq_ignore_ascii_case("image/")),
            // a page of this machine's own
            "file" => self.page.url().scheme() == "file",
            _ => false,
        }
    }
}
