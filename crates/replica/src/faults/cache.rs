//! What may be kept and asked for again (RFC 9111), and a server that answers such questions wrongly. Each body tells
//! how often its path was asked for, so that an answer from a cache shows.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script};

type Played = Result<Script, Unplayable>;

const MODIFIED: &str = "Tue, 01 Jun 2010 12:00:00 GMT";

pub(crate) const PATHS: &[Scenario] = &[
    row("/cache/max-age/SECONDS", "/cache/max-age/60", "fresh for SECONDS; ETag \"v1\", which gives 304", |asked| {
        let age = format!("max-age={}", asked.number("SECONDS")?);
        tagged(asked, "\"v1\"", &[("Cache-Control", &age)])
    }),
    row("/cache/etag/TAG", "/cache/etag/v1", "ETag \"TAG\", which gives 304 for If-None-Match", |asked| {
        tagged(asked, &format!("\"{}\"", tag(asked)), &[])
    }),
    row("/cache/weak-etag/TAG", "/cache/weak-etag/v1", "the same with a weak tag", |asked| {
        tagged(asked, &format!("W/\"{}\"", tag(asked)), &[])
    }),
    row("/cache/changing-etag", "/cache/changing-etag", "a new ETag each time, and so never 304", |asked| {
        let count = asked.before();
        Ok(asked.answer(numbered(count).field("ETag", format!("\"{count}\""))))
    }),
    row(
        "/cache/last-modified",
        "/cache/last-modified",
        "Last-Modified, which gives 304 for If-Modified-Since",
        |asked| {
            let fields = [("Last-Modified", MODIFIED)];
            Ok(match asked.request.field("if-modified-since") == Some(MODIFIED) {
                true => unchanged(asked, &fields),
                false => counted(asked, &fields),
            })
        },
    ),
    row("/cache/expires", "/cache/expires", "fresh until 9999 by Expires", |asked| {
        tagged(asked, "\"v1\"", &[("Expires", "Fri, 31 Dec 9999 23:59:59 GMT")])
    }),
    row(
        "/cache/vary/FIELD",
        "/cache/vary/accept-language",
        "fresh for an hour, and for the same FIELD of a request only",
        |asked| {
            let field = asked.text("FIELD").replace(['\r', '\n'], "");
            Ok(counted(asked, &[("Cache-Control", "max-age=3600"), ("Vary", &field)]))
        },
    ),
    row("/cache/vary-all", "/cache/vary-all", "Vary: *, which fits no request", |asked| {
        Ok(counted(asked, &[("Cache-Control", "max-age=3600"), ("Vary", "*")]))
    }),
    row("/cache/no-store", "/cache/no-store", "not to be kept", |asked| {
        Ok(counted(asked, &[("Cache-Control", "no-store")]))
    }),
    row("/cache/no-cache", "/cache/no-cache", "to be asked for each time; ETag \"v1\"", |asked| {
        tagged(asked, "\"v1\"", &[("Cache-Control", "no-cache")])
    }),
    row("/cache/private", "/cache/private", "private, fresh for an hour", |asked| {
        Ok(counted(asked, &[("Cache-Control", "private, max-age=3600")]))
    }),
    row("/cache/plain", "/cache/plain", "nothing is said about it", |asked| Ok(counted(asked, &[]))),
    row("/cache/lying-304", "/cache/lying-304", "304 though nobody asked", |asked| Ok(unchanged(asked, &[]))),
    row("/cache/other-304", "/cache/other-304", "ETag \"v1\" at first, then 304 with ETag \"v2\"", |asked| {
        Ok(match asked.request.field("if-none-match") {
            Some(_) => unchanged(asked, &[("ETag", "\"v2\"")]),
            None => counted(asked, &[("ETag", "\"v1\"")]),
        })
    }),
];

fn tagged(asked: &Asked, tag: &str, fields: &[(&str, &str)]) -> Played {
    let fields = [fields, &[("ETag", tag)]].concat();
    let asked_for = asked.request.field("if-none-match").unwrap_or_default();
    // the weak comparison (RFC 9110, section 8.8.3.2)
    let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    Ok(match asked_for.split(',').any(|known| known.trim() == "*" || weak(known) == weak(tag)) {
        true => unchanged(asked, &fields),
        false => counted(asked, &fields),
    })
}

fn tag(asked: &Asked) -> String {
    asked.text("TAG").replace(['"', '\r', '\n'], "")
}

fn counted(asked: &Asked, fields: &[(&str, &str)]) -> Script {
    asked.answer(fields.iter().fold(numbered(asked.before()), |reply, (name, value)| reply.field(*name, *value)))
}

fn numbered(count: u64) -> Reply {
    Reply::html(format!("<p>answer number {}</p>", count + 1))
}

fn unchanged(asked: &Asked, fields: &[(&str, &str)]) -> Script {
    asked.answer(fields.iter().fold(Reply::new(304), |reply, (name, value)| reply.field(*name, *value)))
}
