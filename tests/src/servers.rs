//! Servers of other people's making, in processes of their own: one that speaks S3, one that speaks FTP. `tests/run`
//! installs them below the target directory.
#![expect(clippy::print_stdout, reason = "tests say what they skip")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::signal;

/// A server that speaks S3 as Amazon's does.
pub struct Moto {
    server: Child,
    /// Where it listens on this machine.
    pub port: u16,
}

/// A server that speaks FTP.
pub struct FtpServer {
    server: Child,
    /// Where it listens on this machine.
    pub port: u16,
}

/// How much an FTP server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Machine-readable facts (RFC 3659).
    Facts,
    /// No more than `LIST`, `SIZE` and `MDTM`, and it replaces no file by renaming another.
    Old,
}

/// pyftpdlib with one user: `me`, whose password is `canary-secret`.
const FTP: &str = "
import os, sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
authorizer = DummyAuthorizer()
authorizer.add_user('me', 'canary-secret', sys.argv[1], perm='elradfmwMT')
class Handler(FTPHandler):
    pass
Handler.authorizer = authorizer
if sys.argv[2] == 'Old':
    Handler.proto_cmds = {name: what for name, what in FTPHandler.proto_cmds.items() if name not in ('MLST', 'MLSD')}
    def ftp_RNTO(self, path):
        if os.path.exists(path):
            self._rnfr = None
            return self.respond('553 It is there.')
        return FTPHandler.ftp_RNTO(self, path)
    Handler.ftp_RNTO = ftp_RNTO
server = FTPServer(('127.0.0.1', 0), Handler)
print(server.address[1], flush=True)
server.serve_forever()
";

/// A program of the virtual environment; none where `tests/run` could not install it.
fn installed(name: &str, unless: &str, what: &str) -> Option<PathBuf> {
    if std::env::var_os(unless).is_some() {
        println!("skipped: {what} could not be installed here");
        return None;
    }
    let test = std::env::current_exe().expect("the test's own path");
    let path = test.ancestors().nth(3).expect("target/debug/deps/test").join("moto/bin").join(name);
    assert!(path.exists(), "{} is not there: tests/run installs it", path.display());
    Some(path)
}

/// The Python that drives Chromium; none where `tests/run` could not install them. Where CI is, they have to be there.
#[must_use]
pub fn browser() -> Option<PathBuf> {
    let python = installed("python", "DRAGLINE_NO_BROWSER", "Chromium or its driver");
    let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(python.is_some() || !is_ci, "Chromium or its driver could not be installed here, and this is CI");
    python
}

impl Moto {
    /// Starts it; none where `tests/run` could not install it.
    #[must_use]
    pub fn start() -> Option<Self> {
        let mut server = Command::new(installed("moto_server", "DRAGLINE_NO_MOTO", "moto")?)
            .args(["-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto runs");
        let mut said = BufReader::new(server.stderr.take().expect("its messages"));
        let mut line = String::new();
        while !line.contains("Running on http://127.0.0.1:") {
            line.clear();
            assert!(said.read_line(&mut line).expect("a line") > 0, "moto says where it is");
        }
        let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        // it goes on talking, and must not wait for a reader
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { server, port })
    }

    /// What it answers to a request without a body: the head, and the body.
    #[must_use]
    pub fn answer(&self, method: &str, path: &str) -> (String, String) {
        let mut wire = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        // moto looks whether a request is signed, and not by whom
        let signed =
            "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1\r\nauthorization: {signed}\r\ncontent-length: 0\r\n\r\n"
        );
        wire.write_all(head.as_bytes()).expect("asked");
        let mut answer = Vec::new();
        wire.read_to_end(&mut answer).expect("an answer");
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_owned(), body.to_owned())
    }

    /// The body of the same.
    pub fn ask(&self, method: &str, path: &str) -> String {
        self.answer(method, path).1
    }

    /// The keys of a bucket.
    #[must_use]
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let list = self.ask("GET", &format!("/{bucket}"));
        list.split("<Key>").skip(1).map(|rest| rest.split('<').next().expect("a key").to_owned()).collect()
    }

    /// Tells a command where it is, and a key.
    pub fn known_to(&self, command: &mut Command) {
        command.env("AWS_ACCESS_KEY_ID", "canary-id").env("AWS_SECRET_ACCESS_KEY", "canary-secret");
        command.env("AWS_REGION", "us-east-1").env("AWS_ALLOW_HTTP", "true");
        command.env("AWS_ENDPOINT", format!("http://127.0.0.1:{}", self.port));
    }
}

impl FtpServer {
    /// Starts it for a folder; none where `tests/run` could not install it.
    #[must_use]
    pub fn start(folder: &Path, dialect: Dialect) -> Option<Self> {
        let mut server = Command::new(installed("python", "DRAGLINE_NO_FTP", "pyftpdlib")?)
            .args(["-c", FTP])
            .arg(folder)
            .arg(format!("{dialect:?}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs");
        let mut line = String::new();
        BufReader::new(server.stdout.take().expect("its port")).read_line(&mut line).expect("a line");
        let port = line.trim().parse().expect("pyftpdlib says where it is");
        Some(Self { server, port })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        signal(&self.server, "KILL");
        let _ = self.server.wait();
    }
}

impl Drop for FtpServer {
    fn drop(&mut self) {
        signal(&self.server, "KILL");
        let _ = self.server.wait();
    }
}
