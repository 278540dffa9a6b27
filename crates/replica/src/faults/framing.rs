//! Answers whose head leaves in doubt where the body ends, or that are no HTTP at all (RFC 9112, sections 4 to 6).

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, NO_ANSWER, Reply, Script};

type Played = Result<Script, Unplayable>;

pub(crate) const PATHS: &[Scenario] = &[
    row("/framing/te-and-cl", "/framing/te-and-cl", "both Transfer-Encoding and Content-Length", |_| {
        raw("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")
    }),
    row("/framing/te-unknown", "/framing/te-unknown", "a Transfer-Encoding that nobody knows", |_| {
        raw("Transfer-Encoding: mystery\r\nConnection: close\r\n", "hello").map(|script| script.ending(End::Close))
    }),
    row("/framing/te-twice", "/framing/te-twice", "Transfer-Encoding: chunked, chunked", |_| {
        raw("Transfer-Encoding: chunked, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")
    }),
    row("/framing/two-lengths", "/framing/two-lengths", "two lengths that differ", |_| {
        raw("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")
    }),
    row("/framing/length-list", "/framing/length-list", "a list of two lengths that differ in one field", |_| {
        raw("Content-Length: 5, 6\r\n", "hello!")
    }),
    row("/framing/same-lengths", "/framing/same-lengths", "the same length twice, which may be let pass", |_| {
        raw("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/plus-length", "/framing/plus-length", "a length of `+5`", |_| raw("Content-Length: +5\r\n", "hello")),
    row("/framing/minus-length", "/framing/minus-length", "a length of `-5`", |_| {
        raw("Content-Length: -5\r\n", "hello")
    }),
    row("/framing/hex-length", "/framing/hex-length", "a length of `0x5`", |_| raw("Content-Length: 0x5\r\n", "hello")),
    row("/framing/empty-length", "/framing/empty-length", "a length with no digits", |_| {
        raw("Content-Length: \r\n", "hello")
    }),
    row("/framing/huge-length", "/framing/huge-length", "a length of 2^64 + 5", |_| {
        raw("Content-Length: 18446744073709551621\r\n", "hello")
    }),
    row("/framing/obs-fold", "/framing/obs-fold", "a field that goes on in the next line", |_| {
        raw("X-Folded: one\r\n two\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/folded-length", "/framing/folded-length", "a length in the line after its field's name", |_| {
        raw("Content-Length:\r\n 5\r\n", "hello")
    }),
    row(
        "/framing/space-before-colon",
        "/framing/space-before-colon",
        "a space between `Content-Length` and its colon",
        |_| raw("Content-Length : 5\r\n", "hello"),
    ),
    row("/framing/bare-lf", "/framing/bare-lf", "lines that end with LF alone", |_| {
        plain("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", End::Keep)
    }),
    row("/framing/bare-cr", "/framing/bare-cr", "a field with CR within its value", |_| {
        raw("X-Split: one\rX-Other: two\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/nul", "/framing/nul", "a field with NUL within its value", |_| {
        raw("X-Nul: one\0two\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/high-bytes", "/framing/high-bytes", "a field with bytes that are no UTF-8", |_| {
        let head = [&b"HTTP/1.1 200 OK\r\nX-High: \xff\xfe\xe9\r\nContent-Length: 5\r\n\r\nhello"[..]].concat();
        Ok(Script::raw(200, head, End::Keep))
    }),
    row("/framing/no-colon", "/framing/no-colon", "a line of the head without a colon", |_| {
        raw("this is no field\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/empty-name", "/framing/empty-name", "a field without a name", |_| {
        raw(": nameless\r\nContent-Length: 5\r\n", "hello")
    }),
    row("/framing/no-status", "/framing/no-status", "a status line without a status", |_| {
        plain("HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", End::Close)
    }),
    row("/framing/long-status", "/framing/long-status", "a status of four digits", |_| {
        plain("HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello", End::Close)
    }),
    row("/framing/long-reason", "/framing/long-reason", "a reason of 1 MiB after the status", |_| {
        Ok(Script::raw(200, "HTTP/1.1 200 ", End::Keep)
            .repeat("very ", 209_715)
            .send("OK\r\nContent-Length: 5\r\n\r\nhello"))
    }),
    row("/framing/version", "/framing/version", "HTTP/3.7 in the status line", |_| {
        plain("HTTP/3.7 200 OK\r\nContent-Length: 5\r\n\r\nhello", End::Close)
    }),
    row("/framing/garbage", "/framing/garbage", "bytes that are no HTTP", |_| {
        Ok(Script::raw(NO_ANSWER, &b"\x16\x03\x01\x00\xffSSH-2.0-OpenSSH\r\n\x00\x01\x02\r\n\r\n"[..], End::Close))
    }),
    row("/framing/http09", "/framing/http09", "a body with no head, as in HTTP/0.9", |_| {
        plain("<html><body>hello</body></html>", End::Close)
    }),
    row("/framing/empty-answer", "/framing/empty-answer", "closes without an answer", |_| {
        Ok(Script::silence(End::Close))
    }),
    row(
        "/framing/extra-bytes",
        "/framing/extra-bytes",
        "more bytes than the length says, on a connection that stays open",
        |_| raw("Content-Length: 5\r\n", "helloEXTRA BYTES"),
    ),
    row("/framing/second-response", "/framing/second-response", "a second answer that nobody asked for", |_| {
        raw("Content-Length: 5\r\n", "helloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
    }),
    row(
        "/framing/early-response",
        "/framing/early-response",
        "an answer, and 50 ms later one that nobody asked for",
        |_| {
            let later = std::time::Duration::from_millis(50);
            let wait = crate::faults::script::Step::Wait(later);
            Ok(raw("Content-Length: 5\r\n", "hello")?
                .then(wait)
                .send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"))
        },
    ),
    row("/framing/204-with-body", "/framing/204-with-body", "204 with a length and a body", |_| {
        plain("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", End::Keep)
    }),
    row("/framing/304-with-body", "/framing/304-with-body", "304 with a length and a body", |_| {
        plain("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", End::Keep)
    }),
    row("/framing/101", "/framing/101", "101 to a protocol that nobody asked for", |_| {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: mystery\r\n\r\nmystery";
        Ok(Script::raw(101, head, End::Hold))
    }),
    row("/framing/truncated-head", "/framing/truncated-head", "closes in the middle of the head", |_| {
        plain("HTTP/1.1 200 OK\r\nContent-Le", End::Close)
    }),
    row("/framing/no-empty-line", "/framing/no-empty-line", "closes before the empty line after the head", |_| {
        plain("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", End::Close)
    }),
    row(
        "/framing/keep-then-close",
        "/framing/keep-then-close",
        "a good answer; closes though it did not say so",
        |asked| Ok(good(asked).ending(End::Close)),
    ),
    row(
        "/framing/keep-then-rst",
        "/framing/keep-then-rst",
        "a good answer, then RST though it did not say so",
        |asked| Ok(good(asked).ending(End::Reset)),
    ),
];

/// 200 with these lines in its head, and this body.
fn raw(lines: &str, body: &str) -> Played {
    Ok(Script::raw(200, format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{lines}\r\n{body}"), End::Keep))
}

fn plain(bytes: &'static str, end: End) -> Played {
    let status = bytes.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(NO_ANSWER);
    Ok(Script::raw(status, bytes, end))
}

fn good(asked: &Asked) -> Script {
    asked.answer(Reply::text(200, "hello"))
}
