//! What a site asks and answers: the request with its body read, and the answer down to its faults on the wire.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Frame, SizeHint};

use crate::log::Turn;

/// How long a truncated answer stays open after its last byte, so that the kernel has taken it before the cut.
const BEFORE_CUT: Duration = Duration::from_millis(20);

/// A request whose body has been read.
pub(crate) struct Asked {
    pub(crate) parts: http::request::Parts,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// The first value of a field in the query, decoded.
    pub(crate) fn query(&self, field: &str) -> Option<String> {
        let query = self.parts.uri.query().unwrap_or_default();
        first_value(query.as_bytes(), field)
    }

    /// The first value of a field in the posted form, decoded.
    pub(crate) fn form(&self, field: &str) -> Option<String> {
        first_value(&self.body, field)
    }

    /// The value of a cookie. HTTP/2 may spread cookies over several headers (RFC 9113, section 8.2.3).
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.parts.headers.get_all(header::COOKIE).into_iter();
        let pairs = headers.filter_map(|header| header.to_str().ok()).flat_map(|header| header.split(';'));
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }
}

fn first_value(encoded: &[u8], field: &str) -> Option<String> {
    form_urlencoded::parse(encoded).find(|(key, _)| key == field).map(|(_, value)| value.into_owned())
}

/// What a site answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// Bytes that `Content-Length` promises beyond the body, after which the connection is cut.
    missing: usize,
    /// The wait before it, beside the site's own.
    pub(crate) wait: Duration,
}

/// The status under which the log counts what is no HTTP answer at all; nginx uses the number for the same.
const NO_ANSWER: u16 = 444;

impl Answer {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into(), missing: 0, wait: Duration::ZERO }
    }

    pub(crate) fn html(body: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, "text/html; charset=utf-8", body)
    }

    /// No answer: the connection is closed.
    pub(crate) fn silence() -> Self {
        let status = StatusCode::from_u16(NO_ANSWER).expect("three digits");
        Self::new(status, "text/plain", "")
    }

    /// Whether the connection is to be closed instead.
    pub(crate) fn is_silence(&self) -> bool {
        self.status.as_u16() == NO_ANSWER
    }

    /// The same, but only after a wait.
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// 302 to a path on the same host.
    pub(crate) fn found(path: &'static str) -> Self {
        let body = format!("<html><body><h2>Object moved to <a href=\"{path}\">here</a>.</h2></body></html>");
        let answer = Self::new(StatusCode::FOUND, "text/html; charset=utf-8", body);
        answer.with(header::LOCATION, HeaderValue::from_static(path))
    }

    /// An answer that says no more than its status.
    pub(crate) fn bare(status: StatusCode) -> Self {
        let reason = status.canonical_reason().unwrap_or("Error");
        Self::new(status, "text/html; charset=utf-8", format!("<html><body><h1>{reason}</h1></body></html>"))
    }

    pub(crate) fn not_found() -> Self {
        Self::bare(StatusCode::NOT_FOUND)
    }

    /// 405, with the methods that are allowed.
    pub(crate) fn not_allowed(methods: &'static str) -> Self {
        Self::bare(StatusCode::METHOD_NOT_ALLOWED).with(header::ALLOW, HeaderValue::from_static(methods))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    #[cfg(test)]
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a page is UTF-8")
    }

    /// The first half of the body under the `Content-Length` of the whole, and then the connection is cut.
    pub(crate) fn truncated(mut self) -> Self {
        let half = self.body.len() / 2;
        self.missing = self.body.len() - half;
        self.body.truncate(half);
        self
    }

    /// The answer as it goes out. `turn` ends when the last byte has been handed over.
    pub(crate) fn into_response(self, head_only: bool, turn: Turn) -> Response<Body> {
        let length = self.body.len() + self.missing;
        let unchanged = self.status == StatusCode::NOT_MODIFIED;
        let (data, missing) = if head_only || unchanged { (Bytes::new(), 0) } else { (self.body, self.missing) };
        let data = Some(data).filter(|data| !data.is_empty());
        let mut response = Response::new(Body { data, missing, pause: None, _turn: turn });
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if !unchanged {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        response
    }
}

/// A body that is one piece, and may end too early.
pub(crate) struct Body {
    data: Option<Bytes>,
    missing: usize,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
    _turn: Turn,
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if self.missing == 0 {
            return Poll::Ready(None);
        }
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(BEFORE_CUT)));
        pause.as_mut().poll(context).map(|()| Some(Err(io::Error::from(io::ErrorKind::ConnectionAborted))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.missing == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact((self.data.as_ref().map_or(0, Bytes::len) + self.missing) as u64)
    }
}
