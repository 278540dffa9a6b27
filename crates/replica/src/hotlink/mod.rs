//! Sites that show pictures and guard them against being shown elsewhere, each in its own way: what has to be told
//! apart by whoever wants to say why a picture cannot be had.
//!
//! Each way is a [`Kind`], with a host of its own, `NAME.localhost`, whose front page shows three pictures: in `src`, in
//! `data-src`, and in `srcset`. What one kind guards by its host is free on the start page's, `www.localhost`, where
//! `/all` shows a picture of each kind, and `/NAME/` is the same site below a path. curl, browsers and Dragline take names
//! under `.localhost` for this machine.
//!
//! Beside them are [pages to scan](EXHIBITS), from pictures in plain `src` to a page that attacks whoever shows what it
//! says, and `/log`: what was asked, a line each.
//!
//! ```
//! use dragline_replica::hotlink::{Hotlink, KINDS, Options};
//!
//! let sites = Hotlink::start(Options::default())?;
//! assert!(KINDS.len() > 20);
//! assert!(sites.page("referer-403").starts_with("http://referer-403.localhost:"));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;
use std::time::Duration;

mod exhibits;
mod kinds;
mod pages;
mod paint;
mod site;
mod visit;

pub use exhibits::{EXHIBITS, Exhibit, PAYLOADS};
pub use kinds::{KINDS, Kind};
pub use pages::{PHOTOS, START};

use crate::log::Log;
use crate::pictures;
use crate::server::{Server, Setup};

/// How the sites behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub port: u16,
    /// The wait before each answer.
    pub latency: Duration,
    /// The wait before each picture of the kind `slow`.
    pub slow: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, latency: Duration::ZERO, slow: Duration::from_millis(700) }
    }
}

/// The running sites. They stop when this is dropped.
#[derive(Debug)]
pub struct Hotlink {
    server: Server,
}

impl Hotlink {
    /// Starts all of them.
    ///
    /// # Errors
    /// If the port is in use, or the system gives no socket or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        pictures::prepare();
        let Options { port, latency, slow } = options;
        let log = Log::keeping();
        let setup = Setup { name: "hotlink", port, tls: None, latency, log: log.clone() };
        Ok(Self { server: Server::start(setup, site::Site::new(slow, log))? })
    }

    /// The port of all hosts.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The list of all kinds: `http://www.localhost:PORT/`.
    pub fn url(&self) -> String {
        format!("http://{START}:{}/", self.port())
    }

    /// The page with a picture of each kind: `http://www.localhost:PORT/all`.
    pub fn all(&self) -> String {
        format!("{}all", self.url())
    }

    /// One of the [pages to scan](EXHIBITS): `http://www.localhost:PORT/NAME`.
    pub fn exhibit(&self, name: &str) -> String {
        format!("{}{name}", self.url())
    }

    /// The page of a kind: `http://NAME.localhost:PORT/`.
    pub fn page(&self, kind: &str) -> String {
        format!("http://{kind}.localhost:{}/", self.port())
    }

    /// One of a kind's pictures, by its name among [`PHOTOS`].
    pub fn photo(&self, kind: &str, photo: &str) -> String {
        format!("{}{photo}", self.page(kind))
    }

    /// What the sites were asked, host by host.
    pub fn log(&self) -> &Log {
        self.server.log()
    }
}
