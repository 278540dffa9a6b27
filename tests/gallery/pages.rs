//! The pages of the gallery, as a browser without a script has them.

use dragline::page::{Node, Page};
use dragline_replica::hotlink::{Hotlink, PAYLOADS};

use crate::run::Running;

fn sites() -> Hotlink {
    Hotlink::start(Default::default()).expect("the sites start")
}

/// A page of the gallery, to be asked what is on it.
fn read(gallery: &Running, path: &str) -> Page {
    let answer = gallery.visit("GET", path, &[], "");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    Page::from_html(&format!("http://{}{path}", gallery.address), &answer.text())
}

fn one<'a>(page: &'a Page, selector: &str) -> Node<'a> {
    page.css(selector).first().expect("such an element")
}

fn count(page: &Page, selector: &str) -> usize {
    page.css(selector).iter().count()
}

/// The names of the pictures that a page shows, in their order.
fn names(page: &Page) -> Vec<String> {
    page.css("#pictures > li .name").iter().map(|name| name.text()).collect()
}

/// Makes sure that nothing on a page runs, is drawn by others or tells them anything.
fn is_harmless(page: &Page, gallery: &Running) {
    let own = format!("http://{}/", gallery.address);
    let is_own = |url: &str| page.url().join(url).is_ok_and(|url| url.as_str().starts_with(&own));
    for element in page.css("*").iter() {
        for (name, value) in element.attrs() {
            assert!(!name.starts_with("on") && name != "style", "<{} {name}={value}>", element.name());
        }
        let attribute = |name| element.attr(name).unwrap_or_default();
        match element.name() {
            "script" => assert_eq!((attribute("src"), element.text().trim()), ("/assets/gallery.js", "")),
            "link" => assert!(is_own(attribute("href")), "{}", attribute("href")),
            "form" => assert!(is_own(attribute("action")), "{}", attribute("action")),
            "a" if !is_own(attribute("href")) => {
                let (href, rel) = (attribute("href"), attribute("rel"));
                assert!(rel.contains("noopener") && rel.contains("noreferrer"), "{href}: {rel}");
                assert!(href.starts_with("http://") || href.starts_with("https://"), "{href}");
            }
            "img" if !is_own(attribute("src")) => assert_eq!(attribute("referrerpolicy"), "no-referrer"),
            "style" | "base" | "iframe" | "object" | "embed" => panic!("<{}>", element.name()),
            _ => {}
        }
    }
}

#[test]
fn a_page_is_scanned_its_pictures_chosen_and_taken_by_forms_alone() {
    let (sites, gallery) = (sites(), Running::start(&[]));
    let start = read(&gallery, "/");
    assert_eq!(count(&start, "form[action='/scans'] input[name=url]"), 1);
    is_harmless(&start, &gallery);
    let place = gallery.begin(&[("url", &format!("{}kinds", sites.url())), ("css", "false"), ("css", "true")]);
    gallery.wait(&place);

    let page = read(&gallery, &place);
    is_harmless(&page, &gallery);
    assert_eq!(count(&page, "#pictures > li"), 8);
    assert_eq!(count(&page, "#pictures input[type=checkbox][name=n]"), 8);
    assert_eq!(count(&page, "meta[http-equiv]"), 0, "a scan that is over is not loaded again");
    assert_eq!(count(&page, "#pictures > li[data-type=svg] img[src^='/']"), 0, "no drawing comes from here");
    let form = one(&page, "form#selection");
    assert_eq!(form.attr("action"), Some(&*format!("{place}/zip")));

    let links = gallery.visit("GET", &format!("{place}/links.txt?n=0-1&n=3"), &[], "");
    assert_eq!(links.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(links.text().lines().filter(|line| line.starts_with(&*sites.url())).count(), 3, "{}", links.text());
    assert_eq!(gallery.visit("GET", &format!("{place}/links.txt?n=all"), &[], "").status, 400);

    let picture = read(&gallery, &format!("{place}/pictures/1"));
    is_harmless(&picture, &gallery);
    assert_eq!(count(&picture, "a[rel=prev], a[rel=next]"), 2);
    let copy = one(&picture, "a[download]").attr("href").expect("a link").to_owned();
    assert_eq!(gallery.visit("GET", &copy, &[], "").status, 200, "{copy}");
    let panel = gallery.visit("GET", &format!("{place}/pictures/1?fragment=1"), &[], "").text();
    assert!(panel.starts_with("<article") && !panel.contains("<html"), "{panel}");

    let recent = read(&gallery, "/");
    assert_eq!(count(&recent, &format!(".recent a[href='{place}']")), 1);
    let body = format!("token={}", gallery.form_token());
    let kind = ["Content-Type: application/x-www-form-urlencoded", "Origin: null"];
    assert_eq!(gallery.visit("POST", &format!("{place}/delete"), &kind, &body).status, 303);
    assert_eq!(gallery.visit("GET", &place, &[], "").status, 404);
    assert_eq!(count(&read(&gallery, "/"), ".recent"), 0);
}

#[test]
fn pictures_are_filtered_and_sorted_by_the_query_string() {
    let (sites, gallery) = (sites(), Running::start(&[]));
    let place = gallery.begin(&[("url", &format!("{}kinds", sites.url()))]);
    gallery.wait(&place);
    let shown = |query: &str| names(&read(&gallery, &format!("{place}?{query}")));
    let all = shown("");
    assert_eq!(all.len(), 8);
    let png = shown("type=png");
    assert!(png.len() == 1 && png[0].ends_with(".png"), "{png:?}");
    assert_eq!(shown("min=99999").len(), count(&read(&gallery, &place), "#pictures > li:not([data-w])"));
    let by_bytes = shown("sort=bytes");
    assert!(by_bytes.len() == 8 && by_bytes != all, "{by_bytes:?}");
    let page = read(&gallery, &format!("{place}?type=png&sort=bytes"));
    assert_eq!(count(&page, "select[name=type] option[value=png][selected]"), 1);
    assert_eq!(count(&page, "select[name=sort] option[value=bytes][selected]"), 1);
}

#[test]
fn a_scan_that_cannot_be_is_told_beside_what_was_typed_in() {
    let gallery = Running::start(&[]);
    let kind = ["Content-Type: application/x-www-form-urlencoded", "Origin: null"];
    let token = gallery.form_token();
    let sent = |fields: &str| gallery.visit("POST", "/scans", &kind, &format!("token={token}&{fields}"));
    let refused = sent("url=a.example%2F%22%3Cb%3E&min_side=huge");
    assert_eq!(refused.status, 400);
    let page = Page::from_html("http://gallery.example/", &refused.text());
    assert_eq!(one(&page, "input[name=url]").attr("value"), Some("a.example/\"<b>"));
    assert_eq!(count(&page, "input[name=min_side][value=huge][aria-invalid]"), 1);
    assert_eq!(count(&page, "#wrong"), 1, "{}", refused.text());
    assert_eq!(sent("url=").status, 400);
    assert_eq!(sent("url=a.example&proxy=b").status, 400);
}

#[test]
fn w04_hostile_texts_stay_texts_on_each_page() {
    let (sites, gallery) = (sites(), Running::start(&[]));
    let place = gallery.begin(&[("url", &format!("{}hostile", sites.url()))]);
    gallery.wait(&place);
    let page = read(&gallery, &place);
    let pictures = count(&page, "#pictures li[data-n]");
    assert!(pictures >= PAYLOADS.len(), "{pictures} pictures");
    is_harmless(&page, &gallery);
    is_harmless(&read(&gallery, "/"), &gallery);
    for number in (0..pictures).step_by(7) {
        is_harmless(&read(&gallery, &format!("{place}/pictures/{number}")), &gallery);
    }
}

#[test]
fn a_page_without_its_pictures_has_at_most_sixty_kilobytes() {
    let (sites, gallery) = (sites(), Running::start(&[]));
    let size = |path: &str| {
        let answer = gallery.visit("GET", path, &[], "");
        assert_eq!(answer.status, 200, "{path}");
        answer.body.len()
    };
    let assets: usize =
        ["gallery.css", "gallery.js", "icon.svg"].iter().map(|name| size(&format!("/assets/{name}"))).sum();
    let place = gallery.begin(&[("url", &format!("{}empty", sites.url()))]);
    gallery.wait(&place);
    let (home, results) = (assets + size("/"), assets + size(&place));
    assert!(home <= 60_000 && results <= 60_000, "{home} and {results} bytes");
}

#[test]
fn while_a_scan_runs_its_page_is_loaded_again_and_its_events_are_pieces_of_it() {
    let (sites, gallery) = (sites(), Running::start(&[]));
    let place = gallery.begin(&[("url", &format!("{}all", sites.url()))]);
    let text = gallery.visit("GET", &place, &[], "").text();
    assert!(text.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"), "{text}");
    let page = read(&gallery, &place);
    assert!(count(&page, "main[data-events]") == 1 && count(&page, "form[action$='/cancel']") == 1);
    let body = format!("token={}", gallery.form_token());
    let kind = ["Content-Type: application/x-www-form-urlencoded", "Origin: null"];
    assert_eq!(gallery.visit("POST", &format!("{place}/cancel"), &kind, &body).status, 303);
    gallery.wait(&place);
    let events = gallery.visit("GET", &format!("{place}/events?after=0"), &[], "").text();
    assert!(events.contains("event: scan\n") && events.ends_with("event: end\ndata: over\n\n"), "{events}");
    let again = read(&gallery, &place);
    assert!(count(&again, "[data-phase=ended]") == 1 && count(&again, "main[data-events]") == 0);
}

#[test]
fn what_is_not_there_is_told_in_the_frame_of_all_pages() {
    let gallery = Running::start(&[]);
    for path in ["/scans/0123456789abcdef0123456789abcdef", "/scans/x/pictures/0", "/scans/x/links.txt"] {
        let answer = gallery.visit("GET", path, &[], "");
        assert_eq!(answer.status, 404, "{path}");
        let page = Page::from_html("http://gallery.example/", &answer.text());
        assert_eq!(count(&page, "header.top + main h1"), 1, "{}", answer.text());
    }
}
