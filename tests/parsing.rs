//! Spiders that misbehave while they read a page, and pages that make them (FAULTS, P05 and P12).
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::io::Read as _;
use std::process::Stdio;
use std::time::Instant;

use dragline_replica::graph::{Graph, Options};
use dragline_tests::faulty::serve;
use dragline_tests::{Scene, odd_runner, signal, wait_until};

fn site() -> Graph {
    Graph::start(Options { pages: 10, ..Options::default() }).expect("a graph")
}

#[test]
fn p12_a_step_that_blocks_is_said_while_it_runs_and_the_others_go_on() {
    let (site, scene) = (site(), Scene::new());
    let url = format!("url={}", site.url());
    let arguments = ["-a", &url, "-s", "spider.threads=4", "-s", "spider.slow_parse=200ms", "-s", "crawl.grace=1s"];
    let mut command = scene.of(odd_runner(), "slow", &arguments);
    let log = scene.path("log");
    let file = std::fs::File::create(&log).expect("a file");
    let mut crawl = command.stdout(Stdio::null()).stderr(file).spawn().expect("the runner runs");
    let said = || {
        let mut text = String::new();
        std::fs::File::open(&log).and_then(|mut log| log.read_to_string(&mut text)).expect("text");
        text
    };
    let slow = |number: u32| format!("/p/{number} step=\"Page {{ number: {number} }}\"");
    wait_until("a line for each step that blocks", || {
        let said = said();
        said.matches("`parse` has taken").count() >= 3 && said.contains(&slow(1)) && said.contains(&slow(2))
    });
    let items = || std::fs::read_to_string(scene.path("items.jsonl")).unwrap_or_default();
    signal(&crawl, "INT");
    let status = crawl.wait().expect("it ends");
    assert!(matches!(status.code(), Some(11 | 13)), "{status}: {}", said());
    assert_eq!(items().lines().count(), 3, "the others are read: {}", items());
    let report = std::fs::read_to_string(scene.path("stats.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["parse/slow_count"], 2, "{report:#}");
}

/// The answer for a path: a document of a type.
fn document(kind: &str, body: &str) -> (String, String) {
    (format!("200 OK\r\nContent-Type: {kind}"), body.to_owned())
}

#[test]
fn p05_a_pattern_that_others_try_for_ever_takes_no_time() {
    let page = format!("<html><a href=\"/{}!\">x</a></html>", "a".repeat(100_000));
    let (address, _) = serve(move |_| document("text/html", &page));
    let scene = Scene::new();
    let begin = Instant::now();
    let arguments = ["-a", &format!("url=http://{address}/"), "-s", "middlewares.robots.obey=false"];
    let ended = scene.ended(&scene.of(odd_runner(), "patterns", &arguments).output().expect("it runs"));
    ended.expect_code(0);
    assert_eq!((ended.items.len(), ended.count("parse/slow_count")), (1, 0), "{}", ended.stderr);
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}

const SITEMAPS: &str = "name = 'maps'\n[arguments]\nurl = {}\n[sitemaps]\nurls = '{args.url}'\n\
    rules = [{ page = 'page' }]\n[[pages.page.items]]\nkind = 'page'\nfields = { url = { page = 'url' } }\n";

#[test]
fn p03_p04_sitemaps_open_nothing_and_end() {
    let (address, heads) = serve(|path| match path {
        "/robots.txt" => document("text/plain", "User-agent: *\nDisallow:\nSitemap: /index.xml\n"),
        // an index that leads to itself, to more of its kind for ever, and to a list
        index if index.starts_with("/index") => {
            let next = index.len();
            document(
                "application/xml",
                &format!(
                    "<sitemapindex><sitemap><loc>{index}</loc></sitemap><sitemap><loc>/index{}.xml</loc></sitemap>\
                 <sitemap><loc>/list.xml</loc></sitemap></sitemapindex>",
                    "x".repeat(next)
                ),
            )
        }
        "/list.xml" => document(
            "application/xml",
            "<!DOCTYPE urlset SYSTEM '/evil.dtd' [<!ENTITY % p SYSTEM '/evil.ent'>%p;<!ENTITY f SYSTEM 'file:///etc/passwd'>\
             <!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><urlset xmlns:xi='http://www.w3.org/2001/XInclude'>\
             <url><loc>/one</loc></url><url><loc>/two&f;</loc></url><url><loc>/three&b;</loc></url>\
             <url><xi:include href='/evil.xml'/><loc>/four</loc></url></urlset>",
        ),
        _ => document("text/html", "<p>a page</p>"),
    });
    let scene = Scene::new();
    std::fs::write(scene.path("maps.toml"), SITEMAPS).expect("written");
    let ended = scene.crawl("maps.toml", &["-a", &format!("url=http://{address}/robots.txt")]);
    ended.expect_code(0);
    let mut paths: Vec<&str> =
        ended.items.iter().filter_map(|item| item["url"].as_str()?.rsplit_once('/')).map(|(_, path)| path).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["four", "one", "three", "two"], "{}", ended.stderr);
    assert_eq!(ended.count("sitemap/depth_ignored_count"), 1, "{:#}", ended.report);
    for evil in ["/evil.dtd", "/evil.ent", "/evil.xml"] {
        assert!(!heads.lock().expect("no panic").contains_key(evil), "{evil} was asked for");
    }
}
