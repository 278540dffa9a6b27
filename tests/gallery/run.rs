//! A gallery that runs, and a visitor with curl's manners.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use dragline_tests::dragline;

/// A gallery that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
}

impl Running {
    /// Starts one on a free port, for which sites on this machine are no secret.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = dragline();
        command.args(["gallery", "--bind", "127.0.0.1:0", "--allow-net", "127.0.0.0/8", "--allow-net", "::1/128"]);
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit_once("http://").expect("an address").1.trim_end_matches('/').to_owned();
        Self { child, address }
    }

    /// Sends a request as it is and reads the answer to its end.
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("it takes a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// A page.
    pub(crate) fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address))
    }

    /// Scans a page by the form, and gives the page of what was found when it is over.
    pub(crate) fn scan(&self, url: &str) -> String {
        let body = format!("url={url}");
        let answer = self.ask(&format!(
            "POST /scans HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
             {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        ));
        let place = answer.lines().find_map(|line| line.strip_prefix("location: ")).expect("a place").to_owned();
        let begin = Instant::now();
        loop {
            let page = self.get(&place);
            if page.contains("Ended") {
                return page;
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "{page}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
