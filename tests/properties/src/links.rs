//! Links, title and metadata, from a page's tags and from its tree.

use dragline::page::{Links, Page};

/// The input is a page. What its tags say is what its tree says, and a filter lets through no link that it does not match.
pub fn links(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (by_tags, by_tree) = (page(&text), page(&text));
    assert!(!by_tree.css("html").is_empty(), "a page has a tree");
    assert_eq!(answers(&by_tags), answers(&by_tree), "{text}");
    let filter = Links::new().allow("[a-m]").deny("x").allow_domains("a.example").unique(false);
    assert!(by_tags.links_by(&filter).iter().all(|link| filter.matches(&link.url)));
}

fn page(text: &str) -> Page {
    Page::from_html("http://a.example/dir/page", text)
}

/// All that either can be asked.
fn answers(page: &Page) -> String {
    let links: Vec<_> = page.links().collect();
    let all = Links::new().unique(false).deny_extensions(&[]);
    let said = ["description", "robots", "og:title"].map(|name| page.meta(name));
    format!("{:?} {:?} {said:?} {links:?} {:?}", page.title(), page.canonical(), page.links_by(&all))
}
