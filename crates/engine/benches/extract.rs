//! What typed items cost: `derive(Extract)` against the same calls of scraper written by hand, on pages of 15 and 180 KB;
//! with the page parsed each time, and with its tree at hand.
#![expect(clippy::unwrap_used, reason = "a benchmark's own data")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use dragline::prelude::*;
use http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html, Selector};

#[derive(Extract)]
struct Book {
    #[css("h1")]
    title: String,
    #[css("p.price_color", parse)]
    price: f64,
    #[css("p.availability::attr(data-stock)", parse)]
    stock: u32,
    #[css("table td")]
    upc: String,
    #[css("#product_description + p")]
    description: Option<String>,
    #[css("li.also")]
    also: Vec<Also>,
}

#[derive(Extract)]
struct Also {
    #[css("h3 a")]
    title: String,
    #[css("h3 a::attr(href)")]
    link: String,
    #[css("p.price", parse)]
    price: f64,
}

/// The same selectors, compiled once.
struct Selectors {
    title: Selector,
    price: Selector,
    stock: Selector,
    upc: Selector,
    description: Selector,
    also: Selector,
    also_title: Selector,
    also_price: Selector,
}

impl Selectors {
    fn new() -> Self {
        let selector = |text: &str| Selector::parse(text).unwrap();
        Self {
            title: selector("h1"),
            price: selector("p.price_color"),
            stock: selector("p.availability"),
            upc: selector("table td"),
            description: selector("#product_description + p"),
            also: selector("li.also"),
            also_title: selector("h3 a"),
            also_price: selector("p.price"),
        }
    }

    fn book(&self, tree: &Html) -> Book {
        let also = tree.select(&self.also).map(|also| Also {
            title: text(also.select(&self.also_title).next().unwrap()),
            link: also.select(&self.also_title).next().unwrap().attr("href").unwrap().to_owned(),
            price: text(also.select(&self.also_price).next().unwrap()).parse().unwrap(),
        });
        Book {
            title: text(tree.select(&self.title).next().unwrap()),
            price: text(tree.select(&self.price).next().unwrap()).parse().unwrap(),
            stock: tree.select(&self.stock).next().unwrap().attr("data-stock").unwrap().parse().unwrap(),
            upc: text(tree.select(&self.upc).next().unwrap()),
            description: tree.select(&self.description).next().map(text),
            also: also.collect(),
        }
    }
}

/// White space collapsed, as in the items.
fn text(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    for word in element.text().flat_map(str::split_ascii_whitespace) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A product page of about this many bytes.
fn html(size: usize) -> String {
    let mut html = String::from(
        "<!DOCTYPE html><html><head><title>A book</title></head><body><h1> A \n book </h1><p class=price_color>51.77</p>
        <p class='availability' data-stock=22>In stock</p><div id=product_description></div><p>What it says.</p>
        <table><tr><th>UPC</th><td>a897fe39b1053632</td></tr></table><ul>",
    );
    let mut number = 0;
    while html.len() < size {
        number += 1;
        html.push_str(&format!(
            "<li class='also'><article class='product_pod'><div class=image_container><a href='catalogue/{number}/index.html'>
            <img src='media/{number}.jpg' alt='Another book' class=thumbnail></a></div><h3><a href='catalogue/{number}/index.html'
            title='Another book'>Another book, number {number}</a></h3><div class=product_price><p class='price'>{number}.99</p>
            <p class='instock'><i class='icon-ok'></i> In stock </p></div></article></li>"
        ));
    }
    html + "</ul></body></html>"
}

fn page(html: &Bytes) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Page::new(Url::parse("http://a.example/").unwrap(), StatusCode::OK, headers, html.clone(), 0)
}

fn weight(book: &Book) -> usize {
    let also = book.also.iter().map(|also| also.title.len() + also.link.len() + also.price as usize);
    let description = book.description.as_ref().map_or(0, String::len);
    book.title.len() + book.upc.len() + description + book.price as usize + book.stock as usize + also.sum::<usize>()
}

fn items(criterion: &mut Criterion) {
    let selectors = Selectors::new();
    for size in [15_000, 180_000] {
        let html = Bytes::from(html(size));
        let source = str::from_utf8(&html).unwrap();
        assert_eq!(weight(&page(&html).extract().unwrap()), weight(&selectors.book(&Html::parse_document(source))));
        let mut group = criterion.benchmark_group(format!("{} KB", size / 1000));
        group.bench_function("parsed, by hand", |bencher| {
            bencher.iter(|| weight(&selectors.book(&Html::parse_document(black_box(source)))));
        });
        group.bench_function("parsed, derived", |bencher| {
            bencher.iter(|| weight(&page(black_box(&html)).extract().unwrap()));
        });
        let (tree, page) = (Html::parse_document(source), page(&html));
        group.bench_function("at hand, by hand", |bencher| bencher.iter(|| weight(&selectors.book(black_box(&tree)))));
        group.bench_function("at hand, derived", |bencher| {
            bencher.iter(|| weight(&black_box(&page).extract().unwrap()));
        });
        group.finish();
    }
}

criterion_group!(benches, items);
criterion_main!(benches);
