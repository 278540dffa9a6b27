//! What servers should not do, by the rows H01 to H22: each is a failure with a name, or an answer that is whole, and
//! never a part of one.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use dragline_replica::faults::Faults;
use dragline_tests::faulty::{
    asked, crawl_list, crawl_site, expect_all, expect_urls, faults, faults_of, fetch, fetch_with, serve,
};
use dragline_tests::{Ended, Scene, dragline};

const MIB: u64 = 1024 * 1024;

/// The pages of a crawl, by their path, with their titles.
fn titles(ended: &Ended) -> BTreeMap<String, String> {
    let title = |item: &serde_json::Value| {
        let url: url::Url = item["url"].as_str().expect("a URL").parse().expect("a URL");
        let path = url[url::Position::BeforePath..].to_owned();
        (path, item["title"].as_str().unwrap_or_default().to_owned())
    };
    ended.items.iter().map(title).collect()
}

/// A page of links.
fn hub(faults: &Faults, links: &[&str]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(links.iter().map(|link| ("link", link)))
        .finish();
    faults.at(&format!("/html?title=Hub&{query}"))
}

/// Arguments that make the binary trust the server's names under `https`.
fn trusting(faults: &Faults, scene: &Scene) -> Vec<String> {
    std::fs::write(scene.path("root.pem"), faults.root_certificate()).expect("a file");
    vec!["-s".to_owned(), format!("tls.roots=[{:?}]", scene.path("root.pem").display().to_string())]
}

/// The most memory that a crawl of one page takes, in bytes.
fn least_memory(faults: &Faults) -> u64 {
    crawl_list(&Scene::new(), &[faults.at("/ok/1")], &[]).count("memusage/max")
}

#[test]
fn h01_a_body_that_ends_early_is_no_page() {
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            ("/length/200/send/100", "incomplete_body"),
            ("/length/200/send/100/cut", "incomplete_body"),
            ("/length/200/send/100/rst", "incomplete_body"),
            ("/length/200/send/100/hold", "timeout.idle"),
            ("/length/200/send/0", "incomplete_body"),
            ("/length/200/send/200", "200"),
        ],
    );
    // it is asked for twice more, is no item, and no cache has kept it
    let scene = Scene::new();
    let more = ["-s", "middlewares.retry.times=2", "-s", "middlewares.cache.mode=everything"];
    for run in 1..=2 {
        let ended = crawl_site(&scene, &hub(&faults, &["/length/300/send/100", "/flaky/1/cut"]), &more);
        ended.expect_code(0);
        let titles = titles(&ended);
        assert_eq!(titles.len(), 2, "{titles:?}");
        assert_eq!((ended.count("requests/failed_count/incomplete_body"), ended.count("requests/failed")), (1, 1));
        assert_eq!(asked(&faults, "127")["/length/300/send/100"], 3 * run);
        assert_eq!(asked(&faults, "127")["/flaky/1/cut"], 2, "what came whole is kept");
    }
}

#[test]
fn h02_a_connection_that_dies_is_no_end_and_one_that_is_closed_is() {
    let (faults, scene) = (faults(), Scene::new());
    expect_all(
        &faults,
        &[],
        &[
            ("/no-length/100/close", "200"),
            ("/no-length/100/rst", "incomplete_body"),
            ("/reset/body", "incomplete_body"),
            ("/reset/head", "incomplete_body"),
        ],
    );
    let trusting = trusting(&faults, &scene);
    let arguments: Vec<&str> = trusting.iter().map(String::as_str).collect();
    let (cut, closed) = (faults.https_host("no-close-notify"), faults.https_host("a") + "no-length/100/close");
    expect_urls(&arguments, &[(cut, "incomplete_body"), (closed, "200")]);
}

#[test]
fn h03_chunks_that_break_the_rules_are_no_body() {
    let faults = faults();
    expect_all(
        &faults,
        &["-s", "download.max_body=4 MiB"],
        &[
            ("/chunked/whole", "200"),
            ("/chunked/trailers", "200"),
            ("/chunked/extension", "200"),
            ("/chunked/one-byte/1000", "200"),
            ("/chunked/no-last", "incomplete_body"),
            ("/chunked/cut-chunk", "incomplete_body"),
            ("/chunked/rst", "incomplete_body"),
            ("/chunked/bad-hex", "bad_framing"),
            ("/chunked/negative", "bad_framing"),
            ("/chunked/prefix", "bad_framing"),
            ("/chunked/overflow", "bad_framing"),
            ("/chunked/no-end-of-chunk", "bad_framing"),
            // the size could be one; what is said to come does not
            ("/chunked/huge-size", "timeout.idle"),
            ("/chunked/long-extension", "bad_framing"),
            ("/chunked/endless-extension", "bad_framing"),
            ("/chunked/endless-trailers", "bad_framing"),
            ("/chunked/endless", "too_large"),
        ],
    );
}

#[test]
fn h04_a_head_in_doubt_is_refused() {
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            // RFC 9112, section 6.3: the coding counts
            ("/framing/te-and-cl", "200"),
            ("/framing/te-unknown", "bad_framing"),
            ("/framing/te-twice", "200"),
            ("/framing/two-lengths", "bad_framing"),
            ("/framing/length-list", "bad_framing"),
            ("/framing/same-lengths", "200"),
            ("/framing/plus-length", "bad_framing"),
            ("/framing/minus-length", "bad_framing"),
            ("/framing/hex-length", "bad_framing"),
            ("/framing/empty-length", "bad_framing"),
            ("/framing/huge-length", "bad_framing"),
            ("/framing/obs-fold", "bad_framing"),
            ("/framing/folded-length", "bad_framing"),
            ("/framing/space-before-colon", "bad_framing"),
            // RFC 9112, section 2.2: a recipient may take it for the end of a line
            ("/framing/bare-lf", "200"),
            ("/framing/bare-cr", "bad_framing"),
            ("/framing/nul", "bad_framing"),
            ("/framing/high-bytes", "200"),
            ("/framing/no-colon", "bad_framing"),
            ("/framing/empty-name", "bad_framing"),
            ("/framing/no-status", "bad_framing"),
            ("/framing/long-status", "bad_framing"),
            ("/framing/long-reason", "head_too_large"),
            ("/framing/version", "bad_framing"),
            ("/framing/garbage", "bad_framing"),
            ("/framing/http09", "bad_framing"),
            ("/framing/empty-answer", "incomplete_body"),
            ("/framing/truncated-head", "incomplete_body"),
            ("/framing/no-empty-line", "incomplete_body"),
            ("/framing/keep-then-close", "200"),
            ("/framing/keep-then-rst", "200"),
        ],
    );
}

#[test]
fn h05_what_nobody_asked_for_is_no_answer_to_the_next_request() {
    let faults = faults();
    let poisoned = ["/framing/extra-bytes", "/framing/second-response"];
    let good: Vec<String> = (0..12).map(|number| format!("/html?title=T{number}&number={number}")).collect();
    let mut links = Vec::new();
    for (number, page) in good.iter().enumerate() {
        links.push(page.as_str());
        links.push(poisoned[number % poisoned.len()]);
    }
    // the same path twice is one request
    let links: Vec<String> =
        links.iter().enumerate().map(|(at, link)| format!("{link}{}at={at}", mark(link))).collect();
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    for concurrency in ["hosts.concurrency=1", "hosts.concurrency=4"] {
        let ended = crawl_site(&Scene::new(), &hub(&faults, &links), &["-s", concurrency]);
        ended.expect_code(0);
        let titles = titles(&ended);
        assert_eq!(titles.len(), 25, "{titles:?}\n{}", ended.stderr);
        for number in 0..12 {
            let page = titles.iter().find(|(path, _)| path.contains(&format!("title=T{number}&")));
            assert_eq!(page.expect("a page").1, &format!("T{number}"));
        }
        let lengths =
            ended.items.iter().filter(|item| item["url"].as_str().is_some_and(|url| url.contains("/framing/")));
        assert_eq!(lengths.count(), 12);
    }
    // one that comes while nothing is asked; one that comes later nobody can tell from the answer
    let links: Vec<String> = (0..4).map(|number| format!("/framing/early-response?{number}")).collect();
    let good: Vec<String> = (0..4).map(|number| format!("/html?title=T{number}")).collect();
    let links: Vec<&str> = links.iter().zip(&good).flat_map(|(early, good)| [early.as_str(), good]).collect();
    let ended = crawl_site(&Scene::new(), &hub(&faults, &links), &["-s", "hosts.delay=150ms"]);
    let titles = titles(&ended);
    for (number, page) in good.iter().enumerate() {
        assert_eq!(titles[page], format!("T{number}"));
    }
}

fn mark(link: &str) -> char {
    if link.contains('?') { '&' } else { '?' }
}

#[test]
fn h06_a_bomb_does_not_go_off() {
    let faults = faults();
    let least = least_memory(&faults);
    let bombs = ["gzip", "deflate", "br", "zstd"].map(|codec| faults.at(&format!("/bomb/{codec}/10^10")));
    for bomb in &bombs {
        let ended = crawl_list(&Scene::new(), std::slice::from_ref(bomb), &["-s", "download.max_body=32 MiB"]);
        ended.expect_code(3);
        assert_eq!(ended.count("requests/failed_count/too_large"), 1, "{bomb}: {:#}", ended.report);
        let grown = ended.count("memusage/max").saturating_sub(least);
        assert!(grown < 64 * MIB, "{bomb}: {grown} bytes more");
    }
    let window = fetch(&faults.at("/bomb/zstd-window/31/1000"), &[]);
    assert_eq!(window.kind(), "bad_encoding");
}

#[test]
fn h06_sixteen_bombs_at_once_do_not_go_off_either() {
    let faults = faults();
    let bomb = |number: usize| {
        let codec = ["gzip", "deflate", "br", "zstd"][number % 4];
        faults.at(&format!("/bomb/{codec}/10^10?number={number}"))
    };
    let bombs: Vec<String> = (0..16).map(bomb).collect();
    let together = [
        "-s",
        "hosts.concurrency=16",
        "-s",
        "hosts.begin_with=16",
        "-s",
        "hosts.per_address=0",
        "-s",
        "hosts.adaptive=false",
    ];
    let ended = crawl_list(&Scene::new(), &bombs, &[&together[..], &["-s", "download.head_timeout=20s"]].concat());
    ended.expect_code(3);
    assert_eq!(ended.count("requests/failed_count/too_large"), 16, "{:#}", ended.report);
    let most = ended.count("memusage/max");
    assert!(most < 500 * 1000 * 1000, "{most} bytes");
}

#[test]
fn h07_codings_over_each_other_end_at_three() {
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            ("/stacked/3", "200"),
            ("/stacked/3/fields", "200"),
            ("/packed/gzip+br", "200"),
            ("/stacked/4", "bad_encoding"),
            ("/stacked/4/fields", "bad_encoding"),
            ("/stacked/100", "bad_encoding"),
            ("/stacked/100/fields", "bad_encoding"),
        ],
    );
}

#[test]
fn h08_a_packed_body_is_unpacked_whole_or_not_at_all() {
    let faults = faults();
    let whole = [
        "gzip",
        "x-gzip",
        "deflate",
        "deflate-raw",
        "br",
        "zstd",
        "gzip-members",
        "capitals",
        "identity",
        "trailing-garbage",
        "not-packed",
        "twice",
    ];
    for name in whole {
        let fetched = fetch(&faults.at(&format!("/packed/{name}")), &[]);
        assert_eq!((fetched.kind(), &fetched.json["body_length"]), ("", &10_000.into()), "{name}");
    }
    expect_all(
        &faults,
        &[],
        &[
            ("/packed/gzip-truncated", "bad_encoding"),
            ("/packed/br-truncated", "bad_encoding"),
            ("/packed/zstd-truncated", "bad_encoding"),
            ("/packed/gzip-no-trailer", "bad_encoding"),
            ("/packed/gzip-bad-crc", "bad_encoding"),
            ("/packed/gzip-bad-length", "bad_encoding"),
            ("/packed/gzip-corrupt", "bad_encoding"),
            ("/packed/wrong-name", "bad_encoding"),
            ("/packed/unknown", "bad_encoding"),
            ("/packed/empty", "200"),
        ],
    );
}

#[test]
fn h09_a_body_without_end_ends_at_its_limit() {
    let faults = faults();
    expect_all(
        &faults,
        &["-s", "download.max_body=1 MiB", "-s", "download.timeout=1500ms"],
        &[
            ("/endless", "too_large"),
            ("/endless/length", "too_large"),
            ("/endless/drip/50", "timeout.total"),
            ("/drip/chunks/1000/50", "timeout.total"),
        ],
    );
}

#[test]
fn h10_what_is_over_the_limit_is_an_error_and_no_shorter_page() {
    let faults = faults();
    let limit = ["-s", "download.max_body=1 MiB"];
    expect_all(
        &faults,
        &limit,
        &[
            ("/sized-page/1048576", "200"),
            ("/sized-page/1048577", "too_large"),
            ("/no-length/1048577/close", "too_large"),
        ],
    );
    let ended = crawl_site(&Scene::new(), &hub(&faults, &["/sized-page/1048577"]), &limit);
    assert_eq!((ended.items.len(), ended.count("requests/failed_count/too_large")), (1, 1));
    assert!(ended.stderr.contains("`download.max_body` = 1.0 MiB"), "{}", ended.stderr);
}

#[test]
fn h11_each_way_of_being_slow_has_its_end() {
    let (faults, scene) = (faults(), Scene::new());
    expect_all(
        &faults,
        &["-s", "download.slow_floor=1 KiB", "-s", "download.slow_time=1s", "-s", "download.timeout=3s"],
        &[
            ("/mute", "timeout.head"),
            ("/stall/head", "timeout.head"),
            ("/drip/head/1", "timeout.head"),
            ("/stall/body/100", "timeout.slow|timeout.idle"),
            ("/drip/body/1000/50", "timeout.slow"),
            ("/drip/chunks/1000/50", "timeout.slow"),
            ("/endless/drip/20", "timeout.slow"),
            ("/wait/300", "200"),
            ("/drip/body/10/20", "200"),
        ],
    );
    expect_all(&faults, &["-s", "download.timeout=1s"], &[("/drip/body/1000/50", "timeout.total")]);
    let trusting = trusting(&faults, &scene);
    let arguments: Vec<&str> =
        trusting.iter().map(String::as_str).chain(["-s", "download.connect_timeout=800ms"]).collect();
    expect_urls(&arguments, &[(faults.https_host("tls-stall"), "timeout.connect")]);
}

#[test]
fn h12_a_head_has_its_limits() {
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            ("/head/fields/200", "200"),
            ("/head/field/200000", "200"),
            ("/head/fields/300", "head_too_large"),
            ("/head/fields/10000", "head_too_large"),
            ("/head/field/300000", "head_too_large"),
            ("/head/field/10000000", "head_too_large"),
            ("/head/name/100000", "head_too_large"),
            ("/head/endless", "head_too_large"),
            ("/head/endless-field", "head_too_large"),
            ("/head/interim/10", "200"),
            ("/head/continue/10", "200"),
            // the client does not tell how many there were: they end with the time for a head
            ("/head/endless-interim", "timeout.head"),
        ],
    );
    let least = least_memory(&faults);
    let floods = ["/head/endless", "/head/endless-field", "/head/endless-interim", "/head/field/10000000"];
    let ended = crawl_list(&Scene::new(), &floods.map(|path| faults.at(path)), &[]);
    let grown = ended.count("memusage/max").saturating_sub(least);
    assert!(ended.count("requests/failed") == 4 && grown < 32 * MIB, "{grown} bytes more: {}", ended.stderr);
}

#[test]
fn h13_http2_that_goes_wrong_is_a_failure_of_its_stream_or_works_by_http1() {
    let (faults, scene) = (faults(), Scene::new());
    let trusting = trusting(&faults, &scene);
    let arguments: Vec<&str> = trusting.iter().map(String::as_str).collect();
    let refused = "bad_framing|incomplete_body|head_too_large|timeout.head|timeout.idle|too_large|tls";
    let table = [
        ("h2-ok", "200"),
        ("h2-refuse", "200"),
        ("h2-goaway", "200"),
        ("h2-reset", refused),
        ("h2-continuation", refused),
        ("h2-empty-data", refused),
        ("h2-settings", refused),
        ("h2-ping", refused),
        ("h2-bad-hpack", refused),
        ("h2-goaway-middle", refused),
        ("h2-length", refused),
    ];
    let urls: Vec<_> = table.iter().map(|(label, expected)| (faults.https_host(label), *expected)).collect();
    expect_urls(&arguments, &urls);

    // a body in many small frames is an honest one
    let small = fetch(
        &faults.https_host("h2-small-frames"),
        &[&["--no-robots", "-s", "download.head_timeout=10s"], &arguments[..]].concat(),
    );
    assert_eq!((small.kind(), &small.json["body_length"]), ("", &6_000_000.into()), "{}", small.json);
    assert_eq!(small.json["version"], "HTTP/2");

    let floods = ["h2-continuation", "h2-empty-data", "h2-settings", "h2-ping"].map(|label| faults.https_host(label));
    let least = crawl_list(&Scene::new(), &[faults.https_host("h2-ok")], &arguments).count("memusage/max");
    let no_robots = [&["-s", "middlewares.robots.obey=false"], &arguments[..]].concat();
    let ended = crawl_list(&Scene::new(), &floods, &no_robots);
    let grown = ended.count("memusage/max").saturating_sub(least);
    assert!(ended.count("requests/failed") == 4 && grown < 32 * MIB, "{grown} bytes more: {}", ended.stderr);
}

#[test]
fn h13_many_pages_come_through_a_server_that_says_goaway() {
    let (faults, scene) = (faults(), Scene::new());
    let trusting = trusting(&faults, &scene);
    let arguments: Vec<&str> = trusting.iter().map(String::as_str).chain(["-s", "middlewares.retry.times=2"]).collect();
    for label in ["h2-goaway", "h2-refuse"] {
        let pages: Vec<String> = (0..10).map(|number| faults.https_host(label) + &number.to_string()).collect();
        let ended =
            crawl_list(&Scene::new(), &pages, &[&arguments[..], &["-s", "middlewares.robots.obey=false"]].concat());
        assert_eq!(ended.items.len(), 10, "{label}: {}{:#}", ended.stderr, ended.report);
    }
}

#[test]
fn h14_no_line_of_a_request_is_made_of_data() {
    let faults = faults();
    let body = |arguments: &[&str]| {
        let output = dragline().arg("fetch").args(arguments).arg("--no-robots").output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("text")
    };
    // a URL loses such characters, as in browsers
    let echo = body(&[&faults.at("/echo\r\nX-Injected:1\r\n?a=\r\nX-Injected:1")]);
    assert!(echo.is_empty() || !injected(&echo), "{echo}");
    let echo = body(&[&faults.at("/redirect/crlf")]);
    assert!(echo.starts_with("GET /echo?%0d%0aX-Injected") && !injected(&echo), "{echo}");
    assert_eq!(fetch(&faults.at("/redirect/bare-cr"), &["--no-robots"]).kind(), "bad_framing");
    let before = faults.log().served();
    for header in ["X-Good: a\r\nX-Injected: 1", "X-In\r\njected: 1", "X-Good: a\nX-Injected: 1", "Bad Name: 1"] {
        let refused = fetch(&faults.at("/echo"), &["-H", header]);
        assert_eq!(refused.code, 2, "{header:?}: {}", refused.json);
    }
    let refused = fetch(&faults.at("/echo"), &["-X", "GET /other HTTP/1.1\r\nX-Injected: 1\r\n\r\nGET"]);
    assert_eq!((refused.code, faults.log().served()), (2, before));
    // a cookie from a file
    let scene = Scene::new();
    let host = faults.http().ip();
    let cookies = format!(
        r#"[{{"name":"bad","value":"1\r\nX-Injected: 1","domain":"{host}","path":"/"}},
            {{"name":"good","value":"1","domain":"{host}","path":"/"}}]"#
    );
    std::fs::write(scene.path("jar.json"), cookies).expect("a file");
    let jar = scene.path("jar.json").display().to_string();
    let echo = body(&[&faults.at("/echo"), "--cookie-jar", &jar]);
    assert!(!injected(&echo), "{echo}");
}

/// Whether a request, as it came, has a field that was smuggled in.
fn injected(echo: &str) -> bool {
    echo.lines().any(|line| line.to_ascii_lowercase().starts_with("x-injected"))
}

#[test]
fn h15_a_url_is_no_longer_than_it_may_be() {
    let (address, _) = serve(|path| {
        let link = |length: usize| format!("<a href=/{}></a>", "l".repeat(length));
        let body = if path == "/" { link(1_000_000) + &link(8_300) + &link(4_000) } else { String::new() };
        ("200 OK".to_owned(), body)
    });
    let ended = crawl_site(&Scene::new(), &format!("http://{address}/"), &[]);
    assert_eq!((ended.items.len(), ended.count("urllength/request_ignored_count")), (2, 2), "{:#}", ended.report);
    assert!(ended.stderr.lines().all(|line| line.len() < 4096), "lines are cut");
    let faults = faults();
    expect_all(
        &faults,
        &[],
        &[
            ("/redirect/long/4000", "200"),
            ("/redirect/long/9000", "url_too_long"),
            ("/redirect/long/200000", "url_too_long"),
            ("/redirect/long/1000000", "head_too_large"),
            ("/redirect/long/100000000", "head_too_large"),
        ],
    );
    let long = fetch(&faults.at("/redirect/long/200000"), &["--no-robots"]);
    assert!(long.json.to_string().len() < 4096, "what is said of it is short");
}

#[test]
fn h16_pages_are_read_whatever_they_are_called_and_pictures_go_by_their_bytes() {
    let faults = faults();
    let slow = ["-s", "download.head_timeout=10s"];
    let pages = [
        "html-as-jpeg",
        "html-as-text",
        "html-as-binary",
        "none",
        "empty",
        "garbage",
        "two",
        "nosniff",
        "binary-as-html",
        "charset-lies",
        "charset-unknown",
        "utf16",
        "jpeg-as-html",
    ];
    let links = pages.map(|name| format!("/type/{name}"));
    let ended = crawl_site(&Scene::new(), &hub(&faults, &links.each_ref().map(String::as_str)), &slow);
    ended.expect_code(0);
    let titles = titles(&ended);
    assert_eq!(titles.len(), 1 + pages.len(), "{titles:?}");
    for name in
        ["html-as-jpeg", "html-as-text", "html-as-binary", "none", "empty", "garbage", "nosniff", "charset-unknown"]
    {
        assert_eq!(titles[&format!("/type/{name}")], "A page", "{name}");
    }
    assert_eq!(titles["/type/utf16"], "Grüße");

    let pictures = ["jpeg", "jpeg-as-html", "jpeg-as-png", "none-jpeg"];
    let none = ["html-as-jpeg", "nosniff", "html-as-text", "binary-as-html"];
    let images: String = pictures.iter().chain(&none).map(|name| format!("<img src=/type/{name}>")).collect();
    let page: String = url::form_urlencoded::byte_serialize(images.as_bytes()).collect();
    let arguments = ["-s", "pipelines.order=[\"images\"]", "-s", "pipelines.images.store=pictures"];
    let scene = Scene::new();
    let ended = crawl_list(&scene, &[faults.at(&format!("/html?body={page}"))], &[&slow[..], &arguments].concat());
    ended.expect_code(0);
    assert_eq!(ended.count("file_status_count/downloaded"), 4, "{:#}", ended.report);
    let stored = std::fs::read_dir(scene.path("pictures/full")).expect("a folder").flatten();
    let names: Vec<_> = stored.map(|entry| entry.path()).collect();
    assert!(names.len() == 4 && names.iter().all(|path| path.extension().is_some_and(|it| it == "jpg")), "{names:?}");
}

#[test]
fn h18_a_host_that_asks_for_time_gets_it_and_the_others_do_not_wait() {
    let faults = faults_of(20, Duration::from_millis(2));
    let asking = |path: &str| faults.host("asking") + path;
    let urls =
        [asking("retry-after/503/3?times=1"), asking("ok/1"), asking("ok/2"), asking("ok/3"), faults.host("good-1")];
    let arguments = [
        "-a",
        "follow=true",
        "-s",
        "middlewares.retry.times=2",
        "-s",
        "hosts.concurrency=1",
        "-s",
        "frontier.order=breadth-first",
    ];
    let begin = Instant::now();
    let ended = crawl_list(&Scene::new(), &urls, &arguments);
    ended.expect_code(0);
    assert!(begin.elapsed() >= Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!((ended.items.len(), ended.count("requests/failed")), (4 + 21, 0), "{:#}", ended.report);
    let log = faults.log().requests();
    let label = |host: &str| host.split('.').next().unwrap_or_default().to_owned();
    let refused = log.iter().find(|entry| entry.status == 503).expect("a refusal").order;
    let last_good = log.iter().filter(|entry| label(&entry.host) == "good-1").map(|entry| entry.order).max();
    let next =
        log.iter().filter(|entry| label(&entry.host) == "asking" && entry.order > refused).map(|entry| entry.order);
    assert!(next.min() > last_good, "the host that asked was left alone while the other was crawled");
}

#[test]
fn h18_every_form_of_retry_after_is_understood_and_none_is_obeyed_for_ever() {
    let faults = faults();
    let times = |status: u16, value: &str, least: u64, most: u64| {
        let begin = Instant::now();
        let path = format!("/retry-after/{status}/{value}?times=1");
        let more = [
            "--no-robots",
            "-s",
            "middlewares.retry.times=1",
            "-s",
            "middlewares.retry.backoff=10ms",
            "-s",
            "middlewares.retry.max_retry_after=2s",
        ];
        let fetched = fetch(&faults.at(&path), &more);
        assert_eq!(
            (fetched.outcome().as_str(), &fetched.json["requests"]),
            ("200", &2.into()),
            "{path}: {}",
            fetched.json
        );
        let took = begin.elapsed();
        let expected = Duration::from_millis(least)..Duration::from_millis(most);
        assert!(expected.contains(&took), "{path} took {took:?}");
    };
    std::thread::scope(|scope| {
        for (status, value, least, most) in [
            (429, "1", 1000, 4000),
            (503, "in:2", 900, 4000),
            (503, "0", 0, 900),
            (429, "ago:30", 0, 900),
            (429, "-5", 0, 900),
            (503, "soon", 0, 900),
            (503, "1000000000000", 2000, 5000),
            (429, "Fri,%2031%20Dec%209999%2023:59:59%20GMT", 2000, 5000),
        ] {
            scope.spawn(move || times(status, value, least, most));
        }
    });
    let given_up = fetch(
        &faults.at("/retry-after/503"),
        &["--no-robots", "-s", "middlewares.retry.times=2", "-s", "middlewares.retry.backoff=10ms"],
    );
    assert_eq!((given_up.outcome().as_str(), &given_up.json["requests"]), ("503", &3.into()));
}

#[test]
fn h20_an_answer_that_nothing_changed_is_no_page_without_the_page() {
    let (faults, scene) = (faults(), Scene::new());
    let cache = ["-s", "middlewares.cache.mode=standard"];
    for _ in 0..2 {
        let ended =
            crawl_site(&scene, &hub(&faults, &["/cache/lying-304", "/cache/etag/v1", "/length/20/send/9"]), &cache);
        ended.expect_code(0);
        assert_eq!((ended.items.len(), ended.count("requests/failed")), (2, 2), "{:#}", ended.report);
        assert_eq!(ended.count("httperror/response_ignored_status_count/304"), 1);
    }
    assert_eq!(asked(&faults, "127")["/length/20/send/9"], 2, "a part is not kept");

    // 304 for another variant than the one that is kept: the whole is asked for
    let folder = |arguments: &[&str]| {
        let mut command = dragline();
        command.current_dir(scene.path(""));
        fetch_with(command, &faults.at("/cache/other-304"), &[&["--no-robots", "--cache"], arguments].concat())
    };
    assert_eq!(folder(&[]).outcome(), "200");
    let again = folder(&[]);
    assert_eq!((again.outcome().as_str(), &again.json["body_length"]), ("200", &22.into()), "{}", again.json);
}

#[test]
fn h21_answers_without_a_body_have_none() {
    let faults = faults();
    for (path, status) in [("/framing/204-with-body", 204), ("/framing/304-with-body", 304)] {
        let fetched = fetch(&faults.at(path), &["--no-robots"]);
        assert_eq!((&fetched.json["status"], &fetched.json["body_length"]), (&status.into(), &0.into()), "{path}");
    }
    let head = fetch(&faults.at("/head-with-body"), &["--no-robots", "-X", "HEAD"]);
    assert_eq!((head.kind(), &head.json["body_length"]), ("", &0.into()), "{}", head.json);
    expect_all(&faults, &[], &[("/framing/101", "bad_framing"), ("/status/103", "200"), ("/head-with-body", "200")]);
    // what such bodies leave on the connection is no answer to the next request
    let mut links = vec!["/framing/204-with-body".to_owned(), "/framing/304-with-body".to_owned()];
    links.extend((0..6).map(|number| format!("/html?title=T{number}")));
    let links: Vec<&str> = links.iter().map(String::as_str).collect();
    let ended = crawl_site(&Scene::new(), &hub(&faults, &links), &["-s", "hosts.concurrency=1"]);
    let titles = titles(&ended);
    for number in 0..6 {
        assert_eq!(titles[&format!("/html?title=T{number}")], format!("T{number}"));
    }
}

#[test]
fn h22_nothing_is_allocated_for_a_length_that_is_only_said() {
    let faults = faults();
    let least = least_memory(&faults);
    let begin = Instant::now();
    let urls = ["/length-header/10^18", "/endless/length", "/length-header/9223372036854775807", "/chunked/huge-size"];
    let ended = crawl_list(&Scene::new(), &urls.map(|path| faults.at(path)), &[]);
    assert_eq!(
        (ended.count("requests/failed_count/too_large"), ended.count("requests/failed")),
        (3, 4),
        "{}",
        ended.stderr
    );
    let grown = ended.count("memusage/max").saturating_sub(least);
    assert!(grown < 16 * MIB, "{grown} bytes more");
    assert!(begin.elapsed() < Duration::from_secs(10), "refused from the header");
    let head = fetch(&faults.at("/length-header/10^18"), &["--no-robots", "-X", "HEAD"]);
    assert_eq!(head.kind(), "", "HEAD only asks how long it is: {}", head.json);
}
