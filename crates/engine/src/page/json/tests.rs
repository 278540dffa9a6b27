//! JSON of pages: what is read, what is refused and how that is said (FAULTS, P08).

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::*;

fn page(body: &[u8]) -> Page {
    typed(body, "application/json")
}

fn typed(body: &[u8], kind: &'static str) -> Page {
    let url = Url::parse("http://a.example/api").expect("a URL");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Page::new(url, StatusCode::OK, headers, bytes::Bytes::copy_from_slice(body), 0)
}

#[derive(Debug, Deserialize, PartialEq)]
struct Book {
    title: String,
    price: Option<f64>,
}

#[test]
fn p08_what_json_is_and_what_is_none() {
    let good: [(&str, Value); 16] = [
        ("[]", json!([])),
        ("\u{feff}{}", json!({})),
        (" \t\r\n\"\" \n", json!("")),
        ("[1,2 , 3]", json!([1, 2, 3])),
        ("-0", json!(-0.0)),
        ("[1E22, 0e+1, 123.456e-78, -1]", json!([1e22, 0.0, 123.456e-78, -1])),
        ("18446744073709551615", json!(u64::MAX)),
        ("123456789012345678901234567890", json!(1.234_567_890_123_456_8e29)),
        ("1e-400", json!(0.0)),
        (r#"{"a": 1, "b": 2, "a": 3}"#, json!({"a": 3, "b": 2})),
        (r#""\u0000\u00e9\ud83d\ude00\/\"\\\b\f\n\r\t""#, json!("\0é😀/\"\\\u{8}\u{c}\n\r\t")),
        (r#""\ud83d cut, \ude00\\ud800 \uDBFFx""#, json!("\u{fffd} cut, \u{fffd}\\ud800 \u{fffd}x")),
        ("\"\u{7f}\u{2028}\u{10ffff}\u{fffe}\"", json!("\u{7f}\u{2028}\u{10ffff}\u{fffe}")),
        ("true", json!(true)),
        ("null", json!(null)),
        (r#"{"": 0, "\u0000": [{}]}"#, json!({"": 0, "\0": [{}]})),
    ];
    for (text, want) in good {
        assert_eq!(page(text.as_bytes()).json::<Value>().expect(text), want, "{text}");
    }
    let bad = [
        "",
        " ",
        "\u{feff}",
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a: 1}",
        "{'a': 1}",
        "[1]x",
        "[1],",
        "NaN",
        "[Infinity]",
        "-Infinity",
        "-",
        "01",
        "1.",
        ".5",
        "+1",
        "0x10",
        "1e",
        "1e999",
        "-1e999",
        "tru",
        "True",
        "None",
        "\"a",
        "\"a\nb\"",
        "\"\t\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\""#,
        "// a\n1",
        "/* */ 1",
        "\u{a0}1",
        "[1]\0",
        "<html>",
        "undefined",
        "[1}",
        "{\"a\":1 \"b\":2}",
        "'a'",
        "\"\\ud83d",
    ];
    for text in bad {
        let error = page(text.as_bytes()).json::<Value>().expect_err(text).to_string();
        assert!(error.starts_with("the JSON of http://a.example/api: it is "), "{text}: {error}");
        assert!(page(text.as_bytes()).jmespath("@").is_empty(), "{text}");
    }
}

#[test]
fn p08_depth_is_bounded_and_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}0{}", open.repeat(depth), close.repeat(depth));
        assert!(page(nested(127).as_bytes()).json::<Value>().is_ok());
        let error = page(nested(128).as_bytes()).json::<Value>().expect_err("too deep").to_string();
        assert!(error.contains("recursion limit exceeded at line 1 column"), "{error}");
        assert!(page(nested(100_000).as_bytes()).json::<Value>().is_err());
        assert!(page(open.repeat(1_000_000).as_bytes()).jmespath("a").is_empty());
    }
}

#[test]
fn json_is_unicode_of_any_width_else_as_its_page_says() {
    let text = "{\"a\": \"é😀\"}";
    let utf_16 = |marked: bool, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        marked.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let utf_32 = |marked: bool, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
        marked.then_some(0xfeff).into_iter().chain(text.chars().map(u32::from)).flat_map(bytes).collect()
    };
    for marked in [true, false] {
        for body in [
            utf_16(marked, u16::to_le_bytes),
            utf_16(marked, u16::to_be_bytes),
            utf_32(marked, u32::to_le_bytes),
            utf_32(marked, u32::to_be_bytes),
        ] {
            assert_eq!(page(&body).jmespath("a").text_opt().as_deref(), Some("é😀"), "{body:x?}");
        }
    }
    assert_eq!(typed(text.as_bytes(), "application/json; charset=iso-8859-1").jmespath("a").texts(), ["é😀"]);
    assert_eq!(typed(b"{\"a\": \"\xe9\"}", "application/json; charset=iso-8859-1").jmespath("a").texts(), ["é"]);
    for odd in [&b"\0"[..], b"\0\0", b"\0\0\0", b"1\0\0", b"\xff\xfe", b"\0\0\xfe\xff\0", b"[\0\0\0]"] {
        assert!(page(odd).json::<Value>().is_err(), "{odd:x?}");
    }
}

#[test]
fn a_type_that_does_not_fit_is_named_with_its_place() {
    let text = "[\n  {\"title\": \"a\", \"price\": 1},\n  {\"title\": \"b\", \"price\": \"dear\"}\n]";
    let page = page(text.as_bytes());
    let error = page.json::<Vec<Book>>().expect_err("a price is a number").to_string();
    let what = "at `[1].price`: invalid type: string \"dear\", expected f64 at line 3 column 32";
    assert_eq!(error, format!("the JSON of http://a.example/api: {what}"));
    let error = page.jmespath("[1]").to::<Book>().expect_err("a price is a number").to_string();
    let what = "at `price`: invalid type: string \"dear\", expected f64";
    assert_eq!(error, format!("`[1]` in the JSON of http://a.example/api: {what}"));
    let error = self::page(b"<html><body>Not here</body></html>").json::<Book>().expect_err("no JSON").to_string();
    let what =
        "it is no JSON: expected value at line 1 column 1; it begins with \"<html><body>Not here</body></html>\"";
    assert_eq!(error, format!("the JSON of http://a.example/api: {what}"));
    let long = format!("{{\"title\": \"t\", \"price\": \"{}\"}}", "x".repeat(10_000));
    assert!(self::page(long.as_bytes()).json::<Book>().expect_err("long").to_string().len() < 500);
}

#[test]
fn the_last_of_two_keys_holds_whatever_the_type() {
    let page = page(br#"{"title": "a", "price": 1, "title": "b"}"#);
    assert_eq!(page.json::<Book>().expect("a book"), Book { title: "b".to_owned(), price: Some(1.0) });
}

#[test]
fn one_and_many_required_and_optional() {
    let page = page(br#"{"books": [{"title": "a", "price": 1}, {"title": "b"}, null], "page": 7, "next": null}"#);
    assert_eq!(page.jmespath("page").value().expect("a value"), json!(7));
    assert_eq!(page.jmespath("page").text().expect("a text"), "7");
    assert_eq!(page.jmespath("books[].title").texts(), ["a", "b"]);
    assert_eq!(page.jmespath("books[?title].title").to::<Vec<String>>().expect("texts"), ["a", "b"]);
    assert_eq!(page.jmespath("books").count(), 3);
    assert_eq!(page.jmespath("books").jmespath("title").value_opt(), Some(json!(["a", "b"])));
    assert_eq!(page.jmespath("books").jmespath("[title]").count(), 2);
    let titles: Vec<String> =
        page.jmespath("books").iter().filter_map(|book| book.jmespath("title").text_opt()).collect();
    assert_eq!(titles, ["a", "b"]);
    assert_eq!(page.jmespath("books[0]").to_opt::<Book>().expect("fits").map(|book| book.title), Some("a".to_owned()));
    assert_eq!(page.jmespath("next").to_opt::<u32>().expect("null is nothing"), None);
    assert!(page.jmespath("page").to_opt::<Book>().is_err());
    assert_eq!(page.jmespath("books[?price > `5`]").to::<Vec<Book>>().expect("an empty list is one"), []);
    let error = page.jmespath("next").text().expect_err("null").to_string();
    assert_eq!(error, "nothing at `next` in the JSON of http://a.example/api");
    let error = page.jmespath("books[0]").text().expect_err("an object").to_string();
    assert_eq!(error, "`books[0]` in the JSON of http://a.example/api is an object, and no text");
    assert!(page.take_fault().is_none());
}

#[test]
fn an_expression_that_is_none_fails_the_page() {
    let page = page(br#"{"a": [1, "x"]}"#);
    assert!(page.jmespath("a[").is_empty());
    assert!(page.take_fault().expect("a fault").to_string().starts_with("`a[` is no JMESPath expression"));
    assert!(page.jmespath("sum(a)").value_opt().is_none());
    let fault = page.take_fault().expect("a fault").to_string();
    let what = "argument 1 of `sum` must be an array of numbers, and is an array, in the JSON of http://a.example/api";
    assert_eq!(fault, format!("`sum(a)` cannot be answered: {what}"));
    let broken = self::page(b"<p>");
    assert!(broken.jmespath("a[").is_empty() && broken.take_fault().is_some());
    assert_eq!(broken.losses().collect::<Vec<_>>(), [("json/bad_count", 1)]);
    let error = broken.jmespath("a").value().expect_err("no JSON").to_string();
    assert!(error.starts_with("nothing at `a` in the JSON of http://a.example/api: it is no JSON"), "{error}");
}

#[test]
fn nodes_have_json_and_json_has_html() {
    let html = r#"<script type="application/ld+json">{"name": "a", "offers": [{"price": 1}]}</script>
        <script>var x = 1;</script><div data-x='{"id": 5, "html": "<a href=/b>b</a>"}'></div>"#;
    let page = Page::from_html("http://a.example/", html);
    assert_eq!(page.css("script").jmespath("name").texts(), ["a"]);
    assert_eq!(page.css("script").jmespath("offers[0].price").to::<u32>().expect("a price"), 1);
    let data = page.css("div::attr(data-x)").jmespath("html").first().expect("HTML").page().expect("a page");
    assert_eq!(data.css("a").link().expect("a link").as_str(), "http://a.example/b");
    let error = page.css("script + script").jmespath("name").text().expect_err("a program").to_string();
    assert!(
        error.starts_with("nothing at `name` in the JSON of `script + script` on http://a.example/: it is no"),
        "{error}"
    );
    assert!(page.take_fault().is_none());
}

#[test]
fn json_within_json_is_read() {
    let page = page(br#"{"state": "{\"a\": {\"b\": 1}}", "name": "plain"}"#);
    assert_eq!(page.jmespath("state").jmespath("a.b").to::<u32>().expect("a number"), 1);
    assert!(page.jmespath("name").jmespath("a").is_empty());
}
