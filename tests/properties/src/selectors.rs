//! Queries to a page: CSS selectors, XPath expressions, regular expressions, whoever has written them.

use std::time::{Duration, Instant};

use dragline::page::Page;
use dragline::page::query::{Query, pattern};

/// Tables and overlapping tags, so that the tree is not in the order of the text; and all kinds of nodes.
const PAGE: &str = "<!doctype html><title>x</title><div id=a class='x y'>a<p id=p>1<b>b<i>c</b>d</i></p><!--c-->\
                    <table>stray<tr><td>1<td><a href=/x>2</a></table><svg><use xlink:href='#u'/></svg><p lang=en>&amp;</div>";

/// The longest that a query of a few kilobytes may take on a page of a few nodes, on a busy machine.
const LONG: Duration = Duration::from_secs(20);

/// The input is a query. It parses or says why not, in one line that is not endless; and has an answer, in which each node
/// comes once.
pub fn selectors(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let begin = Instant::now();
    for error in [Query::css(text).err(), Query::xpath(text).err(), pattern(text).err()].into_iter().flatten() {
        assert!(!error.what.is_empty() && error.what.len() < 1000, "{error}");
    }
    let page = Page::from_html("http://a.example/", PAGE);
    for selection in [page.css(text), page.xpath(text)] {
        let count = selection.count();
        assert_eq!(selection.raws().len(), count);
        assert_eq!(selection.first_opt().is_none(), count == 0);
        assert_eq!(selection.first_opt().map(|node| node.html()), selection.htmls().into_iter().next());
        drop(page.take_fault());
        // from any node, and from what is no element
        let _ = page.css("*").css(text).count();
        let _ = page.xpath("//@* | //text()").xpath(text).with("x", "1").namespace("n", "u").count();
        drop(page.take_fault());
    }
    let _ = page.css("p").re(text);
    assert!(begin.elapsed() < LONG, "{:?}", begin.elapsed());
}
