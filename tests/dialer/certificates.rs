//! N05, N06, N08 and N09: whom TLS makes sure of, and where it must not be missing.

use std::io::{Read, Write};
use std::net::TcpListener;

use dragline_replica::faults::{Faults, Options};
use dragline_tests::network::kind;
use dragline_tests::{Album, Scene, dragline};
use serde_json::Value;

/// The server of faults, trusted.
struct Server {
    faults: Faults,
    root: tempfile::NamedTempFile,
}

impl Server {
    fn start() -> Self {
        let faults = Faults::start(Options::default()).expect("the server starts");
        let root = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(root.path(), faults.root_certificate()).expect("written");
        Self { faults, root }
    }

    fn trust(&self) -> [String; 2] {
        ["-s".to_owned(), format!("tls.roots=[{:?}]", self.root.path().display().to_string())]
    }

    fn fetch(&self, label: &str, arguments: &[&str]) -> Value {
        let mut command = dragline();
        command.args(["fetch", "--json", "--no-robots", "-s", "middlewares.retry.backoff=10ms"]).args(self.trust());
        let output = command.args(arguments).arg(self.faults.https_host(label)).output().expect("it runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

#[test]
fn n05_a_certificate_that_is_not_right_is_named_and_not_accepted() {
    let server = Server::start();
    assert_eq!(server.fetch("right", &[])["status"], 200);
    for (label, expected) in [
        ("expired", "tls.cert.expired"),
        ("not-yet", "tls.cert.not_yet_valid"),
        ("self-signed", "tls.cert.untrusted"),
        ("wrong-host", "tls.cert.wrong_host"),
        ("untrusted-root", "tls.cert.untrusted"),
        ("incomplete-chain", "tls.cert.untrusted"),
        ("tls-garbage", "tls"),
    ] {
        let fetched = server.fetch(label, &[]);
        assert_eq!(kind(&fetched), expected, "{label}: {fetched}");
        assert_eq!(fetched["requests"], 1, "{label} is what it is: {fetched}");
    }
    let fetched = server.fetch("tls-reset", &[]);
    assert!(["connect", "tls"].contains(&kind(&fetched)) && fetched["requests"] == 3, "{fetched}");
    assert_eq!(server.faults.log().served(), 1, "nothing was sent to any of them");
}

#[test]
fn n05_trust_is_given_to_single_hosts_and_counted() {
    let server = Server::start();
    let own = ["-s", "hosts.\"expired.localhost\".verify=false"];
    assert_eq!(server.fetch("expired", &own)["status"], 200);
    assert_eq!(kind(&server.fetch("self-signed", &own)), "tls.cert.untrusted");
    let (scene, trust, url) =
        (Scene::new(), server.trust(), format!("url={}ok/1", server.faults.https_host("expired")));
    let ended = scene.crawl("site", &["-a", &url, &trust[0], &trust[1], own[0], own[1]]);
    ended.expect_code(0);
    assert_eq!((ended.count("requests/done"), ended.count("tls/unverified_count")), (1, 2), "{:#}", ended.report);
}

#[test]
fn n05_a_server_that_speaks_an_old_tls_only_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // a fatal alert of TLS 1.0: protocol_version
            let _ = stream.read(&mut [0; 2000]).and_then(|_| stream.write_all(&[21, 3, 1, 0, 2, 2, 70]));
        }
    });
    let output = dragline().args(["fetch", "--json", "--no-robots", &format!("https://127.0.0.1:{port}/")]).output();
    let fetched: Value = serde_json::from_slice(&output.expect("it runs").stdout).expect("JSON");
    assert_eq!((kind(&fetched), &fetched["requests"]), ("tls", &1.into()), "{fetched}");
}

#[test]
fn n06_a_handshake_ends_in_time_whatever_the_certificate() {
    let server = Server::start();
    let fetched = server.fetch("many-sans", &[]);
    assert!(fetched["status"] == 200 || kind(&fetched).starts_with("tls"), "{fetched}");
    let once = ["-s", "download.connect_timeout=500ms", "-s", "middlewares.retry.times=0"];
    let fetched = server.fetch("tls-stall", &once);
    assert_eq!(kind(&fetched), "timeout.connect", "{fetched}");
}

#[test]
fn n08_a_page_of_https_leads_to_images_of_http() {
    let (album, scene) = (Album::of(10), Scene::new());
    let ended = album.crawl(&scene, &[]);
    ended.expect_code(0);
    assert!(
        ended.items.iter().all(|item| item["image_urls"][0].as_str().is_some_and(|url| url.starts_with("http://")))
    );
    assert_eq!(ended.count("file_status_count/downloaded"), 10);
}

#[test]
fn n09_a_signed_request_does_not_go_over_plain_http_unless_that_is_said() {
    let shop = dragline_replica::books::Books::start(dragline_replica::books::Options::default()).expect("a shop");
    let bucket = Faults::start(Options::default()).expect("the server starts");
    let crawl = |allow: &str| {
        let scene = Scene::new();
        let url = format!("url={}", shop.url());
        let mut command =
            scene.command("books", &["-a", &url, "-o", "s3://bucket/books.jsonl", "-s", "limits.items=1"]);
        command.env("AWS_ACCESS_KEY_ID", "id").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "us-east-1");
        command.env("AWS_ENDPOINT", bucket.at("")).env("AWS_ALLOW_HTTP", allow).args(["-s", "crawl.patience=0s"]);
        command.output().expect("it runs")
    };
    let output = crawl("false");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("s3://bucket/books.jsonl"), "{said}");
    assert_eq!(bucket.log().connections(), 0, "{said}");
    let _ = crawl("true");
    assert!(bucket.log().connections() > 0);
}
