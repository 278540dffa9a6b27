//! HTML, as a tree and as text.

use dragline::page::Page;
use dragline::page::clean::{self, Illegal, Tags};
use url::Url;

/// The input is a page. Its tree is the same however it is cut into pieces, is shown as a page that gives the same text
/// again, and goes without a trace; what is taken out of the text is not in it afterwards.
pub fn html(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    // a mark is one only where it is first
    let text = text.trim_start_matches('\u{feff}');
    let page = Page::from_html("http://a.example/dir/page", text);
    let shown = page.root().html();
    assert!(shown.contains("<html"), "a page has a root");
    let nodes = page.css("*").count();
    // longer than a piece, and with tags that lie across their ends
    let padded = format!("<!--{}-->{text}", "x".repeat(4096 - input.len() % 64));
    let padded = Page::from_html("http://a.example/dir/page", &padded);
    assert_eq!(padded.css("*").count(), nodes, "in pieces");
    let base = page.base();
    assert!(matches!(base.scheme(), "http" | "https"), "`{base}`");
    for node in page.css("*").iter().chain(page.css("*::text").iter()) {
        assert!(node.raw().len() <= text.len() * 8 && node.text().len() <= node.raw().len());
    }
    let url = Url::parse("http://a.example/").expect("a URL");
    if let Some((_, target)) = clean::meta_refresh(text, &url, &["noscript"], usize::MAX) {
        assert!(clean::meta_refresh(text, &url, &[], usize::MAX).is_some(), "`{target}` counts in a noscript only");
    }
    as_text(text);
}

fn as_text(text: &str) {
    let bare = clean::replace_tags(text, "");
    assert!(bare.len() <= text.len() && clean::remove_tags(text, Tags::All).len() <= text.len());
    let without = clean::remove_comments(text);
    assert!(without.len() == text.len() || text.contains("<!--"));
    let kept = clean::remove_tags(text, Tags::Only(&[]));
    assert_eq!(kept, text, "no tag was asked for");
    assert!(clean::remove_tags_with_content(text, &["p", "script"]).len() <= text.len());
    let replaced = clean::replace_entities(text, &[], Illegal::Keep);
    assert!(clean::has_entities(text) || replaced == text, "no reference was there");
    assert!(clean::unquote_markup(text, &[], Illegal::Remove).len() <= text.len() * 2 + 8);
}
