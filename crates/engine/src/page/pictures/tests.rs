//! Pages with pictures.

use super::{Picture, Source};
use crate::page::{Limits, Page};

fn page(html: &str) -> Page {
    Page::from_html("http://a.example/dir/page", html)
}

/// Each picture's candidates by path, best first.
fn paths(html: &str) -> Vec<Vec<String>> {
    let path = |picture: &Picture| {
        picture.candidates.iter().map(|candidate| candidate.url[url::Position::BeforePath..].to_owned()).collect()
    };
    page(html).images().iter().map(path).collect()
}

fn only(html: &str) -> Picture {
    let mut pictures = page(html).images();
    assert_eq!(pictures.len(), 1, "{pictures:?}");
    pictures.pop().expect("one")
}

#[test]
fn the_largest_of_a_srcset_is_the_best() {
    let html = "<img alt=' A lake ' title=t src=a.jpg srcset='b.jpg 400w, /c.jpg 1600w, http://b.example/d.jpg 800w'>";
    let picture = only(html);
    let urls: Vec<&str> = picture.candidates.iter().map(|candidate| candidate.url.as_str()).collect();
    assert_eq!(
        urls,
        [
            "http://a.example/c.jpg",
            "http://b.example/d.jpg",
            "http://a.example/dir/b.jpg",
            "http://a.example/dir/a.jpg"
        ]
    );
    assert_eq!(
        (picture.alt.as_deref(), picture.title.as_deref(), &*picture.element),
        (Some("A lake"), Some("t"), "img")
    );
    assert_eq!(paths("<img src=1.jpg srcset='2.jpg 2x, 15.jpg 1.5x'>"), [["/dir/2.jpg", "/dir/15.jpg", "/dir/1.jpg"]]);
    let best = only("<img src=1.jpg width=300 height=200 srcset='2.jpg 2x'>").candidates.remove(0);
    assert_eq!((best.width, best.height, best.density), (Some(600), Some(400), Some(2.0)));
}

#[test]
fn a_picture_element_is_one_picture() {
    let html = "<picture><source type=image/avif srcset='a.avif 900w'><source type=image/webp media='(min-width: 40em)'
        srcset='a.webp 900w, b.webp 300w'><img src=a.jpg srcset='a.jpg 900w' alt=x></picture>";
    let picture = only(html);
    let kinds: Vec<(Source, Option<&str>)> =
        picture.candidates.iter().map(|candidate| (candidate.source, candidate.mime.as_deref())).collect();
    // AVIF is no smaller, but not everybody can read it
    let webp = Some("image/webp");
    assert_eq!(
        kinds,
        [
            (Source::Picture, webp),
            (Source::Srcset, None),
            (Source::Picture, Some("image/avif")),
            (Source::Picture, webp)
        ]
    );
    assert_eq!(picture.candidates[0].media.as_deref(), Some("(min-width: 40em)"));
    assert_eq!((picture.alt.as_deref(), &*picture.element), (Some("x"), "picture"));
}

#[test]
fn a_link_to_an_image_around_a_picture_is_its_original() {
    assert_eq!(paths("<a href=big.JPG><b><img src=small.jpg srcset='m.jpg 900w'></b></a>")[0][0], "/dir/big.JPG");
    assert_eq!(paths("<a href=page.html><img src=small.jpg></a>"), [["/dir/small.jpg"]]);
    assert_eq!(paths("<a href='/wiki/File:Lake.jpg'><img src=small.jpg></a>"), [["/dir/small.jpg"]]);
    // of two pictures in a link it is that of the first
    let html = "<a href=big.jpg><picture><img src=1.jpg></picture><img src=2.jpg></a>";
    assert_eq!(paths(html), [vec!["/dir/big.jpg", "/dir/1.jpg"], vec!["/dir/2.jpg"]]);
}

#[test]
fn what_a_script_would_load_is_found() {
    let html = "<img src='data:image/gif;base64,R0lGOD' data-src=a.jpg data-srcset='b.jpg 2x' data-full='/full.jpg'
        data-zoom=1 data-large='{\"a\":1}'>";
    let picture = only(html);
    let sources: Vec<Source> = picture.candidates.iter().map(|candidate| candidate.source).collect();
    assert_eq!(sources, [Source::Original, Source::Lazy, Source::Lazy, Source::Src]);
    assert_eq!(picture.candidates[3].url.scheme(), "data");
    assert_eq!(paths("<img src=spacer.gif data-original=a.jpg>"), [["/dir/a.jpg", "/dir/spacer.gif"]]);
    assert_eq!(paths("<div data-bg='url(\"a.jpg\")'></div><p data-src=b.png>"), [["/dir/a.jpg"], ["/dir/b.png"]]);
    assert_eq!(
        paths("<a class=zoom data-zoom-image=big.jpg href=x><img src=a.jpg></a>"),
        [["/dir/big.jpg", "/dir/a.jpg"]]
    );
    assert!(paths("<script data-src=a.js></script><iframe data-src=b.html></iframe><div data-src=c.html>").is_empty());
}

#[test]
fn a_shared_placeholder_makes_no_one_picture_of_many() {
    let html = "<img src=wait.gif data-src=1.jpg><img src=wait.gif data-src=2.jpg><img src=wait.gif>";
    assert_eq!(paths(html).iter().map(|urls| urls[0].as_str()).collect::<Vec<_>>(), ["/dir/1.jpg", "/dir/2.jpg"]);
}

#[test]
fn a_picture_without_scripts_is_that_of_the_element_before_it() {
    let html = "<img class=lazy src='data:image/gif;base64,R0'><noscript><img src=a.jpg alt=x></noscript>";
    let picture = only(html);
    assert_eq!((picture.candidates[0].source, picture.alt.as_deref()), (Source::Noscript, Some("x")));
    assert_eq!(paths("<p>x</p><noscript><IMG src=a.jpg><img src=b.jpg></noscript>"), [["/dir/a.jpg"], ["/dir/b.jpg"]]);
    assert_eq!(paths("<head><noscript><style>p{background:url(a.jpg)}</style></noscript>"), [["/dir/a.jpg"]]);
}

#[test]
fn css_of_the_page_is_read() {
    let html = "<style>.hero { background: url(/a.jpg) } @import 'b.css';</style>
        <div style='background-image: image-set(url(c.jpg) 1x, url(d.jpg) 2x), url(e.jpg)'>x</div><td background=f.gif>";
    let all = paths(html);
    assert_eq!(all, [vec!["/a.jpg"], vec!["/dir/d.jpg", "/dir/c.jpg"], vec!["/dir/e.jpg"]]);
    assert_eq!(paths("<table background=f.gif>"), [["/dir/f.gif"]]);
}

#[test]
fn what_a_page_says_of_its_pictures_is_read() {
    let html = r#"<meta property="og:image" content="/og.jpg"><meta property="og:image:secure_url" content="https://a.example/og.jpg">
        <meta property="og:image:width" content="1200"><meta property="og:image:height" content="630">
        <meta property="og:image:alt" content="A lake"><meta property="og:image" content="/second.jpg">
        <meta name="twitter:image" content="/second.jpg"><meta itemprop="image" content="/item.jpg">
        <link rel="image_src" href="/src.jpg"><link rel="shortcut icon" href="/16.png" sizes="16x16">
        <link rel="apple-touch-icon" href="/180.png" sizes="180x180 60x60">
        <link rel="preload" as="image" href="/p.jpg" imagesrcset="/p2.jpg 2x"><link rel=preload as=font href=/x.woff>"#;
    let pictures = page(html).images();
    let best: Vec<&str> = pictures.iter().map(|picture| picture.best().expect("one").url.path()).collect();
    assert_eq!(best, ["/og.jpg", "/item.jpg", "/src.jpg", "/p2.jpg", "/second.jpg", "/180.png"]);
    let first = &pictures[0];
    assert_eq!(
        (first.candidates.len(), first.candidates[1].width, first.candidates[1].height),
        (2, Some(1200), Some(630))
    );
    assert_eq!(first.alt.as_deref(), Some("A lake"));
    assert_eq!(pictures[5].candidates.len(), 2);
}

#[test]
fn json_ld_is_read_wherever_an_image_stands() {
    let html = r#"<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
        {"@type":"Article","image":["/1.jpg",{"@type":"ImageObject","url":"/2.jpg","width":800,"height":{"value":"600"}}],
         "publisher":{"@type":"Organization","logo":{"url":"/logo.png"}}},
        {"@type":["ImageObject"],"contentUrl":"/3.jpg","thumbnailUrl":"/3s.jpg","caption":"Three"},
        {"@type":"VideoObject","contentUrl":"/film.mp4","thumbnailUrl":["/film.jpg"]}]}</script>
        <script type="application/ld+json">not json {"image":"/no.jpg"}</script>
        <script>var x = {"image":"/no.jpg"}</script>"#;
    let pictures = page(html).images();
    let mut best: Vec<&str> = pictures.iter().map(|picture| picture.best().expect("one").url.path()).collect();
    best.sort_unstable();
    assert_eq!(best, ["/1.jpg", "/2.jpg", "/3.jpg", "/film.jpg", "/logo.png"]);
    let three = pictures.iter().find(|picture| picture.alt.as_deref() == Some("Three")).expect("three");
    assert_eq!(three.candidates[1].source, Source::Thumbnail);
    let careless = "<script type='application/ld+json'>\n//<![CDATA[\n{\"image\":\"/a\n.jpg\"};\n//]]></script>";
    assert_eq!(page(careless).images().len(), 1);
}

#[test]
fn other_elements_show_pictures_too() {
    let html = "<video poster=1.jpg></video><input type=IMAGE src=2.png><object data=3.svg></object>
        <object data=no.pdf></object><embed type=image/png src=4><svg><image xlink:href=5.png /><image href=6.png /></svg>
        <amp-img src=7.jpg srcset='8.jpg 2x'></amp-img><input type=text src=no.png>";
    let best: Vec<String> = paths(html).into_iter().map(|mut urls| urls.remove(0)).collect();
    assert_eq!(best, ["1.jpg", "2.png", "3.svg", "4", "5.png", "6.png", "8.jpg"].map(|name| format!("/dir/{name}")));
}

#[test]
fn the_same_picture_in_two_places_is_one() {
    let html = "<meta property=og:image content=/big.jpg><img src=/small.jpg srcset='/big.jpg 900w' alt=x><img src=/small.jpg>";
    let pictures = page(html).images();
    assert_eq!((pictures.len(), &*pictures[0].element, pictures[0].candidates.len()), (1, "img", 2));
    assert_eq!(pictures[0].alt.as_deref(), Some("x"));
}

#[test]
fn p11_what_is_no_picture_is_left_out() {
    let html =
        "<img src='javascript:x()'><img src='blob:http://a.example/1'><img src=''><img src='#'><img src='http://['>
        <img src='data:text/html,x'><img src='about:blank'><img srcset='a.jpg 1q, ,,,'><img src='file:///etc/passwd'>
        <img><img src><div style='background:url(#x)'><picture></picture>";
    let page = page(html);
    assert!(page.images().is_empty(), "{:?}", page.images());
    assert_eq!(page.losses().collect::<Vec<_>>(), [("pictures/bad_count", 1)]);
}

#[test]
fn p11_a_page_of_a_hundred_thousand_pictures_has_a_limit() {
    let set: String = (0..50_000).map(|number| format!("{number}.jpg {}w, ", number + 1)).collect();
    let html = format!("<img srcset='{set}'>{}", "<picture><source srcset=a><img src=b></picture>".repeat(100));
    let page = Page::from_html("http://a.example/", &html);
    assert_eq!(page.images().iter().map(|picture| picture.candidates.len()).sum::<usize>(), Limits::default().pictures);
    assert_eq!(page.images()[0].candidates.len(), Limits::default().pictures);
    let (name, count) = page.losses().next().expect("a loss");
    assert!(name == "pictures/over_limit_count" && count > 48_000, "{count}");
}

#[test]
fn p11_hostile_markup_takes_no_time() {
    let begin = std::time::Instant::now();
    let deep = format!("{}<img src=a.jpg>{}", "<a href=b.jpg>".repeat(2000), "<svg>".repeat(2000));
    let json = format!("<script type='application/ld+json'>{}</script>", "{\"image\":[".repeat(100_000));
    let css = format!("<style>{}</style>", "a{background:url(".repeat(50_000));
    let sets = format!("<style>a{{background:{}</style>", "image-set(".repeat(50_000));
    let nested = format!("<noscript>{}</noscript>", "<p><b><img src=x>".repeat(20_000));
    let many = "<noscript><img src=a.jpg></noscript>".repeat(10_000);
    let sources = format!("<picture>{}", "<source srcset=a.jpg><img src=b.jpg>".repeat(20_000));
    for html in [deep, json, css, sets, nested, many, sources] {
        let _ = page(&html).images();
    }
    assert!(begin.elapsed() < Limits::default().time * 3, "{:?}", begin.elapsed());
}
