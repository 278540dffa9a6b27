//! XML, whatever is wrong with it.

use dragline::page::Page;

/// The input is a document. There is always a tree, and it shows itself as a document that gives the same tree again.
pub fn xml(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let page = Page::from_xml("http://a.example/feed.xml", &text);
    let shown = page.root().html();
    let again = Page::from_xml("http://a.example/feed.xml", &shown);
    assert_eq!(again.root().html(), shown, "of {text:?}");
    assert_eq!(again.css("*").count(), page.css("*").count(), "{shown}");
    let elements = page.css("*").iter();
    for element in elements.take(50) {
        // a part is a document too, with the namespaces that it needs
        let part = Page::from_xml("http://a.example/part.xml", &element.html());
        assert_eq!(part.css("*").first().expect("a root").raw(), element.raw(), "{}", element.html());
    }
}
