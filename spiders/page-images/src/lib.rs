//! Every picture of a page, with all the places where it can be had: what the page shows and says of itself, what its
//! style sheets draw, and the same of the pages that it links to.

mod asking;
mod chosen;
mod items;
mod typed;

use std::fmt;

use dragline::page::pictures::Picture;
use dragline::prelude::*;

pub use crate::asking::{Manner, Tried, Visit};
use crate::chosen::Answer;
pub use crate::items::{PagePicture, ReadPage, UnreadPage, Wanted};
pub use crate::typed::{NotTyped, Typed};

/// A page.
#[derive(Deserialize)]
pub struct PageImages {
    /// The page; `https` is tried before `http` where it names neither.
    url: Typed,
    /// Pictures of the page's own host only.
    #[serde(default)]
    same_host: bool,
    /// The fewest pixels of a picture's shorter side; 0 takes all.
    #[serde(default)]
    min_side: u32,
    /// How many links away from the page to look, on its host: 0 or 1.
    #[serde(default)]
    depth: u32,
    /// Pictures of style sheets, too.
    #[serde(default = "yes")]
    css: bool,
    /// Pictures that a script would load once they are seen, too.
    #[serde(default = "yes")]
    lazy: bool,
    /// The most pages with `depth=1`, the first one among them.
    #[serde(default = "max_pages")]
    max_pages: usize,
    /// The most style sheets of a page.
    #[serde(default = "max_sheets")]
    max_sheets: usize,
}

/// The kinds of answers.
#[derive(Clone, Serialize, Deserialize, PartialEq)]
pub enum Step {
    /// A page.
    Page(Visit),
    /// A style sheet of a page.
    Sheet {
        /// The page.
        page: Url,
        /// How many links lie between the first page and that one.
        depth: u32,
    },
}

// by hand: it stands in log lines, and a URL may have a secret
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(visit) => write!(f, "Page({:?}, {})", visit.manner, visit.depth),
            Self::Sheet { depth, .. } => write!(f, "Sheet({depth})"),
        }
    }
}

impl Spider for PageImages {
    const NAME: &'static str = "page-images";
    const SETTINGS: &'static str = include_str!("settings.toml");
    const ITEMS: &'static [ItemType] =
        &[ItemType::of::<ReadPage>(), ItemType::of::<PagePicture>(), ItemType::of::<UnreadPage>()];
    type Step = Step;

    fn start(&self, out: &mut Output<Self>) {
        if let Some(first) = Visit::first(self.url.places()) {
            out.follow(first.request(), Step::Page(first));
        }
    }

    fn parse(&self, step: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
        match step {
            Step::Page(visit) => self.page(&visit, page, out),
            Step::Sheet { page: shown, depth } => {
                let pictures = chosen::of_sheet(page);
                self.pictures(pictures, &shown, Some(page.url()), depth, out);
            }
        }
        Ok(())
    }

    fn failed(&self, step: Step, failure: &Failure, out: &mut Output<Self>) -> Result<()> {
        let Step::Page(visit) = step else { return Ok(()) };
        let is_first = visit.depth == 0;
        if failure.kind == FailureKind::TooLarge && chosen::is_named_as_picture(&failure.url) {
            self.itself(&failure.url, visit.depth, out);
            return Ok(());
        }
        match visit.after(failure) {
            Ok(next) => out.follow(next.request(), Step::Page(next)),
            Err(tried) if is_first => {
                let (reason, detail) = (failure.kind.to_string(), failure.detail.clone());
                out.item(UnreadPage { url: failure.url.clone(), reason, detail, tried });
            }
            Err(_) => {}
        }
        Ok(())
    }
}

impl PageImages {
    fn page(&self, visit: &Visit, page: &Page, out: &mut Output<Self>) {
        let (url, depth) = (page.url(), visit.depth);
        match Answer::of(page) {
            Answer::Page => {}
            Answer::Picture => return self.itself(url, depth, out),
            Answer::Other(_) if depth > 0 => return,
            Answer::Other(what) => {
                let (url, reason, detail) = (url.clone(), "not_a_page".to_owned(), format!("it is {what}"));
                return out.item(UnreadPage { url, reason, detail, tried: Vec::new() });
            }
        }
        let pictures: Vec<Picture> =
            page.images().into_iter().filter_map(|picture| self.choose(picture, url.host_str())).collect();
        out.item(ReadPage { url: url.clone(), title: page.title(), pictures: pictures.len(), depth });
        self.pictures(pictures, url, None, depth, out);
        for sheet in self.sheets(page) {
            out.follow(asking::sheet(sheet), Step::Sheet { page: url.clone(), depth });
        }
        if depth < self.depth.min(1) {
            for linked in self.pages(page) {
                let visit = visit.further(linked);
                out.follow(visit.request(), Step::Page(visit));
            }
        }
    }

    /// The URL is a picture, and no page.
    fn itself(&self, url: &Url, depth: u32, out: &mut Output<Self>) {
        out.item(ReadPage { url: url.clone(), title: None, pictures: 1, depth });
        self.pictures(vec![chosen::itself(url)], url, None, depth, out);
    }

    fn pictures(&self, pictures: Vec<Picture>, page: &Url, sheet: Option<&Url>, depth: u32, out: &mut Output<Self>) {
        for picture in pictures.into_iter().filter_map(|picture| self.choose(picture, page.host_str())) {
            let image_urls = vec![Wanted::new(picture, self.min_side)];
            out.item(PagePicture { page: page.clone(), sheet: sheet.cloned(), depth, image_urls });
        }
    }
}

fn yes() -> bool {
    true
}

fn max_pages() -> usize {
    100
}

fn max_sheets() -> usize {
    20
}

#[cfg(test)]
mod tests;
