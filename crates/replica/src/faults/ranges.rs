//! Downloads that break off and are to go on: `Range` answered rightly, and wrongly (RFC 9110, section 14). The bytes
//! are those of `/ok/SIZE`.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, filler};

type Played = Result<Script, Unplayable>;

const MAX_SIZE: usize = 256 * 1024 * 1024;
const TAG: &str = "\"v1\"";

pub(crate) const PATHS: &[Scenario] = &[
    row("/range/SIZE", "/range/10000", "SIZE bytes with ETag \"v1\"; 206 for a Range from an offset on", |asked| {
        let size = asked.size("SIZE", MAX_SIZE)?;
        Ok(match offset(asked) {
            Some(offset) if offset >= size => {
                asked.answer(Reply::new(416).field("Content-Range", format!("bytes */{size}")))
            }
            Some(offset) => asked.answer(partial(size, offset, TAG)),
            None => asked.answer(whole(size, TAG)),
        })
    }),
    row(
        "/range/SIZE/cut",
        "/range/10000/cut",
        "the same, but without a Range half comes and the connection is closed",
        |asked| interrupted(asked, |size, offset| partial(size, offset, TAG)),
    ),
    row("/range/SIZE/other", "/range/10000/other", "the same, but 206 begins a byte after where it should", |asked| {
        interrupted(asked, |size, offset| partial(size, (offset + 1).min(size - 1), TAG))
    }),
    row("/range/SIZE/changed", "/range/10000/changed", "the same, but 206 has ETag \"v2\"", |asked| {
        interrupted(asked, |size, offset| partial(size, offset, "\"v2\""))
    }),
    row(
        "/range/SIZE/ignored",
        "/range/10000/ignored",
        "the same, but Range is answered with 200 and the whole",
        |asked| interrupted(asked, |size, _| whole(size, TAG)),
    ),
    row("/range/SIZE/refused", "/range/10000/refused", "the same, but Range is answered with 416", |asked| {
        interrupted(asked, |size, _| Reply::new(416).field("Content-Range", format!("bytes */{size}")))
    }),
    row("/range/SIZE/unasked", "/range/10000/unasked", "206 with the second half, though nobody asked", |asked| {
        let size = asked.size("SIZE", MAX_SIZE)?.max(1);
        Ok(asked.answer(partial(size, size / 2, TAG)))
    }),
];

/// Half and a closed connection without a Range; with one, what `resumed` gives for the size and the offset.
fn interrupted(asked: &Asked, resumed: fn(usize, usize) -> Reply) -> Played {
    let size = asked.size("SIZE", MAX_SIZE)?.max(1);
    Ok(match offset(asked) {
        Some(offset) => asked.answer(resumed(size, offset.min(size - 1))),
        None => whole(0, TAG).sized(size).send(filler(size / 2)).ending(End::Close),
    })
}

/// `bytes=500-`; any other range is answered with the whole, which is allowed.
fn offset(asked: &Asked) -> Option<usize> {
    let fits = asked.request.field("if-range").is_none_or(|tag| tag == TAG);
    let range = asked.request.field("range").filter(|_| fits)?;
    range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

fn whole(size: usize, tag: &str) -> Reply {
    Reply::text(200, filler(size)).field("ETag", tag).field("Accept-Ranges", "bytes")
}

fn partial(size: usize, offset: usize, tag: &str) -> Reply {
    let range = format!("bytes {offset}-{}/{size}", size - 1);
    Reply::text(206, filler(size)[offset..].to_vec()).field("ETag", tag).field("Content-Range", range)
}
