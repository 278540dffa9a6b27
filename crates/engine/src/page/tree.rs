//! The tree that browsers build of a text, within limits. Scripts are off, so that what stands in `<noscript>` is a part of
//! the page, as it is to a reader without them.

use std::borrow::Cow;
use std::cell::Ref;
use std::ops::Range;
use std::time::{Duration, Instant};

use ego_tree::NodeId;
use html5ever::driver::ParseOpts;
use html5ever::interface::TreeSink;
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::TreeBuilderOpts;
use scraper::{Html, HtmlTreeSink};

use super::sitemap::SitemapLimits;
use crate::message::markup::Scanner;

/// The text is parsed in pieces, with an eye on what comes of them.
const PIECE: usize = 4 * 1024;

/// What may come of a page; the rest of the page is left out, and that is counted. html5ever has no limits: it is
/// quadratic in depth and in the attributes of a tag, and a few thousand unclosed elements make it copy each of them into
/// every paragraph that follows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Nodes of the tree.
    pub nodes: usize,
    /// How deep elements of HTML lie within each other.
    pub nesting: usize,
    /// How deep elements of XML lie within each other.
    pub xml_nesting: usize,
    /// Attributes of a tag.
    pub attributes: usize,
    /// Bytes of an attribute's value.
    pub attribute_size: usize,
    /// How long parsing may take, and the answer to an XPath expression.
    pub time: Duration,
    /// Candidates of [pictures](super::pictures).
    pub pictures: usize,
    /// What a sitemap may come to.
    pub sitemap: SitemapLimits,
    /// Links that are taken from a page.
    pub links: usize,
    /// How many nodes the answer to an XPath expression may look at.
    pub steps: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nodes: 1_000_000,
            nesting: 512,
            xml_nesting: 256,
            attributes: 1000,
            attribute_size: 1024 * 1024,
            time: Duration::from_secs(10),
            pictures: 2000,
            sitemap: SitemapLimits::default(),
            links: 10_000,
            steps: 100_000_000,
        }
    }
}

/// The tree, and whether the whole text is in it.
pub(super) fn parse(text: &str, limits: &Limits) -> (Html, bool) {
    parse_into(HtmlTreeSink::new(Html::new_document()), |sink| sink.0.borrow(), text, limits)
}

/// The same into a sink that builds a tree, and may keep more than that.
pub(super) fn parse_into<S: TreeSink<Handle = NodeId>>(
    sink: S,
    so_far: impl Fn(&S) -> Ref<'_, Html>,
    text: &str,
    limits: &Limits,
) -> (S::Output, bool) {
    let begin = Instant::now();
    let text = without_nul(text);
    let options = ParseOpts {
        // a byte order mark is no part of a text that has been decoded
        tokenizer: TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() },
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
    };
    let mut parser = html5ever::driver::parse_document(sink, options);
    let excess = excess(&text, limits);
    for piece in pieces(&text, &excess) {
        parser.process(StrTendril::from_slice(&text[piece.clone()]));
        if piece.end < text.len() && is_too_much(&so_far(&parser.tokenizer.sink.sink), begin, limits) {
            return (parser.finish(), false);
        }
    }
    (parser.finish(), excess.is_empty())
}

/// Neither HTML nor XML has NUL, and trees without it are easier to search.
pub(super) fn without_nul(text: &str) -> Cow<'_, str> {
    match memchr::memchr(0, text.as_bytes()) {
        Some(_) => Cow::Owned(text.replace('\0', "")),
        None => Cow::Borrowed(text),
    }
}

fn is_too_much(so_far: &Html, begin: Instant, limits: &Limits) -> bool {
    // the element that was made last lies as deep as the page is now
    let last = so_far.tree.nodes().rev().find(|node| node.value().is_element());
    let nesting = last.map_or(0, |node| node.ancestors().take(limits.nesting + 1).count());
    nesting > limits.nesting || so_far.tree.nodes().len() > limits.nodes || begin.elapsed() > limits.time
}

/// The parts of tags that are over the limits: attributes after the last that may be, and ends of values.
fn excess(text: &str, limits: &Limits) -> Vec<Range<usize>> {
    // no attribute is shorter than a space and a letter
    let short = limits.attributes.saturating_mul(2).min(limits.attribute_size);
    let mut excess = Vec::new();
    for tag in Scanner::new(text).filter(|tag| tag.place.len() > short) {
        for (number, attribute) in tag.attributes().enumerate() {
            if number == limits.attributes {
                let end = tag.place.end - usize::from(tag.is_whole);
                excess.push(attribute.name.start..end);
                break;
            }
            if attribute.value.len() > limits.attribute_size {
                let start = text.floor_char_boundary(attribute.value.start + limits.attribute_size);
                excess.push(start..attribute.value.end);
            }
        }
    }
    excess
}

/// The text but for its excess, cut into pieces.
fn pieces<'a>(text: &'a str, excess: &'a [Range<usize>]) -> impl Iterator<Item = Range<usize>> + 'a {
    let starts = std::iter::once(0).chain(excess.iter().map(|part| part.end));
    let ends = excess.iter().map(|part| part.start).chain(std::iter::once(text.len()));
    starts.zip(ends).flat_map(move |(mut start, end)| {
        std::iter::from_fn(move || {
            (start < end).then(|| {
                let piece = start..text.floor_char_boundary(end.min(start + PIECE));
                start = piece.end;
                piece
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::page::Page;

    #[test]
    fn a_page_in_pieces_is_the_same_page() {
        let html = format!("<title>ä</title>{}", "<p>äöü <b>bold</b> &amp; more</p>\n".repeat(5000));
        let (tree, whole) = parse(&html, &Limits::default());
        assert!(whole && html.len() > 10 * PIECE);
        assert_eq!(tree.html(), Html::parse_document(&html).html());
    }

    #[test]
    fn an_empty_page_is_what_browsers_make_of_it() {
        for html in ["", "\0"] {
            let page = Page::from_html("http://a.example/", html);
            assert_eq!(page.root().html(), "<html><head></head><body></body></html>");
            assert!(!page.is_cut());
        }
        let page = Page::from_html("http://a.example/", "<body><noscript><p>a\0b</noscript>");
        assert_eq!(page.css("noscript > p").text().expect("text"), "ab");
    }

    #[test]
    fn p01_a_page_that_would_fill_the_memory_is_cut() {
        let bomb: String = (0..20_000).map(|number| format!("<p><b id={number}>")).collect();
        let begin = Instant::now();
        let page = Page::from_html("http://a.example/", &bomb);
        assert!(!page.css("b").is_empty() && page.is_cut());
        let few = Limits { nodes: 100, ..Limits::default() };
        let page = Page::from_html("http://a.example/", &"<p>a</p>".repeat(2000)).within(few);
        assert!(page.css("p").iter().count() < 1000 && page.is_cut());
        assert!(begin.elapsed() < 3 * Limits::default().time, "{:?}", begin.elapsed());
    }

    #[test]
    fn p01_no_nesting_overflows_the_stack_when_built_asked_shown_or_dropped() {
        let deep = format!("{}x{}", "<div>".repeat(505), "</div>".repeat(505));
        let page = Page::from_html("http://a.example/", &format!("{deep}<p>y</p>"));
        assert!(!page.is_cut());
        assert_eq!(page.css("div").iter().count(), 505);
        for bomb in [
            "<div>".repeat(1_000_000),
            "<a>".repeat(40_000) + &"<i>".repeat(40_000),
            "<b><i><u><s>".repeat(10_000) + &"</b></u><p>".repeat(10_000),
            "<table><tr><td>".repeat(50_000),
            "<svg>".repeat(200_000),
            "<template>".repeat(100_000),
            "<div></body><!-- -->".repeat(100_000),
            "<select><option>".repeat(50_000),
        ] {
            let begin = Instant::now();
            let page = Page::from_html("http://a.example/", &bomb);
            let deepest = page.css("*").iter().last().expect("an element");
            assert!(!page.css("body *, template").is_empty());
            assert!(!page.root().html().is_empty() && deepest.raw().len() < bomb.len());
            drop(page);
            assert!(begin.elapsed() < Duration::from_secs(40), "{}: {:?}", &bomb[..20], begin.elapsed());
        }
    }

    #[test]
    fn p02_attributes_beyond_the_limits_are_left_out_and_the_page_is_not() {
        let many = (0..100_000).fold(String::from("<p "), |mut html, number| {
            write!(html, "a{number}='>' ").expect("a string");
            html
        });
        let begin = Instant::now();
        for (html, is_end) in [(format!("{many}>x</p><i>y</i>"), false), (format!("</{}><i>y</i>", &many[1..]), true)] {
            let page = Page::from_html("http://a.example/", &html);
            assert_eq!(page.css("i").text().expect("text"), "y");
            assert!(page.is_cut());
            if !is_end {
                assert_eq!(page.css("p").first().expect("a p").attrs().count(), 1000);
                assert_eq!(page.losses().collect::<Vec<_>>(), [("parse/cut_count", 1)]);
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        let unclosed = Page::from_html("http://a.example/", &many);
        assert!(unclosed.css("p").is_empty() && unclosed.is_cut());
    }

    #[test]
    fn p02_a_long_attribute_is_cut() {
        let html = format!("<p title='{}' id=x>y</p>", "ä<>".repeat(1024 * 1024));
        let page = Page::from_html("http://a.example/", &html);
        let p = page.css("p#x").first().expect("a p");
        assert_eq!(p.attr("title").map(str::len), Some(1024 * 1024));
        assert!(page.is_cut() && p.text() == "y");
        let fine = format!("<p title='{}'>", "x".repeat(1024 * 1024));
        assert!(!{
            let page = Page::from_html("http://a.example/", &fine);
            page.css("p").is_empty() || page.is_cut()
        });
    }
}
