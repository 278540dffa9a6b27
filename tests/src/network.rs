//! A network of a test's own, in a namespace of Linux: every address there is, public and private, lies on this machine,
//! so that the shipped rules can be tested as they are, and what was dialled can be counted.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::{Scene, dragline};

/// Set in the process that runs inside.
const INSIDE: &str = "DRAGLINE_TEST_NETWORK";

/// The network that a test runs in.
#[derive(Debug)]
pub struct Network(());

/// Runs a test in a network of its own: the test's binary runs once more, for this test alone, in a new namespace. Where
/// the system does not allow that, the test says so and is skipped.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn inside<Body: FnOnce(&Network)>(body: Body) {
    if std::env::var_os(INSIDE).is_some() {
        return body(&Network::up());
    }
    // `dialer::addresses::s01_…::{{closure}}`
    let name = std::any::type_name::<Body>();
    let name = name.split_once("::").and_then(|(_, name)| name.rsplit_once("::")).expect("a closure of a test").0;
    // root may, where others may not
    let ways = ["-Urnm", "-nm"];
    let is_allowed = |way: &str| {
        let tried = Command::new("unshare").args([way, "ip", "link", "set", "lo", "up"]).output();
        tried.is_ok_and(|tried| tried.status.success())
    };
    let Some(way) = ways.into_iter().find(|way| is_allowed(way)) else {
        eprintln!("{name} is skipped: this system lets nobody have a network namespace, or lacks `unshare` or `ip`");
        return;
    };
    let test = std::env::current_exe().expect("the test's own path");
    let mut run = Command::new("unshare");
    run.arg(way).arg(test).args([name, "--exact", "--nocapture"]).env(INSIDE, "1");
    let ended = run.output().expect("unshare runs");
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(ended.status.success() && said.contains("1 passed"), "{name}:\n{said}");
}

/// Runs `ip`.
pub fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip runs");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Network {
    fn up() -> Self {
        ip("link set lo up");
        // whatever address is dialled, it is here
        ip("route add local 0.0.0.0/0 dev lo");
        ip("-6 route add local ::/0 dev lo");
        Self(())
    }

    /// How many connections were begun in this network until now, to whatever address and port, with or without success.
    #[must_use]
    pub fn dialled(&self) -> u64 {
        let counts = std::fs::read_to_string("/proc/net/snmp").expect("the system's counts");
        let mut lines = counts.lines().filter(|line| line.starts_with("Tcp:"));
        let (names, counts) = (lines.next().expect("names"), lines.next().expect("counts"));
        let place = names.split(' ').position(|name| name == "ActiveOpens").expect("its name");
        counts.split(' ').nth(place).expect("its count").parse().expect("a number")
    }

    /// `dragline fetch --json` with names from 127.0.0.1, and what it printed.
    #[must_use]
    pub fn fetch(&self, url: &str, arguments: &[&str]) -> Value {
        self.fetch_as(&mut dragline(), url, arguments)
    }

    /// The same, with another environment.
    #[must_use]
    pub fn fetch_as(&self, command: &mut Command, url: &str, arguments: &[&str]) -> Value {
        command.args(["fetch", "--json", "-s", "middlewares.retry.backoff=10ms"]).args(OWN_NAMES).args(arguments);
        read(&command.args(["--", url]).output().expect("the binary runs"))
    }

    /// The same of what may be no URL: then there is nothing to read.
    pub fn fetch_any(&self, url: &str, arguments: &[&str]) -> Output {
        let mut command = dragline();
        command.args(["fetch", "--json"]).args(OWN_NAMES).args(arguments);
        command.args(["--", url]).output().expect("the binary runs")
    }

    /// The command `dragline crawl` with names from 127.0.0.1.
    #[must_use]
    pub fn crawl(&self, scene: &Scene, spider: &str, arguments: &[&str]) -> Command {
        let mut command = scene.command(spider, arguments);
        command.args(OWN_NAMES);
        command
    }
}

/// Arguments of every command in the network.
pub const OWN_NAMES: [&str; 2] = ["-s", "dns.servers=[\"127.0.0.1\"]"];

fn read(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The kind of failure that `dragline fetch --json` tells of; empty for a whole response.
#[must_use]
pub fn kind(fetched: &Value) -> &str {
    fetched["error"]["kind"].as_str().unwrap_or_default()
}

/// A request, as the site sees it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The address that was dialled.
    pub to: IpAddr,
    /// Method, path with query and version.
    pub line: String,
    /// Method, path and header fields, as they came.
    pub head: Vec<String>,
}

impl Asked {
    /// The path with the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    /// The host that was asked for.
    #[must_use]
    pub fn host(&self) -> &str {
        let field = self
            .head
            .iter()
            .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("host")));
        field.map_or("", |(_, host)| host)
    }
}

/// A site on one port of every address. It closes each connection after one answer.
#[derive(Debug, Clone, Default)]
pub struct Site {
    asked: Arc<Mutex<Vec<Asked>>>,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Site {
    /// Serves whole answers, head and all, for as long as the process runs.
    #[must_use]
    pub fn start(port: u16, answer: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("::", port)).expect("a port of every address");
        let (site, answer) = (Self::default(), Arc::new(answer));
        let served = site.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (site, answer) = (served.clone(), answer.clone());
                std::thread::spawn(move || site.serve(stream, &*answer));
            }
        });
        site
    }

    fn serve(&self, mut stream: TcpStream, answer: &dyn Fn(&Asked) -> String) {
        let (Ok(local), Ok(reader)) = (stream.local_addr(), stream.try_clone()) else { return };
        let lines = BufReader::new(reader).lines().map_while(Result::ok);
        let mut head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        if head.is_empty() {
            return;
        }
        let asked = Asked { to: local.ip().to_canonical(), line: head.remove(0), head };
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        let answer = answer(&asked);
        self.now.fetch_sub(1, Ordering::SeqCst);
        let _ = stream.write_all(answer.as_bytes());
    }

    /// What was asked until now.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The requests until now that were not for robots.txt, as address and path.
    #[must_use]
    pub fn pages(&self) -> Vec<(String, String)> {
        let pages = self.asked().into_iter().filter(|asked| asked.path() != "/robots.txt");
        pages.map(|asked| (asked.to.to_string(), asked.path().to_owned())).collect()
    }

    /// The most requests that were answered at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// A whole answer.
#[must_use]
pub fn answer(status: u16, fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} As Asked\r\n{fields}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

/// A page of HTML.
#[must_use]
pub fn page(body: &str) -> String {
    answer(200, "Content-Type: text/html\r\n", body)
}

/// A redirect.
#[must_use]
pub fn redirect(status: u16, to: &str) -> String {
    answer(status, &format!("Location: {to}\r\n"), "")
}

/// No such page, as most sites answer for robots.txt here.
#[must_use]
pub fn missing() -> String {
    answer(404, "", "")
}
