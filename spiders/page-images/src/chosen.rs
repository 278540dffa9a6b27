//! Which pictures of a page, and of its style sheets, are wanted.

use dragline::page::Kind;
use dragline::page::pictures::{Candidate, Picture, Source, css};
use dragline::prelude::*;

use crate::PageImages;

/// The most pictures of one style sheet.
const OF_A_SHEET: usize = 2000;
/// The names of files that are pictures.
const NAMED: [&str; 13] =
    ["jpg", "jpeg", "jpe", "png", "gif", "webp", "avif", "bmp", "tif", "tiff", "svg", "ico", "jxl"];

/// What an answer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A page that may have pictures.
    Page,
    /// A picture.
    Picture,
    /// Neither: what it says that it is.
    Other(String),
}

impl Answer {
    pub(crate) fn of(page: &Page) -> Self {
        let said = page.header("content-type").unwrap_or_default();
        let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_named = is_named_as_picture(page.url());
        match page.kind() {
            _ if said.starts_with("image/") => Self::Picture,
            Kind::Html | Kind::Xml => Self::Page,
            Kind::Binary if is_named => Self::Picture,
            _ if said.is_empty() => Self::Other("something that does not say what it is".to_owned()),
            _ => Self::Other(said),
        }
    }
}

/// Whether a URL's name is that of a picture.
pub(crate) fn is_named_as_picture(url: &Url) -> bool {
    dragline::message::urls::has_any_extension(url, &NAMED)
}

/// A URL that is a picture itself.
pub(crate) fn itself(url: &Url) -> Picture {
    let element = "document".to_owned();
    Picture { candidates: vec![candidate(url.clone(), Source::Src)], alt: None, title: None, element }
}

/// The pictures that a style sheet names, relative to its own URL.
pub(crate) fn of_sheet(sheet: &Page) -> Vec<Picture> {
    if !is_style(sheet) {
        return Vec::new();
    }
    let sets = css::images(sheet.text()).into_iter();
    let pictures = sets.filter_map(|set| {
        let candidates: Vec<Candidate> = set
            .into_iter()
            .filter_map(|drawn| {
                let reference = drawn.url.trim();
                // what is empty, or only a fragment, would be the sheet itself
                if reference.is_empty() || reference.starts_with('#') {
                    return None;
                }
                let url = sheet.url().join(reference).ok()?;
                let plain = candidate(url, Source::Style);
                is_picture(&plain.url).then_some(Candidate { density: drawn.density, mime: drawn.mime, ..plain })
            })
            .collect();
        let element = "style".to_owned();
        (!candidates.is_empty()).then_some(Picture { candidates, element, ..Picture::default() })
    });
    pictures.take(OF_A_SHEET).collect()
}

/// Whether an answer is a style sheet: browsers read nothing else as one, but for what says nothing of itself.
fn is_style(sheet: &Page) -> bool {
    let said = sheet.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
    said.is_empty() || said.starts_with("text/css") || said.starts_with("text/plain")
}

fn candidate(url: Url, source: Source) -> Candidate {
    Candidate { url, source, width: None, height: None, density: None, mime: None, media: None }
}

fn is_picture(url: &Url) -> bool {
    match url.scheme() {
        "http" | "https" => url.has_host(),
        "data" => url.path().get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case("image/")),
        _ => false,
    }
}

impl PageImages {
    /// What of a picture is wanted on this host's page; none if nothing is.
    pub(crate) fn choose(&self, mut picture: Picture, host: Option<&str>) -> Option<Picture> {
        picture.candidates.retain(|candidate| self.wants(candidate, host));
        (!picture.candidates.is_empty()).then_some(picture)
    }

    fn wants(&self, candidate: &Candidate, host: Option<&str>) -> bool {
        let is_own = candidate.url.scheme() == "data" || candidate.url.host_str() == host;
        match candidate.source {
            _ if self.same_host && !is_own => false,
            Source::Style | Source::Background => self.css,
            Source::Lazy | Source::Noscript => self.lazy,
            _ => true,
        }
    }

    /// The style sheets that a page names.
    pub(crate) fn sheets(&self, page: &Page) -> Vec<Url> {
        if !self.css {
            return Vec::new();
        }
        let mut sheets: Vec<Url> = Vec::new();
        for link in page.css("link[rel][href]").iter() {
            let rel = link.attr("rel").unwrap_or_default().to_ascii_lowercase();
            let is_sheet = rel.split_ascii_whitespace().any(|word| word == "stylesheet");
            let Some(url) = link.link_opt().filter(|url| is_sheet && matches!(url.scheme(), "http" | "https")) else {
                continue;
            };
            let is_wanted = !self.same_host || url.host_str() == page.url().host_str();
            if is_wanted && !sheets.contains(&url) && sheets.len() < self.max_sheets {
                sheets.push(url);
            }
        }
        sheets
    }

    /// The pages of its own host that a page leads to.
    pub(crate) fn pages(&self, page: &Page) -> Vec<Url> {
        let own = |url: &Url| (url.host().map(|host| host.to_owned()), url.port_or_known_default());
        let here = own(page.url());
        let links = page.links_by(&Links::new()).into_iter().map(|link| link.url);
        let mut pages: Vec<Url> = Vec::new();
        for mut url in links {
            url.set_fragment(None);
            if own(&url) == here && url != *page.url() && !pages.contains(&url) && pages.len() + 1 < self.max_pages {
                pages.push(url);
            }
        }
        pages
    }
}
