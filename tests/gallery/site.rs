//! A site of a few pages, made by a test: what each path answers, and who asked for it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// What a path answers: status, content type, body.
pub(crate) type Answer = (u16, &'static str, Vec<u8>);

/// The head of a request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// The fields, names in small letters.
    fields: Vec<(String, String)>,
}

impl Asked {
    /// A field's value; empty if it is not there.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// The running site; it answers until the test's process ends.
pub(crate) struct Site {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Site {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || serve(&stream, &log, &*answer));
            }
        });
        Self { port, asked }
    }

    /// `localhost:PORT/path`, without a scheme.
    pub(crate) fn bare(&self, path: &str) -> String {
        format!("localhost:{}{path}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}", self.bare(path))
    }

    /// The requests for a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }
}

/// One request on each connection; what is none, such as a TLS handshake, is closed.
fn serve(mut stream: &TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(path) = lines.next().and_then(|line| Some(line.split(' ').nth(1)?.to_owned())) else { return };
    let fields = lines.take_while(|line| !line.is_empty());
    let fields =
        fields.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.into())));
    let asked = Asked { path, fields: fields.collect() };
    log.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
    let (status, content_type, body) = answer(&asked);
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // who has seen enough goes away
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
