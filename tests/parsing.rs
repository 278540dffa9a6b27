//! Spiders that misbehave while they read a page, and pages that make them (FAULTS, P05 and P12).
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::io::Read as _;
use std::process::Stdio;
use std::time::Instant;

use dragline_replica::graph::{Graph, Options};
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

#[test]
fn p05_a_pattern_that_others_try_for_ever_takes_no_time() {
    let text = format!("<html><a href=\"/{}!\">x</a></html>", "a".repeat(100_000));
    let folder = Scene::new();
    let page = folder.path("page.html");
    std::fs::write(&page, text).expect("written");
    let scene = Scene::new();
    let url = format!("url=file://{}", page.display());
    let begin = Instant::now();
    let arguments = ["-a", &url, "-s", "spider.slow_parse=5s"];
    let ended = scene.ended(&scene.of(odd_runner(), "patterns", &arguments).output().expect("it runs"));
    assert_eq!(ended.count("parse/slow_count"), 0, "{}", ended.stderr);
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}
