//! Which pictures of a scan are shown, and in which order: a query string, so that it works without a script.

use std::cmp::Reverse;
use std::sync::Arc;

use dragline_images::hotlink::Verdict;
use maud::{Markup, html};

use super::verdict::{Badge, Group, because};
use super::view::{measures, mime};
use super::words;
use crate::scan::Picture;

/// The types that can be chosen: the name in a query, and that for people.
const TYPES: [(&str, &str); 8] = [
    ("jpeg", "JPEG"),
    ("png", "PNG"),
    ("gif", "GIF"),
    ("webp", "WebP"),
    ("avif", "AVIF"),
    ("svg", "SVG"),
    ("heic", "HEIC"),
    ("other", "Others"),
];

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Sort {
    #[default]
    Page,
    Size,
    Bytes,
    Type,
    Verdict,
}

const SORTS: [(Sort, &str, &str); 5] = [
    (Sort::Page, "page", "As on the page"),
    (Sort::Size, "size", "Largest first"),
    (Sort::Bytes, "bytes", "Most bytes first"),
    (Sort::Type, "type", "By type"),
    (Sort::Verdict, "verdict", "By verdict"),
];

/// Which pictures, in which order. What a query says otherwise counts as not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    sort: Sort,
    min: u32,
    kind: Option<&'static str>,
    verdict: Option<Wanted>,
}

/// Which verdicts: one, or a group of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Group(Group),
    One(Verdict),
}

impl Filter {
    pub(super) fn read(query: Option<&str>) -> Self {
        let mut filter = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "sort" => {
                    filter.sort = SORTS.iter().find(|(_, name, _)| *name == value).map_or(Sort::Page, |row| row.0)
                }
                "min" => filter.min = value.trim().parse().unwrap_or(0),
                "type" => filter.kind = TYPES.iter().find(|(name, _)| *name == value).map(|row| row.0),
                "verdict" => filter.verdict = wanted(&value),
                _ => {}
            }
        }
        filter
    }

    /// The pictures in the order that is wanted.
    pub(super) fn sort(&self, pictures: &[Arc<Picture>], is_over: bool) -> Vec<Arc<Picture>> {
        let mut shown = pictures.to_vec();
        let pixels =
            |picture: &Picture| measures(picture).0.map_or(0, |(width, height)| u64::from(width) * u64::from(height));
        let rank = |picture: &Picture| {
            let group = Badge::of(picture, is_over).group;
            Group::ALL.iter().position(|(other, _)| *other == group)
        };
        match self.sort {
            Sort::Page => {}
            Sort::Size => shown.sort_by_cached_key(|picture| Reverse(pixels(picture))),
            Sort::Bytes => shown.sort_by_cached_key(|picture| Reverse(measures(picture).1)),
            Sort::Type => shown.sort_by_cached_key(|picture| words::kind(mime(picture)).1),
            Sort::Verdict => shown.sort_by_cached_key(|picture| rank(picture)),
        }
        shown
    }

    /// Whether a picture is wanted. One whose size nobody knows yet is not called small.
    pub(super) fn takes(&self, picture: &Picture, is_over: bool) -> bool {
        let is_large = self.min == 0 || measures(picture).0.is_none_or(|(width, height)| width.min(height) >= self.min);
        let is_kind = self.kind.is_none_or(|kind| of_type(picture) == kind);
        let is_verdict = match self.verdict {
            None => true,
            Some(Wanted::Group(group)) => Badge::of(picture, is_over).group == group,
            Some(Wanted::One(verdict)) => picture.report.as_ref().is_some_and(|report| report.verdict == verdict),
        };
        is_large && is_kind && is_verdict
    }

    /// The form. A script filters without asking, and has no need of the button.
    pub(super) fn show(&self, path: &str) -> Markup {
        let one = |verdict: Verdict| self.verdict == Some(Wanted::One(verdict));
        html! {
            form.filter #filter method="get" action=(path) role="search" aria-label="Filter" {
                div.field {
                    label for="min" { "Smallest side" }
                    input #min type="text" name="min" inputmode="numeric" placeholder="any" size="6"
                        value=[(self.min > 0).then_some(self.min)];
                }
                div.field {
                    label for="type" { "Type" }
                    select #type name="type" {
                        option value="" { "All" }
                        @for (name, label) in TYPES { option value=(name) selected[self.kind == Some(name)] { (label) } }
                    }
                }
                div.field {
                    label for="verdict" { "Verdict" }
                    select #verdict name="verdict" {
                        option value="" { "All" }
                        @for (group, label) in Group::ALL {
                            option value=(group.name()) selected[self.verdict == Some(Wanted::Group(group))] { (label) }
                        }
                        optgroup label="Because" {
                            @for verdict in Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Open) {
                                option value=(verdict.name()) selected[one(verdict)] { (words::sentence(because(verdict))) }
                            }
                        }
                    }
                }
                div.field {
                    label for="sort" { "Order" }
                    select #sort name="sort" {
                        @for (sort, name, label) in SORTS { option value=(name) selected[self.sort == sort] { (label) } }
                    }
                }
                button.apply type="submit" { "Apply" }
            }
        }
    }
}

fn wanted(value: &str) -> Option<Wanted> {
    let group = Group::ALL.iter().find(|(group, _)| group.name() == value).map(|(group, _)| Wanted::Group(*group));
    group.or_else(|| Verdict::ALL.into_iter().find(|verdict| verdict.name() == value).map(Wanted::One))
}

/// What the filter calls a picture's type.
fn of_type(picture: &Picture) -> &'static str {
    let (_, kind) = words::kind(mime(picture));
    TYPES.iter().find(|(name, _)| *name == kind).map_or("other", |row| row.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::samples::picture;

    fn kept(number: usize, mime: &str, width: u32, height: u32) -> Arc<Picture> {
        let mut picture = picture(number, "https://a.example/a.jpg");
        let mut entry = crate::web::pages::samples::entry("https://a.example/a.jpg");
        (entry.mime, entry.width, entry.height) = (Some(mime.to_owned()), Some(width), Some(height));
        (entry.path, entry.size) = (Some("full/a".to_owned()), Some(u64::from(width)));
        picture.entry = Some(entry);
        Arc::new(picture)
    }

    fn numbers(query: &str) -> Vec<usize> {
        let mut failed = picture(3, "https://a.example/b.jpg");
        failed.entry = Some(dragline_images::Entry::failed(
            "https://a.example/b.jpg".to_owned(),
            "http_status",
            "answered 404".to_owned(),
        ));
        let pictures = [
            kept(0, "image/jpeg", 100, 50),
            kept(1, "image/png", 400, 300),
            kept(2, "image/x-pcx", 800, 40),
            Arc::new(failed),
        ];
        let filter = Filter::read(Some(query));
        filter
            .sort(&pictures, true)
            .iter()
            .filter(|picture| filter.takes(picture, true))
            .map(|picture| picture.number)
            .collect()
    }

    #[test]
    fn a_query_says_which_pictures_and_in_which_order() {
        assert_eq!(numbers(""), [0, 1, 2, 3]);
        assert_eq!(numbers("sort=size"), [1, 2, 0, 3]);
        assert_eq!(numbers("sort=bytes"), [2, 1, 0, 3]);
        assert_eq!(numbers("type=png"), [1]);
        assert_eq!(numbers("type=other"), [2, 3]);
        assert_eq!(numbers("min=45"), [0, 1, 3]);
        assert_eq!(numbers("verdict=lost"), [3]);
        assert_eq!(numbers("verdict=unclear&sort=size"), [1, 2, 0]);
    }

    #[test]
    fn what_a_query_says_otherwise_counts_as_not_said() {
        assert_eq!(Filter::read(Some("sort=sideways&min=-3&type=<b>&verdict=guilty&x=y")), Filter::default());
        assert_eq!(Filter::read(None), Filter::default());
    }

    #[test]
    fn the_form_shows_what_was_chosen() {
        let form = Filter::read(Some("min=200&type=png&verdict=referer&sort=bytes")).show("/scans/ab").into_string();
        for chosen in
            ["value=\"200\"", "value=\"png\" selected", "value=\"referer\" selected", "value=\"bytes\" selected"]
        {
            assert!(form.contains(chosen), "{chosen}: {form}");
        }
    }
}
