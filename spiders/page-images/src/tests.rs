//! The spider as a function: saved pages in, items and requests out.

use dragline::message::Record;
use http::{HeaderMap, StatusCode};

use super::*;

const ALBUM: &str = include_str!("../tests/pages/album.html");
const SHEET: &str = include_str!("../tests/pages/look.css");

fn spider(arguments: &str) -> PageImages {
    toml::from_str(arguments).expect("arguments")
}

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn visit(url: &str) -> Step {
    Step::Page(Visit::first(&[self::url(url)]).expect("a place"))
}

fn answer(url: &str, content_type: &'static str, body: &'static str) -> Page {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    Page::new(self::url(url), StatusCode::OK, headers, body.into(), 0)
}

fn parse(arguments: &str, step: Step, page: &Page) -> Output<PageImages> {
    let mut out = Output::for_page(page);
    spider(&format!("url = 'http://a.example/album/'\n{arguments}")).parse(step, page, &mut out).expect("a page");
    out
}

/// What the album's page gives under these arguments.
fn album(arguments: &str) -> Output<PageImages> {
    let page = answer("http://a.example/album/", "text/html; charset=utf-8", ALBUM);
    parse(arguments, visit("http://a.example/album/"), &page)
}

fn pictures(out: &Output<PageImages>) -> Vec<PagePicture> {
    let pictures = out.records().iter().filter(|record| &*record.kind == PagePicture::KIND);
    pictures.map(|record| record.to().expect("a picture")).collect()
}

/// The best place of each picture.
fn best(out: &Output<PageImages>) -> Vec<String> {
    let best = |picture: PagePicture| picture.image_urls[0].candidates[0].url.to_string();
    let short = |url: String| url.strip_prefix("http://a.example/album/").map(str::to_owned).unwrap_or(url);
    pictures(out).into_iter().map(best).map(short).collect()
}

fn unread(record: &Record) -> UnreadPage {
    record.to().expect("a page that was not read")
}

fn followed(out: &Output<PageImages>) -> Vec<String> {
    out.requests().iter().map(|request| request.url.to_string()).collect()
}

#[test]
fn a_page_comes_before_its_pictures() {
    let out = album("");
    let read: ReadPage = out.records()[0].to().expect("the page");
    assert_eq!((read.title.as_deref(), read.pictures, read.depth), (Some("An album"), 5, 0));
    assert_eq!(
        best(&out),
        ["lake-large.jpg", "late.jpg", "behind.jpg", "drawn.jpg", "http://cdn.example/elsewhere.png"]
    );
    let lake = &pictures(&out)[0];
    assert_eq!((lake.page.as_str(), &lake.sheet, lake.depth), ("http://a.example/album/", &None, 0));
    assert_eq!(lake.image_urls[0].alt.as_deref(), Some("A lake"));
    assert_eq!(lake.image_urls.len(), 1);
}

#[test]
fn what_is_not_wanted_is_left_out() {
    assert_eq!(best(&album("css = false")), ["lake-large.jpg", "late.jpg", "http://cdn.example/elsewhere.png"]);
    let without_lazy = ["lake-large.jpg", "waits.gif", "behind.jpg", "drawn.jpg", "http://cdn.example/elsewhere.png"];
    assert_eq!(best(&album("lazy = false")), without_lazy);
    assert_eq!(best(&album("same_host = true")), ["lake-large.jpg", "late.jpg", "behind.jpg", "drawn.jpg"]);
    let nothing = album("css = false\nlazy = false\nsame_host = true");
    assert_eq!(best(&nothing), ["lake-large.jpg", "waits.gif"]);
    let read: ReadPage = nothing.records()[0].to().expect("the page");
    assert_eq!(read.pictures, 2, "as many as follow");
}

#[test]
fn a_picture_says_how_large_it_must_be() {
    let min_side = |out: &Output<PageImages>| {
        let mut record = out.records()[1].clone();
        record.fields()["image_urls"][0].get("min_side").and_then(serde_json::Value::as_u64)
    };
    assert_eq!(min_side(&album("min_side = 100")), Some(100));
    assert_eq!(min_side(&album("")), None);
}

#[test]
fn style_sheets_are_asked_for_and_their_pictures_lie_beside_them() {
    let sheets = ["http://a.example/look.css", "http://cdn.example/print.css"];
    assert_eq!(followed(&album("")), sheets);
    assert_eq!(followed(&album("same_host = true")), sheets[..1]);
    assert_eq!(followed(&album("max_sheets = 1")), sheets[..1]);
    assert_eq!(followed(&album("css = false")), [""; 0]);
    let sheet = answer("http://a.example/css/look.css", "text/css", SHEET);
    let step = Step::Sheet { page: url("http://a.example/album/"), depth: 1 };
    let out = parse("", step.clone(), &sheet);
    let found = pictures(&out);
    let places: Vec<_> = found[1].image_urls[0].candidates.iter().map(|candidate| candidate.url.as_str()).collect();
    assert_eq!(places, ["http://a.example/css/dot.png", "http://a.example/css/dot-2x.png"]);
    assert_eq!(best(&out)[0], "http://a.example/css/hero.jpg");
    assert_eq!(found[0].sheet.as_ref(), Some(sheet.url()));
    assert_eq!((found[0].page.as_str(), found[0].depth, found.len()), ("http://a.example/album/", 1, 3));
    assert_eq!(best(&parse("same_host = true", step.clone(), &sheet)).len(), 2, "the third lies elsewhere");
    let page = answer("http://a.example/css/look.css", "text/html", SHEET);
    assert!(parse("", step, &page).records().is_empty(), "browsers take no page for a style sheet");
}

#[test]
fn with_a_depth_the_pages_of_its_own_host_follow() {
    let out = album("depth = 1\ncss = false");
    assert_eq!(followed(&out), ["http://a.example/next", "http://a.example/other?page=2"]);
    assert_eq!(followed(&album("depth = 1\ncss = false\nmax_pages = 2")), ["http://a.example/next"]);
    assert_eq!(followed(&album("css = false")), [""; 0]);
    let [Step::Page(next), _] = &out.steps()[..] else { panic!("two pages") };
    assert_eq!(next.depth, 1);
    let page = answer("http://a.example/album/", "text/html", ALBUM);
    let further = parse("depth = 1\ncss = false", Step::Page(next.clone()), &page);
    assert_eq!(followed(&further), [""; 0], "one link away, and no further");
    assert_eq!(pictures(&further)[0].depth, 1);
}

#[test]
fn a_url_that_is_a_picture_is_one_picture() {
    for (url, content_type) in
        [("http://a.example/x", "image/svg+xml"), ("http://a.example/x.png", "application/octet-stream")]
    {
        let out = parse("", visit(url), &answer(url, content_type, "\u{0}\u{1}"));
        let read: ReadPage = out.records()[0].to().expect("the page");
        assert_eq!((read.url.as_str(), read.pictures), (url, 1), "{content_type}");
        assert_eq!(best(&out), [url]);
        assert!(out.requests().is_empty());
    }
}

#[test]
fn what_is_no_page_is_told() {
    let out = parse("", visit("http://a.example/x"), &answer("http://a.example/x", "application/pdf", "%PDF-1.7"));
    assert_eq!(out.records().len(), 1);
    let unread = unread(&out.records()[0]);
    assert_eq!(unread.reason, "not_a_page");
    assert_eq!(unread.to_string(), "This is not a page: it is application/pdf");
}

/// What the first page comes to that fails again and again.
fn failing(url: &str, failure: impl Fn(Url) -> Failure) -> (usize, UnreadPage) {
    let spider = spider(&format!("url = '{url}'"));
    let page = Page::from_html("http://a.example/", "");
    let mut out = Output::for_start();
    spider.start(&mut out);
    let mut asked = 0;
    loop {
        let (step, url) = (out.steps().remove(0), out.requests()[0].url.clone());
        asked += 1;
        out = Output::for_page(&page);
        spider.failed(step, &failure(url), &mut out).expect("it is told");
        if let [record] = out.records() {
            assert!(out.requests().is_empty());
            return (asked, unread(record));
        }
    }
}

#[test]
fn a_page_that_is_refused_in_every_way_is_told_once() {
    let (asked, unread) = failing("http://a.example/", |url| Failure::status(StatusCode::FORBIDDEN, url));
    assert_eq!((asked, unread.tried.len()), (3, 3));
    assert_eq!(unread.to_string(), "This page answered 403 to every way of asking");
    let (asked, unread) = failing("http://a.example/", |url| Failure::status(StatusCode::NOT_FOUND, url));
    assert_eq!((asked, unread.to_string().as_str()), (1, "This page answered 404"));
}

#[test]
fn a_page_without_a_scheme_is_looked_for_in_four_places() {
    let nobody = |url: Url| Failure::new(FailureKind::Connect, url, "nobody listens");
    let (asked, unread) = failing("a.example", nobody);
    assert_eq!((asked, unread.url.as_str()), (4, "http://www.a.example/"));
    assert_eq!(unread.to_string(), "This page cannot be had in any way of asking; at last: nobody listens");
    let (asked, unread) = failing("a.example", |url| Failure::new(FailureKind::TlsCertExpired, url, "it has ended"));
    assert_eq!((asked, unread.to_string().as_str()), (1, "This page cannot be had: it has ended"));
}

#[test]
fn a_picture_that_is_too_large_for_a_page_is_a_picture() {
    let spider = spider("url = 'http://a.example/x.png'");
    let mut out = Output::for_page(&Page::from_html("http://a.example/x.png", ""));
    let failure = Failure::new(FailureKind::TooLarge, url("http://a.example/x.png"), "too large");
    spider.failed(visit("http://a.example/x.png"), &failure, &mut out).expect("it is told");
    assert_eq!(best(&out), ["http://a.example/x.png"]);
}

#[test]
fn it_looks_like_the_browser_whose_verdicts_it_asks_for() {
    let settings: toml::Table = toml::from_str(PageImages::SETTINGS).expect("TOML");
    let agent = settings["middlewares"]["headers"]["default"]["user-agent"].as_str();
    assert_eq!(agent, Some(dragline_images::hotlink::USER_AGENT));
}
