//! Redirects: to order, in chains and circles, and to places that are hard to name. Refreshes too.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script};
use crate::markup::escape;

type Played = Result<Script, Unplayable>;

const MAX_BYTES: usize = 256 * 1024 * 1024;

pub(crate) const PATHS: &[Scenario] = &[
    row(
        "/redirect/to",
        "/redirect/to?url=/ok/1&status=307&cookie=a%3D1",
        "to `url`, with `status` (302) and a Set-Cookie of each `cookie`",
        to,
    ),
    row("/redirect/chain/COUNT", "/redirect/chain/20", "COUNT redirects, then a page", |asked| chain(asked, 302, "")),
    row("/redirect/chain/COUNT/STATUS", "/redirect/chain/20/308", "the same with another status than 302", |asked| {
        let status = asked.status("STATUS")?;
        chain(asked, status, &format!("/{status}"))
    }),
    row("/redirect/loop", "/redirect/loop", "to itself", |asked| Ok(found(asked, "/redirect/loop"))),
    row("/redirect/loop/a", "/redirect/loop/a", "to the next", |asked| Ok(found(asked, "/redirect/loop/b"))),
    row("/redirect/loop/b", "/redirect/loop/b", "to the one before", |asked| Ok(found(asked, "/redirect/loop/a"))),
    row("/redirect/endless/COUNT", "/redirect/endless/1", "to the next number, for ever", |asked| {
        Ok(found(asked, &format!("/redirect/endless/{}", asked.number("COUNT")?.saturating_add(1))))
    }),
    row("/redirect/hosts", "/redirect/hosts", "to the same path on the other one of two hosts, for ever", |asked| {
        let here = asked.request.host().starts_with("first.");
        Ok(found(asked, &asked.elsewhere(if here { "second" } else { "first" }, "/redirect/hosts")))
    }),
    row("/redirect/host/LABEL", "/redirect/host/other", "to /echo.json on the host LABEL.localhost", |asked| {
        Ok(found(asked, &asked.elsewhere(&asked.text("LABEL"), "/echo.json")))
    }),
    row(
        "/redirect/self-cookie",
        "/redirect/self-cookie",
        "to itself until the cookie that it sets comes back",
        |asked| {
            Ok(match asked.cookie("seen") {
                Some(_) => asked.answer(Reply::html("<p>welcome</p>")),
                None => {
                    let reply = Reply::new(302)
                        .field("Location", "/redirect/self-cookie")
                        .field("Set-Cookie", "seen=1; Path=/");
                    asked.answer(reply)
                }
            })
        },
    ),
    row("/redirect/long/BYTES", "/redirect/long/1000000", "to a URL whose query has BYTES bytes", |asked| {
        Ok(found(asked, &format!("/ok/1?{}", "l".repeat(asked.size("BYTES", MAX_BYTES)?))))
    }),
    row("/redirect/crlf", "/redirect/crlf", "to a URL with an encoded CRLF and a header after it", |asked| {
        Ok(found(asked, "/echo?%0d%0aX-Injected:%201%0d%0a%0d%0a"))
    }),
    row("/redirect/bare-cr", "/redirect/bare-cr", "to a URL with a bare CR and a header after it", |asked| {
        Ok(found(asked, "/echo?a\rX-Injected: 1"))
    }),
    row("/redirect/no-location", "/redirect/no-location", "302 that does not say where to", |asked| {
        Ok(asked.answer(Reply::new(302).body("nowhere")))
    }),
    row("/redirect/empty", "/redirect/empty", "302 with an empty Location", |asked| Ok(found(asked, ""))),
    row("/redirect/two", "/redirect/two", "302 with two Locations", |asked| {
        Ok(asked.answer(Reply::new(302).field("Location", "/ok/1").field("Location", "/ok/2")))
    }),
    row("/redirect/relative/dots", "/redirect/relative/dots", "to `../../ok/1`", |asked| {
        Ok(found(asked, "../../ok/1"))
    }),
    row("/redirect/relative/above", "/redirect/relative/above", "to `../../../../../ok/1`, above the root", |asked| {
        Ok(found(asked, "../../../../../ok/1"))
    }),
    row(
        "/redirect/relative/query",
        "/redirect/relative/query",
        "to `?to=/ok/1`: its own path, and then /ok/1",
        |asked| {
            let next = if asked.asked_for("to").is_some() { "/ok/1" } else { "?to=/ok/1" };
            Ok(found(asked, next))
        },
    ),
    row("/redirect/relative/scheme", "/redirect/relative/scheme", "to `//HOST/ok/1`", |asked| {
        Ok(found(asked, &format!("//{}/ok/1", asked.request.host())))
    }),
    row("/redirect/relative/fragment", "/redirect/relative/fragment", "to `/ok/1#part`", |asked| {
        Ok(found(asked, "/ok/1#part"))
    }),
    row(
        "/redirect/relative/space",
        "/redirect/relative/space",
        "to `/html?title=two words`, the space as it is",
        |asked| Ok(found(asked, "/html?title=two words")),
    ),
    row("/redirect/relative/utf8", "/redirect/relative/utf8", "to `/html?title=Grüße`, in UTF-8 as it is", |asked| {
        Ok(found(asked, "/html?title=Grüße"))
    }),
    row("/redirect/relative/backslash", "/redirect/relative/backslash", "to `\\ok\\1`", |asked| {
        Ok(found(asked, "\\ok\\1"))
    }),
    row(
        "/refresh/header",
        "/refresh/header?url=/ok/1&seconds=0",
        "a page with a Refresh header to `url`, after `seconds` (0)",
        |asked| {
            let refresh = refresh(asked)?;
            Ok(asked.answer(Reply::html("<p>moving</p>").field("Refresh", refresh)))
        },
    ),
    row(
        "/refresh/meta",
        "/refresh/meta?url=/ok/1&seconds=0",
        "a page with a meta refresh to `url`, after `seconds` (0)",
        |asked| {
            let refresh = refresh(asked)?;
            let page =
                format!("<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"{}\"><p>moving</p>", escape(&refresh));
            Ok(asked.answer(Reply::html(page)))
        },
    ),
    row("/refresh/loop", "/refresh/loop", "a page with a meta refresh to itself", |asked| {
        Ok(asked.answer(Reply::html("<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"0;url=/refresh/loop\">")))
    }),
];

fn to(asked: &Asked) -> Played {
    let url = asked.asked_for("url").ok_or_else(|| Unplayable("`url` is missing in the query".to_owned()))?;
    let status = asked.number_asked_for("status", 302)?;
    let status = u16::try_from(status).ok().filter(|status| (200..=999).contains(status));
    let status = status.ok_or_else(|| Unplayable("`status` is not from 200 to 999".to_owned()))?;
    let cookies = asked.query().filter(|(name, _)| name == "cookie").map(|(_, cookie)| line(&cookie));
    let reply = Reply::new(status).field("Location", line(&url));
    Ok(asked.answer(cookies.fold(reply, |reply, cookie| reply.field("Set-Cookie", cookie))))
}

fn chain(asked: &Asked, status: u16, rest: &str) -> Played {
    Ok(match asked.number("COUNT")? {
        0 => asked.answer(Reply::html("<p>the end of the chain</p>")),
        left => asked.answer(Reply::new(status).field("Location", format!("/redirect/chain/{}{rest}", left - 1))),
    })
}

fn found(asked: &Asked, location: &str) -> Script {
    asked.answer(Reply::new(302).field("Location", location))
}

fn refresh(asked: &Asked) -> Result<String, Unplayable> {
    let url = asked.asked_for("url").ok_or_else(|| Unplayable("`url` is missing in the query".to_owned()))?;
    Ok(format!("{}; url={}", asked.number_asked_for("seconds", 0)?, line(&url)))
}

/// Without what would end a field.
fn line(text: &str) -> String {
    text.replace(['\r', '\n'], "")
}
