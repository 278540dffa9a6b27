//! Sitemaps and feeds, CSV and XML.

use std::time::Instant;

use bytes::Bytes;
use dragline::page::{Limits, Page, SitemapKind, SitemapLimits};
use http::{HeaderMap, StatusCode};
use url::Url;

/// The input is a file. Whatever it is, it can be read as all of these; it gives no more than is in it, and takes no time.
pub fn sitemaps(input: &[u8]) {
    let begin = Instant::now();
    let url = Url::parse("http://site.example/sitemap.xml").expect("a URL");
    let sitemap = SitemapLimits { bytes: 1 << 20, urls: 50, ..SitemapLimits::default() };
    let page = Page::new(url, StatusCode::OK, HeaderMap::new(), Bytes::copy_from_slice(input), 0)
        .within(Limits { sitemap, ..Limits::default() });
    let sitemap = page.sitemap();
    let is_nothing = *sitemap.kind() == SitemapKind::Other(String::new());
    let entries: Vec<_> = sitemap.collect();
    assert!(entries.len() <= 50 && (!is_nothing || entries.is_empty()));
    let length = page.sitemap_body().map_or(0, Bytes::len);
    for entry in &entries {
        // what cannot be decoded becomes three bytes
        assert!(entry.loc.len() <= 3 * length && entry.loc.trim() == entry.loc);
        let _ = entry.modified();
    }
    for entry in page.feed() {
        let _ = (entry.url(&page), entry.published_at(), entry.updated_at());
    }
    for row in page.csv().rows() {
        assert!(row.fields().all(|(name, _)| row.get(name).is_some()));
    }
    let items = page.xml_nodes("url").map(|node| node.xml().len()).sum::<usize>();
    assert!(items <= 100 * length.max(input.len()) + 100);
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}
