//! `dragline hotlink` against sites that guard their pictures, each in its own way.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::process::Output;

use dragline_images::hotlink::MOST;
use dragline_replica::hotlink::{Hotlink, KINDS, Options, PHOTOS};
use dragline_tests::dragline;
use serde_json::Value;

/// What the command came to.
struct Judged {
    code: i32,
    reports: Vec<Value>,
    stderr: String,
}

fn start() -> Hotlink {
    Hotlink::start(Options::default()).expect("the sites start")
}

fn run(arguments: &[&str]) -> Output {
    let mut command = dragline();
    command.arg("hotlink").args(arguments).args(["-s", "hosts.delay=0s"]);
    command.output().expect("the binary runs")
}

fn judge(arguments: &[&str]) -> Judged {
    let output = run(&[arguments, &["--json"]].concat());
    let (stdout, stderr) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    let reports = stdout.expect("JSON in UTF-8");
    let reports = reports.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    Judged { code: output.status.code().expect("a code"), reports, stderr: stderr.expect("messages in UTF-8") }
}

/// A place where nobody listens.
fn closed() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}/", listener.local_addr().expect("an address"))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn probes(report: &Value) -> &Vec<Value> {
    report["probes"].as_array().expect("probes")
}

fn probe<'a>(report: &'a Value, way: &str) -> &'a Value {
    probes(report).iter().rfind(|probe| probe["way"] == way).expect("that way was asked")
}

/// The requests that a site had, by host and path.
fn asked(sites: &Hotlink) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for entry in sites.log().requests() {
        *asked.entry(format!("http://{}{}", entry.host, entry.path)).or_default() += 1;
    }
    asked
}

#[test]
fn i10_no_kind_of_site_is_judged_wrongly_and_none_is_asked_more_often_than_promised() {
    let sites = start();
    let photos: Vec<String> = KINDS.iter().map(|kind| sites.photo(kind.name, PHOTOS.plain)).collect();
    let judged = judge(&photos.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(judged.reports.len(), KINDS.len(), "{}", judged.stderr);
    assert_eq!(judged.code, 3, "some cannot be told");
    let asked = asked(&sites);
    for (kind, report) in KINDS.iter().zip(&judged.reports) {
        let photo = sites.photo(kind.name, PHOTOS.plain);
        assert_eq!((text(report, "picture"), text(report, "page")), (photo.as_str(), sites.page(kind.name).as_str()));
        assert_eq!(report["verdict"], kind.verdict, "{}: {report:#}", kind.name);
        let protected = ["referer", "user-agent", "cookie", "placeholder"].contains(&kind.verdict);
        assert_eq!(report["protected"], protected, "{report:#}");
        assert!(!text(report, "explanation").is_empty());
        let (requests, probes) = (asked[&photo], probes(report).len());
        // a redirect that leads to the picture asks for it again, and so does a connection that had been idle and is closed
        let broken = self::probes(report).iter().filter(|probe| probe["answer"] == "broken").count();
        assert!((probes..=probes + broken).contains(&requests), "{}: {requests} for {report:#}", kind.name);
        assert!(probes <= 5 && requests <= MOST, "{}: {report:#}", kind.name);
    }
    for (host, log) in sites.log().hosts() {
        assert_eq!(log.most_at_once, 1, "{host} is asked one thing at a time");
    }
    assert!(asked.keys().all(|url| !url.contains("robots.txt")), "whoever names a picture is not a crawler");
}

#[test]
fn i10_a_page_of_many_pictures_from_other_hosts_is_judged_picture_by_picture() {
    let sites = start();
    let judged = judge(&[&sites.all()]);
    let verdicts: Vec<_> = judged.reports.iter().map(|report| text(report, "verdict")).collect();
    assert_eq!(verdicts, KINDS.iter().map(|kind| kind.verdict).collect::<Vec<_>>());
    for report in &judged.reports {
        assert_eq!(text(report, "page"), sites.all());
    }
    for (host, log) in sites.log().hosts() {
        assert_eq!(log.most_at_once, 1, "{host} is asked one thing at a time");
    }
    assert_eq!(asked(&sites)[&sites.all()], 1, "the page is visited once");
}

#[test]
fn i10_every_probe_has_its_evidence() {
    let sites = start();
    let photo = |kind: &str| sites.photo(kind, PHOTOS.plain);
    let judged = judge(&[&photo("placeholder"), &photo("redirect"), &photo("referer-444"), &photo("limited")]);
    assert_eq!(judged.code, 0, "{}", judged.stderr);
    let [placeholder, redirect, closed, limited] = <&[Value; 4]>::try_from(&*judged.reports).expect("four verdicts");

    let page = probe(placeholder, "page");
    assert_eq!(
        (&page["status"], &page["mime"], &page["answer"]),
        (&200.into(), &"image/jpeg".into(), &"picture".into())
    );
    assert_eq!((&page["width"], &page["height"], &page["declared"]), (&1024.into(), &768.into(), &"image/jpeg".into()));
    assert_eq!((text(page, "sha1").len(), text(page, "final_url")), (40, photo("placeholder").as_str()));
    assert!(page["size"].as_u64() > Some(10_000) && page["resemblance"].is_null() && page["failure"].is_null());
    let foreign = probe(placeholder, "foreign");
    assert_eq!((&foreign["resemblance"], &foreign["width"]), (&"other".into(), &1024.into()), "as large, and another");
    assert_ne!(foreign["sha1"], page["sha1"]);

    let foreign = probe(redirect, "foreign");
    assert_eq!(
        (text(foreign, "final_url"), &foreign["redirects"]),
        (&*sites.photo("redirect", "blocked.jpg"), &1.into())
    );

    let foreign = probe(closed, "foreign");
    assert_eq!((&foreign["answer"], &foreign["failure"]), (&"broken".into(), &"incomplete_body".into()));
    assert!(foreign["status"].is_null() && foreign["sha1"].is_null());

    let last = probes(limited).last().expect("probes");
    assert_eq!((&last["status"], &last["retry_after"]), (&429.into(), &120.into()));
    assert!(text(limited, "explanation").contains("120 s"), "{limited:#}");
}

#[test]
fn i10_a_host_that_has_asked_for_time_is_left_alone_for_all_its_pictures() {
    let sites = start();
    let judged = judge(&[&sites.page("limited")]);
    let verdicts: Vec<_> = judged.reports.iter().map(|report| text(report, "verdict")).collect();
    assert_eq!((verdicts, judged.code), (vec!["rate-limited"; 3], 0));
    assert_eq!(sites.log().served_status(429), 1, "nothing is asked after that");
    assert!(text(&judged.reports[2], "explanation").starts_with("not asked"), "{:#}", judged.reports[2]);
}

#[test]
fn i10_the_best_of_each_picture_of_a_page_is_judged_and_its_cookies_are_those_of_the_visit() {
    let sites = start();
    let judged = judge(&[&sites.page("cookie")]);
    let pictures: Vec<_> = judged.reports.iter().map(|report| text(report, "picture").to_owned()).collect();
    let wanted = [PHOTOS.plain, PHOTOS.lazy, PHOTOS.large].map(|photo| sites.photo("cookie", photo));
    assert_eq!(pictures, wanted);
    assert!(judged.reports.iter().all(|report| report["verdict"] == "cookie"), "{:#?}", judged.reports);
    let few = judge(&[&sites.page("open"), "--max", "1"]);
    assert_eq!((few.reports.len(), few.code), (1, 0));
    assert!(few.stderr.contains("the first 1 of 3 pictures"), "{}", few.stderr);
}

#[test]
fn i10_a_page_that_is_not_the_pictures_own_is_as_foreign_as_others() {
    let sites = start();
    let judged = judge(&[&sites.photo("referer-403", PHOTOS.plain), "--page", &sites.page("open")]);
    assert_eq!((text(&judged.reports[0], "verdict"), judged.code), ("forbidden", 0));
    assert_eq!(text(&judged.reports[0], "page"), sites.page("open"));
    let judged = judge(&[&sites.photo("referer-403", PHOTOS.plain), "--page", &sites.url()]);
    assert_eq!(text(&judged.reports[0], "verdict"), "referer");
    let judged = judge(&[&sites.photo("forbidden", PHOTOS.plain)]);
    assert!(judged.stderr.contains("`--page URL` names another page"), "{}", judged.stderr);
}

#[test]
fn i10_no_verdict_comes_from_the_cache() {
    let sites = start();
    let folder = tempfile::tempdir().expect("a folder");
    let cache = format!("middlewares.cache.dir={:?}", folder.path().display().to_string());
    let photo = sites.photo("referer-403", PHOTOS.plain);
    for round in 1..=2 {
        let judged = judge(&[&photo, "-s", "middlewares.cache.mode=standard", "-s", &cache]);
        assert_eq!(text(&judged.reports[0], "verdict"), "referer", "{}", judged.stderr);
        assert_eq!(asked(&sites)[&photo], 4 * round, "the picture says that it may be kept for an hour");
    }
}

#[test]
fn robots_txt_is_asked_for_only_if_it_is_to_be_kept() {
    let sites = start();
    let photo = sites.photo("open", PHOTOS.plain);
    let robots = format!("{}robots.txt", sites.page("open"));
    assert_eq!(judge(&[&photo, "--robots"]).code, 0);
    assert_eq!(asked(&sites)[&robots], 1);
    assert_eq!(judge(&[&photo]).code, 0);
    assert_eq!(asked(&sites)[&robots], 1);
}

#[test]
fn a_person_reads_the_verdict_the_reason_and_the_evidence() {
    let sites = start();
    let output = run(&[&sites.photo("referer-page", PHOTOS.plain)]);
    let printed = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("referer ") && lines[0].ends_with("/photo.jpg"), "{printed}");
    assert!(lines[1].contains("a foreign page does not") && lines[1].contains("an HTML page"), "{printed}");
    assert_eq!(lines.len(), 6, "{printed}");
    for (line, words) in lines[2..].iter().zip([
        ["page", "1024 x 768"],
        ["foreign", "says text/html"],
        ["cookieless", "same"],
        ["bare", "not_an_image"],
    ]) {
        assert!(words.iter().all(|word| line.contains(word)), "{line}");
    }
}

#[test]
fn what_cannot_be_judged_is_said_with_its_exit_code() {
    let sites = start();
    let closed = closed();
    for (arguments, code, said) in [
        (vec!["ftp://a.example/x.jpg"], 2, "is no URL of the web"),
        (vec!["http://a.example/x.jpg", "--max", "0"], 2, "`--max 0` leaves no picture"),
        (vec!["http://a.example/x.jpg", "--page", "no page"], 2, "`no page` is no URL of the web"),
        (vec![&closed], 3, "connect: "),
    ] {
        let judged = judge(&arguments);
        assert_eq!(judged.code, code, "{arguments:?}: {}", judged.stderr);
        assert!(judged.stderr.contains(said), "{arguments:?}: {}", judged.stderr);
        assert!(judged.reports.is_empty());
    }
    // a connection that is refused for the picture is evidence
    let judged = judge(&[&format!("{closed}x.jpg")]);
    assert_eq!((text(&judged.reports[0], "verdict"), judged.code), ("unreachable", 3));
    // an address that may not be dialled is none
    let photo = sites.photo("open", PHOTOS.plain);
    let judged = judge(&[&photo, "-s", "dialer.policy=strict"]);
    assert_eq!((text(&judged.reports[0], "verdict"), judged.code), ("unknown", 3));
    assert_eq!(text(probe(&judged.reports[0], "page"), "failure"), "blocked_address");
    // nor is a picture that is too large for us
    let judged = judge(&[&photo, "--max-body", "1 KiB"]);
    assert_eq!((text(&judged.reports[0], "verdict"), judged.code), ("unknown", 3));
    assert_eq!(text(probe(&judged.reports[0], "page"), "failure"), "too_large");
}

#[test]
fn l01_no_secret_of_a_url_is_printed() {
    let sites = start();
    let photo = format!("{}?token=canary", sites.photo("open", PHOTOS.plain));
    for arguments in [vec![photo.as_str()], vec![photo.as_str(), "--json"]] {
        let output = run(&arguments);
        let printed = String::from_utf8(output.stdout).expect("text");
        assert!(printed.contains("token=***") && !printed.contains("canary"), "{printed}");
    }
}
