//! Sitemaps of every kind, and hostile ones.

use std::io::Write as _;

use http::{HeaderMap, StatusCode};

use super::*;
use crate::page::Limits;

fn page(body: impl Into<Bytes>) -> Page {
    let url = Url::parse("http://a.example/sitemap.xml").expect("a URL");
    Page::new(url, StatusCode::OK, HeaderMap::new(), body.into(), 0)
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).expect("in memory");
    packer.finish().expect("in memory")
}

fn locs(page: &Page) -> Vec<String> {
    page.sitemap().map(|entry| entry.loc).collect()
}

#[test]
fn an_entry_has_all_that_is_said_of_it() {
    let page = page(
        "<urlset xmlns:i='http://www.google.com/schemas/sitemap-image/1.1' xmlns:x='http://www.w3.org/1999/xhtml'>
        <url><loc> http://a.example/?a=1&amp;b=2 </loc><lastmod>2005-01-01</lastmod><priority>0.8</priority>
        <x:link rel='alternate' hreflang='de' href='http://a.example/de'/>
        <i:image><i:loc>http://a.example/1.jpg</i:loc></i:image><i:image><i:loc>2.jpg</i:loc></i:image></url>
        <url><lastmod>2006</lastmod></url></urlset>",
    );
    let entries: Vec<_> = page.sitemap().collect();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(entry.loc, "http://a.example/?a=1&b=2");
    assert_eq!(entry.alternates[0].language.as_deref(), Some("de"));
    assert_eq!(entry.extra("image/loc").collect::<Vec<_>>(), ["http://a.example/1.jpg", "2.jpg"]);
    assert_eq!(entry.modified().map(|at| at.to_string()).as_deref(), Some("2005-01-01T00:00:00Z"));
}

#[test]
fn text_feeds_and_packed_files_are_sitemaps_too() {
    let lines = page("http://a.example/1\r\n\r\nnot a url\n https://a.example/2 \n");
    assert_eq!((lines.sitemap().kind(), locs(&lines).len()), (&SitemapKind::Lines, 2));
    let rss = page("<rss><channel><link>/</link><item><link>http://a.example/1</link></item></channel></rss>");
    assert_eq!((rss.sitemap().kind(), locs(&rss)), (&SitemapKind::Feed, vec!["http://a.example/1".to_owned()]));
    let gz = page(packed("<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex>"));
    assert_eq!((gz.sitemap().kind(), locs(&gz)), (&SitemapKind::Index, vec!["/1.xml".to_owned()]));
    let mut broken = packed(&"<urlset><url><loc>/1</loc></url>".repeat(1000));
    broken.truncate(broken.len() - 20);
    assert!(!locs(&page(broken)).is_empty(), "what could be unpacked counts");
}

#[test]
fn p03_entities_of_a_dtd_are_neither_opened_nor_expanded() {
    let laughs: String =
        (1..20).map(|number| format!("<!ENTITY l{number} '{}'>", format!("&l{};", number - 1).repeat(10))).collect();
    let dtd = format!(
        "<!DOCTYPE urlset SYSTEM 'http://127.0.0.1:1/evil.dtd' [<!ENTITY l0 'ha'>{laughs}\
         <!ENTITY file SYSTEM 'file:///etc/passwd'><!ENTITY % p SYSTEM 'http://127.0.0.1:1/p'>%p;]>"
    );
    let big = format!(
        "<!DOCTYPE a [<!ENTITY b '{}'>]><urlset><url><loc>/{}</loc></url></urlset>",
        "b".repeat(100_000),
        "&b;".repeat(100_000)
    );
    let begin = std::time::Instant::now();
    let evil = page(format!(
        "{dtd}<urlset><url><loc>/x&file;</loc></url><url><loc>/y&l19;z</loc></url>\
        <url><xi:include href='file:///etc/passwd' parse='text'/><loc>/w</loc></url></urlset>"
    ));
    assert_eq!(locs(&evil), ["/x", "/y", "/w"]);
    assert_eq!(locs(&page(big)), ["/"]);
    assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
}

#[test]
fn p04_a_file_without_end_is_cut_and_one_too_large_is_not_read() {
    let many = "<url><loc>http://a.example/</loc></url>".repeat(60_000);
    let page = page(packed(&format!("<urlset>{many}</urlset>")));
    assert_eq!(page.sitemap().count(), 50_000);
    assert_eq!(page.losses().collect::<Vec<_>>(), [("sitemap/cut_count", 1)]);
    let bomb = self::page(packed(&" ".repeat(60 * 1024 * 1024)));
    assert_eq!(bomb.sitemap().kind(), &SitemapKind::Other(String::new()));
    assert_eq!(bomb.losses().collect::<Vec<_>>(), [("sitemap/too_large_count", 1)]);
    let small = SitemapLimits { bytes: 10, ..SitemapLimits::default() };
    let page = self::page("<urlset></urlset>").within(Limits { sitemap: small, ..Limits::default() });
    assert_eq!((page.sitemap().kind().name(), page.losses().count()), ("", 1));
}
