//! S06 and S07: schemes and ports that no page leads to.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dragline_tests::network::{Site, inside, kind, missing, page, redirect};
use dragline_tests::{Scene, dragline};

/// A run of `dragline`, and the files that it opened or looked at, as strace tells; none where that is not allowed.
fn traced(mut command: Command, to: &Path) -> (Output, Option<String>) {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-e", "trace=file", "-s", "4096", "-o"]).arg(to).arg(command.get_program());
    traced.args(command.get_args()).current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    traced.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = traced.output().expect("strace runs");
    match fs::read_to_string(to).ok().filter(|text| text.contains("execve")) {
        Some(files) => (output, Some(files)),
        None => (command.output().expect("it runs"), None),
    }
}

#[test]
fn s06_a_page_leads_to_http_and_to_nothing_else() {
    inside(|network| {
        let scene = Scene::new();
        let canary = scene.path("canary");
        fs::write(&canary, "a secret").expect("written");
        let file = format!("file://{}", canary.display());
        let others = ["ftp://8.8.4.4/x", "gopher://8.8.4.4:80/_x", "jar:http://8.8.4.4/x!/y", "s3://bucket/key"];
        let more = [
            "javascript:alert(1)",
            "mailto:a@b.example",
            "view-source:http://8.8.4.4/",
            "about:blank",
            "ws://8.8.4.4/",
        ];
        let links: Vec<String> = others
            .iter()
            .chain(&more)
            .map(|link| (*link).to_owned())
            .chain([file.clone(), "data:text/html,<a>".to_owned()])
            .collect();
        let to = file.clone();
        let site = Site::start(80, move |asked| match asked.path() {
            "/robots.txt" => missing(),
            "/moved" => redirect(302, &to),
            "/refreshed" => page(&format!("<meta http-equiv=refresh content='0;url={to}'>")),
            "/" => page(&format!(
                "{}<a href=/moved></a><a href=/refreshed></a><a href=/based></a>",
                links.iter().map(|link| format!("<a href='{link}'>x</a>")).collect::<String>()
            )),
            _ => page(&format!("<base href='{to}'><a href=canary></a><a href='{to}'></a>")),
        });
        let command = network.crawl(&scene, "site", &["-a", "url=http://8.8.4.4/", "-a", "same_host=false"]);
        let (output, files) = traced(command, &scene.path("trace"));
        let ended = scene.ended(&output);
        if let Some(files) = files {
            assert!(!files.contains("/canary"), "the file was looked for");
            assert!(files.contains("stats.json"), "what is opened is seen");
        }
        // the page, the three that lead there by redirect, refresh and base, and what the base that is none leaves
        let count = |name: &str| ended.count(&format!("requests/{name}"));
        assert_eq!((count("scheduled"), count("failed_count/bad_scheme")), (5, 1), "{:#}", ended.report);
        assert_eq!((count("done"), site.pages().len(), network.dialled()), (4, 5, 6), "{:?}", site.pages());
        for way in ["moved", "refreshed"] {
            let fetched = network.fetch(&format!("http://8.8.4.4/{way}"), &[]);
            assert_ne!(fetched["body_length"], 8, "{fetched}");
            assert!(!fetched["final_url"].as_str().expect("a URL").starts_with("file:"), "{fetched}");
        }
        // the operator's own command line may
        let own = dragline().args(["fetch", &file]).output().expect("it runs");
        assert_eq!(own.stdout, b"a secret");
        for link in others.iter().filter(|link| !link.starts_with("jar:")) {
            assert_eq!(kind(&network.fetch(link, &[])), "bad_scheme", "{link}");
        }
    });
}

/// Those that browsers refuse (Fetch, section 2.9), the first and the last of each neighbourhood among them.
const PORTS: [u16; 40] = [
    1, 7, 9, 19, 21, 22, 23, 25, 37, 42, 53, 69, 79, 87, 95, 110, 111, 119, 123, 135, 139, 143, 161, 389, 427, 465,
    512, 515, 587, 636, 993, 995, 2049, 3659, 4190, 5060, 6000, 6667, 6697, 10080,
];

#[test]
fn s07_no_page_leads_to_the_port_of_another_protocol() {
    inside(|network| {
        let site = Site::start(80, |asked| match asked.path() {
            "/robots.txt" => missing(),
            path if path.starts_with("/to/") => redirect(302, &format!("http://8.8.4.4:{}/", &path[4..])),
            _ => {
                let own = [6379, 9200].iter().chain(&PORTS);
                page(&own.map(|port| format!("<a href='http://8.8.4.4:{port}/'>x</a>")).collect::<String>())
            }
        });
        let scene = Scene::new();
        let arguments =
            ["-a", "url=http://8.8.4.4/", "-a", "same_host=false", "-s", "dialer.refuse_ports=[6379, 9200]"];
        let ended = scene.ended(&network.crawl(&scene, "site", &arguments).output().expect("it runs"));
        ended.expect_code(0);
        assert_eq!(ended.count("requests/failed_count/bad_port"), PORTS.len() as u64 + 2, "{:#}", ended.report);
        assert_eq!(network.dialled(), 2, "{:?}", site.asked());
        for port in [25, 6667] {
            assert_eq!(kind(&network.fetch(&format!("http://8.8.4.4/to/{port}"), &["--robots"])), "bad_port");
        }
        assert_eq!(network.dialled(), 2 + 2 * 2);
        // the operator may, where no setting says otherwise
        let _mail = Site::start(25, |_| page("here"));
        assert_eq!(network.fetch("http://8.8.4.4:25/", &[])["status"], 200);
        assert_eq!(kind(&network.fetch("http://8.8.4.4:25/", &["-s", "dialer.refuse_ports=[25]"])), "bad_port");
    });
}
