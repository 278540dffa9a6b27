//! A server of files that a test fills, and what it was asked: validators are held against what they were asked with.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::{Ended, Scene, odd_runner};

/// The path of the page with the items.
const ITEMS: &str = "/items";

/// What it answers to a path.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What it was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Path and query.
    pub path: String,
    /// The header's fields, names in lower case.
    pub fields: BTreeMap<String, String>,
    /// The status that it was answered with.
    pub status: u16,
}

/// A running server. It stops when this is dropped.
#[derive(Debug)]
pub struct Depot {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: Mutex<BTreeMap<String, Answer>>,
    asked: Mutex<Vec<Asked>>,
    is_over: AtomicBool,
}

impl Answer {
    /// 200 with a type and a body.
    #[must_use]
    pub fn of(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, fields: vec![("Content-Type".to_owned(), kind.to_owned())], body: body.into() }
    }

    /// An empty answer.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Vec::new() }
    }

    /// Another field of the head.
    #[must_use]
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn says(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Default for Depot {
    fn default() -> Self {
        Self::start()
    }
}

impl Depot {
    /// Starts it, empty.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if of_thread.is_over.load(Ordering::Relaxed) {
                    break;
                }
                let shared = of_thread.clone();
                // a client that leaves is none of the test's concern
                std::thread::spawn(move || drop(shared.serve(&connection)));
            }
        });
        Self { address, shared }
    }

    /// The URL of a path.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so to a path from now on; says the path's URL.
    pub fn put(&self, path: &str, answer: Answer) -> String {
        lock(&self.shared.answers).insert(path.to_owned(), answer);
        self.at(path)
    }

    /// Answers with 404 from now on.
    pub fn remove(&self, path: &str) {
        lock(&self.shared.answers).remove(path);
    }

    /// What was asked of it, but for the page with the items and robots.txt.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        let asked = lock(&self.shared.asked).clone();
        asked.into_iter().filter(|asked| asked.path != ITEMS && asked.path != "/robots.txt").collect()
    }

    /// How often a path was asked for.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.asked().iter().filter(|asked| asked.path == path).count()
    }

    /// Crawls a page that has these items.
    #[must_use]
    pub fn crawl(&self, scene: &Scene, items: &Value, more: &[&str]) -> Ended {
        let url = self.put(ITEMS, Answer::of("application/json", items.to_string()));
        let url = format!("url={url}");
        let base = ["-a", &url, "-s", "pipelines.order=[\"images\"]", "-s", "middlewares.retry.times=0"];
        let arguments: Vec<&str> = base.iter().chain(more).copied().collect();
        scene.ended(&scene.of(odd_runner(), "given", &arguments).output().expect("the binary runs"))
    }
}

impl Drop for Depot {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        // so that the listener sees it
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn serve(&self, connection: &TcpStream) -> std::io::Result<()> {
        let (mut reader, mut writer) = (BufReader::new(connection), connection);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            let mut fields = BTreeMap::new();
            loop {
                let mut field = String::new();
                if reader.read_line(&mut field)? == 0 || field.trim().is_empty() {
                    break;
                }
                if let Some((name, value)) = field.split_once(':') {
                    fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
                }
            }
            let answer = lock(&self.answers).get(&path).cloned().unwrap_or_else(|| Answer::status(404));
            let is_unchanged =
                [("etag", "if-none-match"), ("last-modified", "if-modified-since")].iter().any(|(says, asks)| {
                    answer.says(says).is_some() && answer.says(says) == fields.get(*asks).map(String::as_str)
                });
            let (status, body) = if is_unchanged { (304, Vec::new()) } else { (answer.status, answer.body.clone()) };
            lock(&self.asked).push(Asked { path, fields, status });
            let mut head = format!("HTTP/1.1 {status} Status\r\n");
            for (name, value) in &answer.fields {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            if status != 304 {
                head.push_str(&format!("Content-Length: {}\r\n", body.len()));
            }
            writer.write_all(format!("{head}\r\n").as_bytes())?;
            writer.write_all(&body)?;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
