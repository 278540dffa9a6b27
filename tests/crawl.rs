//! Whole crawls through the binary: what comes out, and what the report says.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dragline::observer::{Happening, Observer};
use dragline::{Crawl, Layers, Registry};

use dragline_replica::kodak::{self, photo, photo_url};
use dragline_replica::{books, graph};
use dragline_tests::{Album, Scene, stem};

#[test]
fn the_kodak_run_is_what_the_original_log_shows() {
    let (album, scene) = (Album::of(1374), Scene::new());
    let ended = album.crawl(&scene, &["-s", "pipelines.images.store=photos"]);
    ended.expect_code(0);
    for (name, figure) in [
        ("downloader/request_count", 1407),
        ("downloader/request_method_count/POST", 1),
        ("downloader/request_method_count/GET", 1406),
        ("downloader/response_count", 1407),
        ("downloader/response_status_count/200", 1404),
        ("downloader/response_status_count/302", 3),
        ("file_count", 1374),
        ("file_status_count/downloaded", 1374),
        ("item_scraped_count", 1374),
        ("response_received_count", 29),
        ("request_depth_max", 28),
        ("requests/scheduled", 29),
        ("requests/done", 29),
    ] {
        assert_eq!(ended.count(name), figure, "{name}");
    }
    assert_eq!(ended.report["finish_reason"], "finished");
    assert!(ended.count("memusage/max") < 100_000_000, "{}", ended.count("memusage/max"));

    // our report of how the hosts were treated is what the site saw
    let log = album.log();
    assert_eq!((log.served(), log.served_method("POST"), log.served_status(302)), (1407, 1, 3));
    let hosts = ended.report["hosts"].as_array().expect("hosts");
    assert_eq!(hosts[0]["host"], kodak::CDN);
    assert_eq!(hosts[0]["requests"], 1374);
    assert!(hosts.iter().all(|host| host["most_at_once"].as_u64() <= Some(8) && host["smallest_gap"].is_f64()));
    assert!(log.most_at_once() <= 16);
    assert!(log.connections() <= 24, "connections are kept: {}", log.connections());

    // every photograph as it was, under its name, and nothing else
    for index in 0..1374 {
        let path = scene.path(&format!("photos/full/{}.jpg", stem(&photo_url(index))));
        assert!(std::fs::read(&path).expect("a photograph") == photo(index), "photograph {index} is another");
    }
    assert_eq!(std::fs::read_dir(scene.path("photos/full")).expect("a folder").count(), 1374);
    let image = &ended.items[0]["images"][0];
    assert_eq!(image["url"], ended.items[0]["image_urls"][0]);
    let bytes = std::fs::read(scene.path("photos").join(image["path"].as_str().expect("a path"))).expect("the file");
    assert_eq!(image["size"], bytes.len());
    assert_eq!((&image["mime"], &image["status"]), (&"image/jpeg".into(), &"downloaded".into()));
    let decoded = image::load_from_memory(&bytes).expect("a picture");
    assert_eq!((&image["width"], &image["height"]), (&decoded.width().into(), &decoded.height().into()));

    // a second run has nothing to fetch but the pages
    let before = album.originals_asked();
    let ended = album.crawl(&scene, &["-s", "pipelines.images.store=photos"]);
    ended.expect_code(0);
    assert_eq!((ended.count("file_status_count/uptodate"), ended.count("file_status_count/downloaded")), (1374, 0));
    assert_eq!(album.originals_asked(), before, "no photograph was fetched again");
    // pages may settle in another order
    let again = ended.items.iter().map(|item| &item["images"][0]).find(|again| again["url"] == image["url"]);
    assert_eq!(again.expect("the same photograph")["checksum"], image["checksum"]);
}

#[test]
fn an_album_of_three_full_pages_ends_at_the_empty_fourth() {
    let (album, scene) = (Album::of(3 * kodak::PAGE), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert_eq!((ended.count("response_received_count"), ended.items.len()), (4, 144));
}

#[test]
fn an_empty_album_is_no_failure() {
    let (album, scene) = (Album::of(0), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert_eq!((ended.count("response_received_count"), ended.items.len()), (1, 0));
}

#[test]
fn a_session_that_expires_is_signed_in_again() {
    let options = kodak::Options { photos: 10 * kodak::PAGE, expire_after_pages: Some(3), ..Default::default() };
    let (album, scene) = (Album::start(options), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    let pictures: BTreeSet<&str> = ended.items.iter().filter_map(|item| item["picture"].as_str()).collect();
    assert_eq!((ended.items.len(), pictures.len()), (480, 480));
    // eleven pages, three to a session
    assert_eq!(album.log().served_method("POST"), 4);
    assert_eq!(ended.count("spider/signed_out_count"), 3);
    assert_eq!(ended.count("requests/failed"), 0);
}

#[test]
fn sessions_that_end_at_once_end_the_crawl_and_not_in_a_loop() {
    let options = kodak::Options { photos: 10, expire_after_pages: Some(0), ..Default::default() };
    let (album, scene) = (Album::start(options), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(3);
    assert_eq!(ended.count("requests/failed_count/signed_out"), 1);
    assert!(ended.stderr.contains("signed out again after 3 sign-ins"), "{}", ended.stderr);
}

#[test]
fn a_wrong_password_is_refused_with_what_the_site_said() {
    let (album, scene) = (Album::of(10), Scene::new());
    let mut arguments = album.way();
    arguments.extend(["-a", "username=demo", "-a", "password=canary-7f3a"].map(str::to_owned));
    let ended = scene.crawl("kodak-pulse", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    ended.expect_code(5);
    let said = "error: sign-in refused: The e-mail address or password is incorrect.";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary-7f3a") && !ended.report.to_string().contains("canary-7f3a"));
    assert_eq!(ended.report["finish_reason"], "sign_in_failed");
    assert_eq!(album.log().served(), 1);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_accepted() {
    let (album, scene) = (Album::of(10), Scene::new());
    let mut arguments = album.arguments();
    arguments.truncate(4);
    arguments.extend(["-a", "username=demo", "-a", "password=demo"].map(str::to_owned));
    let ended = scene.crawl("kodak-pulse", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    ended.expect_code(5);
    assert!(
        ended.stderr.contains("error: signing in failed: tls.cert.untrusted: invalid peer certificate"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.count("downloader/exception_type_count/tls.cert.untrusted"), 1, "{:#}", ended.report);
    assert_eq!(album.log().served(), 0, "the password was not sent");
}

#[test]
fn a_thousand_books_are_read_from_two_kinds_of_pages() {
    let (shop, scene) = (books::Books::start(books::Options::default()).expect("a shop"), Scene::new());
    let ended = scene.crawl("books", &["-a", &format!("url={}", shop.url())]);
    ended.expect_code(0);
    assert_eq!((ended.items.len(), ended.count("response_received_count")), (1000, 1050));
    let codes: BTreeSet<&str> = ended.items.iter().filter_map(|book| book["upc"].as_str()).collect();
    assert_eq!(codes.len(), 1000);
    let fields: Vec<&str> = ended.items[0].as_object().expect("fields").keys().map(String::as_str).collect();
    assert_eq!(fields, ["url", "title", "price", "stock", "rating", "upc", "description", "image_urls"]);
}

#[test]
fn a_site_is_walked_to_its_last_page_and_no_page_twice() {
    let options = graph::Options { pages: 700, ..Default::default() };
    let (site, scene) = (graph::Graph::start(options).expect("a graph"), Scene::new());
    let url = format!("url={}", site.url());
    let ended = scene.crawl("site", &["-a", &url]);
    ended.expect_code(0);
    let pages: BTreeSet<&str> = ended.items.iter().filter_map(|page| page["url"].as_str()).collect();
    assert_eq!((ended.items.len(), pages.len(), site.log().served()), (700, 700, 701), "and robots.txt");
    assert!(ended.count("dupefilter/filtered") > 30_000);
    assert!(
        ended
            .items
            .iter()
            .all(|page| page["title"].is_string() && page["links"].as_array().is_some_and(|links| links.len() > 40))
    );

    let near = scene.crawl("site", &["-a", &url, "-a", "max_depth=1", "-s", "frontier.order=breadth-first"]);
    near.expect_code(0);
    assert_eq!(near.count("request_depth_max"), 1);
    assert!(near.items.len() < 60, "{}", near.items.len());
}

#[test]
fn a_host_is_asked_no_faster_and_no_wider_than_it_is_said() {
    let options = graph::Options { pages: 12, ..Default::default() };
    let (site, scene) = (graph::Graph::start(options).expect("a graph"), Scene::new());
    let url = format!("url={}", site.url());
    let ended = scene.crawl("site", &["-a", &url, "-s", "hosts.delay=50ms"]);
    ended.expect_code(0);
    assert!(ended.report["hosts"][0]["smallest_gap"].as_f64() >= Some(0.049), "{}", ended.report["hosts"]);
    let ended = scene.crawl("site", &["-a", &url, "-s", "hosts.concurrency=2"]);
    assert_eq!(ended.items.len(), 12);
    assert!(site.log().most_at_once() <= 2);
}

#[test]
fn a_page_that_is_too_much_for_its_spider_costs_itself_alone() {
    let site = graph::Graph::start(graph::Options { pages: 10, ..Default::default() }).expect("a graph");
    let scene = Scene::new();
    let url = format!("url={}", site.url());
    let mut runner = Command::new(env!("CARGO_BIN_EXE_odd-runner"));
    runner.stdin(Stdio::null());
    let ended = scene.ended(&scene.of(runner, "odd", &["-a", &url]).output().expect("the runner runs"));
    ended.expect_code(0);
    assert_eq!((ended.count("requests/done"), ended.count("requests/failed")), (3, 4));
    assert_eq!((ended.count("spider_exceptions/parse_panic"), ended.count("spider_exceptions/parse_error")), (1, 3));
    assert_eq!((ended.count("links/bad_count"), ended.count("scheme/request_ignored_count")), (1, 1));
    // what was put out before an error stays; a panic takes its page along
    let mut numbers: Vec<u64> = ended.items.iter().filter_map(|item| item["number"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 2, 3, 4, 5]);
    for said in [
        "page 1 is too much\\u{1b}[2J",
        "/p/1?as=it-is",
        "step=\"Page { number: 1 }\"",
        "this page is not what it was",
        "`h1[` is no CSS selector",
        "an item of kind `nothing` must be a struct or a map",
    ] {
        assert!(ended.stderr.contains(said), "{said} in {}", ended.stderr);
    }
}

#[test]
fn many_first_requests_are_taken_as_they_are_needed() {
    let site = graph::Graph::start(graph::Options { pages: 5000, ..Default::default() }).expect("a graph");
    let scene = Scene::new();
    let mut runner = Command::new(env!("CARGO_BIN_EXE_odd-runner"));
    runner.stdin(Stdio::null());
    let url = format!("url={}", site.url());
    let ended = scene.ended(&scene.of(runner, "many", &["-a", &url, "-a", "count=2500"]).output().expect("it runs"));
    ended.expect_code(0);
    assert_eq!((ended.items.len(), ended.count("requests/scheduled")), (2500, 2500));
}

/// Counts what it is told.
#[derive(Default)]
struct Tally {
    opened: AtomicU64,
    pages: AtomicU64,
    records: AtomicU64,
    failed: AtomicU64,
    closed: Mutex<Vec<String>>,
}

impl Observer for Tally {
    fn observe(&self, happening: &Happening<'_>) {
        let count = match happening {
            Happening::Opened => &self.opened,
            Happening::Page { .. } => &self.pages,
            Happening::Record(_) => &self.records,
            Happening::Failed(_) => &self.failed,
            Happening::Closed { reason } => {
                self.closed.lock().expect("a list").push((*reason).to_owned());
                return;
            }
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_program_of_ones_own_runs_crawls_one_after_the_other_and_watches_them() {
    let replica = graph::Graph::start(graph::Options { pages: 50, ..Default::default() }).expect("a graph");
    let registry = Registry::new().spider::<site::Site>();
    let mut layers = Layers::new(dragline_cli::DEFAULTS).expect("settings");
    layers.add_argument("site", &format!("url={}", replica.url())).expect("an argument");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for _ in 0..2 {
        let tally = Arc::new(Tally::default());
        let mut crawl = Crawl::build(&registry, "site", &layers).expect("a crawl");
        crawl.observe(tally.clone());
        let report = runtime.block_on(crawl.run()).expect("a report");
        assert_eq!((report.reason, report.count("item_scraped_count"), report.progress.done), ("finished", 50, 50));
        let count = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        assert_eq!((count(&tally.opened), count(&tally.pages), count(&tally.records)), (1, 50, 50));
        assert_eq!(
            (count(&tally.failed), tally.closed.lock().expect("a list").as_slice()),
            (0, &["finished".to_owned()][..])
        );
    }
}

/// Serves pages from a function of their path, a thread for each connection, a connection for each request.
fn serve(page: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let page = Arc::new(page);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let page = page.clone();
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                lines.take_while(|line| !line.is_empty()).for_each(drop);
                let body = page(first.split(' ').nth(1).unwrap_or_default());
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                let _ = stream.write_all((head + &body).as_bytes());
            });
        }
    });
    format!("http://{address}/")
}

#[test]
fn one_slow_page_does_not_keep_back_the_other_pages_of_its_host() {
    let leaves = Arc::new((Mutex::new(0), std::sync::Condvar::new()));
    let served = leaves.clone();
    let url = serve(move |path| match path {
        "/" => "<a href=/slow></a><a href=/hub></a>".to_owned(),
        "/hub" => (0..20).map(|number| format!("<a href=/leaf/{number}></a>")).collect(),
        // answers once every leaf was asked for, which must not wait for this answer
        "/slow" => {
            let count = served.0.lock().expect("a count");
            drop(served.1.wait_while(count, |count| *count < 20).expect("a count"));
            String::new()
        }
        _ => {
            *served.0.lock().expect("a count") += 1;
            served.1.notify_all();
            String::new()
        }
    });
    let scene = Scene::new();
    let ended = scene.crawl("site", &["-a", &format!("url={url}"), "-s", "download.head_timeout=5s"]);
    ended.expect_code(0);
    assert_eq!((ended.items.len(), ended.count("downloader/exception_count")), (23, 0));
}

#[test]
fn a_password_in_a_url_is_sent_as_such_and_shown_nowhere() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let url = serve({
        let seen = seen.clone();
        move |path| {
            seen.lock().expect("a list").push(path.to_owned());
            String::new()
        }
    });
    let scene = Scene::new();
    let url = format!("url={}", url.replace("http://", "http://me:canary-5e1f@"));
    let ended = scene.crawl("site", &["-a", &url, "--log-level", "trace"]);
    ended.expect_code(0);
    assert_eq!(*seen.lock().expect("a list"), ["/robots.txt", "/"]);
    assert!(!ended.stderr.contains("canary-5e1f"), "{}", ended.stderr);
}
