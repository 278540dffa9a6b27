//! Bodies that are small on the wire and enormous once unpacked: zeros, all of them.

use std::io;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::codecs::{Packed, brotli_zeros, gzip_zeros, zlib_zeros, zstd_zeros};
use crate::faults::packed::unpacked;
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script};

type Played = Result<Script, Unplayable>;

/// A window of 1 MiB, less than any decoder refuses.
const SMALL_WINDOW: u8 = 20;

/// The largest power of two that a window of zstd can say (RFC 8878, section 3.1.1.1.2).
const MAX_WINDOW: usize = 41;

pub(crate) const PATHS: &[Scenario] = &[
    row("/bomb/gzip/BYTES", "/bomb/gzip/10^10", "BYTES zeros in gzip, 1:1,000", |asked| {
        bomb(asked, Reply::html(""), "gzip", gzip_zeros(asked.number("BYTES")?))
    }),
    row("/bomb/deflate/BYTES", "/bomb/deflate/10^10", "BYTES zeros in deflate, 1:1,000", |asked| {
        bomb(asked, Reply::html(""), "deflate", zlib_zeros(asked.number("BYTES")?))
    }),
    row("/bomb/br/BYTES", "/bomb/br/10^10", "BYTES zeros in brotli, 1:1,000,000", |asked| {
        bomb(asked, Reply::html(""), "br", Ok(brotli_zeros(asked.number("BYTES")?)))
    }),
    row("/bomb/zstd/BYTES", "/bomb/zstd/10^10", "BYTES zeros in zstd, 1:32,000", |asked| {
        bomb(asked, Reply::html(""), "zstd", Ok(zstd_zeros(asked.number("BYTES")?, SMALL_WINDOW)))
    }),
    row(
        "/bomb/zstd-window/LOG/BYTES",
        "/bomb/zstd-window/31/1000",
        "BYTES zeros in zstd with a window of 2^LOG bytes",
        |asked| {
            let window = asked.size("LOG", MAX_WINDOW)? as u8;
            bomb(asked, Reply::html(""), "zstd", Ok(zstd_zeros(asked.number("BYTES")?, window)))
        },
    ),
    row("/bomb/status/STATUS/BYTES", "/bomb/status/404/10^10", "BYTES zeros in brotli under a status", |asked| {
        bomb(asked, Reply::new(asked.status("STATUS")?), "br", Ok(brotli_zeros(asked.number("BYTES")?)))
    }),
    row("/redirect/bomb", "/redirect/bomb", "302 to /ok/10, with 10 GB in brotli as its body", |asked| {
        bomb(asked, Reply::new(302).field("Location", "/ok/10"), "br", Ok(brotli_zeros(10_000_000_000)))
    }),
];

fn bomb(asked: &Asked, reply: Reply, coding: &str, packed: io::Result<Packed>) -> Played {
    let packed = packed.map_err(unpacked)?;
    let mut script = reply.field("Content-Encoding", coding).sized(packed.length);
    if !asked.request.is_head() {
        script.steps.extend(packed.steps);
    }
    Ok(script)
}
