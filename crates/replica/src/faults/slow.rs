//! Servers that take their time, say nothing, never end, or hang up; as paths, and as whole hosts.

use std::time::Duration;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, Step, filler};

/// The most that is dripped, in bytes.
const MAX_DRIPPED: usize = 1024 * 1024;

pub(crate) const PATHS: &[Scenario] = &[
    row("/wait/MS", "/wait/500", "a good answer, MS milliseconds late", |asked| {
        let late = Script::silence(End::Keep).then(Step::Wait(Duration::from_millis(asked.number("MS")?)));
        Ok(Script { status: 200, ..late }.send(Reply::text(200, "").field("Content-Length", "2").head()).send("ok"))
    }),
    row("/drip/head/BYTES_PER_SEC", "/drip/head/20", "a good answer, its head byte by byte", |asked| {
        let every = Duration::from_secs(1).div_f64(asked.number("BYTES_PER_SEC")?.max(1) as f64);
        Ok(dripping(every, 2).send("ok"))
    }),
    row("/drip/body/BYTES/EVERY_MS", "/drip/body/10/100", "a body of BYTES bytes, one every EVERY_MS", |asked| {
        let bytes = asked.size("BYTES", MAX_DRIPPED)?;
        let every = Duration::from_millis(asked.number("EVERY_MS")?);
        Ok(Reply::text(200, "").sized(bytes).then(Step::Drip { bytes: filler(bytes).into(), every }))
    }),
    row("/drip/chunks/COUNT/EVERY_MS", "/drip/chunks/10/100", "COUNT chunks of a byte, one every EVERY_MS", |asked| {
        let every = Duration::from_millis(asked.number("EVERY_MS")?);
        let chunks = Step::Repeat { bytes: "1\r\nz\r\n".into(), times: asked.number("COUNT")?, every };
        Ok(Reply::text(200, "").chunked().then(chunks).send("0\r\n\r\n"))
    }),
    row("/stall/head", "/stall/head", "the half of a head, then silence", |_| {
        Ok(Script::raw(200, "HTTP/1.1 200 OK\r\nContent-", End::Hold))
    }),
    row(
        "/stall/body/SENT",
        "/stall/body/100",
        "SENT bytes of a body that is said to have 1,000 more, then silence",
        |asked| {
            let sent = asked.size("SENT", MAX_DRIPPED)?;
            Ok(Reply::text(200, "").sized(sent + 1_000).send(filler(sent)).ending(End::Hold))
        },
    ),
    row("/mute", "/mute", "takes the request and says nothing", mute),
    row("/endless", "/endless", "a body without length and without end", endless),
    row("/endless/length", "/endless/length", "a body of the 10^18 bytes that it says it has", |_| {
        Ok(Reply::text(200, "").sized(10_u64.pow(18)).repeat(filler(4096), u64::MAX))
    }),
    row("/endless/drip/EVERY_MS", "/endless/drip/100", "a body without end, a byte every EVERY_MS", |asked| {
        let every = Duration::from_millis(asked.number("EVERY_MS")?.max(1));
        Ok(Reply::text(200, "").unsized_until_close().then(Step::Repeat { bytes: "z".into(), times: u64::MAX, every }))
    }),
    row("/reset/head", "/reset/head", "RST in the place of an answer", reset),
    row("/reset/body", "/reset/body", "the head and the half of the body, then RST", |_| {
        Ok(Reply::text(200, "").sized(2_000).send(filler(1_000)).ending(End::Reset))
    }),
];

pub(crate) const HOSTS: &[Scenario] = &[
    row("slow", "slow-1", "every path: the head and then a page of 1 KB, a byte a second", |_| {
        let bytes = filler(1_000).into();
        Ok(dripping(Duration::from_secs(1), 1_000).then(Step::Drip { bytes, every: Duration::from_secs(1) }))
    }),
    row("mute", "mute-1", "every path: takes the request and says nothing", mute),
    row("endless", "endless-1", "every path: a body without length and without end", endless),
    row("reset", "reset-1", "every path: RST in the place of an answer", reset),
];

/// The head of an answer with a body of this length, byte by byte.
fn dripping(every: Duration, length: usize) -> Script {
    let bytes = Reply::text(200, "").field("Content-Length", length.to_string()).head().into();
    let script = Script::silence(End::Keep).then(Step::Drip { bytes, every });
    Script { status: 200, ..script }
}

fn mute(_: &Asked) -> Result<Script, Unplayable> {
    Ok(Script::silence(End::Hold))
}

fn endless(_: &Asked) -> Result<Script, Unplayable> {
    Ok(Reply::text(200, "").unsized_until_close().repeat(filler(4096), u64::MAX))
}

fn reset(_: &Asked) -> Result<Script, Unplayable> {
    Ok(Script::silence(End::Reset))
}
