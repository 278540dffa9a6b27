//! What comes of XML, right and wrong.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::page::{Kind, Limits, Page};

fn page(xml: &str) -> Page {
    Page::from_xml("http://a.example/feed.xml", xml)
}

fn shown(xml: &str) -> String {
    page(xml).root().html()
}

#[test]
fn a_good_document_is_itself() {
    for xml in [
        "<a><b x=\"1\" y=\"2\"/>text<!--c--><?pi data?></a>",
        "<!--before--><Root xml:lang=\"de\">ä&amp;&lt;&gt;</Root><!--after-->",
        "<p:a xmlns:p=\"u:1\" xmlns=\"u:2\" p:x=\"&quot;&lt;&amp;\"><b/><c xmlns=\"\"/></p:a>",
    ] {
        assert_eq!(shown(xml), xml);
        assert_eq!(page(xml).kind(), Kind::Xml);
    }
    let declared =
        "\n <?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b '>'> <!-- ]> -->]><a>\r\n<![CDATA[<&amp;]]>&#x41;\r</a> \n";
    assert_eq!(shown(declared), "<a>\n&lt;&amp;amp;A\n</a>");
}

#[test]
fn a_broken_document_is_read_as_far_as_it_goes() {
    for (xml, expected) in [
        ("<div><img src=\"a.jpg\"><p>Hello</div>", "<div><img src=\"a.jpg\"><p>Hello</p></img></div>"),
        ("<r><i><t>a<br>b</t><l>c</l></i><i/></r>", "<r><i><t>a<br>b</br></t><l>c</l></i><i/></r>"),
        ("<r></x>a</ y>b</r>", "<r>ab</r>"),
        ("<r>AT&T &nbsp;&foo; &#0; 1 < 2 & 3</r>", "<r>AT&amp;T \u{a0}&amp;foo;  1 &lt; 2 &amp; 3</r>"),
        ("<a name=123>click</a>", "<a/>"),
        ("<r><a name=123>click</a></r>", "<r><a/>123&gt;click</r>"),
        ("<r><a checked b='1'c='2'/></r>", "<r><a b=\"1\" c=\"2\"/></r>"),
        ("<r><a b=\"1\" b='2' c='x\ny'>x</a></r>", "<r><a b=\"1\" c=\"x y\">x</a></r>"),
        ("<r><a b='1 < 2'>x</a><a b='1>x</a></r>", "<r><a b=\"1 &lt; 2\">x</a><a/>'1&gt;x</r>"),
        ("<r>a</r>b<s/>", "<r>a</r>"),
        ("junk<r>a", "<r>a</r>"),
        ("<r><a>b</a><a c='", "<r><a>b</a></r>"),
        ("<r>a<!-- b", "<r>a</r>"),
        ("<r><![CDATA[a", "<r>a</r>"),
        ("<r>\u{1}a\u{8}\0</r>", "<r>a</r>"),
        ("<p:r p:x='1'/>", "<p:r p:x=\"1\"/>"),
        ("hello", ""),
        ("", ""),
        ("<", ""),
        ("</a></b>", ""),
        ("<!DOCTYPE it's><r/>", "<r/>"),
    ] {
        assert_eq!(shown(xml), expected, "{xml}");
        assert!(!page(xml).is_cut(), "{xml}");
    }
}

#[test]
fn namespaces_are_resolved_and_shown_where_a_part_is_shown() {
    let page = page("<f xmlns='u:f' xmlns:b='u:b' xmlns:p='u:p' id='1'><p:s x='2'><p:t/></p:s><e b:a='v'/><B/></f>");
    let html = |query: &str| page.css(query).first().expect("an element").html();
    assert_eq!(html("s"), "<p:s xmlns:p=\"u:p\" xmlns=\"u:f\" xmlns:b=\"u:b\" x=\"2\"><p:t/></p:s>");
    assert_eq!(html("e"), "<e xmlns=\"u:f\" xmlns:b=\"u:b\" xmlns:p=\"u:p\" b:a=\"v\"/>");
    assert_eq!(page.css("B").iter().count(), 1);
    assert_eq!(page.css("f").attr("id").ok(), Some("1"));
}

#[test]
fn p03_a_document_type_is_never_read() {
    let laughs = (1..10).fold(String::from("<!ENTITY l0 'lol'>"), |mut all, n| {
        write!(all, "<!ENTITY l{n} '{}'>", format!("&l{};", n - 1).repeat(10)).expect("a string");
        all
    });
    let xml = format!("<!DOCTYPE l [{laughs}]><l>&l9;</l>");
    assert_eq!(shown(&xml), "<l>&amp;l9;</l>");
    for subset in ["<!ENTITY x SYSTEM 'file:///etc/passwd'>", "<!ENTITY % x SYSTEM 'http://127.0.0.1:1/'> %x;"] {
        let xml = format!("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd' [{subset}]><a b='&x;'>&x;</a>");
        assert_eq!(shown(&xml), "<a b=\"&amp;x;\">&amp;x;</a>");
    }
    let quadratic = format!("<!DOCTYPE a [<!ENTITY x '{}'>]><a>{}</a>", "x".repeat(50_000), "&x;".repeat(50_000));
    assert!(shown(&quadratic).len() < 2 * quadratic.len() + 100_000 * 4);
}

#[test]
fn p03_hostile_documents_end() {
    let begin = Instant::now();
    for bomb in [
        "<a>".repeat(1_000_000),
        format!("<a {}/>", (0..100_000).map(|n| format!("a{n}='' ")).collect::<String>()),
        format!("<a b='{}'/>", "x".repeat(3 << 20)),
    ] {
        let page = page(&bomb);
        assert!(!page.css("a").is_empty() && page.is_cut());
        drop(page.root().html());
    }
    for bomb in ["<a b=\"<", "<a b='x' ", "</a>", "<!--", "<!DOCTYPE [\"", "<?", "&", "<![CDATA[", "<a><b></a>", "<"] {
        let page = page(&format!("<r>{}", bomb.repeat(100_000)));
        drop(page.root().html());
    }
    let declarations: String = (0..900).map(|n| format!(" xmlns:p{n}='u' p{n}:a=''")).collect();
    let limits = Limits { time: Duration::from_secs(1), ..Limits::default() };
    let page = page(&format!("<a{declarations}>").repeat(250)).within(limits);
    assert!(!page.css("a").is_empty());
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn limits_hold_for_nodes_and_depth() {
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(!{
        let page = page(&deep(256));
        page.css("a").is_empty() || page.is_cut()
    });
    assert!({
        let page = page(&deep(257));
        !page.css("a").is_empty() && page.is_cut()
    });
    let few = Limits { nodes: 100, ..Limits::default() };
    let many = page(&format!("<r>{}</r>", "<i/>".repeat(1000))).within(few);
    assert!(many.css("i").iter().count() < 102 && many.is_cut());
}
