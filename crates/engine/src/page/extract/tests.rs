//! Structs that are read from pages.

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::error::{Error, Result};
use crate::page::{Extract, Node, Page};

const URL: &str = "http://a.example/dir/page";

fn page(html: &str) -> Page {
    Page::from_html(URL, html)
}

fn message<T: Extract>(html: &str) -> String {
    page(html).extract::<T>().map(drop).expect_err("no such value").to_string()
}

#[test]
fn often_is_what_the_type_says() {
    #[derive(Debug, PartialEq, Extract)]
    struct Often {
        #[css("b")]
        once: String,
        #[css("i")]
        perhaps: Option<String>,
        #[css("b")]
        many: Vec<String>,
        #[css("i")]
        none: Vec<u8>,
        #[css("i")]
        perhaps_many: Option<Vec<u8>>,
        #[css("i", default = 7)]
        default: u8,
        #[css("i")]
        #[default]
        of_type: u8,
        #[default(vec![1])]
        given: Vec<u8>,
        #[css("b", exists)]
        is_there: bool,
        #[css("i", exists)]
        is_not: bool,
        #[url]
        url: Url,
        #[url]
        address: String,
    }
    let often: Often = page("<b>1</b><b> 2 </b>").extract().expect("a value");
    let want = Often {
        once: "1".to_owned(),
        perhaps: None,
        many: vec!["1".to_owned(), "2".to_owned()],
        none: vec![],
        perhaps_many: None,
        default: 7,
        of_type: 0,
        given: vec![1],
        is_there: true,
        is_not: false,
        url: Url::parse(URL).expect("a URL"),
        address: URL.to_owned(),
    };
    assert_eq!(often, want);
}

#[test]
fn a_miss_names_field_query_and_page() {
    #[derive(Debug, Extract)]
    struct Book {
        #[css("h1.a")]
        #[css("h1.b")]
        _title: String,
    }
    #[derive(Debug, Extract)]
    struct Shelf {
        #[css("article")]
        _books: Vec<Book>,
    }
    assert_eq!(
        message::<Book>("<h1>no</h1>"),
        format!("field `_title` of `Book`: nothing matches `h1.a` or `h1.b` on {URL}")
    );
    assert_eq!(
        message::<Shelf>("<article></article>"),
        format!("field `_books` of `Shelf`: field `_title` of `Book`: nothing matches `h1.a` or `h1.b` on {URL}")
    );
    let book: Book = page("<h1 class=b>yes").extract().expect("a book");
    assert_eq!(book._title, "yes");
}

#[test]
fn what_does_not_read_names_field_text_query_and_page() {
    #[derive(Debug, Extract)]
    struct Price {
        #[css("p", parse = "price")]
        _price: f64,
    }
    #[derive(Debug, Extract)]
    struct Count {
        #[css("p")]
        _count: Option<u8>,
    }
    assert_eq!(
        message::<Price>("<p>free</p>"),
        format!("field `_price` of `Price`: `free` is no price (at `p` on {URL})")
    );
    assert_eq!(
        message::<Count>("<p>300</p>"),
        format!(
            "field `_count` of `Count`: `300` is no `u8`: number too large to fit in target type (at `p` on {URL})"
        )
    );
    assert!(page("<p> </p>").extract::<Count>().expect("nothing")._count.is_none());
    assert!(page("<p> </p>").extract::<Price>().is_err());
}

#[test]
fn texts_go_through_steps_in_their_order() {
    #[derive(Debug, PartialEq, Extract)]
    struct Steps {
        #[css("li", join = "|")]
        joined: String,
        #[css("li", last, parse)]
        last: u64,
        #[css("li", map = |text| text.replace('1', "one"), map = str::to_uppercase, first)]
        mapped: String,
        #[css("li", map = |text: &str| (text != "1").then(|| text.to_owned()))]
        left: Vec<String>,
        #[css("pre", raw)]
        raw: String,
        #[css("pre", raw, trim)]
        trimmed: String,
        #[css("pre", html)]
        html: String,
        #[css("li", parse = |text| text.parse::<i8>().map(|number| -number))]
        negative: Vec<i8>,
        #[css("ul", with = count)]
        count: usize,
        #[extract(with = |node| node.css("li").iter().count())]
        again: usize,
        #[re(r"<li>(\d)")]
        digits: Vec<u8>,
        #[css("ul")]
        #[re("[23]")]
        digit: u8,
        #[css("time::attr(datetime)", parse = "date")]
        day: String,
    }
    fn count(node: &Node<'_>) -> Result<usize, Error> {
        Ok(node.css("li").iter().count())
    }
    let html = "<ul><li>1<li>2<li>3</ul><pre> a\n  b </pre><time datetime='2024-03-05T01:02:03Z'>";
    let steps: Steps = page(html).extract().expect("a value");
    let text = str::to_owned;
    let want = Steps {
        joined: text("1|2|3"),
        last: 3,
        mapped: text("ONE"),
        left: vec![text("2"), text("3")],
        raw: text(" a\n  b "),
        trimmed: text("a\n  b"),
        html: text("<pre> a\n  b </pre>"),
        negative: vec![-1, -2, -3],
        count: 3,
        again: 3,
        digits: vec![1, 2, 3],
        digit: 2,
        day: text("2024-03-05"),
    };
    assert_eq!(steps, want);
}

#[derive(Debug, PartialEq, Extract)]
struct Offer {
    #[jmespath("price")]
    price: f64,
    #[jmespath("currency")]
    currency: Option<String>,
    #[jmespath("link")]
    link: Option<Url>,
}

#[derive(Debug, PartialEq, Extract)]
struct Product {
    #[css("script[type='application/ld+json']", jmespath = "name")]
    name: String,
    #[css("script")]
    #[jmespath("offers[]")]
    offers: Vec<Offer>,
    #[css("script", jmespath = "offers[]")]
    all: Value,
    #[css("script", jmespath = "none")]
    none: Option<String>,
    #[css("script", jmespath = "name", re = r"(\w+)$")]
    word: String,
}

#[test]
fn json_is_read_from_scripts() {
    let json = r#"{"name": "A book", "offers": [{"price": "4.50", "currency": null, "link": "x"}, {"price": 5}]}"#;
    let html = format!("<script>var x</script><script type='application/ld+json'>{json}</script>");
    let product: Product = page(&html).extract().expect("a product");
    assert_eq!((product.name.as_str(), product.word.as_str()), ("A book", "book"));
    let link = Url::parse("http://a.example/dir/x").ok();
    assert_eq!(product.offers[0], Offer { price: 4.5, currency: None, link });
    assert_eq!((product.offers[1].price, &product.all[1]["price"]), (5.0, &json!(5)));
    assert!(message::<Product>("<script type='application/ld+json'>{</script>").contains("it is no JSON"));
}

#[test]
fn json_is_read_from_pages_of_it() {
    let url = Url::parse(URL).expect("a URL");
    let page = |json: &'static str| Page::new(url.clone(), StatusCode::OK, HeaderMap::new(), json.into(), 0);
    let offer: Offer = page(r#"{"price": 3e2}"#).extract().expect("an offer");
    assert_eq!(offer.price, 300.0);
    let error = page("{}").extract::<Offer>().expect_err("no price").to_string();
    assert_eq!(error, format!("field `price` of `Offer`: nothing matches `price` on {URL}"));
    let error = page("<p>").extract::<Offer>().expect_err("no JSON").to_string();
    assert!(error.starts_with("field `price` of `Offer`: it is no JSON: expected value"), "{error}");
}

#[test]
fn a_verdict_of_a_function_stays_what_it_is() {
    #[derive(Debug, Extract)]
    struct Guarded {
        #[css("p", with = |_| Err::<String, Error>(Error::SignedOut))]
        _text: String,
    }
    assert!(matches!(page("<p>").extract::<Guarded>(), Err(Error::SignedOut)));
}

#[test]
fn rows_are_read_one_by_one() {
    #[derive(Debug, PartialEq, Extract)]
    struct Row<T> {
        #[css("td:nth-child(1)")]
        name: String,
        #[css("td:nth-child(2)")]
        value: T,
    }
    let page = page("<table><tr><td>a<td>1<tr><td>b<td>2</table>");
    let rows: Vec<Row<u8>> = page.css("tr").extract_all().expect("rows");
    assert_eq!(rows[1], Row { name: "b".to_owned(), value: 2 });
    assert_eq!(page.css("tr").extract::<Row<String>>().expect("a row").value, "1");
    assert!(page.css("th").extract_opt::<Row<u8>>().expect("none").is_none());
}
