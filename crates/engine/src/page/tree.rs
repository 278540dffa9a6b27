//! The tree that browsers build of a text, within limits.

use std::time::{Duration, Instant};

use html5ever::driver::ParseOpts;
use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{Html, HtmlTreeSink};

/// Pages longer than this are parsed in pieces, with an eye on what comes of them.
const LONG: usize = 8 * 1024;
const PIECE: usize = 4 * 1024;

/// What may come of a page; the rest of the page is left out, and that is counted. html5ever has no limits: it is
/// quadratic in depth, and a few thousand unclosed elements make it copy each of them into every paragraph that follows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes of the tree.
    pub nodes: usize,
    /// How deep elements lie within each other.
    pub nesting: usize,
    /// How long parsing may take.
    pub time: Duration,
    /// Links that are taken from a page.
    pub links: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { nodes: 1_000_000, nesting: 512, time: Duration::from_secs(10), links: 10_000 }
    }
}

/// The tree, and whether the whole text is in it.
pub(super) fn parse(text: &str, limits: &Limits) -> (Html, bool) {
    if text.len() <= LONG {
        return (Html::parse_document(text), true);
    }
    let sink = HtmlTreeSink::new(Html::new_document());
    let mut parser = html5ever::driver::parse_document(sink, ParseOpts::default());
    let (begin, mut rest) = (Instant::now(), text);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        parser.process(StrTendril::from_slice(piece));
        rest = after;
        let so_far = parser.tokenizer.sink.sink.0.borrow();
        if is_too_much(&so_far, begin, limits) {
            break;
        }
    }
    (parser.finish(), rest.is_empty())
}

fn is_too_much(so_far: &Html, begin: Instant, limits: &Limits) -> bool {
    // what was made last lies as deep as the page is now
    let last = so_far.tree.nodes().next_back();
    let nesting = last.map_or(0, |node| node.ancestors().take(limits.nesting + 1).count());
    nesting > limits.nesting || so_far.tree.nodes().len() > limits.nodes || begin.elapsed() > limits.time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    #[test]
    fn a_page_in_pieces_is_the_same_page() {
        let html = format!("<title>ä</title>{}", "<p>äöü <b>bold</b> &amp; more</p>\n".repeat(5000));
        let (tree, whole) = parse(&html, &Limits::default());
        assert!(whole && html.len() > LONG);
        assert_eq!(tree.html(), Html::parse_document(&html).html());
    }

    #[test]
    fn a_page_that_would_fill_the_memory_is_cut() {
        let bomb: String = (0..20_000).map(|number| format!("<p><b id={number}>")).collect();
        let begin = Instant::now();
        let page = Page::from_html("http://a.example/", &bomb);
        assert!(!page.css("b").is_empty() && page.is_cut());
        let nested = Page::from_html("http://a.example/", &"<div>".repeat(1_000_000));
        assert!(!nested.css("div").is_empty() && nested.is_cut());
        let few = Limits { nodes: 100, ..Limits::default() };
        let page = Page::from_html("http://a.example/", &"<p>a</p>".repeat(2000)).within(few);
        assert!(page.css("p").iter().count() < 1000 && page.is_cut());
        assert!(begin.elapsed() < Limits::default().time, "{:?}", begin.elapsed());
    }
}
