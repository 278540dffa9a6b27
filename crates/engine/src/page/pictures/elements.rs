//! The elements that show pictures.

use std::collections::{HashMap, HashSet};

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use scraper::{ElementRef, Html};

use super::candidate::Source;
use super::finder::{Facts, Finder};
use super::head::Head;
use super::lazy::{self, Holds};
use super::{Picture, css, json_ld};
use crate::message::urls::has_any_extension;

/// How many nodes of a link are looked at for a picture.
const NEAR: usize = 64;

/// Reads a page's tree.
pub(super) fn read(finder: &mut Finder<'_>, tree: &Html) {
    let mut walk =
        Walk { finder, head: Head::default(), kept: HashMap::new(), links: HashSet::new(), noscripts: Vec::new() };
    for edge in tree.tree.root().traverse() {
        match edge {
            Edge::Open(node) => _ = ElementRef::wrap(node).map(|element| walk.open(element)),
            Edge::Close(node) => _ = ElementRef::wrap(node).map(|element| walk.close(element)),
        }
    }
    walk.head.finish(walk.finder);
}

struct Walk<'f, 'a> {
    finder: &'f mut Finder<'a>,
    head: Head,
    /// The pictures of elements, by number.
    kept: HashMap<NodeId, usize>,
    /// The links that belong to a picture already.
    links: HashSet<NodeId>,
    /// For each `<noscript>` that is open, how many pictures came before it.
    noscripts: Vec<usize>,
}

impl Walk<'_, '_> {
    fn open(&mut self, element: ElementRef<'_>) {
        match element.value().name() {
            "img" | "amp-img" | "amp-anim" => self.image(element),
            "picture" => self.picture(element),
            "meta" => self.head.meta(self.finder, element),
            "link" => self.head.link(self.finder, element),
            "script" => self.script(element),
            "style" => self.style(element),
            "noscript" => self.noscripts.push(self.finder.count()),
            "video" | "amp-video" => self.one(element, &["poster", "data-poster"], Source::Poster),
            "input" if has_type(element, "image") => self.one(element, &["src"], Source::Input),
            "image" | "feImage" => self.svg(element),
            "object" if shows(element, "data") => self.one(element, &["data"], Source::Object),
            "embed" if shows(element, "src") => self.one(element, &["src"], Source::Object),
            "source" | "iframe" | "audio" | "track" | "input" | "object" | "embed" | "base" | "form" => {}
            _ => self.other(element),
        }
    }

    /// What stands in a `<noscript>` is the picture of those without scripts: that of the element before it, which waits
    /// for one.
    fn close(&mut self, element: ElementRef<'_>) {
        if element.value().name() != "noscript" {
            return;
        }
        let Some(before) = self.noscripts.pop() else { return };
        self.finder.mark_after(before, Source::Noscript);
        let neighbour = element.prev_siblings().find(|node| node.value().is_element());
        let Some(&number) = neighbour.and_then(|node| self.kept.get(&node.id())) else { return };
        if let Some(own) = self.finder.take_only_after(before)
            && let Some(known) = self.finder.kept(number)
        {
            known.candidates.extend(own.candidates);
            known.alt = known.alt.take().or(own.alt);
        }
    }

    /// `<img>`, unless it is in a `<picture>`, which reads it itself.
    fn image(&mut self, element: ElementRef<'_>) {
        if is_in_picture(element) {
            return;
        }
        let mut picture = new(element);
        self.link_around(&mut picture, element);
        let styles = self.img(&mut picture, element);
        self.keep(element, picture, styles);
    }

    /// `<picture>`: its `<source>`s and its `<img>` are one.
    fn picture(&mut self, element: ElementRef<'_>) {
        let mut picture = new(element);
        self.link_around(&mut picture, element);
        let mut styles = Vec::new();
        for child in element.child_elements() {
            match child.value().name() {
                "source" => {
                    let said = |name: &str| child.attr(name).map(|value| value.trim_ascii().to_owned());
                    let facts = Facts { mime: said("type"), media: said("media"), ..shown(child) };
                    self.attributes(&mut picture, child, Source::Picture, &facts);
                }
                "img" | "amp-img" => {
                    let inner = new(child);
                    picture.alt = picture.alt.or(inner.alt);
                    picture.title = picture.title.or(inner.title);
                    styles.extend(self.img(&mut picture, child));
                }
                _ => {}
            }
        }
        self.keep(element, picture, styles);
    }

    fn img(&mut self, picture: &mut Picture, element: ElementRef<'_>) -> Vec<Picture> {
        let facts = shown(element);
        self.attributes(picture, element, Source::Srcset, &facts);
        if let Some(src) = element.attr("src") {
            self.finder.add(picture, src, Source::Src, facts);
        }
        self.own_style(picture, element)
    }

    /// `srcset`, and what a script would put there.
    fn attributes(&mut self, picture: &mut Picture, element: ElementRef<'_>, set: Source, facts: &Facts) {
        for (name, value) in element.value().attrs() {
            if name == "srcset" {
                self.finder.add_set(picture, value, set, facts);
            } else if let Some((source, holds)) = lazy::of_image(name) {
                self.late(picture, value, source, holds, facts);
            }
        }
    }

    fn late(&mut self, picture: &mut Picture, value: &str, source: Source, holds: Holds, facts: &Facts) {
        // how large it is shown says nothing of the original
        let facts = match source {
            Source::Original | Source::Thumbnail | Source::Background => &Facts::default(),
            _ => facts,
        };
        if holds == Holds::Set {
            self.finder.add_set(picture, value, source, facts);
        } else if value.trim_ascii_start().starts_with("url(") {
            for drawn in css::images(&format!("background:{value}")).into_iter().flatten() {
                self.finder.add(picture, &drawn.url, source, facts.clone());
            }
        } else if lazy::is_reference(value) || (source == Source::Lazy && !value.trim_ascii().contains(' ')) {
            self.finder.add(picture, value, source, facts.clone());
        }
    }

    /// The link around a picture, if it leads to an image. It is that of the first picture in it.
    fn link_around(&mut self, picture: &mut Picture, element: ElementRef<'_>) {
        let link = element.ancestors().filter_map(ElementRef::wrap).find(|above| above.value().name() == "a");
        let Some(link) = link.filter(|link| self.links.insert(link.id())) else { return };
        if let Some(href) = link.attr("href").filter(|href| self.leads_to_image(href)) {
            self.finder.add(picture, href, Source::Anchor, Facts::default());
        }
        for (name, value) in link.value().attrs() {
            let found = lazy::of_image(name).filter(|_| lazy::is_reference(value));
            if let Some((source, holds)) = found {
                self.late(picture, value, source, holds, &Facts::default());
            }
        }
    }

    fn leads_to_image(&self, href: &str) -> bool {
        let Ok(url) = self.finder.page().join(href) else { return false };
        // a wiki's page about a picture is called `File:Lake.jpg`
        let is_page = url.path().rsplit('/').next().is_some_and(|name| name.contains(':') || name.contains("%3A"));
        has_any_extension(&url, &lazy::IMAGES) && !is_page
    }

    /// What scripts and style sheets draw on any element.
    fn other(&mut self, element: ElementRef<'_>) {
        let mut picture = new(element);
        let is_link = element.value().name() == "a" && has_image(element);
        for (name, value) in element.value().attrs() {
            let found = match lazy::of_any(name) {
                Some(found) => Some(found),
                // anybody's attributes, unless they name an image
                None => lazy::of_image(name).filter(|_| !is_link && has_image_name(value)),
            };
            if let Some((source, holds)) = found.filter(|(source, _)| !is_link || *source == Source::Background) {
                self.late(&mut picture, value, source, holds, &Facts::default());
            }
        }
        let styles = self.own_style(&mut picture, element);
        self.keep(element, picture, styles);
    }

    /// The `style` attribute: its first picture is the element's, the others lie behind it.
    fn own_style(&mut self, picture: &mut Picture, element: ElementRef<'_>) -> Vec<Picture> {
        let Some(style) = element.attr("style").filter(|style| style.contains('(')) else { return Vec::new() };
        let mut sets = css::images(style).into_iter();
        if let Some(set) = sets.next() {
            self.drawn(picture, set);
        }
        let name = element.value().name();
        sets.map(|set| {
            let mut other = Picture { element: name.to_owned(), ..Picture::default() };
            self.drawn(&mut other, set);
            other
        })
        .collect()
    }

    fn drawn(&mut self, picture: &mut Picture, set: Vec<css::Drawn>) {
        for css::Drawn { url, density, mime } in set {
            self.finder.add(picture, &url, Source::Style, Facts { density, mime, ..Facts::default() });
        }
    }

    fn style(&mut self, element: ElementRef<'_>) {
        for set in css::images(&text(element)) {
            let mut picture = new(element);
            self.drawn(&mut picture, set);
            self.finder.keep(picture);
        }
    }

    fn script(&mut self, element: ElementRef<'_>) {
        if has_type(element, "application/ld+json") {
            json_ld::read(self.finder, &text(element));
        }
    }

    /// A picture of attributes that each hold one URL.
    fn one(&mut self, element: ElementRef<'_>, names: &[&str], source: Source) {
        let mut picture = new(element);
        let mime = if source == Source::Object { element.attr("type").map(str::to_owned) } else { None };
        for value in names.iter().filter_map(|name| element.attr(name)) {
            self.finder.add(&mut picture, value, source, Facts { mime: mime.clone(), ..shown(element) });
        }
        let styles = self.own_style(&mut picture, element);
        self.keep(element, picture, styles);
    }

    /// `<image>` of a drawing; its link stands in the namespace of XLink in older ones.
    fn svg(&mut self, element: ElementRef<'_>) {
        let links = element.value().attrs.iter().filter(|(name, _)| &*name.local == "href");
        let mut picture = new(element);
        for (_, link) in links {
            self.finder.add(&mut picture, link, Source::Svg, shown(element));
        }
        self.keep(element, picture, Vec::new());
    }

    fn keep(&mut self, element: ElementRef<'_>, picture: Picture, others: Vec<Picture>) {
        if let Some(number) = self.finder.keep(picture) {
            self.kept.insert(element.id(), number);
        }
        for other in others {
            self.finder.keep(other);
        }
    }
}

/// A picture that has nothing yet but what its element says in its place.
fn new(element: ElementRef<'_>) -> Picture {
    let said = |name: &str| element.attr(name).map(str::trim_ascii).filter(|text| !text.is_empty()).map(str::to_owned);
    Picture { alt: said("alt"), title: said("title"), element: element.value().name().to_owned(), ..Picture::default() }
}

/// How large an element is shown; `50%` says nothing.
fn shown(element: ElementRef<'_>) -> Facts {
    let pixels = |name: &str| super::head::pixels(element.attr(name)?);
    Facts { width: pixels("width"), height: pixels("height"), ..Facts::default() }
}

fn is_in_picture(element: ElementRef<'_>) -> bool {
    element.parent().and_then(ElementRef::wrap).is_some_and(|parent| parent.value().name() == "picture")
}

fn has_image(link: ElementRef<'_>) -> bool {
    let below = link.descendants().take(NEAR).filter_map(ElementRef::wrap);
    below.into_iter().any(|element| matches!(element.value().name(), "img" | "picture" | "amp-img"))
}

fn has_image_name(value: &str) -> bool {
    let path = value.trim_ascii().split(['?', '#', ' ']).next().unwrap_or_default();
    path.rsplit_once('.').is_some_and(|(_, extension)| lazy::is_extension(extension))
}

fn has_type(element: ElementRef<'_>, kind: &str) -> bool {
    let said = element.attr("type").unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim_ascii().eq_ignore_ascii_case(kind)
}

/// Whether an `<object>` or `<embed>` is an image, by its type or its name.
fn shows(element: ElementRef<'_>, attribute: &str) -> bool {
    match element.attr("type").map(str::trim_ascii).filter(|kind| !kind.is_empty()) {
        Some(kind) => kind.get(.."image/".len()).is_some_and(|begin| begin.eq_ignore_ascii_case("image/")),
        None => element.attr(attribute).is_some_and(has_image_name),
    }
}

fn text(element: ElementRef<'_>) -> String {
    element.children().filter_map(|child| child.value().as_text()).map(|text| &**text).collect()
}
