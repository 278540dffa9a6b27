//! `dragline crawl page-images`: what a scan is made of, without the gallery.

use std::time::{Duration, Instant};

use dragline_replica::hotlink::{Hotlink, KINDS, Options};
use dragline_replica::kodak::photo;
use dragline_tests::faulty::faults;
use dragline_tests::{Ended, Scene, signal};
use serde_json::Value;

use crate::site::{Answer, Asked, Site};

/// A picture of one pixel.
const DOT: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

fn crawl(url: &str, arguments: &[&str]) -> Ended {
    let scene = Scene::new();
    scene.crawl("page-images", &[&["-a", &format!("url={url}")], arguments].concat())
}

fn pictures(ended: &Ended) -> Vec<&Value> {
    ended.items.iter().filter(|item| item["image_urls"].is_array()).collect()
}

/// The last part of each picture's URL, in order.
fn names(ended: &Ended) -> Vec<String> {
    let url = |item: &&Value| item["image_urls"][0]["candidates"][0]["url"].as_str().unwrap_or_default().to_owned();
    let mut names: Vec<String> =
        pictures(ended).iter().map(url).map(|url| url.rsplit('/').next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names
}

/// A site with an album of everything.
fn album() -> Site {
    Site::start(|asked: &Asked| -> Answer {
        let html = |body: &str| (200, "text/html; charset=utf-8", format!("<!DOCTYPE html>{body}").into_bytes());
        match &*asked.path {
            "/" => html(
                "<title>An album</title><link rel=stylesheet href=/css/look.css><img src=1.jpg>\
                 <img src=wait.gif data-src=2.jpg><p style='background:url(3.jpg)'></p><img src=dot.gif>\
                 <img src='data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=='>\
                 <a href=/second>Second</a><a href=/third>Third</a><a href=/all.zip>All</a>",
            ),
            "/second" => html("<title>Second</title><img src=5.jpg>"),
            "/third" => html("<title>Third</title><img src=6.jpg>"),
            "/css/look.css" => (200, "text/css", b"body{background:url(4.jpg)}".to_vec()),
            "/guarded" if asked.field("user-agent").starts_with("dragline/") => html("<img src=1.jpg>"),
            "/guarded" | "/forbidden" => (403, "text/html", b"No.".to_vec()),
            "/paper" => (200, "application/pdf", b"%PDF-1.7".to_vec()),
            "/dot.gif" | "/wait.gif" => (200, "image/gif", DOT.to_vec()),
            path if path.ends_with(".jpg") => {
                let index = path.bytes().rev().nth(4).map_or(0, |digit| usize::from(digit - b'0'));
                (200, "image/jpeg", photo(index))
            }
            _ => (404, "text/html", Vec::new()),
        }
    })
}

#[test]
fn i10_each_picture_of_a_page_has_its_verdict() {
    let sites = Hotlink::start(Options::default()).expect("the sites start");
    let ended = crawl(&sites.all(), &[]);
    ended.expect_code(0);
    assert_eq!(ended.items[0]["title"], "All kinds", "the page comes before its pictures");
    let pictures = pictures(&ended);
    assert_eq!(pictures.len(), KINDS.len());
    for (kind, item) in KINDS.iter().zip(pictures) {
        let report = &item["hotlink"][0];
        assert!(item["image_urls"][0]["candidates"][0]["url"].as_str().is_some_and(|url| url.contains(kind.name)));
        assert_eq!(report["verdict"], kind.verdict, "{}: {report:#}", kind.name);
        assert!(report["probes"].as_array().is_some_and(|probes| !probes.is_empty()), "{report:#}");
    }
    let open = KINDS.iter().filter(|kind| kind.verdict == "open").count();
    assert_eq!(ended.count("hotlink/open_count"), open as u64);
}

#[test]
fn a_page_without_a_scheme_is_found_and_all_its_pictures_are_had() {
    let site = album();
    let ended = crawl(&site.bare("/"), &[]);
    ended.expect_code(0);
    let page = ended.items.iter().find(|item| item["title"] == "An album").expect("the page");
    assert_eq!((&page["url"], &page["pictures"]), (&site.url("/").into(), &5.into()));
    let all = ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "dot.gif"];
    let found = names(&ended);
    assert_eq!(found.iter().filter(|name| name.contains('.')).collect::<Vec<_>>(), all);
    assert_eq!(found.len(), all.len() + 1, "and the one that stands in the page");
    assert!(pictures(&ended).iter().all(|item| item["images"][0]["status"] == "downloaded"));
    assert!(pictures(&ended).iter().all(|item| item["hotlink"][0]["verdict"] == "open"), "{:#?}", ended.items);
    let inline = pictures(&ended).into_iter().find(|item| item["hotlink"][0]["picture"] == "data:image/gif;base64,");
    assert_eq!(inline.expect("a report")["hotlink"][0]["probes"], Value::Array(Vec::new()));
    let drawn = site.asked("/css/4.jpg");
    assert_eq!(drawn[0].field("referer"), site.url("/css/look.css"), "as browsers ask for it");
    assert!(site.asked("/1.jpg")[0].field("user-agent").starts_with("Mozilla/5.0 "));
    assert!(site.asked("/second").is_empty());
}

#[test]
fn each_option_leaves_out_what_it_says() {
    let site = album();
    let found = |arguments: &[&str]| {
        let ended = crawl(&site.url("/"), &[arguments, &["-s", "pipelines.order=['images']"]].concat());
        ended.expect_code(0);
        names(&ended).into_iter().filter(|name| name.contains('.')).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found(&["-a", "css=false"]), "1.jpg 2.jpg dot.gif");
    assert_eq!(found(&["-a", "lazy=false"]), "1.jpg 3.jpg 4.jpg dot.gif wait.gif");
    assert_eq!(found(&["-a", "depth=1", "-a", "css=false"]), "1.jpg 2.jpg 5.jpg 6.jpg dot.gif");
    assert_eq!(found(&["-a", "depth=1", "-a", "max_pages=2", "-a", "css=false"]), "1.jpg 2.jpg 5.jpg dot.gif");
    assert!(site.asked("/all.zip").is_empty(), "a file is no page");
}

#[test]
fn small_pictures_are_not_kept_nor_judged() {
    let site = album();
    let ended = crawl(&site.url("/"), &["-a", "min_side=100"]);
    ended.expect_code(0);
    for item in pictures(&ended) {
        let is_small = item["image_urls"][0]["candidates"][0]["url"].as_str().is_some_and(|url| url.contains("gif"));
        let reason = if is_small { "filtered_min_side".into() } else { Value::Null };
        assert_eq!(item["images"][0]["reason"], reason, "{item:#}");
        assert_eq!(item["hotlink"][0].is_null(), is_small, "{item:#}");
    }
    assert_eq!(site.asked("/dot.gif").len(), 1);
}

#[test]
fn a_page_that_refuses_browsers_is_had_by_a_plain_client() {
    let site = album();
    let ended = crawl(&site.url("/guarded"), &[]);
    ended.expect_code(0);
    assert_eq!(names(&ended), ["1.jpg"]);
    let asked = site.asked("/guarded");
    let referrers: Vec<&str> = asked.iter().map(|asked| asked.field("referer")).collect();
    assert_eq!(referrers, ["", &site.url("/"), ""]);
}

#[test]
fn a_page_that_refuses_everybody_says_so_once() {
    let site = album();
    let ended = crawl(&site.url("/forbidden"), &[]);
    assert_eq!(site.asked("/forbidden").len(), 3, "in each way once");
    let [item] = &ended.items[..] else { panic!("{:#?}", ended.items) };
    let unread: page_images::UnreadPage = serde_json::from_value(item.clone()).expect("a page that was not read");
    assert_eq!(unread.to_string(), "This page answered 403 to every way of asking");
    let ended = crawl(&site.url("/nothing"), &[]);
    assert_eq!((site.asked("/nothing").len(), &ended.items[0]["reason"]), (1, &"http_status".into()));
    let ended = crawl(&site.url("/paper"), &[]);
    assert_eq!(ended.items[0]["reason"], "not_a_page");
}

#[test]
fn a_picture_is_a_page_of_one() {
    let site = album();
    let ended = crawl(&site.url("/1.jpg"), &[]);
    ended.expect_code(0);
    assert_eq!((ended.items.len(), names(&ended)), (2, vec!["1.jpg".to_owned()]));
    assert_eq!(pictures(&ended)[0]["hotlink"][0]["verdict"], "open");
}

#[test]
fn a_certificate_that_is_not_right_is_told_and_not_passed_over() {
    let faults = faults();
    let url = faults.https_host("expired");
    let ended = crawl(url.trim_start_matches("https://"), &[]);
    let [item] = &ended.items[..] else { panic!("{:#?}", ended.items) };
    assert!(item["reason"].as_str().is_some_and(|reason| reason.starts_with("tls.cert.")), "{item:#}");
    assert_eq!(item["tried"].as_array().map(Vec::len), Some(1));
}

#[test]
fn some_pictures_of_a_directory_speak_for_the_others() {
    let site = Site::start(|asked: &Asked| match &*asked.path {
        "/" => {
            let pictures: String = (0..9).map(|index| format!("<img src=/a/{index}.jpg>")).collect();
            (200, "text/html", pictures.into_bytes())
        }
        "/robots.txt" => (404, "text/html", Vec::new()),
        _ if asked.field("referer").contains("localhost") => (200, "image/gif", DOT.to_vec()),
        _ => (403, "text/html", Vec::new()),
    });
    let ended = crawl(&site.url("/"), &["-s", "pipelines.hotlink.sample=2"]);
    let pictures = pictures(&ended);
    assert!(pictures.iter().all(|item| item["hotlink"][0]["verdict"] == "referer"), "{:#?}", ended.items);
    let inherited = pictures.iter().filter(|item| item["hotlink"][0]["probes"] == Value::Array(Vec::new()));
    let explanations: Vec<&str> = inherited.filter_map(|item| item["hotlink"][0]["explanation"].as_str()).collect();
    assert_eq!(explanations.len(), 7);
    let begin = format!("not asked for, but taken to be as the 2 of {} that were: its page gets it", site.url("/a/"));
    assert!(explanations.iter().all(|explanation| explanation.starts_with(&begin)), "{explanations:?}");
}

#[test]
fn headers_and_what_a_picture_looks_like_are_told_if_asked_for() {
    let site = album();
    let entry = |arguments: &[&str]| {
        let order = ["-s", "pipelines.order=['images']"];
        pictures(&crawl(&site.url("/1.jpg"), &[&order[..], arguments].concat()))[0]["images"][0].clone()
    };
    let plain = entry(&[]);
    assert!(plain["headers"].is_null() && plain["perceptual"].is_null());
    let told = entry(&["-s", "pipelines.images.headers=['*']", "-s", "pipelines.images.perceptual=true"]);
    assert_eq!(told["headers"][0], serde_json::json!(["content-type", "image/jpeg"]), "{told:#}");
    assert_eq!(told["perceptual"].as_str().map(str::len), Some(16));
}

#[test]
fn what_is_judged_when_the_crawl_is_stopped_does_not_hold_it_up() {
    let sites =
        Hotlink::start(Options { slow: Duration::from_secs(4), ..Options::default() }).expect("the sites start");
    let scene = Scene::new();
    let url = format!("url={}", sites.page("slow"));
    let mut command = scene.command("page-images", &["-a", &url]);
    let mut crawl = command.stderr(std::process::Stdio::null()).spawn().expect("the binary runs");
    // once a picture was had, its verdict is under way
    dragline_tests::wait_until("a picture is judged", || {
        let requests = sites.log().requests();
        requests.iter().filter(|asked| asked.path.ends_with("photo.jpg")).count() > 1
    });
    let begin = Instant::now();
    signal(&crawl, "INT");
    crawl.wait().expect("it ends");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
