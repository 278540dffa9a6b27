//! N03 and N07: connections that are refused, cut or closed, and a process that may have few of them.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use dragline_replica::faults::{Faults, Options};
use dragline_tests::names::{NameServer, Told};
use dragline_tests::network::{OWN_NAMES, Site, inside, kind, missing, page};
use dragline_tests::{Scene, dragline};
use serde_json::Value;

fn fetch(url: &str, arguments: &[&str]) -> Value {
    let mut command = dragline();
    command.args(["fetch", "--json", "-s", "middlewares.retry.backoff=10ms"]).args(arguments).arg(url);
    serde_json::from_slice(&command.output().expect("it runs").stdout).expect("JSON")
}

#[test]
fn n03_a_connection_that_is_refused_is_tried_three_times() {
    inside(|network| {
        let fetched = network.fetch("http://8.8.4.4/", &["--no-robots"]);
        assert_eq!((kind(&fetched), network.dialled()), ("connect", 3), "{fetched}");
        // nothing is asked of a host whose robots.txt cannot be had, and that is told as what it is
        assert_eq!(kind(&network.fetch("http://8.8.4.4/", &[])), "connect");
    });
}

#[test]
fn n03_a_connection_that_is_cut_is_no_whole_answer() {
    let faults = Faults::start(Options::default()).expect("the server starts");
    for path in ["/reset/head", "/reset/body"] {
        let before = faults.log().served();
        let fetched = fetch(&faults.at(path), &["--no-robots"]);
        assert_eq!(kind(&fetched), "incomplete_body", "{path}: {fetched}");
        // nothing had answered there before: no connection was idle
        assert_eq!(faults.log().served() - before, 3, "{path}");
    }
    for way in ["reset", "close", "cut"] {
        let fetched = fetch(&faults.at(&format!("/flaky/2/{way}")), &["--no-robots"]);
        assert_eq!((&fetched["status"], &fetched["requests"]), (&200.into(), &3.into()), "{fetched}");
        let fetched = fetch(&faults.at(&format!("/flaky/3/{way}?post")), &["--no-robots", "-X", "POST"]);
        assert_eq!((kind(&fetched), &fetched["requests"]), ("incomplete_body", &1.into()), "{fetched}");
    }
}

/// A server that closes each connection at its second request, before a byte of the answer: what it was asked.
fn closing() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
            for is_last in [false, true] {
                let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
                let Some(first) = head.first() else { break };
                seen.lock().expect("a list").push(first.trim_end_matches(" HTTP/1.1").to_owned());
                if !is_last {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            }
        }
    });
    (url, asked)
}

#[test]
fn n03_a_connection_that_was_idle_is_opened_anew_at_once_and_no_post_is_sent_twice() {
    let (url, asked) = closing();
    let fetched = fetch(&url, &["--robots"]);
    assert_eq!((&fetched["status"], &fetched["requests"]), (&200.into(), &2.into()), "{fetched}");
    assert_eq!(*asked.lock().expect("a list"), ["GET /robots.txt", "GET /", "GET /"]);
    let scene = Scene::new();
    let ended = scene.crawl("site", &["-a", &format!("url={url}")]);
    ended.expect_code(0);
    assert_eq!((ended.count("downloader/reconnect_count"), ended.count("retry/count")), (1, 0), "{:#}", ended.report);

    let (url, asked) = closing();
    let fetched = fetch(&url, &["--robots", "-X", "POST", "-d", "a=b"]);
    assert_eq!(kind(&fetched), "incomplete_body", "{fetched}");
    assert_eq!(*asked.lock().expect("a list"), ["GET /robots.txt", "POST /"]);
}

#[test]
fn n07_a_process_that_may_have_few_sockets_goes_slower_and_loses_nothing() {
    inside(|_| {
        let hosts = 150;
        let _names = NameServer::start(|name, _| {
            let number: u16 = name.trim_start_matches('n').trim_end_matches(".example").parse().unwrap_or(999);
            Told::At(vec![[8, 8, (number >> 8) as u8, number as u8].into()], 60)
        });
        let site = Site::start(80, move |asked| match (asked.path(), asked.host()) {
            ("/robots.txt", _) => missing(),
            (_, "start.example") => {
                page(&(0..hosts).map(|name| format!("<a href=http://n{name}.example/>x</a>")).collect::<String>())
            }
            _ => {
                // so that many are open at once
                std::thread::park_timeout(std::time::Duration::from_millis(200));
                page("here")
            }
        });
        let scene = Scene::new();
        let wide = [
            "-a",
            "url=http://start.example/",
            "-a",
            "same_host=false",
            "-s",
            "crawl.concurrency=200",
            "-s",
            "middlewares.robots.retry=[]",
        ];
        let plain = scene.command("site", &wide);
        let mut command = Command::new("prlimit");
        command.arg("--nofile=64:64").arg(plain.get_program()).args(plain.get_args()).args(OWN_NAMES);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.current_dir(plain.get_current_dir().expect("a folder")).output().expect("it runs");
        let ended = scene.ended(&output);
        ended.expect_code(0);
        assert_eq!(
            (ended.count("requests/done"), ended.count("requests/failed")),
            (hosts + 1, 0),
            "{}\n{:#}",
            ended.stderr,
            ended.report
        );
        assert_eq!(ended.items.len() as u64, hosts + 1);
        assert!(ended.count("downloader/no_sockets_count") > 0, "{:#}", ended.report);
        assert!(ended.stderr.contains("this machine has a problem"), "{}", ended.stderr);
        assert!(site.most_at_once() < 64, "{}", site.most_at_once());
    });
}
