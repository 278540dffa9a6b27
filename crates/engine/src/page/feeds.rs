//! What sites say is new: RSS 0.9x, 1.0 and 2.0, and Atom (RFC 4287), read as it comes, one entry after the other.

use jiff::Timestamp;
use url::Url;

use super::Page;
use super::dates::moment;
use super::events::{Event, Events, Tag, local};

/// The most authors, categories and enclosures of an entry that are kept, each.
const MANY: usize = 1000;

/// What a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS 0.9x, 2.0: `<rss>`.
    Rss,
    /// RSS 0.90, 1.0: `<rdf:RDF>`.
    Rdf,
    /// Atom: `<feed>`.
    Atom,
    /// None of these.
    Other,
}

/// The entries of a feed: see [`Page::feed`].
pub struct Feed<'a> {
    page: &'a Page,
    text: &'a str,
    events: Events<'a>,
    kind: FeedKind,
    about: FeedEntry,
    /// The first entry, met while the feed's own fields were read.
    first: Option<FeedEntry>,
}

/// One entry; or the feed itself, which has the same fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedEntry {
    /// What it is known by, for ever: `guid`, `id`.
    pub id: Option<String>,
    /// Its title, markup and all.
    pub title: Option<String>,
    /// The page that it leads to, as it is written.
    pub link: Option<String>,
    /// When it was published, as it is written.
    pub published: Option<String>,
    /// When it was changed last, as it is written.
    pub updated: Option<String>,
    /// What it is about, markup and all.
    pub summary: Option<String>,
    /// The whole of it, markup and all.
    pub content: Option<String>,
    /// Who wrote it: the first one named.
    pub author: Option<String>,
    /// What it is filed under.
    pub categories: Vec<String>,
    /// Files that come with it: sound, pictures.
    pub enclosures: Vec<Enclosure>,
}

/// A file that comes with an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enclosure {
    /// Where it is, as it is written.
    pub url: String,
    /// What it is: `audio/mpeg`.
    pub media_type: Option<String>,
    /// How large it is said to be, in bytes.
    pub length: Option<u64>,
}

impl Page {
    /// The page as a feed: RSS or Atom, its entries read as they are asked for.
    #[must_use]
    pub fn feed(&self) -> Feed<'_> {
        Feed::new(self, self.unpacked().map_or("", Page::text))
    }
}

impl FeedEntry {
    /// When it was published, where that is said and can be read.
    #[must_use]
    pub fn published_at(&self) -> Option<Timestamp> {
        moment(self.published.as_deref()?)
    }

    /// When it was changed last, where that is said and can be read.
    #[must_use]
    pub fn updated_at(&self) -> Option<Timestamp> {
        moment(self.updated.as_deref()?)
    }

    /// Its link as an absolute URL; none if there is none, or it is not a URL.
    #[must_use]
    pub fn url(&self, page: &Page) -> Option<Url> {
        page.url().join(self.link.as_deref()?.trim()).ok()
    }
}

impl<'a> Feed<'a> {
    pub(super) fn new(page: &'a Page, text: &'a str) -> Self {
        let mut events = Events::new(text);
        let root = events.find_map(|event| match event {
            Event::Open(tag) => Some(local(tag.name)),
            _ => None,
        });
        let kind = match root {
            Some("rss") => FeedKind::Rss,
            Some("RDF") => FeedKind::Rdf,
            Some("feed") => FeedKind::Atom,
            _ => FeedKind::Other,
        };
        let mut feed = Self { page, text, events, kind, about: FeedEntry::default(), first: None };
        feed.first = feed.read();
        feed
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> FeedKind {
        self.kind
    }

    /// What the feed says of itself before its first entry.
    #[must_use]
    pub fn about(&self) -> &FeedEntry {
        &self.about
    }

    /// The next entry; on the way to it, what is said of the feed.
    fn read(&mut self) -> Option<FeedEntry> {
        if self.kind == FeedKind::Other {
            return None;
        }
        while let Some(event) = self.events.next() {
            let Event::Open(tag) = event else { continue };
            match local(tag.name) {
                "item" | "entry" => {
                    let (mut entry, depth) = (FeedEntry::default(), self.events.open().len());
                    while self.events.open().len() >= depth {
                        match self.events.next()? {
                            Event::Open(tag) if self.events.open().len() == depth + 1 => self.field(&tag, &mut entry),
                            _ => {}
                        }
                    }
                    return Some(entry);
                }
                "channel" => {}
                _ => {
                    let mut about = std::mem::take(&mut self.about);
                    self.field(&tag, &mut about);
                    self.about = about;
                }
            }
        }
        None
    }

    /// Reads an element to its end, and puts it where it belongs.
    fn field(&mut self, tag: &Tag<'a>, entry: &mut FeedEntry) {
        let content = self.content();
        let text = Some(content.text.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
        let (prefix, name) = tag.name.rsplit_once(':').unwrap_or(("", tag.name));
        let first = |field: &mut Option<String>, text: Option<String>| {
            if field.is_none() {
                *field = text;
            }
        };
        match (prefix, name) {
            ("media" | "itunes" | "image", _) => {}
            (_, "link") => self.link(tag, text, entry),
            (_, "guid" | "id") => {
                // a permanent link, unless it says that it is none
                let is_link = name == "guid" && tag.attribute("isPermaLink").is_none_or(|value| value == "true");
                if is_link && text.as_deref().is_some_and(|text| text.starts_with("http")) {
                    first(&mut entry.link, text.clone());
                }
                first(&mut entry.id, text);
            }
            (_, "title") => first(&mut entry.title, text),
            (_, "pubDate" | "published" | "issued" | "created") => first(&mut entry.published, text),
            (_, "date") => first(&mut entry.published, text),
            (_, "updated" | "modified" | "lastBuildDate") => first(&mut entry.updated, text),
            (_, "description" | "summary" | "subtitle" | "tagline") => first(&mut entry.summary, text),
            (_, "encoded" | "content") => first(&mut entry.content, text),
            (_, "creator") => first(&mut entry.author, text),
            (_, "author" | "managingEditor") => first(&mut entry.author, content.name.or(text)),
            (_, "category" | "subject") => {
                let category = tag.attribute("term").or(text);
                entry.categories.extend(category.filter(|_| entry.categories.len() < MANY));
            }
            (_, "enclosure") => self.enclosure(tag.attribute("url"), tag, entry),
            _ => {}
        }
    }

    fn link(&self, tag: &Tag<'a>, text: Option<String>, entry: &mut FeedEntry) {
        let Some(href) = tag.attribute("href") else {
            // RSS's own beats what stood in for it
            entry.link = text.or(entry.link.take());
            return;
        };
        match tag.attribute("rel").as_deref() {
            Some("enclosure") => self.enclosure(Some(href), tag, entry),
            None | Some("alternate") if self.kind == FeedKind::Atom || entry.link.is_none() => {
                entry.link.get_or_insert_with(|| href.trim().to_owned());
            }
            _ => {}
        }
    }

    fn enclosure(&self, url: Option<String>, tag: &Tag<'a>, entry: &mut FeedEntry) {
        if let Some(url) = url.filter(|url| !url.trim().is_empty() && entry.enclosures.len() < MANY) {
            let length = tag.attribute("length").and_then(|length| length.trim().parse().ok());
            let media_type = tag.attribute("type");
            entry.enclosures.push(Enclosure { url: url.trim().to_owned(), media_type, length });
        }
    }

    /// All within the element that has just begun, to its end: its text, or what is written there if that has elements.
    fn content(&mut self) -> Content<'a> {
        let (depth, begin) = (self.events.open().len(), self.events.span().1);
        let (mut text, mut name, mut has_elements) = (String::new(), None::<String>, false);
        while self.events.open().len() >= depth {
            match self.events.next() {
                Some(Event::Open(tag)) => {
                    has_elements = true;
                    if local(tag.name) == "name" && name.is_none() {
                        name = Some(String::new());
                    }
                }
                Some(Event::Text(piece)) => {
                    let is_name = self.events.open().last().is_some_and(|open| local(open) == "name");
                    if let Some(name) = name.as_mut().filter(|_| is_name) {
                        name.push_str(&piece);
                    }
                    if !has_elements {
                        text.push_str(&piece);
                    }
                }
                Some(_) => {}
                None => break,
            }
        }
        let (end, name) = (self.events.span().0, name.map(|name| name.trim().to_owned()));
        match self.text.get(begin..end) {
            Some(written) if has_elements => Content { text: written.into(), name },
            _ => Content { text: text.into(), name },
        }
    }
}

struct Content<'a> {
    text: std::borrow::Cow<'a, str>,
    /// Who is named: Atom's `<author><name>`.
    name: Option<String>,
}

impl Iterator for Feed<'_> {
    type Item = FeedEntry;

    fn next(&mut self) -> Option<FeedEntry> {
        self.first.take().or_else(|| self.read())
    }
}

impl std::fmt::Debug for Feed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("kind", &self.kind).field("page", self.page.url()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
