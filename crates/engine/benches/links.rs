//! What links and title cost: from the page's tags alone, from its tree, and with lol_html, which was the other way to do
//! without a tree.
#![expect(clippy::expect_used, reason = "a benchmark's own data")]

use std::cell::RefCell;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dragline::page::{Links, Page};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lol_html::{HtmlRewriter, MemorySettings, Settings, element};
use url::Url;

/// Pages of about so many bytes.
const SIZES: [usize; 3] = [15_000, 180_000, 2_000_000];

/// A shop: a head, and cards with links, pictures, prices and prose.
fn shop(size: usize) -> Page {
    let mut html = String::from(
        "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>All &amp; sundry</title><meta name=description \
         content='What there is'><link rel=canonical href=/all><link rel=stylesheet href=/style.css><script>var a = \
         '<a href=no>';</script><style>.card > a { color: red }</style></head><body><nav><ul>",
    );
    for number in 0.. {
        if html.len() > size {
            break;
        }
        write!(
            html,
            "<article class=\"card card-{number}\" data-id=\"{number}\"><h3><a href=\"/item/{number}?ref=list&amp;page=2\" \
             title=\"Item {number}\">Item <b>{number}</b></a></h3><div class=\"picture\"><a href='/item/{number}'><img \
             src=\"/thumbs/{number}.jpg\" alt=\"\" width=\"120\" height=\"160\" loading=\"lazy\"></a></div>\n<p \
             class=\"price\">£{number}.99</p><p class=\"prose\">It was a bright cold day in April, &amp; the clocks were \
             striking thirteen.</p><ul class=\"tags\"><li><a href=\"/tag/a\">a</a></li><li><a href=\"/tag/b\">b</a></li>\
             </ul><!-- {number} --></article>\n"
        )
        .expect("a string grows");
    }
    html.push_str("</ul></nav></body></html>");
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Page::new(Url::parse("http://a.example/list").expect("a URL"), StatusCode::OK, headers, Bytes::from(html), 0)
}

/// The page as it came.
fn fresh(page: &Page) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Page::new(page.url().clone(), StatusCode::OK, headers, page.body().clone(), 0)
}

fn links_of_lol_html(page: &Page) -> (usize, Vec<String>) {
    let found = RefCell::new(Vec::new());
    let settings = Settings::new()
        .append_element_content_handler(element!("a[href], area[href]", |element| {
            found.borrow_mut().extend(element.get_attribute("href"));
            Ok(())
        }))
        .with_memory_settings(MemorySettings::new());
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    rewriter.write(page.body()).expect("HTML");
    rewriter.end().expect("HTML");
    let links = found.into_inner();
    (links.len(), links)
}

fn links(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("links");
    group.measurement_time(Duration::from_secs(2)).sample_size(20);
    for size in SIZES {
        let page = shop(size);
        group.throughput(Throughput::Bytes(page.body().len() as u64));
        let mut run = |name: &str, of: &dyn Fn(&Page) -> usize| {
            group.bench_with_input(BenchmarkId::new(name, size / 1000), &page, |bencher, page| {
                bencher.iter(|| of(&fresh(black_box(page))));
            });
        };
        run("hrefs, lol_html (raw, not joined)", &|page| links_of_lol_html(page).0);
        run("title, tags", &|page| page.title().map_or(0, |title| title.len()));
        run("title, tree", &|page| page.css("title").text_opt().map_or(0, |title| title.len()));
        run("links, tags", &|page| page.links().count());
        run("links, tree", &|page| {
            black_box(page.css("title").is_empty());
            page.links().count()
        });
        run("title and links, tags", &|page| page.title().map_or(0, |title| title.len()) + page.links().count());
        run("title and links, tree", &|page| {
            page.css("title").text_opt().map_or(0, |title| title.len()) + page.links().count()
        });
        let filter = Links::new().allow("/item/").deny("ref=");
        run("filter, tags", &|page| page.links_by(&filter).len());
        run("filter, tree", &|page| {
            black_box(page.css("title").is_empty());
            page.links_by(&filter).len()
        });
    }
    group.finish();
}

criterion_group!(benches, links);
criterion_main!(benches);
