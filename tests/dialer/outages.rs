//! N04: the network goes away in the middle of a crawl, and comes back.

use std::process::Stdio;
use std::time::Duration;

use dragline_tests::names::{NameServer, Told};
use dragline_tests::network::{Network, Site, inside, ip, missing, page};
use dragline_tests::{Scene, wait_until};

const HOSTS: u64 = 12;
const PAGES: u64 = 5;

/// A crawl of hosts with some pages each, with an outage in its midst: nothing of it is lost.
fn outlasts(network: &Network, arguments: &[&str], begin: fn(), end: fn()) {
    let _names = NameServer::start(|name, _| {
        let number: u8 = name.trim_start_matches('n').trim_end_matches(".example").parse().unwrap_or(99);
        // names are looked up again and again
        Told::At(vec![[8, 8, 4, number].into()], 0)
    });
    let site = Site::start(80, |asked| match (asked.path(), asked.host()) {
        ("/robots.txt", _) => missing(),
        (_, "start.example") => {
            page(&(0..HOSTS).map(|name| format!("<a href=http://n{name}.example/0>x</a>")).collect::<String>())
        }
        (path, _) => match path[1..].parse::<u64>() {
            Ok(number) if number + 1 < PAGES => page(&format!("<a href=/{}>next</a>", number + 1)),
            _ => page("the last"),
        },
    });
    let scene = Scene::new();
    let mut command = network.crawl(&scene, "site", &["-a", "url=http://start.example/", "-a", "same_host=false"]);
    command.args(["-s", "hosts.delay=300ms", "-s", "dns.servers=[\"9.9.9.9\"]"]).args(arguments);
    let crawl = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    wait_until("a page of every host", || site.pages().len() as u64 > HOSTS);
    begin();
    // how long it lasts is the point
    std::thread::park_timeout(Duration::from_secs(4));
    let during = site.pages().len() as u64;
    end();
    let ended = scene.ended(&crawl.wait_with_output().expect("it ends"));
    ended.expect_code(0);
    assert!(during < HOSTS * PAGES, "the crawl was in its midst: {during}");
    let (done, failed) = (ended.count("requests/done"), ended.count("requests/failed"));
    assert_eq!((done, failed), (HOSTS * PAGES + 1, 0), "{:#}\n{}", ended.report, ended.stderr);
    assert_eq!(ended.items.len() as u64, HOSTS * PAGES + 1);
    assert!(ended.stderr.contains("this machine has a problem"), "{}", ended.stderr);
}

#[test]
fn n04_no_way_to_the_network_is_waited_out() {
    inside(|network| {
        let begin = || {
            ip("route del local 0.0.0.0/0 dev lo");
            ip("-6 route del local ::/0 dev lo");
        };
        let end = || {
            ip("route add local 0.0.0.0/0 dev lo");
            ip("-6 route add local ::/0 dev lo");
        };
        outlasts(network, &[], begin, end);
    });
}

#[test]
fn n04_a_link_that_is_down_is_waited_out() {
    inside(|network| {
        // nothing comes back, and so time is all that tells
        let soon =
            ["-s", "download.connect_timeout=300ms", "-s", "download.head_timeout=300ms", "-s", "dns.timeout=300ms"];
        outlasts(network, &soon, || ip("link set lo down"), || ip("link set lo up"));
    });
}
