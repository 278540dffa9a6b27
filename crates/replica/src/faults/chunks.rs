//! Chunked bodies that break the rules of RFC 9112, section 7.1, and one that keeps them.

use bytes::Bytes;

use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, chunk};

pub(crate) const PATHS: &[Scenario] = &[
    row(
        "/chunked/whole",
        "/chunked/whole",
        "two chunks and the last: as it should be",
        |_| Ok(two().send("0\r\n\r\n")),
    ),
    row("/chunked/trailers", "/chunked/trailers", "two chunks, the last, and a trailer field: as it may be", |_| {
        Ok(two().send("0\r\nX-Trailer: yes\r\n\r\n"))
    }),
    row("/chunked/extension", "/chunked/extension", "a chunk with an extension: as it may be", |_| {
        Ok(start().send("5;name=\"value\"\r\nhello\r\n0\r\n\r\n"))
    }),
    row("/chunked/no-last", "/chunked/no-last", "two chunks, and closes before the last", |_| {
        Ok(two().ending(End::Close))
    }),
    row("/chunked/cut-chunk", "/chunked/cut-chunk", "closes in the middle of a chunk", |_| {
        Ok(two().send("100\r\nonly this").ending(End::Close))
    }),
    row("/chunked/rst", "/chunked/rst", "two chunks, then RST", |_| Ok(two().ending(End::Reset))),
    row("/chunked/bad-hex", "/chunked/bad-hex", "a size of `xyz`", |_| Ok(two().send("xyz\r\nhello\r\n0\r\n\r\n"))),
    row("/chunked/negative", "/chunked/negative", "a size of `-5`", |_| Ok(two().send("-5\r\nhello\r\n0\r\n\r\n"))),
    row("/chunked/prefix", "/chunked/prefix", "a size of `0x5`", |_| Ok(two().send("0x5\r\nhello\r\n0\r\n\r\n"))),
    row("/chunked/huge-size", "/chunked/huge-size", "a size of 2^63 and then silence", |_| {
        Ok(two().send("8000000000000000\r\nhello").ending(End::Hold))
    }),
    row("/chunked/overflow", "/chunked/overflow", "a size of 2^64 + 5, which is 5 to those who wrap around", |_| {
        Ok(two().send("10000000000000005\r\nhello\r\n0\r\n\r\n"))
    }),
    row("/chunked/no-end-of-chunk", "/chunked/no-end-of-chunk", "a chunk that is longer than its size", |_| {
        Ok(two().send("3\r\nhello\r\n0\r\n\r\n"))
    }),
    row("/chunked/long-extension", "/chunked/long-extension", "a chunk extension of 1 MiB", |_| {
        Ok(start().send("5;x=").repeat(Bytes::from(vec![b'y'; 1024]), 1024).send("\r\nhello\r\n0\r\n\r\n"))
    }),
    row("/chunked/endless-extension", "/chunked/endless-extension", "a chunk extension without end", |_| {
        Ok(start().send("5;x=").repeat("y", u64::MAX))
    }),
    row(
        "/chunked/endless-trailers",
        "/chunked/endless-trailers",
        "the last chunk, and trailer fields without end",
        |_| Ok(two().send("0\r\n").repeat("X-Trailer: one more\r\n", u64::MAX)),
    ),
    row("/chunked/endless", "/chunked/endless", "chunks without end", |_| {
        Ok(start().repeat(chunk(&[b'z'; 1024]), u64::MAX))
    }),
    row("/chunked/one-byte/COUNT", "/chunked/one-byte/1000", "COUNT chunks of one byte, and the last", |asked| {
        Ok(start().repeat("1\r\nz\r\n", asked.number("COUNT")?).send("0\r\n\r\n"))
    }),
];

fn start() -> Script {
    Reply::text(200, "").chunked()
}

/// `hello world`, with no last chunk.
fn two() -> Script {
    start().send(chunk(b"hello ")).send(chunk(b"world"))
}
