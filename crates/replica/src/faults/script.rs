//! What goes over the wire, written down before it goes: the bytes, the pauses between them, and how it ends.

use std::time::Duration;

use bytes::Bytes;

/// The status under which the log counts what is no HTTP answer at all; nginx uses the number for the same.
pub(crate) const NO_ANSWER: u16 = 444;

/// One act of a script.
pub(crate) enum Step {
    Send(Bytes),
    /// Byte by byte, with a pause before each.
    Drip {
        bytes: Bytes,
        every: Duration,
    },
    /// The same bytes over and over, with a pause before each time; endless if `times` is `u64::MAX`.
    Repeat {
        bytes: Bytes,
        times: u64,
        every: Duration,
    },
    /// Bytes that are made while they are sent.
    Make(Box<dyn Iterator<Item = Bytes> + Send>),
    Wait(Duration),
}

/// What becomes of the connection after the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It waits for the next request.
    Keep,
    /// It is closed in order: with TLS's close_notify, and FIN.
    Close,
    /// It is closed with FIN alone, which TLS takes for an attack.
    Cut,
    /// It is torn down with RST.
    Reset,
    /// It stays open and silent until the client leaves.
    Hold,
}

/// What a scenario does with a request.
pub(crate) struct Script {
    pub(crate) status: u16,
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
}

impl Script {
    /// Exactly these bytes.
    pub(crate) fn raw(status: u16, bytes: impl Into<Bytes>, end: End) -> Self {
        Self { status, steps: vec![Step::Send(bytes.into())], end }
    }

    /// No byte of an answer.
    pub(crate) fn silence(end: End) -> Self {
        Self { status: NO_ANSWER, steps: Vec::new(), end }
    }

    pub(crate) fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    pub(crate) fn send(self, bytes: impl Into<Bytes>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    pub(crate) fn repeat(self, bytes: impl Into<Bytes>, times: u64) -> Self {
        self.then(Step::Repeat { bytes: bytes.into(), times, every: Duration::ZERO })
    }

    pub(crate) fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// An answer as it should be, to be sent as it is or to be spoiled.
pub(crate) struct Reply {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Bytes::new() }
    }

    /// 200 with a page.
    pub(crate) fn html(body: impl Into<Bytes>) -> Self {
        Self::new(200).field("Content-Type", "text/html; charset=utf-8").body(body)
    }

    /// A status with plain text.
    pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status).field("Content-Type", "text/plain; charset=utf-8").body(body)
    }

    /// A field of the head; not looked at, so that it may be wrong.
    pub(crate) fn field(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The head with the fields given and no other, up to the empty line.
    pub(crate) fn head(&self) -> Vec<u8> {
        let status = http::StatusCode::from_u16(self.status).ok();
        let reason = status.and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
        let mut head = format!("HTTP/1.1 {} {reason}\r\n", self.status).into_bytes();
        for (name, value) in &self.fields {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The answer, whole and with its length; without its body if the request was HEAD.
    pub(crate) fn script(self, head_only: bool) -> Script {
        let length = self.body.len();
        let bodiless = self.status < 200 || self.status == 204 || self.status == 304;
        let sized = if bodiless { self } else { self.field("Content-Length", length.to_string()) };
        let script = Script::raw(sized.status, sized.head(), End::Keep);
        if head_only || bodiless || length == 0 { script } else { script.send(sized.body) }
    }

    /// The head under a length that is only said; the body is for the caller to add.
    pub(crate) fn sized(self, length: impl std::fmt::Display) -> Script {
        let sized = self.field("Content-Length", length.to_string());
        Script::raw(sized.status, sized.head(), End::Keep)
    }

    /// The head of a chunked body; the chunks are for the caller to add.
    pub(crate) fn chunked(self) -> Script {
        let chunked = self.field("Transfer-Encoding", "chunked");
        Script::raw(chunked.status, chunked.head(), End::Keep)
    }

    /// The head of a body that ends with the connection.
    pub(crate) fn unsized_until_close(self) -> Script {
        let closing = self.field("Connection", "close");
        Script::raw(closing.status, closing.head(), End::Close)
    }
}

/// One chunk of a chunked body; an empty one is the last (RFC 9112, section 7.1).
pub(crate) fn chunk(data: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
    chunk.extend_from_slice(data);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Text of exactly so many bytes, the same each time.
pub(crate) fn filler(bytes: usize) -> Vec<u8> {
    b"All work and no play makes a dull crawl.\n".iter().copied().cycle().take(bytes).collect()
}
