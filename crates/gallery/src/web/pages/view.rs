//! How pictures are shown to this visitor: from their site, from here, or not at all.

use std::collections::HashMap;
use std::sync::Arc;

use dragline_images::hotlink::Verdict;
use url::Url;

use super::words;
use crate::scan::{Picture, Progress, Scan};
use crate::settings::Copies;
use crate::web::media::{Copy, path};
use crate::web::{App, Visitor, headers};

/// How far a chain of pictures that are each alike the next one is followed.
const LONGEST_CHAIN: usize = 64;

/// What templates know of a scan and of who looks at it.
pub(super) struct View<'a> {
    pub(super) app: &'a App,
    pub(super) visitor: &'a Visitor,
    pub(super) scan: &'a Scan,
    pub(super) is_over: bool,
    pub(super) copies: Copies,
    /// The origins that the page's policy names: pictures of others are shown from here.
    origins: Vec<String>,
}

/// Where a browser has a picture from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shown {
    /// From its site; with the path of a copy for when that does not work.
    Site { url: String, copy: Option<String> },
    /// From here.
    Here(String),
    /// From nowhere: there is no copy, or none that can be shown.
    Nowhere,
}

impl<'a> View<'a> {
    pub(super) fn new(app: &'a App, visitor: &'a Visitor, scan: &'a Scan) -> Self {
        let copies = app.copies(&scan.options);
        let origins = match copies {
            Copies::Always => Vec::new(),
            Copies::Auto => {
                let origins = scan.origins();
                headers::allowed(&origins).into_iter().map(str::to_owned).collect()
            }
        };
        Self { app, visitor, scan, is_over: scan.is_over(), copies, origins }
    }

    /// The origins that the page's policy names.
    pub(super) fn origins(&self) -> Vec<&str> {
        self.origins.iter().map(String::as_str).collect()
    }

    /// Where the browser has a picture from.
    pub(super) fn shown(&self, picture: &Picture, copy: Copy) -> Shown {
        let path = |copy| path(self.app, self.visitor, self.scan, picture, copy);
        // what nothing here decodes has no thumbnail, and browsers may show it all the same
        let here = path(copy).or_else(|| path(Copy::Whole));
        let is_open = picture.report.as_ref().is_some_and(|report| report.verdict == Verdict::Open);
        let site = picture.url().filter(|url| is_open && self.is_allowed(url) && is_shown_by_browsers(picture));
        match (site.and_then(words::link), here) {
            (Some(url), copy) => Shown::Site { url, copy },
            (None, Some(path)) => Shown::Here(path),
            (None, None) => Shown::Nowhere,
        }
    }

    fn is_allowed(&self, url: &Url) -> bool {
        let origin = url.origin().ascii_serialization();
        self.origins.binary_search(&origin).is_ok()
    }
}

fn is_shown_by_browsers(picture: &Picture) -> bool {
    let mime = picture.entry.as_ref().and_then(|entry| entry.mime.as_deref());
    !matches!(words::kind(mime).1, "heic" | "tiff" | "jxl")
}

/// Pictures, each with those that look like it and are not as good.
pub(super) struct Folds {
    pub(super) roots: Vec<Arc<Picture>>,
    alike: HashMap<usize, Vec<Arc<Picture>>>,
}

impl Folds {
    pub(super) fn of(pictures: &[Arc<Picture>]) -> Self {
        let mut folds = Self { roots: Vec::new(), alike: HashMap::new() };
        for picture in pictures {
            let root = root(pictures, picture);
            if root == picture.number {
                folds.roots.push(picture.clone());
            } else {
                folds.alike.entry(root).or_default().push(picture.clone());
            }
        }
        folds
    }

    /// Those that look like a picture and are shown below it.
    pub(super) fn below(&self, number: usize) -> &[Arc<Picture>] {
        self.alike.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// The picture under which another one is shown: itself, mostly.
pub(super) fn root(pictures: &[Arc<Picture>], picture: &Picture) -> usize {
    let mut number = picture.number;
    for _ in 0..LONGEST_CHAIN {
        match pictures.get(number).and_then(|picture| picture.folded) {
            Some(better) if better != number && better < pictures.len() => number = better,
            _ => return number,
        }
    }
    // a ring: nobody is the better one
    picture.number
}

/// The shorter side, the pixels and the bytes of a picture, as far as they are known: those of its copy, or what the page
/// says.
pub(super) fn measures(picture: &Picture) -> (Option<(u32, u32)>, Option<u64>) {
    let entry = picture.entry.as_ref();
    let of_copy = entry.and_then(|entry| Some((entry.width?, entry.height?)));
    let of_page = || picture.found.best().and_then(|best| Some((best.width?, best.height?)));
    let is_kept = picture.progress() == Progress::Kept;
    (of_copy.or_else(of_page), entry.filter(|_| is_kept).and_then(|entry| entry.size))
}

/// The type of a picture: that of its copy, or of its judged answer, or what the page says.
pub(super) fn mime(picture: &Picture) -> Option<&str> {
    let of_copy = picture.entry.as_ref().and_then(|entry| entry.mime.as_deref());
    let of_probe = || picture.report.as_ref()?.probes.iter().find_map(|probe| probe.mime.as_deref());
    of_copy.or_else(of_probe).or_else(|| picture.found.best()?.mime.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::samples::picture;

    fn folded(folds: &[Option<usize>]) -> Vec<Arc<Picture>> {
        let all = folds.iter().enumerate();
        all.map(|(number, folded)| {
            let picture = picture(number, "https://a.example/a.jpg");
            Arc::new(Picture { folded: *folded, ..picture })
        })
        .collect()
    }

    #[test]
    fn pictures_that_look_alike_are_below_the_best_of_them() {
        let folds = Folds::of(&folded(&[None, Some(3), None, Some(0)]));
        assert_eq!(folds.roots.iter().map(|root| root.number).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(folds.below(0).iter().map(|picture| picture.number).collect::<Vec<_>>(), [1, 3]);
        assert!(folds.below(2).is_empty());
    }

    #[test]
    fn no_picture_is_lost_in_a_ring_or_below_one_that_is_not_there() {
        let folds = Folds::of(&folded(&[Some(1), Some(0), Some(9)]));
        assert_eq!(folds.roots.len(), 3);
    }

    #[test]
    fn the_size_is_that_of_the_copy_or_what_the_page_says() {
        let mut picture = picture(0, "https://a.example/a.jpg");
        picture.found.candidates[0].width = Some(300);
        picture.found.candidates[0].height = Some(200);
        assert_eq!(measures(&picture), (Some((300, 200)), None));
        let mut entry = crate::web::pages::samples::entry("https://a.example/a.jpg");
        (entry.width, entry.height, entry.size, entry.path) = (Some(600), Some(400), Some(7), Some("a".to_owned()));
        picture.entry = Some(entry);
        assert_eq!(measures(&picture), (Some((600, 400)), Some(7)));
    }
}
