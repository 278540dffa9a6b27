//! What a page says of its own pictures: Open Graph, Twitter cards, microdata, `<link>`.

use scraper::ElementRef;

use super::Picture;
use super::candidate::Source;
use super::finder::{Facts, Finder};

const ICONS: [&str; 6] =
    ["icon", "shortcut", "apple-touch-icon", "apple-touch-icon-precomposed", "fluid-icon", "mask-icon"];

/// The pictures that more than one element speaks of.
#[derive(Debug, Default)]
pub(super) struct Head {
    graph: Picture,
    twitter: Picture,
    /// All sizes of the page's icon are one picture.
    icons: Picture,
}

impl Head {
    pub(super) fn meta(&mut self, finder: &mut Finder<'_>, element: ElementRef<'_>) {
        let Some(content) = element.attr("content").map(str::trim_ascii).filter(|content| !content.is_empty()) else {
            return;
        };
        if element.attr("itemprop").is_some_and(is_image_property) {
            return keep_one(finder, "meta", content, Source::Microdata);
        }
        let Some(name) = element.attr("property").or_else(|| element.attr("name")) else { return };
        match &*name.trim_ascii().to_ascii_lowercase() {
            // each begins a picture, and what follows is said of it
            "og:image" => {
                finder.keep(std::mem::replace(&mut self.graph, picture("meta")));
                finder.add(&mut self.graph, content, Source::OpenGraph, Facts::default());
            }
            "og:image:url" | "og:image:secure_url" => {
                self.graph.element = "meta".to_owned();
                finder.add(&mut self.graph, content, Source::OpenGraph, Facts::default());
            }
            "og:image:width" => self.graph.candidates.iter_mut().for_each(|image| image.width = pixels(content)),
            "og:image:height" => self.graph.candidates.iter_mut().for_each(|image| image.height = pixels(content)),
            "og:image:type" => self.graph.candidates.iter_mut().for_each(|image| image.mime = Some(content.to_owned())),
            "og:image:alt" => self.graph.alt = Some(content.to_owned()),
            "twitter:image" | "twitter:image:src" => {
                finder.keep(std::mem::replace(&mut self.twitter, picture("meta")));
                finder.add(&mut self.twitter, content, Source::Twitter, Facts::default());
            }
            "twitter:image:width" => self.twitter.candidates.iter_mut().for_each(|image| image.width = pixels(content)),
            "twitter:image:height" => {
                self.twitter.candidates.iter_mut().for_each(|image| image.height = pixels(content))
            }
            "twitter:image:alt" => self.twitter.alt = Some(content.to_owned()),
            "thumbnail" | "image" | "sailthru.image.full" | "parsely-image-url" => {
                keep_one(finder, "meta", content, Source::ImageSrc);
            }
            "msapplication-tileimage" => self.icon(finder, content, None),
            _ => {}
        }
    }

    pub(super) fn link(&mut self, finder: &mut Finder<'_>, element: ElementRef<'_>) {
        let href = element.attr("href").unwrap_or_default();
        if element.attr("itemprop").is_some_and(is_image_property) {
            keep_one(finder, "link", href, Source::Microdata);
        }
        let rels = element.attr("rel").unwrap_or_default();
        let is = |rel: &str| rels.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(rel));
        if ICONS.iter().any(|icon| is(icon)) {
            self.icon(finder, href, element.attr("sizes"));
        } else if is("image_src") {
            keep_one(finder, "link", href, Source::ImageSrc);
        } else if is("preload")
            && element.attr("as").is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case("image"))
        {
            let said = |name: &str| element.attr(name).map(|value| value.trim_ascii().to_owned());
            let facts = Facts { mime: said("type"), media: said("media"), ..Facts::default() };
            let mut preloaded = picture("link");
            finder.add_set(&mut preloaded, element.attr("imagesrcset").unwrap_or_default(), Source::Preload, &facts);
            finder.add(&mut preloaded, href, Source::Preload, facts);
            finder.keep(preloaded);
        }
    }

    fn icon(&mut self, finder: &mut Finder<'_>, href: &str, sizes: Option<&str>) {
        let sizes = sizes.unwrap_or_default().split_ascii_whitespace().filter_map(|size| {
            let (width, height) = size.split_once(['x', 'X'])?;
            Some((pixels(width)?, pixels(height)?))
        });
        let (width, height) = sizes.max().unzip();
        self.icons.element = "link".to_owned();
        finder.add(&mut self.icons, href, Source::Icon, Facts { width, height, ..Facts::default() });
    }

    /// Keeps what has begun.
    pub(super) fn finish(self, finder: &mut Finder<'_>) {
        for picture in [self.graph, self.twitter, self.icons] {
            finder.keep(picture);
        }
    }
}

fn picture(element: &str) -> Picture {
    Picture { element: element.to_owned(), ..Picture::default() }
}

fn keep_one(finder: &mut Finder<'_>, element: &str, reference: &str, source: Source) {
    let mut picture = picture(element);
    finder.add(&mut picture, reference, source, Facts::default());
    finder.keep(picture);
}

fn is_image_property(names: &str) -> bool {
    let known = ["image", "thumbnailUrl", "logo", "photo", "primaryImageOfPage"];
    names.split_ascii_whitespace().any(|name| known.contains(&name))
}

/// A length in pixels: `300` or `300px`. `50%` and nothing are none.
pub(super) fn pixels(text: &str) -> Option<u32> {
    let text = text.trim_ascii();
    let text = text.strip_suffix("px").unwrap_or(text).trim_ascii_end();
    let whole = text.split('.').next().unwrap_or_default();
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    whole.parse().ok().filter(|pixels| is_number && *pixels > 0)
}
