//! Heads that are too large: many fields, one giant field, many interim answers.

use std::time::Duration;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, Step};

const MAX_FIELDS: usize = 1_000_000;

pub(crate) const PATHS: &[Scenario] = &[
    row("/head/fields/COUNT", "/head/fields/10000", "a head with COUNT fields more", fields),
    row("/head/field/BYTES", "/head/field/10000000", "a head with a field whose value has BYTES bytes", field),
    row("/head/name/BYTES", "/head/name/100000", "a head with a field whose name has BYTES bytes", name),
    row("/head/interim/COUNT", "/head/interim/11", "COUNT times 103 Early Hints, then the answer", |asked| {
        Ok(interim("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n", asked.number("COUNT")?))
    }),
    row("/head/continue/COUNT", "/head/continue/11", "COUNT times 100 Continue, then the answer", |asked| {
        Ok(interim("HTTP/1.1 100 Continue\r\n\r\n", asked.number("COUNT")?))
    }),
    row("/head/endless", "/head/endless", "a head whose fields never end", |_| {
        Ok(Script::raw(200, "HTTP/1.1 200 OK\r\n", End::Hold).repeat("X-More: and more\r\n", u64::MAX))
    }),
    row("/head/endless-field", "/head/endless-field", "a head with a field that never ends", |_| {
        Ok(Script::raw(200, "HTTP/1.1 200 OK\r\nX-More: ", End::Hold).repeat("y", u64::MAX))
    }),
    row("/head/endless-interim", "/head/endless-interim", "103 Early Hints without end, one every millisecond", |_| {
        let (bytes, every) = ("HTTP/1.1 103 Early Hints\r\n\r\n".into(), Duration::from_millis(1));
        Ok(Script::silence(End::Hold).then(Step::Repeat { bytes, times: u64::MAX, every }))
    }),
];

fn fields(asked: &Asked) -> Result<Script, Unplayable> {
    let count = asked.size("COUNT", MAX_FIELDS)?;
    let reply =
        (0..count).fold(Reply::text(200, "ok"), |reply, number| reply.field(format!("X-Field-{number}"), "value"));
    Ok(asked.answer(reply))
}

fn field(asked: &Asked) -> Result<Script, Unplayable> {
    Ok(Script::raw(200, "HTTP/1.1 200 OK\r\nX-Large: ", End::Keep)
        .repeat("y", asked.number("BYTES")?)
        .send("\r\nContent-Length: 2\r\n\r\nok"))
}

fn name(asked: &Asked) -> Result<Script, Unplayable> {
    Ok(Script::raw(200, "HTTP/1.1 200 OK\r\n", End::Keep)
        .repeat("x", asked.number("BYTES")?)
        .send(": 1\r\nContent-Length: 2\r\n\r\nok"))
}

fn interim(head: &'static str, count: u64) -> Script {
    let answer = Reply::text(200, "").field("Content-Length", "2").head();
    Script { status: 200, ..Script::silence(End::Keep) }.repeat(head, count).send(answer).send("ok")
}
