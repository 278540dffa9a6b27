//! What the end-to-end tests share: the binary, the album, and what is asked of every crawl.
#![expect(clippy::expect_used, clippy::panic, clippy::missing_panics_doc, reason = "tests fail by panicking")]

pub mod depot;
pub mod names;
pub mod network;
pub mod servers;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use dragline_replica::Log;
use dragline_replica::kodak::{CDN, Kodak, Options, WWW};
use serde_json::Value;
use sha1::{Digest, Sha1};
use tempfile::TempDir;

pub mod faulty;

/// The built binary of this workspace. `tests/run` builds it before the tests; cargo knows no other package's binaries.
#[must_use]
pub fn dragline() -> Command {
    binary("dragline")
}

/// The runner with spiders that misbehave.
#[must_use]
pub fn odd_runner() -> Command {
    binary("odd-runner")
}

fn binary(name: &str) -> Command {
    let test = std::env::current_exe().expect("the test's own path");
    let target = test.ancestors().nth(2).expect("target/debug/deps/test");
    let binary = target.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.exists(), "{} is not built: run `cargo build --workspace` first, or tests/run", binary.display());
    let mut command = Command::new(binary);
    // nothing of the person who runs the tests
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// Whether the tests are to be run whole, however long that takes: `tests/run --soak`.
#[must_use]
pub fn soak() -> bool {
    std::env::var_os("DRAGLINE_SOAK").is_some()
}

/// A crawl in a folder of its own.
pub struct Scene {
    folder: TempDir,
}

/// How a crawl ended.
pub struct Ended {
    /// The exit code.
    pub code: i32,
    /// What it said.
    pub stderr: String,
    /// The report, as `--stats` writes it; null if it was not written.
    pub report: Value,
    /// The items, as the feed has them.
    pub items: Vec<Value>,
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}

impl Scene {
    /// An empty folder.
    #[must_use]
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command `dragline crawl SPIDER …` with feed and report in the folder.
    #[must_use]
    pub fn command(&self, spider: &str, arguments: &[&str]) -> Command {
        self.of(dragline(), spider, arguments)
    }

    /// The same with another runner.
    #[must_use]
    pub fn of(&self, mut runner: Command, spider: &str, arguments: &[&str]) -> Command {
        runner.current_dir(self.folder.path()).args(["crawl", spider, "-O", "items.jsonl", "--stats", "stats.json"]);
        // waiting a second for a second attempt proves nothing
        runner.args(["-s", "middlewares.retry.backoff=10ms"]).args(arguments);
        runner
    }

    /// Runs a crawl to its end and asks of it what is asked of every crawl.
    #[must_use]
    pub fn crawl(&self, spider: &str, arguments: &[&str]) -> Ended {
        self.ended(&self.command(spider, arguments).output().expect("the binary runs"))
    }

    /// What a crawl has left in the folder.
    #[must_use]
    pub fn ended(&self, output: &Output) -> Ended {
        let stderr = String::from_utf8(output.stderr.clone()).expect("messages in UTF-8");
        let code = output.status.code().unwrap_or_else(|| panic!("ended by a signal: {stderr}"));
        assert!(!stderr.contains('\u{1b}'), "no control characters on the terminal: {stderr:?}");
        let report = std::fs::read_to_string(self.path("stats.json")).unwrap_or("null".to_owned());
        let report: Value = serde_json::from_str(&report).expect("the report is JSON");
        let items = std::fs::read_to_string(self.path("items.jsonl")).unwrap_or_default();
        assert!(items.is_empty() || items.ends_with('\n'), "the feed has whole lines");
        let items = items.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        let ended = Ended { code, stderr, report, items };
        ended.obeys_the_sum_law();
        nothing_half_done(self.folder.path());
        ended
    }
}

impl Ended {
    /// A count of the report.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.report[name].as_u64().unwrap_or(0)
    }

    /// scheduled = done + failed + skipped + pending
    fn obeys_the_sum_law(&self) {
        let count = |name: &str| self.count(&format!("requests/{name}"));
        assert_eq!(
            count("scheduled"),
            count("done") + count("failed") + count("skipped") + count("pending"),
            "the sum law: {:#}",
            self.report
        );
    }

    /// Fails with what the crawl said unless it ended with this code.
    pub fn expect_code(&self, code: i32) {
        assert_eq!(self.code, code, "{}\n{:#}", self.stderr, self.report);
    }
}

/// No file that is only begun lies below a folder.
pub fn nothing_half_done(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        assert!(!path.to_string_lossy().contains(".part"), "{} was left half done", path.display());
        if path.is_dir() {
            nothing_half_done(&path);
        }
    }
}

/// A replica of Kodak Pulse, and the arguments that lead a crawl to it.
pub struct Album {
    replica: Kodak,
    root: tempfile::NamedTempFile,
}

impl Album {
    /// Starts it.
    #[must_use]
    pub fn start(options: Options) -> Self {
        let replica = Kodak::start(options).expect("the replica starts");
        let root = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(root.path(), replica.root_certificate()).expect("written");
        Self { replica, root }
    }

    /// An album of so many photographs.
    #[must_use]
    pub fn of(photos: usize) -> Self {
        Self::start(Options { photos, ..Options::default() })
    }

    /// The arguments of a crawl of it, with its password and the store `photos`.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = self.way();
        arguments.extend(["-a", "username=demo", "-a", "password=demo"].map(str::to_owned));
        arguments
    }

    /// The arguments that lead there, without a password.
    #[must_use]
    pub fn way(&self) -> Vec<String> {
        vec![
            "--resolve".to_owned(),
            format!("{WWW}:443:{}", self.replica.https()),
            "--resolve".to_owned(),
            format!("{CDN}:80:{}", self.replica.http()),
            "-s".to_owned(),
            format!("tls.roots=[{:?}]", self.root.path().display().to_string()),
        ]
    }

    /// What it was asked.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.replica.log()
    }

    /// Crawls it to the end.
    #[must_use]
    pub fn crawl(&self, scene: &Scene, more: &[&str]) -> Ended {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        scene.crawl("kodak-pulse", &arguments)
    }

    /// Begins to crawl it.
    #[must_use]
    pub fn begin(&self, scene: &Scene, more: &[&str]) -> Child {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut command = scene.command("kodak-pulse", &arguments);
        command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary runs")
    }

    /// How many requests for originals it had.
    #[must_use]
    pub fn originals_asked(&self) -> usize {
        self.log().requests().iter().filter(|entry| entry.path.contains("~a~")).count()
    }
}

/// The name that a URL has in a store, without its extension.
#[must_use]
pub fn stem(url: &str) -> String {
    Sha1::digest(url.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a signal to a process.
pub fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Waits until something holds. The condition is what is waited for, not the time.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !condition() {
        assert!(begin.elapsed().as_secs() < 60, "{what} did not come about");
        std::thread::park_timeout(std::time::Duration::from_millis(2));
    }
}
