//! The fault server, and what the binary makes of it: one URL with `dragline fetch`, or a crawl.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dragline_replica::faults::{Faults, Options};
use serde_json::Value;

use crate::{Ended, Scene, dragline, odd_runner};

/// Short times, so that no fault takes long: what is waited for in them does not come.
pub const SHORT: [&str; 14] = [
    "-s",
    "middlewares.retry.times=0",
    "-s",
    "middlewares.robots.retry=[]",
    "-s",
    "download.head_timeout=1s",
    "-s",
    "download.idle_timeout=1s",
    "-s",
    "download.connect_timeout=2s",
    "-s",
    "download.timeout=20s",
    "-s",
    "limits.time=60s",
];

/// Fetches at once in a table of them.
const AT_ONCE: usize = 4;

/// What a fetch came to.
pub struct Fetched {
    /// The exit code.
    pub code: i32,
    /// What `--json` printed; null if it is no JSON.
    pub json: Value,
    /// What it said.
    pub stderr: String,
}

impl Fetched {
    /// The stable name of the failure; empty for a whole response.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.json["error"]["kind"].as_str().unwrap_or_default()
    }

    /// The status and the failure, as a table has them: `200`, `incomplete_body`.
    #[must_use]
    pub fn outcome(&self) -> String {
        match self.kind() {
            "" => self.json["status"].to_string(),
            kind => kind.to_owned(),
        }
    }
}

/// The fault server.
#[must_use]
pub fn faults() -> Faults {
    Faults::start(Options::default()).expect("the fault server starts")
}

/// The same with so many pages to each small site, and so long a wait before each answer.
#[must_use]
pub fn faults_of(pages: usize, latency: Duration) -> Faults {
    Faults::start(Options { pages, latency, ..Options::default() }).expect("the fault server starts")
}

/// Fetches a URL with short times; what is given after them wins.
#[must_use]
pub fn fetch(url: &str, arguments: &[&str]) -> Fetched {
    fetch_with(dragline(), url, arguments)
}

/// The same with a command that was made ready: an environment, a folder.
#[must_use]
pub fn fetch_with(mut command: Command, url: &str, arguments: &[&str]) -> Fetched {
    let output = command.args(["fetch", url, "--json"]).args(SHORT).args(arguments).output().expect("the binary runs");
    let stderr = String::from_utf8(output.stderr).expect("messages in UTF-8");
    let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal: {stderr}"));
    assert!(!stderr.contains("panicked"), "{url}: {stderr}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    let fetched = Fetched { code, json, stderr };
    // 0 is a whole response, and nothing else is
    assert!(code == 2 || (code == 0) == fetched.kind().is_empty(), "{url}: {code} with {}", fetched.json);
    fetched
}

/// Fetches each path of a table and compares what it came to: a status, or a failure. Several may be right: `200|connect`.
pub fn expect_all(faults: &Faults, arguments: &[&str], table: &[(&str, &str)]) {
    let urls: Vec<_> = table.iter().map(|(path, expected)| (faults.at(path), *expected)).collect();
    expect_urls(arguments, &urls);
}

/// The same for whole URLs.
pub fn expect_urls(arguments: &[&str], table: &[(String, &str)]) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((url, expected)) = table.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fetched = fetch(url, &[&["--no-robots"], arguments].concat());
                    let outcome = fetched.outcome();
                    if !expected.split('|').any(|expected| expected == outcome) {
                        let what = format!("{url}: {outcome}, not {expected}: {}{}", fetched.json, fetched.stderr);
                        wrong.lock().expect("a list").push(what);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("a list");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Crawls the pages of a list, with the spider `listed`.
#[must_use]
pub fn crawl_list(scene: &Scene, urls: &[String], arguments: &[&str]) -> Ended {
    std::fs::write(scene.path("urls.txt"), urls.join("\n")).expect("a list");
    let arguments = [&["-a", "file=urls.txt"], &SHORT[..], arguments].concat();
    let ended = scene.ended(&scene.of(odd_runner(), "listed", &arguments).output().expect("the runner runs"));
    comes_to_an_end(&ended, &arguments);
    ended
}

/// A crawl of the site that a URL begins, with short times.
#[must_use]
pub fn crawl_site(scene: &Scene, url: &str, arguments: &[&str]) -> Ended {
    let url = format!("url={url}");
    let ended = scene.crawl("site", &[&["-a", &url], &SHORT[..], arguments].concat());
    comes_to_an_end(&ended, arguments);
    ended
}

/// Nothing here takes as long as it may, unless a test says how long that is.
fn comes_to_an_end(ended: &Ended, arguments: &[&str]) {
    let is_meant =
        arguments.iter().rfind(|argument| argument.starts_with("limits.")).is_some_and(|it| *it != SHORT[13]);
    assert!(is_meant || ended.report["finish_reason"] != "timeout", "it hangs: {}{:#}", ended.stderr, ended.report);
}

/// How often each path of a host was asked for, by the first label of the host; the whole name where it has none.
#[must_use]
pub fn asked(faults: &Faults, label: &str) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for entry in faults.log().requests() {
        if entry.host.split(['.', ':']).next() == Some(label) {
            *asked.entry(entry.path).or_default() += 1;
        }
    }
    asked
}

/// The header lines that came with each path, the latest for each.
pub type Heads = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

/// A server that answers each path, under whatever host's name, with what a function gives for it: all that comes after
/// `HTTP/1.1 `, down to the empty line, and the body. It remembers what it was asked with.
#[must_use]
pub fn serve(answer: impl Fn(&str) -> (String, String) + Send + Sync + 'static) -> (SocketAddr, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (heads, answer) = (Heads::default(), Arc::new(answer));
    let seen = heads.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (seen, answer) = (seen.clone(), answer.clone());
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines().map_while(Result::ok);
                let path = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())).unwrap_or_default();
                let head = lines.take_while(|line| !line.is_empty()).collect();
                seen.lock().expect("heads").insert(path.clone(), head);
                let (head, body) = answer(&path);
                let length = body.len();
                let whole = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
                let _ = stream.write_all(whole.as_bytes());
            });
        }
    });
    (address, heads)
}

/// What a path was told under a name; none if it was not, and a panic if the path was never asked for.
#[must_use]
pub fn told(heads: &Heads, path: &str, name: &str) -> Option<String> {
    let heads = heads.lock().expect("heads");
    let lines = heads.get(path).unwrap_or_else(|| panic!("{path} was not asked for"));
    field(lines, name)
}

/// The value of a field among the lines of a head.
#[must_use]
pub fn field(lines: &[String], name: &str) -> Option<String> {
    let value =
        |line: &String| Some(line.split_once(": ").filter(|(known, _)| known.eq_ignore_ascii_case(name))?.1.to_owned());
    lines.iter().find_map(value)
}
