//! One listening socket on one thread: takes connections, reads requests, hands them to a site's pages, sends answers.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body as _, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio_rustls::TlsAcceptor;

use crate::answer::{Answer, Asked, Body};
use crate::log::Log;
use crate::running::{AFTER_FAILED_ACCEPT, Running, bind};

/// The largest request body that is read, in bytes: a login form is a hundred.
const MAX_BODY: usize = 64 * 1024;

/// What a site serves. HEAD is GET without a body, methods other than these three are refused before they come here.
pub(crate) trait Pages: Send + Sync + 'static {
    /// The answer to GET.
    fn get(&self, asked: &Asked) -> Answer;

    /// The answer to POST.
    fn post(&self, _asked: &Asked) -> Answer {
        Answer::not_allowed("GET, HEAD")
    }
}

/// How a site is served.
pub(crate) struct Setup {
    /// The thread's name.
    pub(crate) name: &'static str,
    /// The port on `127.0.0.1`; 0 takes a free one.
    pub(crate) port: u16,
    /// Set if the site speaks TLS.
    pub(crate) tls: Option<TlsAcceptor>,
    /// The wait before each answer.
    pub(crate) latency: Duration,
    pub(crate) log: Arc<Log>,
}

/// A site that runs until this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Log>,
    _running: Running,
}

impl Server {
    /// Binds at once, so that a port in use is an error here; serves on a thread of its own.
    pub(crate) fn start(setup: Setup, pages: impl Pages) -> io::Result<Self> {
        let (listener, address) = bind((Ipv4Addr::LOCALHOST, setup.port).into())?;
        let log = setup.log.clone();
        let running = Running::start(setup.name, || {
            Ok(accept(tokio::net::TcpListener::from_std(listener)?, setup, Arc::new(pages)))
        })?;
        Ok(Self { address, log, _running: running })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }
}

async fn accept(listener: tokio::net::TcpListener, setup: Setup, pages: Arc<impl Pages>) -> Infallible {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(AFTER_FAILED_ACCEPT).await;
            continue;
        };
        // Without it an answer in two writes waits for the client's delayed acknowledgement; its failure costs only that.
        let _ = socket.set_nodelay(true);
        setup.log.connected();
        let (log, pages, latency, tls) = (setup.log.clone(), pages.clone(), setup.latency, setup.tls.clone());
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let (log, pages) = (log.clone(), pages.clone());
                async move { respond(&log, &*pages, latency, request).await.ok_or(NoAnswer) }
            });
            // A connection that fails is the client's concern: it has the socket's error, and here is nobody to tell.
            match tls {
                Some(tls) => {
                    let Ok(stream) = tls.accept(socket).await else { return };
                    let connection = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
                }
                None => {
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(socket), service).await;
                }
            }
        });
    }
}

/// What makes hyper close a connection without an answer.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no answer is wanted")
    }
}

impl std::error::Error for NoAnswer {}

/// The answer, if there is to be one.
async fn respond(
    log: &Arc<Log>,
    pages: &impl Pages,
    latency: Duration,
    request: Request<Incoming>,
) -> Option<Response<Body>> {
    let host = host(&request);
    let turn = log.begin(&host).by(request.headers());
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let (parts, incoming) = request.into_parts();
    let (asked, answer) = match read(incoming).await {
        Ok(body) => {
            let asked = Asked { parts, body };
            let answer = match asked.parts.method {
                Method::GET | Method::HEAD => pages.get(&asked),
                Method::POST => pages.post(&asked),
                _ => Answer::not_allowed("GET, HEAD, POST"),
            };
            (asked, answer)
        }
        Err(status) => (Asked { parts, body: Bytes::new() }, Answer::bare(status)),
    };
    let path = asked.parts.uri.path_and_query().map_or("", |path| path.as_str());
    if !answer.wait.is_zero() {
        tokio::time::sleep(answer.wait).await;
    }
    log.answered(&turn, &asked.parts.method, &host, path, answer.status);
    (!answer.is_silence()).then(|| answer.into_response(asked.parts.method == Method::HEAD, turn))
}

/// HTTP/2 names the host in the request's URI, HTTP/1.1 in a header.
fn host(request: &Request<Incoming>) -> String {
    match request.uri().authority() {
        Some(authority) => authority.to_string(),
        None => request
            .headers()
            .get(http::header::HOST)
            .map_or_else(String::new, |host| String::from_utf8_lossy(host.as_bytes()).into_owned()),
    }
}

async fn read(incoming: Incoming) -> Result<Bytes, StatusCode> {
    if incoming.is_end_stream() {
        return Ok(Bytes::new());
    }
    let body = Limited::new(incoming, MAX_BODY).collect().await;
    body.map(|body| body.to_bytes()).map_err(|error| match error.downcast_ref() {
        Some(http_body_util::LengthLimitError { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        None => StatusCode::BAD_REQUEST,
    })
}
