//! Expressions and their answers.

mod second_opinion;

use crate::page::Page;

const LIST: &str = "<title>T</title><ul class='list  big'><li id=one class='a b'>1</li><!--c--><li lang=en-GB>2<b>two</b></li>\
                    <li>3</li></ul><p>one <i>two</i> three</p><svg><use xlink:href='#u'/></svg>";

fn page() -> Page {
    Page::from_html("http://a.example/", LIST)
}

fn raws(expression: &str) -> Vec<String> {
    let page = page();
    let raws = page.xpath(expression).raws();
    assert!(page.take_fault().is_none(), "{expression}");
    raws
}

fn fault(expression: &str) -> String {
    let page = page();
    assert!(page.xpath(expression).is_empty(), "{expression}");
    page.take_fault().expect("a fault").to_string()
}

#[test]
fn nodes_come_in_document_order_each_once() {
    assert_eq!(raws("//li"), ["1", "2two", "3"]);
    assert_eq!(raws("//li[3] | //li[1] | //li"), ["1", "2two", "3"]);
    assert_eq!(raws("//li/ancestor::*/@class | //li/@class"), ["list  big", "a b"]);
    assert_eq!(raws("//li[1]/following-sibling::node()"), ["c", "2two", "3"]);
    assert_eq!(raws("//li[3]/preceding-sibling::li[1]"), ["2two"]);
    assert_eq!(raws("//i/preceding::text()"), ["T", "1", "2", "two", "3", "one "]);
    assert_eq!(raws("//comment()"), ["c"]);
    assert_eq!(raws("//li/@*"), ["one", "a b", "en-GB"]);
}

#[test]
fn positions_are_counted_along_the_axis() {
    assert_eq!(raws("//li[last()]"), ["3"]);
    assert_eq!(raws("//li[position() mod 2 = 1]"), ["1", "3"]);
    assert_eq!(raws("//*[2]/b"), ["two"]);
    assert_eq!(raws("(//text())[2]"), ["1"]);
    assert_eq!(raws("//b/ancestor::*[2]/@class"), ["list  big"]);
    assert_eq!(raws("//li[b][1]/text()"), ["2"]);
    assert!(raws("//li[1][b]").is_empty() && raws("//li[0]").is_empty() && raws("//li[1.5]").is_empty());
}

#[test]
fn values_are_computed() {
    assert_eq!(raws("count(//li)"), ["3"]);
    assert_eq!(raws("sum(//li[not(b)]) div 8"), ["0.5"]);
    assert_eq!(raws("concat(//title, '-', 1 + 1)"), ["T-2"]);
    assert_eq!(raws("boolean(//li) = true()"), ["1"]);
    assert_eq!(raws("//li = 4"), ["0"]);
    assert_eq!(raws("normalize-space(//p)"), ["one two three"]);
    assert_eq!(raws("substring('12345', 1.5, 2.6)"), ["234"]);
    assert_eq!(raws("translate('--aaa--', 'abc-', 'ABC')"), ["AAA"]);
    assert_eq!(raws("name(//use/@*)"), ["xlink:href"]);
    assert_eq!(raws("id('two one')"), ["1"]);
    assert_eq!(raws("//li[lang('en')]/b"), ["two"]);
    assert_eq!(raws("//li[. > 2]"), ["3"]);
}

#[test]
fn functions_of_exslt_and_of_parsel_are_there() {
    assert_eq!(raws("//li[re:test(@class, '^A', 'i')]"), ["1"]);
    assert_eq!(raws("re:replace(//p, '(\\w+) (\\w+)', 'g', '\\2 \\1')"), ["two one three"]);
    assert_eq!(raws("re:match('a=1', '(\\w)=(\\w)(x)?')/text()"), ["a=1", "a", "1", ""]);
    assert_eq!(raws("re:match('a=1 b=2', '(\\w)=(\\w)', 'g')"), ["a1", "b2"]);
    assert_eq!(raws("set:difference(//li, //li[b])"), ["1", "3"]);
    assert_eq!(raws("set:intersection(//li, //*[@id])"), ["1"]);
    assert_eq!(raws("set:leading(//li, //li[b])"), ["1"]);
    assert_eq!(raws("set:trailing(//li, //li[b])"), ["3"]);
    assert_eq!(raws("set:has-same-node(//li, //b)"), ["0"]);
    assert_eq!(raws("set:distinct(//li/@class | //ul/@class)").len(), 2);
    assert_eq!(raws("//*[has-class('big', 'list')]/li[1]"), ["1"]);
    assert!(raws("//*[has-class('bi')]").is_empty());
    assert_eq!(raws("str:tokenize('a, b', ', ')"), ["a", "b"]);
    assert_eq!(raws("math:max(//li[not(b)])"), ["3"]);
}

#[test]
fn an_expression_starts_where_one_stands() {
    assert_eq!(raws("head/title"), ["T"]);
    let page = page();
    let items = page.css("ul").xpath("./li");
    assert_eq!(items.count(), 3);
    assert_eq!(items.xpath("b").raws(), ["two"]);
    assert_eq!(items.xpath("//title").raws(), ["T", "T", "T"]);
    assert_eq!(page.xpath("//li/@id").xpath("../@class").raws(), ["a b"]);
    assert_eq!(page.xpath("//li/text()").css("b").count(), 0);
    assert!(page.xpath("count(//li)").xpath("//li").is_empty());
}

#[test]
fn variables_and_prefixes_are_given() {
    let page = page();
    let named = |id: &str| page.xpath("//*[@id = $id]").with("id", id).raws();
    assert_eq!(named("one"), ["1"]);
    assert!(named("one' or '1' = '1").is_empty());
    assert_eq!(page.xpath("//li[$n]").with("n", 2).raws(), ["2two"]);
    assert_eq!(page.xpath("$items[b]").with("items", page.css("li")).raws(), ["2two"]);
    let link = page.xpath("//use/@x:href").namespace("x", "http://www.w3.org/1999/xlink");
    assert_eq!(link.raws(), ["#u"]);
    assert_eq!(page.xpath("s:padding(2, 'x')").namespace("s", "http://exslt.org/strings").raws(), ["xx"]);
}

#[test]
fn what_is_not_told_is_named_and_never_nothing() {
    let what = "`//g:id` on http://a.example/: the prefix `g` is not declared (there are `xml`); say what it stands for: \
                `.namespace(\"g\", \"http://…\")`";
    assert_eq!(fault("//g:id"), what);
    let what = "`//a[.=$x]` on http://a.example/: `$x` is not set (there are none); say what it is: `.with(\"x\", …)`";
    assert_eq!(fault("//a[.=$x]"), what);
    assert!(fault("//nothing/s:padding").contains("the prefix `s` is not declared"));
    assert!(fault("s:padding(1)").contains("the prefix `s` is not declared"));
    let page = page();
    assert!(page.xpath("$x/a").with("x", "text").is_empty());
    let fault = page.take_fault().expect("a fault").to_string();
    assert_eq!(fault, "`$x/a` on http://a.example/: a step takes nodes, and was given a text");
}

#[test]
fn p09_what_would_take_for_ever_ends_with_its_name() {
    let deep = "<div>".repeat(400) + &"<p>x</p>".repeat(2000);
    let few = crate::page::Limits { steps: 1_000_000, ..crate::page::Limits::default() };
    let page = Page::from_html("http://a.example/", &deep).within(few);
    let begin = std::time::Instant::now();
    // these take time in proportion to the page, though other engines take its square
    for linear in ["//*//*//*//*//*", "//p/ancestor::div", "//p/following-sibling::p", "//p/preceding::p//text()"] {
        assert!(!page.xpath(linear).is_empty(), "{linear}");
        assert!(page.take_fault().is_none(), "{linear}");
    }
    for bomb in ["//*[count(//*[count(//*) > 1]) > 1]", "//p[.//text() = //*]", "//div[string-length() > 10]"] {
        assert!(page.xpath(bomb).is_empty(), "{bomb}");
        let fault = page.take_fault().expect("a fault").to_string();
        let what = "it takes more than `spider.selector_budget` = 1000000 steps, or `spider.parse_timeout` = 10s";
        assert_eq!(fault, format!("`{bomb}` on http://a.example/: {what}"));
    }
    assert_eq!(page.losses().collect::<Vec<_>>(), [("parse/selector_budget_count", 3)]);
    assert!(begin.elapsed().as_secs() < 10, "{:?}", begin.elapsed());
}

#[test]
fn the_deepest_expression_that_parses_is_answered() {
    let page = page();
    for (open, inner, close) in [("(", "1", ")"), ("*[", "*", "]"), ("not(", "1", ")"), ("-", "1", ""), ("", "1", "+1")]
    {
        let expression = format!("{}{inner}{}", open.repeat(190), close.repeat(190));
        let _ = page.xpath(&expression).count();
        assert!(page.take_fault().is_none(), "{expression}");
    }
    assert_eq!(page.xpath(&format!("//li{}", " | //li".repeat(2000))).count(), 3);
}
