//! What a site is told beside the URL: cookies from a file, from its own answers and from redirects; the page that led to it.
#![expect(clippy::expect_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use dragline_tests::Scene;

/// The header lines that came with each path.
type Heads = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

/// Serves status line, headers and body by path, and remembers what it was asked with.
fn serve(answer: impl Fn(&str) -> (&'static str, &'static str) + Send + 'static) -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let heads = Heads::default();
    let seen = heads.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
            let path = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())).unwrap_or_default();
            let (head, body) = answer(&path);
            let told = lines.take_while(|line| !line.is_empty()).collect();
            seen.lock().expect("heads").insert(path, told);
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, heads)
}

/// What a path was told under this name.
fn told(heads: &Heads, path: &str, name: &str) -> Option<String> {
    let heads = heads.lock().expect("heads");
    let told = heads.get(path).expect("the path was asked for");
    let value =
        |line: &String| Some(line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name))?.1.to_owned());
    told.iter().find_map(value)
}

#[test]
fn cookies_and_referrers_follow_the_crawl_through_pages_and_redirects() {
    let (url, heads) = serve(|path| match path {
        "/" => (
            "200 OK\r\nSet-Cookie: first=canary-1\r\nSet-Cookie: deep=2; Path=/sub\r\nSet-Cookie: evil=1; Domain=com\r\n\
             Referrer-Policy: origin",
            "<a href=/moved></a><a href=/sub/x></a>",
        ),
        "/moved" => ("302 Found\r\nLocation: /target\r\nSet-Cookie: hop=3\r\nReferrer-Policy: no-referrer", ""),
        _ => ("200 OK", ""),
    });
    let scene = Scene::new();
    let file = "# Netscape HTTP Cookie File\n#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tbrought\tcanary-0\n\
                127.0.0.1\tFALSE\t/\tTRUE\t0\tsafe\tcanary-9\n";
    std::fs::write(scene.path("in.txt"), file).expect("a file");
    let arguments = ["-a", &format!("url={url}"), "--cookies", "in.txt", "--log-level", "trace"];
    let settings = ["-s", "crawl.concurrency=1", "-s", "middlewares.cookies.export=out.txt"];
    let ended = scene.crawl("site", &[&arguments[..], &settings[..]].concat());
    ended.expect_code(0);

    let cookies = |path| told(&heads, path, "cookie");
    assert_eq!(cookies("/").as_deref(), Some("brought=canary-0"));
    assert_eq!(cookies("/moved").as_deref(), Some("brought=canary-0; first=canary-1"));
    assert_eq!(cookies("/target").as_deref(), Some("brought=canary-0; first=canary-1; hop=3"));
    assert_eq!(cookies("/sub/x").as_deref(), Some("deep=2; brought=canary-0; first=canary-1; hop=3"));
    assert_eq!(ended.count("cookies/ignored_count/public_suffix"), 1);

    let referrer = |path| told(&heads, path, "referer");
    assert_eq!((referrer("/"), referrer("/target")), (None, None));
    assert_eq!((referrer("/moved"), referrer("/sub/x")), (Some(url.clone()), Some(url.clone())));

    let kept = std::fs::read_to_string(scene.path("out.txt")).expect("the export");
    assert!(kept.contains("#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\tbrought\tcanary-0\n"), "{kept}");
    assert!(kept.contains("127.0.0.1\tFALSE\t/sub\tFALSE\t0\tdeep\t2\n"), "{kept}");
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert!(!ended.report.to_string().contains("canary"), "{}", ended.report);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(scene.path("out.txt")).expect("the export").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_job_that_goes_on_is_who_it_was() {
    let (url, heads) = serve(|path| match path {
        "/" => ("200 OK\r\nSet-Cookie: session=1", "<a href=/a></a><a href=/b></a><a href=/c></a>"),
        _ => ("200 OK", ""),
    });
    let scene = Scene::new();
    let url = format!("url={url}");
    let run = |more: &[&str]| {
        scene.crawl("site", &[&["-a", &url, "--job", "job", "-s", "crawl.concurrency=1"], more].concat())
    };
    run(&["-s", "limits.pages=2"]).expect_code(0);
    heads.lock().expect("heads").clear();
    run(&[]).expect_code(0);
    let asked: Vec<String> = heads.lock().expect("heads").keys().cloned().collect();
    assert!(!asked.is_empty() && !asked.contains(&"/".to_owned()), "{asked:?}");
    for path in asked {
        assert_eq!(told(&heads, &path, "cookie").as_deref(), Some("session=1"), "{path}");
    }
}

#[test]
fn a_file_of_cookies_that_cannot_be_read_is_refused_before_any_request() {
    let scene = Scene::new();
    std::fs::write(scene.path("bad.txt"), "a.example\tcanary-7\n").expect("a file");
    for (file, what) in [("none.txt", "cannot be read"), ("bad.txt", "has 2 fields in line 1")] {
        let ended = scene.crawl("site", &["-a", "url=http://127.0.0.1:9/", "--cookies", file]);
        ended.expect_code(2);
        let said = &ended.stderr;
        assert!(said.contains("`middlewares.cookies.file`") && said.contains(what), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}
