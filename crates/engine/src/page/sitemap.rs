//! Sitemaps (sitemaps.org): lists of a site's pages and indexes of such lists, as XML, as lines of text, as RSS or Atom,
//! packed or not. They are read as they come, one entry after the other.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use url::Url;

use super::Page;
use super::dates::moment;
use super::events::{Event, Events, local};
use super::feeds::Feed;

mod unpack;

use unpack::unpack;

/// The most fields of an entry that are kept, and the most alternates.
const FIELDS: usize = 1000;

/// What a sitemap may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapLimits {
    /// Bytes, unpacked; what is larger is not read.
    pub bytes: usize,
    /// Entries of one file; the rest is left out.
    pub urls: usize,
    /// Indexes above a file: what lies deeper is not followed.
    pub depth: u32,
    /// Files of one host.
    pub files: u32,
}

impl Default for SitemapLimits {
    fn default() -> Self {
        Self { bytes: 50 * 1024 * 1024, urls: 50_000, depth: 2, files: 1000 }
    }
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SitemapKind {
    /// A list of pages: `<urlset>`.
    Pages,
    /// A list of sitemaps: `<sitemapindex>`.
    Index,
    /// A list of pages as text: a URL in each line.
    Lines,
    /// RSS or Atom.
    Feed,
    /// None of these; the name of its outermost element, empty if it has none.
    Other(String),
}

/// The entries of a sitemap: see [`Page::sitemap`].
#[derive(Debug)]
pub struct Sitemap<'a> {
    page: &'a Page,
    kind: SitemapKind,
    entries: Entries<'a>,
    given: usize,
}

/// One entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SitemapEntry {
    /// The URL, as it is written.
    pub loc: String,
    /// When it was changed last, as it is written.
    pub lastmod: Option<String>,
    /// How often it changes: `daily`.
    pub changefreq: Option<String>,
    /// How important the site finds it: `0.0` to `1.0`.
    pub priority: Option<String>,
    /// The same in other languages.
    pub alternates: Vec<Alternate>,
    /// All other elements, by their names without prefix: `image`, and what is in it, `image/loc`.
    pub extra: Vec<(String, String)>,
}

/// The same page in another language: `<xhtml:link rel="alternate" hreflang="de" href="…"/>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alternate {
    /// Its language, if it is said.
    pub language: Option<String>,
    /// Its URL, as it is written.
    pub href: String,
}

impl Page {
    /// The page as a sitemap: an index, a list of pages as XML, text, RSS or Atom, packed by gzip or not. Entries are read
    /// as they are asked for. See `[spider]`, `max_sitemap` and `max_sitemap_urls`.
    #[must_use]
    pub fn sitemap(&self) -> Sitemap<'_> {
        let text = self.sitemap_body().and_then(|_| self.unpacked()).map_or("", Page::text);
        Sitemap::new(self, text)
    }

    /// What a sitemap's body is once it is unpacked; none if it is too large, or nothing says that it is one.
    #[must_use]
    pub fn sitemap_body(&self) -> Option<&Bytes> {
        let unpacked = self.unpacked()?;
        let is_packed = unpacked.body.len() != self.body.len();
        (is_packed || may_be(unpacked)).then_some(&unpacked.body)
    }

    /// The page with its body unpacked, if that is packed; none if it is too large.
    pub(super) fn unpacked(&self) -> Option<&Page> {
        let unpacked = self.unpacked.get_or_init(|| {
            let Some(body) = unpack(&self.body, self.limits.sitemap.bytes) else {
                self.lose("sitemap/too_large_count", 1);
                return None;
            };
            let mut page = Page::new(self.url.clone(), self.status, self.headers.clone(), body, self.depth);
            if page.body.len() != self.body.len() {
                // what is said of the packed file says nothing of what is in it
                page.headers.clear();
            }
            Some(Box::new(page))
        });
        unpacked.as_deref()
    }

    /// What a sitemap may come to.
    pub(crate) fn sitemap_limits(&self) -> SitemapLimits {
        self.limits.sitemap
    }
}

impl SitemapEntry {
    /// When it was changed last, where that is said and can be read: a W3C date or time, or one of RSS.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        moment(self.lastmod.as_deref()?)
    }

    /// The texts of all elements of a name: `image/loc`.
    pub fn extra<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        self.extra.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

impl SitemapKind {
    /// The name of its outermost element, or `lines`, or `feed`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Pages => "urlset",
            Self::Index => "sitemapindex",
            Self::Lines => "lines",
            Self::Feed => "feed",
            Self::Other(name) => name,
        }
    }
}

enum Entries<'a> {
    Xml(Box<Events<'a>>),
    Feed(Box<Feed<'a>>),
    Lines(std::str::Lines<'a>),
    None,
}

impl<'a> Sitemap<'a> {
    pub(super) fn new(page: &'a Page, text: &'a str) -> Self {
        let mut events = Events::new(text);
        let (kind, entries) = if text.trim_start().starts_with('<') {
            let root = events.find_map(|event| match event {
                Event::Open(tag) => Some(local(tag.name)),
                _ => None,
            });
            match root {
                Some("urlset") => (SitemapKind::Pages, Entries::Xml(Box::new(events))),
                Some("sitemapindex") => (SitemapKind::Index, Entries::Xml(Box::new(events))),
                Some("rss" | "feed" | "RDF") => (SitemapKind::Feed, Entries::Feed(Box::new(Feed::new(page, text)))),
                // `< urlset>`: an element without a name is one, too
                Some("") => (SitemapKind::Other("?".to_owned()), Entries::Xml(Box::new(events))),
                Some(other) => (SitemapKind::Other(other.to_owned()), Entries::Xml(Box::new(events))),
                None => (SitemapKind::Other(String::new()), Entries::None),
            }
        } else if text.lines().find_map(|line| (!line.trim().is_empty()).then(|| is_url(line))) == Some(true) {
            (SitemapKind::Lines, Entries::Lines(text.lines()))
        } else {
            (SitemapKind::Other(String::new()), Entries::None)
        };
        Self { page, kind, entries, given: 0 }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> &SitemapKind {
        &self.kind
    }
}

impl Iterator for Sitemap<'_> {
    type Item = SitemapEntry;

    fn next(&mut self) -> Option<SitemapEntry> {
        let entry = match &mut self.entries {
            Entries::Xml(events) => next_of(events),
            Entries::Feed(feed) => feed.find_map(|entry| {
                let lastmod = entry.updated.or(entry.published);
                Some(SitemapEntry { loc: entry.link?, lastmod, ..SitemapEntry::default() })
            }),
            Entries::Lines(lines) => lines
                .find(|line| is_url(line))
                .map(|line| SitemapEntry { loc: line.trim().to_owned(), ..SitemapEntry::default() }),
            Entries::None => None,
        }?;
        if self.given >= self.page.limits.sitemap.urls {
            self.entries = Entries::None;
            self.page.lose("sitemap/cut_count", 1);
            return None;
        }
        self.given += 1;
        Some(entry)
    }
}

/// The next entry of an XML file that has a `loc`. Its fields are the elements within it, each with its text up to the
/// first thing within that is no text.
fn next_of(events: &mut Events<'_>) -> Option<SitemapEntry> {
    let (mut entry, mut fields) = (SitemapEntry::default(), Vec::<(String, String)>::new());
    let mut gathering = false;
    while let Some(event) = events.next() {
        match (event, events.open()) {
            (Event::Open(tag), [_, _, _]) if local(tag.name) == "link" => {
                gathering = false;
                if let Some(href) = tag.attribute("href").filter(|_| entry.alternates.len() < FIELDS) {
                    let language = tag.attribute("hreflang");
                    entry.alternates.push(Alternate { language, href: href.trim().to_owned() });
                }
            }
            (Event::Open(_), [_, _, within @ ..]) => {
                gathering = matches!(within.len(), 1 | 2) && fields.len() < FIELDS;
                if gathering {
                    let path: Vec<&str> = within.iter().map(|name| local(name)).collect();
                    fields.push((path.join("/"), String::new()));
                }
            }
            (Event::Text(text), _) => {
                if let Some((_, so_far)) = fields.last_mut().filter(|_| gathering) {
                    so_far.push_str(&text);
                }
            }
            (Event::Close, [_]) => {
                if finish(&mut entry, std::mem::take(&mut fields)) {
                    return Some(entry);
                }
                entry = SitemapEntry::default();
            }
            (Event::Open(_) | Event::Close | Event::Entity, _) => gathering = false,
        }
    }
    None
}

/// Whether it has a `loc`. Of a field that comes twice the last one counts.
fn finish(entry: &mut SitemapEntry, fields: Vec<(String, String)>) -> bool {
    let mut loc = None;
    for (name, text) in fields {
        let text = text.trim().to_owned();
        match name.as_str() {
            "loc" => loc = Some(text),
            "lastmod" => entry.lastmod = Some(text),
            "changefreq" => entry.changefreq = Some(text),
            "priority" => entry.priority = Some(text),
            _ => entry.extra.push((name, text)),
        }
    }
    let has_loc = loc.is_some();
    entry.loc = loc.unwrap_or_default();
    has_loc
}

fn is_url(line: &str) -> bool {
    Url::parse(line.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

impl std::fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entries")
    }
}

/// Whether a page may be a sitemap: it says so by its type or its name, or begins as XML does.
fn may_be(page: &Page) -> bool {
    let kind = page.header("content-type").map_or(Cow::Borrowed(""), |kind| kind.to_ascii_lowercase().into());
    let path = page.url().path();
    kind.contains("xml")
        || kind.starts_with("text/plain")
        || [".xml", ".xml.gz", ".txt"].iter().any(|suffix| path.ends_with(suffix))
        || page.body().trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests;
