//! A server that does what servers should not: a path, or the name of a host, says which fault is wanted.
//!
//! It is for tests of whatever speaks HTTP. `GET /` is an index of all there is, `GET /?format=text` the same as text;
//! both come from the table that plays the scenarios. A word in capitals is a place for a value: `/length/200/send/100`
//! is an instance of `/length/DECLARED/send/SENT`. Numbers may be written as powers: `/bomb/br/10^10`.
//!
//! What is per host goes by the first label of the `Host` header: `robots-500.localhost`, `trap-deep.localhost`,
//! `good-1.localhost`. Any domain will do; curl and browsers take names under `.localhost` for this machine, others are
//! led here (`--resolve`). A label may go on after a hyphen, so that there are as many such hosts as a test wants.
//!
//! TLS faults go by the name that the client asks for (SNI): `expired.localhost`. Every other name gets a certificate
//! that [`Faults::root_certificate`] vouches for. Names that begin with `h2-` speak HTTP/2, all others HTTP/1.1 only.
//! TLS 1.0 and 1.1 are left out, because rustls does not speak them.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use dragline_replica::faults::{Faults, Options};
//!
//! let faults = Faults::start(Options::default())?;
//!
//! // A client under test would be asked for `faults.at("/length/200/send/100")`, and would have to notice.
//! let mut client = TcpStream::connect(faults.http())?;
//! client.write_all(b"GET /length/200/send/100 HTTP/1.1\r\nHost: test.localhost\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
//! assert!(head.contains("Content-Length: 200"));
//! assert_eq!(body.len(), 100);
//!
//! assert_eq!(faults.log().hosts()["test.localhost"].requests, 1);
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

mod asked;
mod bodies;
mod bombs;
mod cache;
mod chunks;
mod codecs;
mod connection;
mod cookies;
mod echo;
mod framing;
mod h2;
mod heads;
mod index;
mod lengths;
mod listen;
mod packed;
mod ranges;
mod redirects;
mod request;
mod retries;
mod robots;
mod scenario;
mod script;
mod sites;
mod slow;
mod tls;
mod traps;

use crate::faults::asked::Site;
use crate::faults::listen::Shared;
use crate::faults::tls::Identities;
use crate::log::Log;
use crate::running::{Running, bind};

/// Where the server listens and how it behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address of both listeners.
    pub address: IpAddr,
    /// The port of plain HTTP; 0 takes a free one.
    pub port: u16,
    /// The port of TLS; 0 takes a free one.
    pub https_port: u16,
    /// Pages of each small site, beside its front page: `good-*` and `robots-*`.
    pub pages: usize,
    /// The wait before each answer.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::LOCALHOST), port: 0, https_port: 0, pages: 20, latency: Duration::ZERO }
    }
}

/// The running server. It stops when this is dropped, and every connection with it.
#[derive(Debug)]
pub struct Faults {
    http: SocketAddr,
    https: SocketAddr,
    root: String,
    log: Arc<Log>,
    _running: Running,
}

impl Faults {
    /// Starts the server.
    ///
    /// # Errors
    /// If a port is in use, or the system gives no socket or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let (http, plain) = bind((options.address, options.port).into())?;
        let (https, secure) = bind((options.address, options.https_port).into())?;
        let identities = Identities::new()?;
        let (root, log) = (identities.root(), Log::keeping());
        let site = Site::new(options.pages, options.latency);
        let shared = Arc::new(Shared { site, log: log.clone(), identities });
        let running = Running::start("faults", || {
            let (http, https) = (tokio::net::TcpListener::from_std(http)?, tokio::net::TcpListener::from_std(https)?);
            Ok(listen::serve(http, https, shared))
        })?;
        Ok(Self { http: plain, https: secure, root, log, _running: running })
    }

    /// The index: `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        self.at("/")
    }

    /// The index over TLS: `https://localhost:PORT/`.
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}/", self.https.port())
    }

    /// The URL of a path: `http://127.0.0.1:PORT/ok/100` for `/ok/100`.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.http)
    }

    /// The URL of a host's front page: `http://LABEL.localhost:PORT/`. The name has to be led to [`Faults::http`].
    pub fn host(&self, label: &str) -> String {
        format!("http://{label}.localhost:{}/", self.http.port())
    }

    /// The same over TLS: `https://LABEL.localhost:PORT/`. The name has to be led to [`Faults::https`].
    pub fn https_host(&self, label: &str) -> String {
        format!("https://{label}.localhost:{}/", self.https.port())
    }

    /// Where plain HTTP is served.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Where TLS is served.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// The certificate, as PEM, of the authority that a client has to trust.
    pub fn root_certificate(&self) -> &str {
        &self.root
    }

    /// What the server was asked. A request is entered when its answer begins; one that gets no HTTP for an answer has
    /// status 444. Requests by HTTP/2 are entered without their path, as `*`.
    pub fn log(&self) -> &Log {
        &self.log
    }
}
