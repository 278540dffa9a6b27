//! Feeds of every kind.

use super::*;

fn page(text: &str) -> Page {
    Page::from_html("http://a.example/feed", text)
}

#[test]
fn rss_is_read_with_its_extensions() {
    let page = page(
        "<?xml version='1.0'?><rss version='2.0' xmlns:content='c' xmlns:dc='d'><channel><title>News</title>
        <link>http://a.example/</link><atom:link rel='self' href='http://a.example/feed'/>
        <item><title>One &amp; two</title><link>http://a.example/1</link><guid isPermaLink='false'>x1</guid>
        <pubDate>Sat, 07 Sep 2002 00:00:01 GMT</pubDate><description>&lt;p>short</description>
        <content:encoded><![CDATA[<p>long</p>]]></content:encoded><dc:creator>Me</dc:creator>
        <category>a</category><category>b</category><media:title>no</media:title>
        <enclosure url='http://a.example/1.mp3' length='12' type='audio/mpeg'/></item>
        <item><guid>http://a.example/2</guid></item></channel></rss>",
    );
    let feed = page.feed();
    assert_eq!((feed.kind(), feed.about().title.as_deref()), (FeedKind::Rss, Some("News")));
    assert_eq!(feed.about().link.as_deref(), Some("http://a.example/"));
    let entries: Vec<_> = feed.collect();
    let [one, two] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((one.id.as_deref(), one.title.as_deref()), (Some("x1"), Some("One & two")));
    assert_eq!((one.summary.as_deref(), one.content.as_deref()), (Some("<p>short"), Some("<p>long</p>")));
    assert_eq!((one.author.as_deref(), one.categories.len()), (Some("Me"), 2));
    assert_eq!(one.enclosures[0].length, Some(12));
    assert_eq!(one.published_at().map(|at| at.to_string()).as_deref(), Some("2002-09-07T00:00:01Z"));
    assert_eq!(two.url(&page).map(String::from).as_deref(), Some("http://a.example/2"));
}

#[test]
fn atom_is_read_with_markup_as_it_is_written() {
    let page = page(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title type='text'>Blog</title><author><name>Ann</name></author>
        <entry><id>urn:1</id><title>T</title><link rel='self' href='/self'/><link href='/1'/>
        <link rel='enclosure' href='/1.png' type='image/png'/><updated>2024-05-01T00:00:00Z</updated>
        <author><name>Bob</name><email>b@a.example</email></author><category term='t'/>
        <content type='xhtml'><div>long <b>text</b></div></content></entry></feed>",
    );
    let feed = page.feed();
    assert_eq!((feed.kind(), feed.about().author.as_deref()), (FeedKind::Atom, Some("Ann")));
    let entries: Vec<_> = feed.collect();
    let entry = entries.first().expect("an entry");
    assert_eq!(entry.url(&page).map(String::from).as_deref(), Some("http://a.example/1"));
    assert_eq!(entry.content.as_deref(), Some("<div>long <b>text</b></div>"));
    assert_eq!((entry.author.as_deref(), entry.categories.as_slice()), (Some("Bob"), &["t".to_owned()][..]));
    assert_eq!(entry.enclosures[0].url, "/1.png");
}

#[test]
fn rdf_and_what_is_broken_are_read() {
    let page = page(
        "<rdf:RDF><channel><title>x</title></channel><item><title>1<link>http://a.example/1</link></item>
        <item><link>http://a.example/2</link></rdf:RDF>",
    );
    assert_eq!(page.feed().kind(), FeedKind::Rdf);
    assert_eq!(page.feed().count(), 2);
    assert_eq!(self::page("<html><entry/></html>").feed().count(), 0);
}
