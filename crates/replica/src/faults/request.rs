//! Reads a request from a connection. Much is let pass: what came is to be shown by `/echo`, not judged.

use std::io;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use crate::faults::asked::Request;
use crate::faults::connection::Connection;

/// The largest head that is read: long URLs and many cookies are for the client to refuse.
const MAX_HEAD: usize = 8 * 1024 * 1024;

/// The largest body that is read.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// How the end of a request's body is found.
pub(crate) enum Length {
    Known(usize),
    Chunked,
    Wrong(&'static str),
}

/// The next request but for its body; none if the client has closed in between.
pub(crate) async fn read_head<S>(connection: &mut Connection<S>, request: &mut Request) -> io::Result<Option<Length>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut seen = 0_usize;
    let end = loop {
        let from = seen.saturating_sub(3);
        if let Some(at) = find(&connection.buffer[from..], b"\r\n\r\n") {
            break from + at + 4;
        }
        seen = connection.buffer.len();
        if seen > MAX_HEAD || connection.stream.read_buf(&mut connection.buffer).await? == 0 {
            return Ok(None);
        }
    };
    request.head = connection.buffer.drain(..end).collect::<Vec<_>>().into();
    let text = String::from_utf8_lossy(&request.head);
    let mut lines = text.split("\r\n");
    let mut parts = lines.next().unwrap_or_default().splitn(3, ' ').map(str::to_owned);
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let fields = lines.filter_map(|line| line.split_once(':'));
    let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    request.fields = fields;
    request.method = method.unwrap_or_default();
    request.target = origin_form(target.unwrap_or_default());
    let closes = |value: &str| value.eq_ignore_ascii_case("close");
    request.last = version.as_deref() != Some("HTTP/1.1") || request.field("connection").is_some_and(closes);
    Ok(Some(length(request)))
}

/// A proxy is asked for whole URLs; what stands before the path is in `Host` too.
fn origin_form(target: String) -> String {
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => {
            rest.find('/').map_or_else(|| "/".to_owned(), |path| rest[path..].to_owned())
        }
        _ => target,
    }
}

fn length(request: &Request) -> Length {
    if request.field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        return Length::Chunked;
    }
    match request.field("content-length").map(str::parse) {
        None => Length::Known(0),
        Some(Ok(length)) if length <= MAX_BODY => Length::Known(length),
        Some(Ok(_)) => Length::Wrong("the body is over 16 MiB"),
        Some(Err(_)) => Length::Wrong("the length is no number"),
    }
}

/// The body, which a client that expects to be asked for it is asked for.
pub(crate) async fn read_body<S>(
    connection: &mut Connection<S>,
    length: Length,
    request: &mut Request,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if request.field("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    match length {
        Length::Known(length) => request.body = take(connection, length).await?,
        Length::Chunked => request.body = chunks(connection).await?,
        Length::Wrong(why) => return Err(io::Error::new(io::ErrorKind::InvalidData, why)),
    }
    Ok(())
}

async fn chunks<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>) -> io::Result<Bytes> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "the body is not chunked as it says, or over 16 MiB");
    let mut body = Vec::new();
    loop {
        let line = line(connection).await?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(digits).ok().and_then(|digits| usize::from_str_radix(digits.trim(), 16).ok());
        let size = size.filter(|size| body.len() + size <= MAX_BODY).ok_or_else(wrong)?;
        if size == 0 {
            while !self::line(connection).await?.is_empty() {}
            return Ok(body.into());
        }
        body.extend_from_slice(&take(connection, size).await?);
        if !self::line(connection).await?.is_empty() {
            return Err(wrong());
        }
    }
}

/// A line without its end.
async fn line<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>) -> io::Result<Bytes> {
    let end = loop {
        if let Some(end) = find(&connection.buffer, b"\r\n") {
            break end;
        }
        more(connection).await?;
    };
    let line = take(connection, end).await?;
    take(connection, 2).await?;
    Ok(line)
}

async fn take<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>, count: usize) -> io::Result<Bytes> {
    while connection.buffer.len() < count {
        more(connection).await?;
    }
    Ok(connection.buffer.drain(..count).collect::<Vec<_>>().into())
}

async fn more<S: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<S>) -> io::Result<()> {
    match connection.stream.read_buf(&mut connection.buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
