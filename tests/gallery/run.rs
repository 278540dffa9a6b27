//! A gallery that runs, and a visitor with a browser's manners: one cookie, and the token of its forms.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use dragline_tests::dragline;

/// How long anything may take here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gallery that runs until this is dropped.
pub(crate) struct Running {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// What it has said at its start.
    pub(crate) said: Vec<String>,
    cookie: Mutex<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The head, as it came.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Running {
    /// Starts one on a free port, for which sites on this machine are no secret.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["--allow-net", "127.0.0.0/8", "--allow-net", "::1/128"];
        if !arguments.contains(&"--bind") {
            all.extend(["--bind", "127.0.0.1:0"]);
        }
        all.extend(arguments);
        Self::of(dragline().arg("gallery").args(all))
    }

    /// The one that a command starts.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("Ctrl-C")) {
            said.push(lines.next().expect("another line").expect("text"));
        }
        let address = said[0].rsplit_once("http://").expect("an address").1.trim_end_matches('/').to_owned();
        Self { child, address, said, cookie: Mutex::default() }
    }

    /// Its process.
    pub(crate) fn process(&mut self) -> &mut Child {
        &mut self.child
    }

    /// A connection.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream
    }

    /// Sends a request as it is and reads the answer to its end.
    pub(crate) fn ask(&self, request: &str) -> String {
        String::from_utf8_lossy(&self.ask_raw(request.as_bytes())).into_owned()
    }

    fn ask_raw(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request).expect("it takes a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        answer
    }

    /// Sends a request with these lines in its head, and no cookie.
    pub(crate) fn send(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let host = format!("Host: {}", self.address);
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        let is_hosted = lines.iter().any(|line| line.to_ascii_lowercase().starts_with("host:"));
        let length = format!("Content-Length: {}", body.len());
        let host = (!is_hosted).then_some(host.as_str());
        let length = (!body.is_empty() || method != "GET").then_some(length.as_str());
        for line in lines.iter().copied().chain(host).chain(length) {
            head.push_str(line);
            head.push_str("\r\n");
        }
        Answer::of(&self.ask_raw(format!("{head}\r\n{body}").as_bytes()))
    }

    /// A page, as the browser that has been here before, if it has.
    pub(crate) fn get(&self, path: &str) -> String {
        let answer = self.visit("GET", path, &[], "");
        format!("{}\r\n\r\n{}", answer.head, answer.text())
    }

    /// The same of any request: with the cookie, which it takes if there is one.
    pub(crate) fn visit(&self, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
        let cookie = format!("Cookie: {}", self.cookie.lock().expect("no panic"));
        let mut all = vec!["Sec-Fetch-Site: same-origin"];
        all.extend(lines);
        if cookie.len() > 8 {
            all.push(&cookie);
        }
        let answer = self.send(method, path, &all, body);
        if let Some(line) = answer.header("set-cookie") {
            *self.cookie.lock().expect("no panic") = line.split(';').next().unwrap_or_default().to_owned();
        }
        answer
    }

    /// The token of the session's forms.
    pub(crate) fn form_token(&self) -> String {
        let page = self.get("/");
        let (_, after) = page.split_once("name=\"token\" value=\"").expect("a form with a token");
        after.split('"').next().unwrap_or_default().to_owned()
    }

    /// Begins a scan by the form: the path of its page.
    pub(crate) fn begin(&self, fields: &[(&str, &str)]) -> String {
        let token = self.form_token();
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields).append_pair("token", &token);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let answer = self.visit("POST", "/scans", &[kind, "Origin: null"], &body.finish());
        answer.header("location").unwrap_or_else(|| panic!("no place: {answer:?}")).to_owned()
    }

    /// Waits until a scan of this session is over.
    pub(crate) fn wait(&self, place: &str) {
        let begin = Instant::now();
        loop {
            let scan = self.visit("GET", &format!("/api{place}"), &[], "").text();
            if !scan.contains("\"state\":\"queued\"") && !scan.contains("\"state\":\"running\"") {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "{scan}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Scans a page by the form, and gives the page of what was found when it is over.
    pub(crate) fn scan(&self, url: &str) -> String {
        let place = self.begin(&[("url", url), ("css", "true"), ("lazy", "true"), ("robots", "true")]);
        self.wait(&place);
        self.get(&place)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 4..]));
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut answer = Self { status, head, body: body.to_vec() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = unchunked(&answer.body);
        }
        answer
    }

    /// The first header of a name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A body in chunks (RFC 9112, section 7.1), whole or cut.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(&String::from_utf8_lossy(&bytes[..end]), 16).unwrap_or(0);
        let rest = &bytes[end + 2..];
        if length == 0 || rest.len() < length + 2 {
            break;
        }
        body.extend_from_slice(&rest[..length]);
        bytes = &rest[length + 2..];
    }
    body
}
