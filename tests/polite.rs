//! How hosts are treated, by the rows B01 to B09 and by what the server saw: robots.txt before all else, no faster and no
//! wider than is said, no end without end, and good hosts that do not suffer from bad ones.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests fail by panicking, and say what they measured")]

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use dragline_replica::faults::Faults;
use dragline_replica::{Entry, HostLog};
use dragline_tests::faulty::{SHORT, asked, crawl_list, crawl_site, faults, faults_of, fetch};
use dragline_tests::{Ended, Scene, odd_runner, soak};

/// Pages of each folder of a `robots-…` host; its front page is one more.
const PAGES: usize = 4;

/// How often robots.txt may be asked for again, and how soon.
const SOON: [&str; 2] = ["-s", "middlewares.robots.retry=[\"100ms\", \"100ms\", \"100ms\"]"];

/// So much less than the sender waited may lie between two requests as the server reads them, on a busy machine.
const SHIFTED: Duration = Duration::from_millis(40);

/// What a host was asked in the order in which the requests came, by its first label.
fn in_order(faults: &Faults, label: &str) -> Vec<Entry> {
    let mut entries = faults.log().requests();
    entries.retain(|entry| entry.host.split(['.', ':']).next() == Some(label));
    entries.sort_by_key(|entry| entry.order);
    entries
}

/// How many pages of a host were asked for: its front page and public ones, and private ones.
fn pages(faults: &Faults, label: &str) -> (usize, usize) {
    let asked = asked(faults, label);
    let count = |folder: &str| asked.keys().filter(|path| path.starts_with(folder)).count();
    (count("/public/") + usize::from(asked.contains_key("/")), count("/private/"))
}

#[test]
fn a_crawl_of_which_all_is_forbidden_ends() {
    let faults = faults_of(PAGES, Duration::ZERO);
    let ended = crawl_site(&Scene::new(), &faults.host("robots-deny"), &["-s", "limits.time=20s"]);
    assert_eq!((ended.count("requests/skipped"), &ended.report["finish_reason"]), (1, &"finished".into()));
}

/// Crawls hosts by their labels, all of each.
fn crawl_hosts(faults: &Faults, labels: &[&str], arguments: &[&str]) -> Ended {
    let urls: Vec<String> = labels.iter().map(|label| faults.host(label)).collect();
    crawl_list(&Scene::new(), &urls, &[&["-a", "follow=true", "--fail-on", "never"], arguments].concat())
}

#[test]
fn b01_nothing_is_asked_while_robots_txt_cannot_be_had_and_nothing_is_lost() {
    let faults = faults_of(PAGES, Duration::ZERO);
    let never = ["robots-500", "robots-503", "robots-mute", "robots-reset", "robots-drip", "robots-cut", "robots-429"];
    let later = ["robots-flaky-2", "robots-flaky-3"];
    let labels = [&never[..], &later, &["good-1"]].concat();
    let more = ["-s", "middlewares.retry.max_retry_after=200ms"];
    let ended = crawl_hosts(&faults, &labels, &[&SOON[..], &more].concat());
    ended.expect_code(0);
    for label in never {
        let asked = asked(&faults, label);
        assert_eq!(asked.into_iter().collect::<Vec<_>>(), [("/robots.txt".to_owned(), 4)], "{label}");
    }
    assert_eq!(ended.count("requests/failed_count/robots_unreachable"), never.len() as u64, "{:#}", ended.report);
    for (label, failures) in later.iter().zip([2, 3]) {
        let entries = in_order(&faults, label);
        let robots = entries.iter().take_while(|entry| entry.path == "/robots.txt").count();
        assert_eq!(robots, failures + 1, "{label}: only then pages");
        assert_eq!((entries.len() - robots, pages(&faults, label)), (1 + PAGES, (1 + PAGES, 0)), "{label}");
    }
    assert_eq!(ended.items.len(), 3 * (1 + PAGES));
    assert_eq!(ended.count("robotstxt/forbidden"), 2 * PAGES as u64);
}

#[test]
fn b01_a_host_that_waits_for_its_robots_txt_is_there_after_the_crawl_was_stopped() {
    let faults = faults_of(PAGES, Duration::ZERO);
    let scene = Scene::new();
    let url = faults.host("robots-flaky-1");
    let job = ["--job", "job", "--fail-on", "never"];
    let waits = [&job[..], &["-s", "middlewares.robots.retry=[\"2s\"]", "-s", "limits.time=500ms"]].concat();
    let ended = crawl_site(&scene, &url, &waits);
    assert_eq!((ended.count("requests/pending"), ended.count("requests/failed")), (1, 0), "{:#}", ended.report);
    let ended = crawl_site(&scene, &url, &job);
    ended.expect_code(0);
    assert_eq!((ended.items.len(), ended.count("requests/pending")), (1 + PAGES, 0), "{:#}", ended.report);
}

#[test]
fn b01_a_host_that_is_not_there_fails_as_what_it_is() {
    let faults = faults();
    assert_eq!(fetch("http://127.0.0.1:9/", &[]).kind(), "connect");
    assert_eq!(fetch(&faults.https_host("expired"), &[]).kind(), "tls.cert.expired");
    assert_eq!(fetch("http://none.invalid/", &["-s", "dns.servers=[\"127.0.0.1:9\"]"]).kind(), "dns.nxdomain");
}

#[test]
fn b02_no_file_is_no_rule_and_too_much_is_not_none() {
    let all = (1 + PAGES, PAGES);
    let public = (1 + PAGES, 0);
    let run = |arguments: &[&str]| {
        let faults = faults_of(PAGES, Duration::ZERO);
        let labels =
            ["robots-ok", "robots-404", "robots-401", "robots-403", "robots-429", "robots-deny", "robots-empty"];
        let ended = crawl_hosts(&faults, &labels, arguments);
        (labels.map(|label| pages(&faults, label)), ended)
    };
    let (found, ended) = run(&[]);
    assert_eq!(found, [public, all, all, all, (0, 0), (0, 0), all], "{:#}", ended.report);
    for (status, count) in [(404, 1), (401, 1), (403, 1), (429, 1), (200, 3)] {
        assert_eq!(ended.count(&format!("robotstxt/response_status_count/{status}")), count, "{status}");
    }
    let forbidden = ended.count("robotstxt/forbidden");
    assert_eq!(forbidden, PAGES as u64 + 1, "{:#}", ended.report);
    let (found, ended) = run(&["-s", "middlewares.robots.allow_if_forbidden=false"]);
    assert_eq!(found, [public, all, (0, 0), (0, 0), (0, 0), (0, 0), all], "{:#}", ended.report);
    assert!(ended.stderr.contains("`middlewares.robots.allow_if_forbidden`"), "{}", ended.stderr);
    let (found, _) = run(&["-s", "middlewares.robots.obey=false"]);
    assert_eq!(found, [all; 7]);
}

#[test]
fn b03_odd_files_are_read_as_far_as_they_can_be() {
    let faults = faults_of(PAGES, Duration::ZERO);
    let (all, public) = ((1 + PAGES, PAGES), (1 + PAGES, 0));
    let table = [
        ("robots-redirect-1", public),
        ("robots-redirect-5", public),
        // more of them are no file
        ("robots-redirect-6", all),
        ("robots-redirect-loop", all),
        ("robots-redirect-away", public),
        ("robots-large", public),
        ("robots-endless", public),
        ("robots-binary", public),
        ("robots-bom", public),
        ("robots-cr", public),
        // what stands behind 512 KiB is not read
        ("robots-long-line", all),
        ("robots-html", all),
        ("robots-slow-300", public),
        ("robots-deny-agent", (0, 0)),
        ("robots-wildcards", (PAGES, 0)),
    ];
    let labels = table.map(|(label, _)| label);
    let ended = crawl_hosts(&faults, &labels, &["-s", "download.head_timeout=5s"]);
    for (label, expected) in table {
        assert_eq!(pages(&faults, label), expected, "{label}: {}", ended.stderr);
    }
    assert!(ended.count("memusage/max") < 100_000_000, "{}", ended.count("memusage/max"));
    // a file is its scheme's, host's and port's
    let (scene, trusted) = (Scene::new(), faults.root_certificate());
    std::fs::write(scene.path("root.pem"), trusted).expect("a file");
    let other = faults_of(PAGES, Duration::ZERO);
    let urls = [faults.host("robots-ok"), other.host("robots-ok"), faults.https_host("robots-ok")];
    crawl_list(&scene, &urls, &["-s", "tls.roots=[\"root.pem\"]"]).expect_code(0);
    assert_eq!(asked(&other, "robots-ok")["/robots.txt"], 1);
    // and one more for the crawl above, which was led to it
    assert_eq!(asked(&faults, "robots-ok")["/robots.txt"], 3);
}

#[test]
fn b04_robots_txt_is_asked_for_once_and_first() {
    let faults = faults_of(40, Duration::ZERO);
    let host = faults.host("robots-slow-300");
    let folder = |name: &str| (1..=40).map(|number| format!("{host}{name}/{number}")).collect::<Vec<_>>();
    let urls = [folder("public"), folder("private")].concat();
    let wide = ["-s", "hosts.concurrency=16", "-s", "hosts.begin_with=16", "-s", "hosts.per_address=0"];
    let ended = crawl_list(&Scene::new(), &urls, &wide);
    ended.expect_code(0);
    let entries = in_order(&faults, "robots-slow-300");
    assert_eq!(entries[0].path, "/robots.txt", "nothing slips by");
    assert_eq!(entries.iter().filter(|entry| entry.path == "/robots.txt").count(), 1);
    assert_eq!((entries.len(), pages(&faults, "robots-slow-300")), (41, (40, 0)));
    assert_eq!((ended.count("robotstxt/request_count"), ended.count("robotstxt/forbidden")), (1, 40));
}

#[test]
fn b05_a_delay_is_kept_as_the_server_sees_it() {
    let faults = faults_of(PAGES, Duration::ZERO);
    let labels = ["robots-delay-0p2", "robots-delay-0", "robots-delay--1", "robots-delay-86400", "robots-delay-1e99"];
    let ended = crawl_hosts(&faults, &labels, &["-s", "middlewares.robots.max_delay=2s"]);
    let hosts = hosts(&faults);
    assert_eq!(hosts["robots-delay-0p2"].requests, 1 + 1 + PAGES);
    assert!(hosts["robots-delay-0p2"].smallest_gap >= Some(Duration::from_millis(200) - SHIFTED), "{hosts:?}");
    assert_eq!(hosts["robots-delay-0p2"].most_at_once, 1);
    for label in ["robots-delay-0", "robots-delay--1"] {
        assert_eq!(pages(&faults, label), (1 + PAGES, 0), "{label}");
    }
    assert_eq!((hosts["robots-delay-86400"].requests, hosts["robots-delay-1e99"].requests), (1, 1));
    assert_eq!(ended.count("requests/failed_count/robots_delay"), 2, "{:#}", ended.report);
    assert_eq!(ended.count("robotstxt/long_delay_count"), 2);
    assert!(ended.stderr.contains("`middlewares.robots.max_delay`"), "{}", ended.stderr);
    // or as long as is waited for
    let capped = ["-s", "middlewares.robots.max_delay=100ms", "-s", "middlewares.robots.cap_delay=true"];
    let faults = faults_of(PAGES, Duration::ZERO);
    crawl_hosts(&faults, &["robots-delay-86400"], &capped).expect_code(0);
    let host = self::hosts(&faults)["robots-delay-86400"];
    assert!(host.requests == 2 + PAGES && host.smallest_gap >= Some(Duration::from_millis(100) - SHIFTED), "{host:?}");
}

/// How the server saw each host, by its first label.
fn hosts(faults: &Faults) -> BTreeMap<String, HostLog> {
    let label = |name: String| name.split(['.', ':']).next().unwrap_or_default().to_owned();
    faults.log().hosts().into_iter().map(|(name, log)| (label(name), log)).collect()
}

/// Crawls a trap with what is shipped, and a good site beside it.
fn trap(label: &str, arguments: &[&str]) -> (Ended, Duration) {
    let faults = faults_of(20, Duration::ZERO);
    let (scene, begin) = (Scene::new(), Instant::now());
    std::fs::write(scene.path("urls.txt"), [faults.host(label), faults.host("good-1")].join("\n")).expect("a list");
    let arguments = [&["-a", "file=urls.txt", "-a", "follow=true", "--log-level", "warn"], arguments].concat();
    let ended = scene.ended(&scene.of(odd_runner(), "listed", &arguments).output().expect("the runner runs"));
    let took = begin.elapsed();
    ended.expect_code(0);
    assert!(took < Duration::from_secs(60), "{label} took {took:?}");
    let pages = ended.count("response_received_count");
    assert!(pages < 50_000, "{label}: {pages} pages");
    let good = in_order(&faults, "good-1");
    assert_eq!(good.iter().filter(|entry| entry.status == 200).count(), 21, "{label}: the good site loses nothing");
    println!("{label}: {pages} pages in {took:?}");
    (ended, took)
}

#[test]
fn b06_sites_without_end_end() {
    let (deep, _) = trap("trap-deep", &[]);
    assert!(deep.count("traps/repeats_count") > 0 && deep.count("response_received_count") < 100, "{:#}", deep.report);
    let (sessions, _) = trap("trap-sessions", &[]);
    assert!(sessions.count("traps/queries_count") > 0, "{:#}", sessions.report);
    assert!(sessions.count("response_received_count") < 2_000, "{:#}", sessions.report);
    let (redirects, _) = trap("trap-redirects", &["--fail-on", "never"]);
    assert_eq!(redirects.count("requests/failed_count/too_many_redirects"), 1, "{:#}", redirects.report);
}

/// A tenth of what is shipped, for sites that reach their limit only after very many pages; all of it with `--soak`.
fn a_tenth(limit: &'static str) -> Vec<&'static str> {
    if soak() { Vec::new() } else { vec!["-s", limit] }
}

#[test]
fn b06_a_calendar_without_end_ends() {
    let (calendar, _) = trap("trap-calendar", &a_tenth("traps.hops=1000"));
    assert!(calendar.count("traps/hops_count") > 0, "{:#}", calendar.report);
    assert!(calendar.count("response_received_count") <= 20_100, "{:#}", calendar.report);
}

#[test]
fn b06_a_list_by_every_combination_of_what_it_has_ends() {
    let (facets, _) = trap("trap-facets", &a_tenth("traps.pages_per_host=5000"));
    let pages = facets.count("response_received_count");
    assert!(soak() || (facets.count("traps/pages_per_host_count") > 0 && pages <= 5_000 + 21), "{:#}", facets.report);
}

#[test]
fn b06_a_site_of_ever_more_hosts_ends() {
    let (hosts, _) = trap("trap-subdomains", &[]);
    assert!(hosts.count("traps/hosts_per_domain_count") > 0, "{:#}", hosts.report);
    assert!(hosts.count("response_received_count") <= 1_100, "{:#}", hosts.report);
}

#[test]
fn b07_one_page_under_endless_urls_is_parked() {
    let (same, _) = trap("trap-same", &[]);
    assert!(same.count("traps/same_body_count") > 0, "{:#}", same.report);
    assert!(same.count("response_received_count") < 5_000, "{:#}", same.report);
}

#[test]
fn b09_a_link_farm_is_cut() {
    let (farm, _) = trap("trap-farm", &[]);
    assert_eq!(farm.count("links/over_limit_count"), 90_000, "{:#}", farm.report);
    assert_eq!(farm.count("response_received_count"), 1 + 10_000 + 21, "{:#}", farm.report);
    assert!(farm.count("memusage/max") < 200_000_000, "{:#}", farm.report);
}

#[test]
fn no_trap_is_looked_for_where_none_is_feared() {
    let (deep, _) = trap("trap-deep", &["--no-traps", "-s", "limits.pages=150", "-s", "crawl.concurrency=2"]);
    assert!(deep.count("response_received_count") >= 150, "{:#}", deep.report);
}

#[test]
fn politeness_is_what_the_server_saw() {
    let faults = faults_of(10, Duration::from_millis(10));
    let scene = Scene::new();
    let rules = r#"
        [hosts]
        concurrency = 6
        per_address = 0
        [hosts."good-jitter.localhost"]
        delay = "150ms"
        jitter = 0.5
        [hosts."*-narrow.localhost"]
        concurrency = 2
        [hosts."good-rate.localhost"]
        rate = "8/s"
        [hosts."good-delayed.localhost"]
        delay = "150ms"
    "#;
    std::fs::write(scene.path("hosts.toml"), rules).expect("a file");
    let labels = ["good-delayed", "good-jitter", "good-narrow", "good-rate", "good-wide", "robots-delay-0p2"];
    let urls = labels.map(|label| faults.host(label));
    let ended = crawl_list(&scene, &urls, &["-a", "follow=true", "--config", "hosts.toml"]);
    ended.expect_code(0);
    let seen = hosts(&faults);
    let gap = |label: &str| seen[label].smallest_gap.expect("two requests") + SHIFTED;
    for (label, least) in [("good-delayed", 150), ("good-jitter", 75), ("good-rate", 125), ("robots-delay-0p2", 200)] {
        assert!(gap(label) >= Duration::from_millis(least), "{label}: {seen:?}");
    }
    assert!(gap("good-jitter") < Duration::from_millis(150) + SHIFTED, "it varies: {seen:?}");
    assert!(seen["good-narrow"].most_at_once <= 2 && seen["good-wide"].most_at_once <= 6, "{seen:?}");
    assert!(seen["good-wide"].most_at_once > 2, "{seen:?}");
    // our own report tells the same
    for host in ended.report["hosts"].as_array().expect("hosts") {
        let label = host["host"].as_str().and_then(|host| host.split('.').next()).expect("a host");
        let seen = seen[label];
        assert_eq!(host["requests"], seen.requests, "{label}");
        let ours = host["most_at_once"].as_u64().expect("a number");
        assert!(ours >= seen.most_at_once as u64, "{label}: {ours} of {}", seen.most_at_once);
        let least = Duration::from_secs_f64(host["smallest_gap"].as_f64().expect("a time"));
        assert!(seen.smallest_gap.expect("a gap") + SHIFTED >= least, "{label}: {least:?} of {:?}", seen.smallest_gap);
    }
}

#[test]
fn b08_hosts_at_one_address_share_what_it_may_have() {
    let faults = faults_of(10, Duration::from_millis(10));
    let labels: Vec<String> = (0..6).map(|number| format!("good-{number}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let ended = crawl_hosts(&faults, &labels, &["-s", "hosts.per_address=3"]);
    assert_eq!(ended.items.len(), 6 * 11);
    // the address is known only when the first answer of each host has come
    let most = faults.log().most_at_once();
    assert!(most <= 3 + 6, "{most}");
    let faults = faults_of(10, Duration::from_millis(10));
    let urls: Vec<String> = labels.iter().map(|label| faults.host(label)).collect();
    crawl_list(&Scene::new(), &urls, &["-a", "follow=true", "-s", "crawl.concurrency=4"]).expect_code(0);
    assert!(faults.log().most_at_once() <= 4, "{}", faults.log().most_at_once());
}

/// Crawls good hosts, and bad ones before and among them: the items, and how long it took until the last good page.
fn many_hosts(bad: &[String]) -> (Ended, Duration) {
    const GOOD: usize = 184;
    let faults = faults_of(10, Duration::from_millis(20));
    let scene = Scene::new();
    let mut urls: Vec<String> = (0..GOOD).map(|number| faults.host(&format!("good-{number}"))).collect();
    for (at, label) in bad.iter().enumerate() {
        urls.insert(2 * at, faults.host(label));
    }
    std::fs::write(scene.path("urls.txt"), urls.join("\n")).expect("a list");
    let more =
        ["-a", "file=urls.txt", "-a", "follow=true", "-s", "hosts.per_address=0", "-s", "crawl.lend_after=100ms"];
    let limits = ["-s", "download.head_timeout=3s", "-s", "download.max_body=4 MiB"];
    let mut command = scene.of(odd_runner(), "listed", &[&SHORT[..], &more, &limits].concat());
    let crawl = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the runner runs");
    // robots.txt, the front page and the pages of each
    let whole = GOOD * 12;
    let good = || {
        let hosts = faults.log().hosts();
        hosts.iter().filter(|(name, _)| name.starts_with("good-")).map(|(_, log)| log.requests).sum::<usize>()
    };
    dragline_tests::wait_until("the first good page", || good() > 0);
    let begin = Instant::now();
    dragline_tests::wait_until("the last good page", || good() >= whole);
    let took = begin.elapsed();
    let ended = scene.ended(&crawl.wait_with_output().expect("the crawl ends"));
    ended.expect_code(0);
    let items =
        ended.items.iter().filter(|item| item["url"].as_str().is_some_and(|url| url.starts_with("http://good-")));
    assert_eq!(items.count(), GOOD * 11, "no good page is lost");
    (ended, took)
}

#[test]
fn sixteen_hostile_hosts_do_not_hold_up_the_good_ones() {
    let bad: Vec<String> =
        (0..16).map(|number| format!("{}-{number}", ["slow", "endless", "reset", "mute"][number % 4])).collect();
    let (mut alone, mut among) = (Duration::MAX, Duration::MAX);
    // the best of a few: what else the machine does costs a run, and who holds up the others holds up every one
    for _ in 0..4 {
        alone = alone.min(many_hosts(&[]).1);
        let (ended, took) = many_hosts(&bad);
        assert_eq!(ended.count("requests/failed"), 16, "{:#}", ended.report);
        among = among.min(took);
        if among.as_secs_f64() < 1.25 * alone.as_secs_f64() {
            break;
        }
    }
    let lost = among.as_secs_f64() / alone.as_secs_f64() - 1.0;
    println!("good hosts alone: {alone:?}, among bad ones: {among:?}, {:.1} % longer", 100.0 * lost);
    assert!(lost < 0.25, "{alone:?} alone, {among:?} among hostile ones");
}
