//! Kodak Pulse as its users met it: `www.kodakpulse.com` with the sign-in and the album, over TLS, and the CloudFront
//! host with the photographs, over plain HTTP. The service is gone; what is known of its pages is what a spider that
//! saved an album looked for in them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

mod album;
mod cdn;
mod pages;
mod sessions;
mod www;

pub use album::{CDN, PAGE, WWW, photo, photo_url, thumbnail_url};

use crate::authority;
use crate::log::Log;
use crate::pictures;
use crate::server::{Server, Setup};

/// What the album holds and how the service behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many photographs the album has.
    pub photos: usize,
    /// The user name that may sign in.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// A session ends after so many album pages were served with it; `None` is never.
    pub expire_after_pages: Option<usize>,
    /// The wait before each answer.
    pub latency: Duration,
    /// What goes wrong with which original, by the photograph's index from 0. Thumbnails are always right.
    pub faults: BTreeMap<usize, Fault>,
    /// The port of `www.kodakpulse.com` on `127.0.0.1`; 0 takes a free one.
    pub https_port: u16,
    /// The port of the CloudFront host on `127.0.0.1`; 0 takes a free one.
    pub http_port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            photos: 1_374,
            username: "demo".to_owned(),
            password: "demo".to_owned(),
            expire_after_pages: None,
            latency: Duration::ZERO,
            faults: BTreeMap::new(),
            https_port: 0,
            http_port: 0,
        }
    }
}

/// What goes wrong when a photograph is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 404.
    NotFound,
    /// 500 the first time, then the photograph.
    ErrorOnce,
    /// The `Content-Length` of the whole, half of the bytes, and the connection is closed.
    Truncated,
    /// Half of the JPEG with the `Content-Length` of that half: a whole message that is not a whole picture.
    Cut,
    /// 200 and `image/jpeg`, but the body is an HTML page.
    Html,
}

/// The running service. It stops when this is dropped.
#[derive(Debug)]
pub struct Kodak {
    www: Server,
    cdn: Server,
    root: String,
}

impl Kodak {
    /// Starts both hosts. The first start in a process paints the scenes of the photographs, which takes a fraction of a
    /// second.
    ///
    /// # Errors
    /// If a port is in use, or the system gives no socket or thread.
    pub fn start(options: Options) -> io::Result<Self> {
        pictures::prepare();
        let identity = authority::identity(WWW)?;
        let log = Log::keeping();
        let setup = |name, port, tls| Setup { name, port, tls, latency: options.latency, log: log.clone() };
        let www = setup("kodak-www", options.https_port, Some(identity.acceptor));
        let cdn = setup("kodak-cdn", options.http_port, None);
        Ok(Self {
            www: Server::start(www, www::Www::new(&options))?,
            cdn: Server::start(cdn, cdn::Cdn::new(&options))?,
            root: identity.root,
        })
    }

    /// Where [`WWW`] is served, over TLS.
    pub fn https(&self) -> SocketAddr {
        self.www.address()
    }

    /// Where [`CDN`] is served, over plain HTTP.
    pub fn http(&self) -> SocketAddr {
        self.cdn.address()
    }

    /// The certificate, as PEM, of the authority that signed the certificate of [`WWW`]. It is new at each start.
    pub fn root_certificate(&self) -> &str {
        &self.root
    }

    /// What both hosts were asked.
    pub fn log(&self) -> &Log {
        self.www.log()
    }
}
