//! Bodies whose length is not what was said, or was not said at all.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, filler};

/// The most that is sent of a body that is kept in memory.
const MAX_SENT: usize = 256 * 1024 * 1024;

pub(crate) const PATHS: &[Scenario] = &[
    row("/length/DECLARED/send/SENT", "/length/200/send/100", "says DECLARED bytes, sends SENT, closes", |asked| {
        lying(asked, End::Close)
    }),
    row("/length/DECLARED/send/SENT/close", "/length/200/send/100/close", "the same", |asked| lying(asked, End::Close)),
    row(
        "/length/DECLARED/send/SENT/cut",
        "/length/200/send/100/cut",
        "the same; over TLS without close_notify",
        |asked| lying(asked, End::Cut),
    ),
    row("/length/DECLARED/send/SENT/rst", "/length/200/send/100/rst", "the same, but the end is RST", |asked| {
        lying(asked, End::Reset)
    }),
    row(
        "/length/DECLARED/send/SENT/keep",
        "/length/200/send/300/keep",
        "the same, and stays open for requests",
        |asked| lying(asked, End::Keep),
    ),
    row(
        "/length/DECLARED/send/SENT/hold",
        "/length/200/send/100/hold",
        "the same, and stays open in silence",
        |asked| lying(asked, End::Hold),
    ),
    row(
        "/length-header/VALUE",
        "/length-header/10^18",
        "a Content-Length of VALUE as it is written, two bytes, silence",
        header,
    ),
    row(
        "/no-length/SENT/close",
        "/no-length/100/close",
        "no length; SENT bytes, which end with the connection",
        |asked| no_length(asked, End::Close),
    ),
    row("/no-length/SENT/cut", "/no-length/100/cut", "the same; over TLS without close_notify", |asked| {
        no_length(asked, End::Cut)
    }),
    row("/no-length/SENT/rst", "/no-length/100/rst", "the same, but the end is RST", |asked| {
        no_length(asked, End::Reset)
    }),
    row("/head-with-body", "/head-with-body", "an answer with a body, to HEAD too", |_| {
        Ok(Reply::text(200, "").sized(5).send("body\n"))
    }),
];

fn lying(asked: &Asked, end: End) -> Result<Script, Unplayable> {
    let script = Reply::text(200, "").sized(asked.number("DECLARED")?);
    Ok(script.send(filler(asked.size("SENT", MAX_SENT)?)).ending(end))
}

fn header(asked: &Asked) -> Result<Script, Unplayable> {
    let text = asked.text("VALUE");
    let value = asked.number("VALUE").map_or(text, |number| number.to_string());
    Ok(Reply::text(200, "").sized(value).send("ok").ending(End::Hold))
}

fn no_length(asked: &Asked, end: End) -> Result<Script, Unplayable> {
    let script = Reply::text(200, "").unsized_until_close();
    Ok(script.send(filler(asked.size("SENT", MAX_SENT)?)).ending(end))
}
