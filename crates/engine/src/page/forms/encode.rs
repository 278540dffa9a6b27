//! A form's fields as a body (WHATWG HTML, sections 4.10.21.6 to 4.10.21.8).

use std::borrow::Cow;

use http::{HeaderValue, header};
use xxhash_rust::xxh3::xxh3_64;

use super::entries::Entry;
use crate::message::Request;
use crate::message::urls::Encoding;

/// How the fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enctype {
    Urlencoded,
    Multipart,
    Plain,
}

impl Enctype {
    pub(super) fn of(text: &str) -> Self {
        match &*text.to_ascii_lowercase() {
            "multipart/form-data" => Self::Multipart,
            "text/plain" => Self::Plain,
            _ => Self::Urlencoded,
        }
    }
}

/// `application/x-www-form-urlencoded`: in the body of a `POST`, in the query of all else.
pub(super) fn urlencoded(request: Request, encoding: &'static Encoding, entries: &[Entry]) -> Request {
    let pairs: Vec<_> = entries.iter().map(|entry| (lines(&entry.name), lines(&entry.value))).collect();
    request.form_in(encoding, pairs.iter().map(|(name, value)| (&**name, &**value)))
}

/// `text/plain`, which no program can read back.
pub(super) fn plain(request: Request, encoding: &'static Encoding, entries: &[Entry]) -> Request {
    let text: String =
        entries.iter().map(|entry| format!("{}={}\r\n", lines(&entry.name), lines(&entry.value))).collect();
    let body = encoding.encode(&text).0.into_owned();
    request.body(body).header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))
}

/// `multipart/form-data` (RFC 7578), with each file as one that nobody has chosen.
///
/// The boundary is made of the fields: the same form is the same request.
pub(super) fn multipart(request: Request, encoding: &'static Encoding, entries: &[Entry]) -> Request {
    let escape = |text: &str| lines(text).replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22");
    let parts: Vec<Vec<u8>> = entries
        .iter()
        .map(|entry| {
            let file = if entry.is_file { "; filename=\"\"\r\nContent-Type: application/octet-stream" } else { "" };
            let name = escape(&entry.name);
            let head = format!("Content-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            [encoding.encode(&head).0, encoding.encode(&lines(&entry.value)).0, Cow::Borrowed(b"\r\n")].concat()
        })
        .collect();
    let boundary = boundary(&parts);
    let mut body = Vec::new();
    for part in &parts {
        body.extend([b"--", boundary.as_bytes(), b"\r\n", part].concat());
    }
    body.extend([b"--", boundary.as_bytes(), b"--\r\n"].concat());
    let request = request.body(body);
    match HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}")) {
        Ok(kind) => request.header(header::CONTENT_TYPE, kind),
        // letters and digits are a header's value
        Err(_) => request,
    }
}

/// A line that stands in none of these.
fn boundary(parts: &[Vec<u8>]) -> String {
    let mut seed = xxh3_64(&parts.concat());
    loop {
        let boundary = format!("----dragline{seed:016x}");
        let stands_in = |part: &Vec<u8>| memchr::memmem::find(part, boundary.as_bytes()).is_some();
        if !parts.iter().any(stands_in) {
            return boundary;
        }
        seed = seed.wrapping_add(1);
    }
}

/// Every line ends with CR LF, whatever it ended with.
fn lines(text: &str) -> Cow<'_, str> {
    if !text.contains(['\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n"))
}
