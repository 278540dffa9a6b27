//! Good answers: pages to size, pages to order, any status, and bodies whose type is not what is said.

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script, filler};
use crate::markup::escape;
use crate::pictures;

type Played = Result<Script, Unplayable>;

/// Bodies to size are sent from one piece, so that any size can be had.
const PIECE: usize = 64 * 1024;

pub(crate) const PATHS: &[Scenario] = &[
    row("/ok/SIZE", "/ok/100", "200 with SIZE bytes of text", |asked| body(asked, Reply::text(200, ""), "", "")),
    row("/sized-page/SIZE", "/sized-page/11000000", "200 with an HTML page of SIZE bytes, 42 at least", |asked| {
        body(asked, Reply::html(""), "<!DOCTYPE html><html><body>", "</body></html>\n")
    }),
    row("/status/STATUS", "/status/503", "a status, with a page that names it", status),
    row(
        "/html",
        "/html?title=Hello&body=%3Cp%3Etext&link=/ok/1&link=/ok/2",
        "a page of the query's `title`, `head`, `body` and `link`s",
        html,
    ),
    row("/type/html-as-jpeg", "/type/html-as-jpeg", "an HTML page as image/jpeg", |asked| {
        typed(asked, Some("image/jpeg"), PAGE)
    }),
    row("/type/html-as-text", "/type/html-as-text", "an HTML page as text/plain", |asked| {
        typed(asked, Some("text/plain"), PAGE)
    }),
    row("/type/html-as-binary", "/type/html-as-binary", "an HTML page as application/octet-stream", |asked| {
        typed(asked, Some("application/octet-stream"), PAGE)
    }),
    row("/type/jpeg-as-html", "/type/jpeg-as-html", "a photograph as text/html", |asked| {
        jpeg(asked, Some("text/html"))
    }),
    row("/type/jpeg-as-png", "/type/jpeg-as-png", "a photograph as image/png", |asked| jpeg(asked, Some("image/png"))),
    row("/type/jpeg", "/type/jpeg", "a photograph as image/jpeg, as it should be", |asked| {
        jpeg(asked, Some("image/jpeg"))
    }),
    row("/type/none", "/type/none", "an HTML page without a type", |asked| typed(asked, None, PAGE)),
    row("/type/none-jpeg", "/type/none-jpeg", "a photograph without a type", |asked| jpeg(asked, None)),
    row("/type/empty", "/type/empty", "an HTML page with an empty type", |asked| typed(asked, Some(""), PAGE)),
    row("/type/garbage", "/type/garbage", "an HTML page with a type that is none", |asked| {
        typed(asked, Some("; charset=,;//"), PAGE)
    }),
    row("/type/two", "/type/two", "an HTML page with two types", |asked| {
        let reply = Reply::new(200).field("Content-Type", "image/png").field("Content-Type", "text/html").body(PAGE);
        Ok(asked.answer(reply))
    }),
    row("/type/nosniff", "/type/nosniff", "an HTML page as image/jpeg, with nosniff", |asked| {
        let reply = Reply::new(200).field("Content-Type", "image/jpeg").field("X-Content-Type-Options", "nosniff");
        Ok(asked.answer(reply.body(PAGE)))
    }),
    row("/type/binary-as-html", "/type/binary-as-html", "all 256 bytes, forty times, as text/html", |asked| {
        typed(asked, Some("text/html"), (0..=255).collect::<Vec<u8>>().repeat(40))
    }),
    row(
        "/type/charset-lies",
        "/type/charset-lies",
        "Latin-1 that says it is UTF-8, in its type and in itself",
        |asked| {
            let page = &b"<!DOCTYPE html><meta charset=utf-8><title>caf\xe9</title><p>na\xefve"[..];
            typed(asked, Some("text/html; charset=utf-8"), page)
        },
    ),
    row(
        "/type/charset-unknown",
        "/type/charset-unknown",
        "an HTML page in a character set that nobody knows",
        |asked| typed(asked, Some("text/html; charset=mystery"), PAGE),
    ),
    row(
        "/type/utf16",
        "/type/utf16",
        "an HTML page in UTF-16 with a BOM, and a type without a character set",
        |asked| {
            let units = "\u{feff}<!DOCTYPE html><title>Grüße</title>".encode_utf16();
            typed(asked, Some("text/html"), units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
        },
    ),
];

const PAGE: &str = "<!DOCTYPE html><html><head><title>A page</title></head><body><p>hello</p></body></html>";

/// As many bytes as the path says, between a beginning and an end that count among them.
fn body(asked: &Asked, reply: Reply, begin: &'static str, end: &'static str) -> Played {
    let size = asked.number("SIZE")?;
    let around = (begin.len() + end.len()) as u64;
    let rest =
        size.checked_sub(around).ok_or_else(|| Unplayable(format!("SIZE is {size}, which is under {around}")))?;
    let script = reply.sized(size);
    if asked.request.is_head() {
        return Ok(script);
    }
    let (pieces, left) = (rest / PIECE as u64, (rest % PIECE as u64) as usize);
    Ok(script.send(begin).repeat(filler(PIECE), pieces).send(filler(left)).send(end))
}

fn status(asked: &Asked) -> Played {
    let status = asked.status("STATUS")?;
    if status < 200 {
        let final_answer = Reply::text(200, "").field("Content-Length", "2").head();
        return Ok(Reply::new(status).script(true).send(final_answer).send("ok"));
    }
    Ok(asked.answer(Reply::new(status).field("Content-Type", "text/html").body(format!("<h1>{status}</h1>\n"))))
}

fn html(asked: &Asked) -> Played {
    let text = |field| asked.asked_for(field).unwrap_or_default();
    let links: String = asked
        .query()
        .filter(|(name, _)| name == "link")
        .map(|(_, link)| format!("<a href=\"{0}\">{0}</a>\n", escape(&link)))
        .collect();
    let (title, head, body) = (text("title"), text("head"), text("body"));
    let title = escape(&title);
    let page = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title>{head}</head>\n<body>\n{body}\n{links}</body></html>\n"
    );
    Ok(asked.answer(Reply::html(page)))
}

fn typed(asked: &Asked, content_type: Option<&str>, body: impl Into<bytes::Bytes>) -> Played {
    let reply = Reply::new(200).body(body);
    Ok(asked.answer(match content_type {
        Some(content_type) => reply.field("Content-Type", content_type),
        None => reply,
    }))
}

fn jpeg(asked: &Asked, content_type: Option<&str>) -> Played {
    typed(asked, content_type, pictures::thumbnail(0))
}
