//! Many plain pages, so linked that whoever follows every link from page 0 visits each of them, and nothing else.

use std::io;
use std::time::Duration;

mod page;

use crate::answer::{Answer, Asked};
use crate::log::Log;
use crate::server::{Pages, Server, Setup};

/// How many pages there are and how the site behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many pages there are, at `/p/0`, `/p/1` and so on.
    pub pages: usize,
    /// The wait before each answer.
    pub latency: Duration,
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self { pages: 20_000, latency: Duration::ZERO, port: 0 }
    }
}

/// The running site. It stops when this is dropped.
#[derive(Debug)]
pub struct Graph {
    server: Server,
}

impl Graph {
    /// Starts the site.
    ///
    /// # Errors
    /// If the port is in use, or the system gives no socket or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let setup =
            Setup { name: "graph", port: options.port, tls: None, latency: options.latency, log: Log::counting() };
        Ok(Self { server: Server::start(setup, Site { pages: options.pages })? })
    }

    /// Page 0: `http://127.0.0.1:PORT/p/0`.
    pub fn url(&self) -> String {
        format!("http://{}/p/0", self.server.address())
    }

    /// What the site was asked, as counts; it keeps no list of requests.
    pub fn log(&self) -> &Log {
        self.server.log()
    }
}

struct Site {
    pages: usize,
}

impl Pages for Site {
    fn get(&self, asked: &Asked) -> Answer {
        let digits = asked.path().strip_prefix("/p/").filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(number) if number < self.pages => Answer::html(page::render(number, self.pages)),
            _ => Answer::not_found(),
        }
    }
}
