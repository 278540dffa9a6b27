//! Bodies under a Content-Encoding: as they should be, damaged, or not what they say.

use std::io;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::codecs::{brotli, deflate, gzip, zlib, zstd};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script, filler};

type Played = Result<Script, Unplayable>;

/// How large the page in each of these bodies is.
const PAGE: usize = 10_000;

/// The most that a body is packed over and over.
const MAX_STACKED: usize = 1_000;

pub(crate) const PATHS: &[Scenario] = &[
    row("/packed/gzip", "/packed/gzip", "10,000 bytes in gzip, as it should be", |asked| {
        packed(asked, "gzip", gzip(&page()))
    }),
    row("/packed/x-gzip", "/packed/x-gzip", "the same under gzip's old name", |asked| {
        packed(asked, "x-gzip", gzip(&page()))
    }),
    row("/packed/deflate", "/packed/deflate", "the same as deflate, which is zlib's format", |asked| {
        packed(asked, "deflate", zlib(&page()))
    }),
    row(
        "/packed/deflate-raw",
        "/packed/deflate-raw",
        "deflate without zlib's head, as some servers send it",
        |asked| packed(asked, "deflate", deflate(&page())),
    ),
    row("/packed/br", "/packed/br", "the same in brotli", |asked| packed(asked, "br", Ok(brotli(&page())))),
    row("/packed/zstd", "/packed/zstd", "the same in zstd", |asked| packed(asked, "zstd", Ok(zstd(&page())))),
    row("/packed/gzip+br", "/packed/gzip+br", "gzip, and brotli around it", |asked| {
        packed(asked, "gzip, br", gzip(&page()).map(|packed| brotli(&packed)))
    }),
    row("/packed/gzip-members", "/packed/gzip-members", "two gzip members, which together are the body", |asked| {
        let (first, second) = (page()[..PAGE / 2].to_vec(), page()[PAGE / 2..].to_vec());
        packed(asked, "gzip", gzip(&first).and_then(|first| Ok([first, gzip(&second)?].concat())))
    }),
    row("/packed/empty", "/packed/empty", "gzip is said, and the body is empty", |asked| {
        packed(asked, "gzip", Ok(Vec::new()))
    }),
    row("/packed/capitals", "/packed/capitals", "the coding's name as `GZip`", |asked| {
        packed(asked, "GZip", gzip(&page()))
    }),
    row("/packed/identity", "/packed/identity", "identity is said, and it is", |asked| {
        packed(asked, "identity", Ok(page()))
    }),
    row(
        "/packed/gzip-truncated",
        "/packed/gzip-truncated",
        "the first half of the gzip stream, as a whole body",
        |asked| packed(asked, "gzip", gzip(&page()).map(half)),
    ),
    row(
        "/packed/br-truncated",
        "/packed/br-truncated",
        "the first half of the brotli stream, as a whole body",
        |asked| packed(asked, "br", Ok(half(brotli(&page())))),
    ),
    row(
        "/packed/zstd-truncated",
        "/packed/zstd-truncated",
        "the first half of the zstd stream, as a whole body",
        |asked| packed(asked, "zstd", Ok(half(zstd(&page())))),
    ),
    row("/packed/gzip-no-trailer", "/packed/gzip-no-trailer", "gzip without its checksum and length", |asked| {
        packed(asked, "gzip", gzip(&page()).map(|packed| packed[..packed.len() - 8].to_vec()))
    }),
    row("/packed/gzip-bad-crc", "/packed/gzip-bad-crc", "gzip whose checksum is wrong", |asked| {
        packed(asked, "gzip", gzip(&page()).map(|packed| flipped(packed, 8)))
    }),
    row("/packed/gzip-bad-length", "/packed/gzip-bad-length", "gzip whose length is wrong", |asked| {
        packed(asked, "gzip", gzip(&page()).map(|packed| flipped(packed, 4)))
    }),
    row("/packed/gzip-corrupt", "/packed/gzip-corrupt", "gzip with a wrong byte in the middle", |asked| {
        packed(
            asked,
            "gzip",
            gzip(&page()).map(|packed| {
                let middle = packed.len() / 2;
                flipped(packed, middle)
            }),
        )
    }),
    row("/packed/trailing-garbage", "/packed/trailing-garbage", "gzip, and bytes after it that are none", |asked| {
        packed(asked, "gzip", gzip(&page()).map(|packed| [&packed, &b"trailing garbage"[..]].concat()))
    }),
    row("/packed/wrong-name", "/packed/wrong-name", "gzip under the name of brotli", |asked| {
        packed(asked, "br", gzip(&page()))
    }),
    row("/packed/not-packed", "/packed/not-packed", "gzip is said, but the bytes are the page itself", |asked| {
        packed(asked, "gzip", Ok(page()))
    }),
    row("/packed/unsaid", "/packed/unsaid", "gzip, but nothing says so", |asked| {
        Ok(asked.answer(Reply::html(gzip(&page()).map_err(unpacked)?)))
    }),
    row("/packed/unknown", "/packed/unknown", "a coding that nobody knows", |asked| {
        packed(asked, "mystery", Ok(page()))
    }),
    row("/packed/twice", "/packed/twice", "gzip in two fields, but packed once", |asked| {
        let body = gzip(&page()).map_err(unpacked)?;
        let reply = Reply::html(body).field("Content-Encoding", "gzip").field("Content-Encoding", "gzip");
        Ok(asked.answer(reply))
    }),
    row("/stacked/COUNT", "/stacked/4", "packed COUNT times with gzip, all in one field", |asked| {
        let (count, body) = stacked(asked)?;
        Ok(asked.answer(Reply::html(body).field("Content-Encoding", vec!["gzip"; count].join(", "))))
    }),
    row("/stacked/COUNT/fields", "/stacked/4/fields", "packed COUNT times with gzip, a field each", |asked| {
        let (count, body) = stacked(asked)?;
        Ok(asked.answer((0..count).fold(Reply::html(body), |reply, _| reply.field("Content-Encoding", "gzip"))))
    }),
];

fn page() -> Vec<u8> {
    filler(PAGE)
}

fn packed(asked: &Asked, coding: &str, body: io::Result<Vec<u8>>) -> Played {
    Ok(asked.answer(Reply::html(body.map_err(unpacked)?).field("Content-Encoding", coding)))
}

fn stacked(asked: &Asked) -> Result<(usize, Vec<u8>), Unplayable> {
    let count = asked.size("COUNT", MAX_STACKED)?;
    let body = (0..count).try_fold(page(), |body, _| gzip(&body)).map_err(unpacked)?;
    Ok((count, body))
}

pub(crate) fn unpacked(error: io::Error) -> Unplayable {
    Unplayable(format!("the body could not be packed: {error}"))
}

fn half(mut packed: Vec<u8>) -> Vec<u8> {
    packed.truncate(packed.len() / 2);
    packed
}

/// With the byte changed that stands so many before the end.
fn flipped(mut packed: Vec<u8>, before_end: usize) -> Vec<u8> {
    let at = packed.len().saturating_sub(before_end);
    if let Some(byte) = packed.get_mut(at) {
        *byte ^= 0xff;
    }
    packed
}
