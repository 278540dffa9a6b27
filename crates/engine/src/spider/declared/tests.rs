//! What a file may say, and what is said of one that makes no sense.

use super::*;
use serde_json::json;

const SHOP: &str = r#"
name = "shop"
start = "{args.url}"

[arguments]
url = "http://shop.example/"

[pages.list]
next = "li.next a"
[[pages.list.follow]]
css = "h3 a"
page = "book"

[[pages.book.items]]
kind = "book"
[pages.book.items.fields]
url = { page = "url" }
title = "h1"
price = { css = "p.price", parse = "price" }
stars = { css = "p.stars::attr(class)", re = '(\w+)$', map = { One = 1, Two = 2 } }
about = { css = "p.about", required = false }
tags = { css = "a.tag", many = true }
path = { css = "ul.path li", join = " > ", default = "-" }
covers = { css = "img::attr(src)", parse = "url", many = true }
offers = { css = "tr", many = true, fields = { seller = "td.seller", cost = { css = "td.cost", parse = "number" } } }
"#;

fn shop() -> Declared {
    let declaration = Declaration::parse("shop.toml", SHOP).expect("a spider");
    Arc::new(declaration).spider(&BTreeMap::new()).expect("arguments")
}

fn read(spider: &Declared, kind: &str, html: &str) -> (Result<()>, Output<Declared>) {
    let page = Page::from_html("http://shop.example/page/", html);
    let mut out = Output::for_page(&page);
    (spider.parse(Step::Page(kind.to_owned()), &page, &mut out), out)
}

fn of(text: &str) -> Declared {
    Arc::new(Declaration::parse("a.toml", text).expect("a spider")).spider(&BTreeMap::new()).expect("arguments")
}

fn items(out: &Output<Declared>) -> Vec<serde_json::Value> {
    out.records().iter().map(|record| record.to().expect("fields")).collect()
}

#[test]
fn a_list_leads_to_books_and_to_the_next_list() {
    let html = "<h3><a href=/1>1</a></h3><h3><a href=/2>2</a><a href=/1>1</a></h3><a href=/3>3</a><li class=next><a href=p2>n</a>";
    let (result, out) = read(&shop(), "list", html);
    result.expect("understood");
    let urls: Vec<_> = out.requests().iter().map(|request| request.url.path()).collect();
    assert_eq!(urls, ["/1", "/2", "/page/p2"]);
    assert_eq!(out.steps()[2], Step::Page("list".to_owned()));
}

#[test]
fn a_page_is_an_item_with_its_fields_in_order() {
    let html = "<h1>A  <b>book</b></h1><p class=price>£1,051.77</p><p class='stars Two'></p><a class=tag>x</a><a class=tag>y</a>
        <img src=1.jpg><table><tr><td class=seller>S</td><td class=cost>1.5</td></tr></table>";
    let (result, out) = read(&shop(), "book", html);
    result.expect("understood");
    let want = json!({
        "url": "http://shop.example/page/", "title": "A book", "price": 1051.77, "stars": 2, "about": null,
        "tags": ["x", "y"], "path": "-", "covers": ["http://shop.example/page/1.jpg"],
        "offers": [{"seller": "S", "cost": 1.5}],
    });
    assert_eq!(items(&out)[0], want);
    let json = out.records()[0].json().expect("JSON");
    assert_eq!(String::from_utf8_lossy(&json), want.to_string(), "in the order of the file");
    let declaration = Declaration::parse("shop.toml", SHOP).expect("a spider");
    let types = declaration.items();
    let names: Vec<&str> = types[0].fields.iter().map(|field| field.name).collect();
    assert_eq!(names, ["url", "title", "price", "stars", "about", "tags", "path", "covers", "offers"]);
    assert_eq!(types[0].schema()["required"], json!(["url", "title", "price", "stars"]));
}

#[test]
fn what_is_missing_or_wrong_names_field_and_page() {
    let wrong = |html: &str| read(&shop(), "book", html).0.expect_err("not understood").to_string();
    assert_eq!(wrong(""), "nothing matches `h1` on http://shop.example/page/, and `title` needs it");
    let html = "<h1>A</h1><p class=price>free</p>";
    assert_eq!(wrong(html), "`free` is no price, in `price` on http://shop.example/page/");
    let html = "<h1>A</h1><p class=price>1</p><p class='stars Six'>";
    assert_eq!(wrong(html), "`Six` is not in its `map`, in `stars` on http://shop.example/page/");
    let error = read(&shop(), "gone", "").0.expect_err("no such kind").to_string();
    assert!(error.starts_with("the file of spider `shop` has no `[pages.gone]` any more"), "{error}");
}

#[test]
fn rows_are_items_each_and_a_bad_one_does_not_take_the_others_along() {
    let spider = of("name = 'a'\nstart = 'http://a.example/'\n[[pages.p.items]]\nkind = 'q'\nrows = 'li'\n\
        [pages.p.items.fields]\ntext = 'b'\nall = { take = 'html' }");
    let (result, out) = read(&spider, "p", "<li><b>1</b><li>no<li><b>2</b>");
    assert!(result.expect_err("one is none").to_string().contains("nothing matches `b`"));
    assert_eq!(
        items(&out),
        [json!({"text": "1", "all": "<li><b>1</b></li>"}), json!({"text": "2", "all": "<li><b>2</b></li>"})]
    );
}

#[test]
fn json_is_asked_in_jmespath() {
    let spider = of("name = 'a'\nstart = 'http://a.example/'\n[[pages.p.items]]\nkind = 'q'\n\
        rows = { jmespath = 'list[?n > `1`]' }\n[pages.p.items.fields]\nn = { jmespath = 'n', parse = 'integer' }\n\
        s = { jmespath = 's.t', required = false }\nall = { jmespath = 'a', many = true }");
    let (result, out) =
        read(&spider, "p", r#"{"list": [{"n": 1}, {"n": 2, "s": {"t": "x"}, "a": [1, "b"]}, {"n": 3}]}"#);
    result.expect("understood");
    assert_eq!(items(&out), [json!({"n": 2, "s": "x", "all": [1, "b"]}), json!({"n": 3, "s": null, "all": []})]);
}

#[test]
fn pages_are_counted_on_while_there_is_something() {
    let spider = of("name = 'a'\nstart = 'http://a.example/?p={1..3}&q=x'\n[pages.p]\n\
        next = { query = 'p', while = 'li' }");
    let mut out = Output::for_start();
    spider.start(&mut out);
    let page = Page::from_html("http://a.example/?q=a%20b&p=7", "<li>");
    let mut out = Output::for_page(&page);
    spider.parse(Step::Page("p".to_owned()), &page, &mut out).expect("understood");
    assert_eq!(out.requests()[0].url.query(), Some("q=a+b&p=8"));
    assert!(read(&spider, "p", "").1.requests().is_empty());
}

#[test]
fn arguments_are_given_or_have_defaults() {
    let text =
        "name = 'a'\nstart = 'http://a.example/{args.kind}/{args.page}'\n[arguments]\nkind = {}\npage = 1\n[pages.p]";
    let declaration = Arc::new(Declaration::parse("a.toml", text).expect("a spider"));
    let error = declaration.spider(&BTreeMap::new()).expect_err("missing").to_string();
    assert!(error.starts_with("spider `a` needs `kind`: give `-a kind=…`"), "{error}");
    let error = declaration.spider(&BTreeMap::from([("knd".to_owned(), Value::Integer(1))])).expect_err("unknown");
    assert_eq!(error.to_string(), "spider `a` has no argument `knd`; did you mean `kind`?");
    let given = BTreeMap::from([("kind".to_owned(), Value::String("x".to_owned()))]);
    let spider = declaration.spider(&given).expect("arguments");
    let starts: Vec<String> = spider.declaration.start[0].expand(&spider.arguments).collect();
    assert_eq!(starts, ["http://a.example/x/1"]);
}

#[test]
fn sitemaps_lead_to_pages() {
    let spider = of("name = 'a'\n[sitemaps]\nurls = 'http://a.example/robots.txt'\n\
        rules = [{ allow = '/b/', page = 'book' }, { page = 'other' }]\n[pages.book]\n[pages.other]");
    let page = Page::from_html(
        "http://a.example/s.xml",
        "<urlset><url><loc>/b/1</loc></url><url><loc>/c</loc></url></urlset>",
    );
    let mut out = Output::for_page(&page);
    spider.parse(Step::Sitemap(Level::default()), &page, &mut out).expect("understood");
    assert_eq!(out.steps(), [Step::Page("book".to_owned()), Step::Page("other".to_owned())]);
}

#[test]
fn every_error_points_into_the_file() {
    let error = |text: &str| Declaration::parse("a.toml", text).expect_err(text).to_string();
    let head = "name = 'a'\nstart = 'http://a.example/'\n";
    let with = |text: &str| error(&format!("{head}{text}"));
    let mut wrong = Vec::new();
    for (got, want) in [
        (error("name = "), "a.toml:1:8: "),
        (error("nam = 'a'"), "a.toml:1:1: `nam`: there is no key `nam` here; did you mean `name`?"),
        (
            with("[pages.p]\nfolow = []"),
            "a.toml:4:1: `pages.p.folow`: there is no key `folow` here; did you mean `follow`?",
        ),
        (
            with("[pages.p]\nfollow = [{ page = 'q' }]"),
            "a.toml:4:20: `pages.p.follow[0].page`: there is no kind of page `q`; did you mean `p`?",
        ),
        (with("[pages.list]\nnext = 'li['"), "a.toml:4:8: `pages.list.next.css`: `li[` is no CSS selector: "),
        (
            with("[[pages.p.items]]\nkind = 'k'\n[pages.p.items.fields]\nt = { css = 'h1', pase = 'url' }"),
            "a.toml:6:19: `pages.p.items[0].fields.t.pase`: there is no key `pase` here; did you mean `parse`?",
        ),
        (
            with("[[pages.p.items]]\nkind = 'k'\n[pages.p.items.fields]\nt = { xpath = '//[' }"),
            "a.toml:6:15: `pages.p.items[0].fields.t.xpath`: `//[` is no XPath expression: ",
        ),
        (
            with("[[pages.p.items]]\nkind = 'k'\n[pages.p.items.fields]\nt = { css = 'h1', parse = 'pric' }"),
            "a.toml:6:27: `pages.p.items[0].fields.t.parse`: `pric` is none of text, number, ",
        ),
        (
            with("[[pages.p.items]]\nkind = 'k'\n[pages.p.items.fields]\nt = { css = 'h1', re = '(' }"),
            "a.toml:6:24: `pages.p.items[0].fields.t.re`: `(` is no regular expression: ",
        ),
        (with("[pages.p]\nitems = [{ fields = {} }]"), "a.toml:4:10: `pages.p.items[0]`: the key `kind` is missing"),
        (error("name = 'a'\nstart = 'x'\n[pages.p]"), "a.toml:2:9: `start[0]`: `x` is not a URL: "),
        (
            error("name = 'a'\nstart = '{args.x}'\n[pages.p]"),
            "a.toml:2:9: `start[0]`: there is no argument `x`; known: ",
        ),
        (error("name = 'a'\n[pages.p]"), "a.toml:1:1: `start`: there is nothing to begin with: "),
        (
            error("name = 'a'\nstart = 5\n[pages.p]"),
            "a.toml:2:9: `start`: integer `5` where there should be a text or a list of texts",
        ),
    ] {
        if !got.starts_with(want) {
            wrong.push(format!(" got {got}\nwant {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
