//! What asking a page costs over the parser alone: a parse and ten selectors, by `Page` and by hand with scraper.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dragline::page::Page;
use scraper::{Html, Selector};

/// A list of products: what shops, archives and search results look like.
fn list(kilobytes: usize) -> String {
    let mut html = String::from(
        "<!doctype html><html><head><title>A shop</title><meta name=description content='All we have'></head>
         <body><nav><a href='/'>Home</a> <a href='/about'>About</a></nav><h1>Everything</h1><table id=offers>",
    );
    let mut number = 0;
    while html.len() < kilobytes * 1024 {
        number += 1;
        html.push_str(&format!(
            "<tr class='product {}'><td><h3><a href='/product/{number}?from=list' title='The thing no. {number}'>The thing no. \
             {number}</a></h3></td><td><p class=price_color>£{}.99</p><p class='instock availability'>In stock ({} available)</p></td>\
             <td><img src='/thumbs/{number}.jpg' alt='a thing' width=120 height=90><span data-sku='S-{number}'>&nbsp;details &amp; \
             more</span></td></tr>\n",
            if number % 7 == 0 { "sale" } else { "regular" },
            number % 90,
            number % 13,
        ));
    }
    html.push_str("</table><ul class=pager><li class=next><a href='/page/2'>next</a></li></ul></body></html>");
    html
}

/// Ten questions of a spider: what is found is counted, and the texts of some are read.
const QUERIES: [&str; 10] = [
    "title",
    "h1",
    "tr.product h3 a",
    "p.price_color",
    "tr.sale p.price_color",
    "img[src]",
    "span[data-sku]",
    "li.next a",
    "meta[name=description]",
    "#offers tr:nth-child(2) td",
];

/// The same, five of them in XPath.
const XPATHS: [&str; 5] = [
    "//tr[contains(concat(' ', normalize-space(@class), ' '), ' product ')]//h3/a/@href",
    "//p[@class='price_color']/text()",
    "//img/@src",
    "//span/@data-sku",
    "//li[@class='next']/a/@href",
];

fn by_hand(html: &str, selectors: &[Selector]) -> usize {
    let page = Html::parse_document(html);
    selectors.iter().map(|selector| page.select(selector).count()).sum()
}

fn by_page(html: &str, css: &[&str], xpath: &[&str]) -> usize {
    let page = Page::from_html("http://shop.example/list", html);
    let found: usize = css.iter().map(|query| page.css(query).count()).sum();
    found + xpath.iter().map(|query| page.xpath(query).count()).sum::<usize>()
}

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pages");
    let selectors: Vec<Selector> = QUERIES.iter().filter_map(|query| Selector::parse(query).ok()).collect();
    for kilobytes in [15, 180, 2000] {
        let html = list(kilobytes);
        group.throughput(Throughput::Bytes(html.len() as u64));
        group.sample_size(20);
        group.bench_with_input(BenchmarkId::new("scraper, 10 css", kilobytes), &html, |bencher, html| {
            bencher.iter(|| by_hand(black_box(html), &selectors));
        });
        group.bench_with_input(BenchmarkId::new("page, 10 css", kilobytes), &html, |bencher, html| {
            bencher.iter(|| by_page(black_box(html), &QUERIES, &[]));
        });
        group.bench_with_input(BenchmarkId::new("page, 5 css and 5 xpath", kilobytes), &html, |bencher, html| {
            bencher.iter(|| by_page(black_box(html), &QUERIES[..5], &XPATHS));
        });
    }
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
