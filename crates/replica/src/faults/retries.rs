//! Refusals that may end: Retry-After in every form, answers that fail at first, sign-ins.

use std::time::{Duration, SystemTime};

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, filler};

type Played = Result<Script, Unplayable>;

pub(crate) const PATHS: &[Scenario] = &[
    row(
        "/retry-after/STATUS/VALUE",
        "/retry-after/429/120?times=2",
        "STATUS with Retry-After: VALUE, percent-decoded; `in:30` and `ago:30` are dates so many seconds from now; \
         with ?times=N only the first N times, then 200",
        retry_after,
    ),
    row(
        "/retry-after/STATUS",
        "/retry-after/503?times=2",
        "STATUS without Retry-After; with ?times=N only the first N times",
        |asked| {
            let status = asked.status("STATUS")?;
            first(asked, |asked| asked.answer(Reply::text(status, "later")))
        },
    ),
    row("/flaky/COUNT", "/flaky/2", "503 the first COUNT times, then 200", |asked| {
        flaky(asked, |asked| asked.answer(Reply::text(503, "not yet")))
    }),
    row("/flaky/COUNT/reset", "/flaky/2/reset", "RST the first COUNT times, then 200", |asked| {
        flaky(asked, |_| Script::silence(End::Reset))
    }),
    row("/flaky/COUNT/close", "/flaky/2/close", "closes without an answer the first COUNT times, then 200", |asked| {
        flaky(asked, |_| Script::silence(End::Close))
    }),
    row("/flaky/COUNT/cut", "/flaky/2/cut", "half of a body the first COUNT times, then 200", |asked| {
        flaky(asked, |_| Reply::text(200, "").sized(2_000).send(filler(1_000)).ending(End::Close))
    }),
    row("/flaky/COUNT/status/STATUS", "/flaky/2/status/500", "STATUS the first COUNT times, then 200", |asked| {
        let status = asked.status("STATUS")?;
        flaky(asked, |asked| asked.answer(Reply::text(status, "not yet")))
    }),
    row("/auth/basic/USER/PASS", "/auth/basic/demo/secret", "401 until USER and PASS come by Basic", |asked| {
        let expected = format!("Basic {}", base64(format!("{}:{}", asked.text("USER"), asked.text("PASS")).as_bytes()));
        Ok(match asked.request.field("authorization") == Some(&expected) {
            true => asked.answer(Reply::text(200, "welcome")),
            false => asked.answer(Reply::text(401, "who?").field("WWW-Authenticate", "Basic realm=\"faults\"")),
        })
    }),
    row("/auth/bearer/TOKEN", "/auth/bearer/secret", "401 until TOKEN comes by Bearer", |asked| {
        Ok(match asked.request.field("authorization") == Some(&format!("Bearer {}", asked.text("TOKEN"))) {
            true => asked.answer(Reply::text(200, "welcome")),
            false => asked.answer(Reply::text(401, "who?").field("WWW-Authenticate", "Bearer")),
        })
    }),
    row("/auth/unknown", "/auth/unknown", "401 by a scheme that nobody knows", |asked| {
        Ok(asked.answer(Reply::text(401, "who?").field("WWW-Authenticate", "Mystery realm=\"faults\"")))
    }),
];

fn retry_after(asked: &Asked) -> Played {
    let status = asked.status("STATUS")?;
    let value = asked.text("VALUE").replace(['\r', '\n'], "");
    let seconds = |text: &str| text.parse().ok().filter(|seconds| *seconds < 1 << 32).map(Duration::from_secs);
    let date = match value.split_once(':') {
        Some(("in", text)) => seconds(text).and_then(|time| SystemTime::now().checked_add(time)),
        Some(("ago", text)) => seconds(text).and_then(|time| SystemTime::now().checked_sub(time)),
        _ => None,
    };
    let value = date.map_or(value, httpdate::fmt_http_date);
    first(asked, |asked| asked.answer(Reply::text(status, "later").field("Retry-After", value)))
}

/// Fails as often as the query says, always if it says nothing.
fn first(asked: &Asked, failure: impl FnOnce(&Asked) -> Script) -> Played {
    let times = asked.number_asked_for("times", u64::MAX)?;
    Ok(if asked.before() < times { failure(asked) } else { good(asked) })
}

fn flaky(asked: &Asked, failure: impl FnOnce(&Asked) -> Script) -> Played {
    let times = asked.number("COUNT")?;
    Ok(if asked.before() < times { failure(asked) } else { good(asked) })
}

fn good(asked: &Asked) -> Script {
    asked.answer(Reply::html("<p>at last</p>"))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().chain([&0, &0]).take(3).fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > group.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads_as_the_rfc_says() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
