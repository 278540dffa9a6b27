//! robots.txt of every kind, a host each (RFC 9309). Each host is a small site: / links to /public/1 and on, and to
//! /private/1 and on, so that a log tells whether the rules were kept.

use std::time::Duration;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{End, Reply, Script, Step, filler};
use crate::faults::sites;

type Played = Result<Script, Unplayable>;

/// What most of the files say.
const RULES: &str = "User-agent: *\nDisallow: /private\n";

/// What RFC 9309 makes a crawler read at least, in bytes.
const READ_AT_LEAST: usize = 500 * 1024;

pub(crate) const HOSTS: &[Scenario] = &[
    row("robots-ok", "robots-ok", "forbids /private", |asked| file(asked, RULES)),
    row("robots-404", "robots-404", "404: everything is allowed", |asked| status(asked, 404)),
    row("robots-401", "robots-401", "401: as 404", |asked| status(asked, 401)),
    row("robots-403", "robots-403", "403: as 404", |asked| status(asked, 403)),
    row("robots-429", "robots-429", "429 with Retry-After: 1: nothing is allowed", |asked| {
        rules(asked, |asked| asked.answer(Reply::text(429, "later").field("Retry-After", "1")))
    }),
    row("robots-500", "robots-500", "500 with a file that allows everything: nothing is allowed", |asked| {
        rules(asked, |asked| asked.answer(Reply::text(500, "User-agent: *\nAllow: /\n")))
    }),
    row("robots-503", "robots-503", "503: nothing is allowed", |asked| status(asked, 503)),
    row("robots-slow-MS", "robots-slow-200", "forbids /private, MS milliseconds late", |asked| {
        late(asked, Duration::from_millis(asked.number("MS")?))
    }),
    row("robots-slow", "robots-slow", "forbids /private, 5 seconds late", |asked| late(asked, Duration::from_secs(5))),
    row("robots-drip", "robots-drip", "forbids /private, in a byte a second", |asked| {
        rules(asked, |_| {
            let drip = Step::Drip { bytes: RULES.into(), every: Duration::from_secs(1) };
            Reply::text(200, "").sized(RULES.len()).then(drip)
        })
    }),
    row("robots-mute", "robots-mute", "no answer at all", |asked| rules(asked, |_| Script::silence(End::Hold))),
    row("robots-reset", "robots-reset", "RST in the place of an answer", |asked| {
        rules(asked, |_| Script::silence(End::Reset))
    }),
    row("robots-endless", "robots-endless", "forbids /private at first, and never ends", |asked| {
        rules(asked, |_| Reply::text(200, "").unsized_until_close().send(RULES).repeat("# and on\n", u64::MAX))
    }),
    row("robots-cut", "robots-cut", "the first line under the length of all, then the end", |asked| {
        rules(asked, |_| Reply::text(200, "").sized(RULES.len()).send("User-agent: *\n").ending(End::Close))
    }),
    row("robots-redirect-away", "robots-redirect-away", "302 to robots.txt of the host robots-ok", |asked| {
        rules(asked, |asked| {
            let to = asked.elsewhere("robots-ok", "/robots.txt");
            asked.answer(Reply::new(302).field("Location", to))
        })
    }),
    row("robots-redirect-loop", "robots-redirect-loop", "302 to itself", |asked| {
        rules(asked, |asked| asked.answer(Reply::new(302).field("Location", "/robots.txt")))
    }),
    row(
        "robots-redirect-COUNT",
        "robots-redirect-5",
        "COUNT redirects on its own host, then forbids /private",
        |asked| {
            let count = asked.number("COUNT")?;
            let left = asked.number_asked_for("left", count)?.min(count);
            rules(asked, |asked| match left {
                0 => asked.answer(Reply::text(200, RULES)),
                left => asked.answer(Reply::new(301).field("Location", format!("/robots.txt?left={}", left - 1))),
            })
        },
    ),
    row("robots-large", "robots-large", "over 512 KiB: forbids /private at first, and /public at the end", |asked| {
        let middle = "# filler\n".repeat(READ_AT_LEAST / 9 + 4_000);
        file(asked, &format!("{RULES}{middle}Disallow: /public\n"))
    }),
    row("robots-binary", "robots-binary", "bytes that are no text, with a good rule among them", |asked| {
        rules(asked, |asked| {
            let bytes: Vec<u8> = (0..=255).collect();
            asked.answer(Reply::text(200, [&bytes, &b"\n"[..], RULES.as_bytes(), &bytes].concat()))
        })
    }),
    row("robots-html", "robots-html", "200 with an HTML page, as where every path has one", |asked| {
        rules(asked, |asked| asked.answer(Reply::html("<!DOCTYPE html><p>Disallow: /public</p>")))
    }),
    row("robots-empty", "robots-empty", "200 with no byte", |asked| file(asked, "")),
    row("robots-bom", "robots-bom", "forbids /private, after a byte order mark", |asked| {
        file(asked, &format!("\u{feff}{RULES}"))
    }),
    row("robots-cr", "robots-cr", "forbids /private, in lines that end with CR alone", |asked| {
        file(asked, &RULES.replace('\n', "\r"))
    }),
    row("robots-long-line", "robots-long-line", "a line of 10 MB, and then forbids /private", |asked| {
        rules(asked, |asked| {
            let line = [
                b"# ".to_vec(),
                filler(10_000_000).iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect(),
            ];
            asked.answer(Reply::text(200, [line.concat(), b"\n".to_vec(), RULES.as_bytes().to_vec()].concat()))
        })
    }),
    row(
        "robots-delay-VALUE",
        "robots-delay-0p5",
        "forbids /private; Crawl-delay: VALUE, where `p` is a decimal point",
        |asked| {
            let delay = asked.text("VALUE").replace('p', ".");
            file(asked, &format!("{RULES}Crawl-delay: {delay}\n"))
        },
    ),
    row("robots-deny-agent", "robots-deny-agent", "forbids everything to dragline, and nothing to others", |asked| {
        file(asked, "User-agent: *\nDisallow:\n\nUser-agent: dragline\nDisallow: /\n")
    }),
    row("robots-deny", "robots-deny", "forbids everything", |asked| file(asked, "User-agent: *\nDisallow: /\n")),
    row(
        "robots-wildcards",
        "robots-wildcards",
        "forbids /private and /public/2 by wildcards, among some that are slow to match",
        |asked| {
            let slow = format!("Disallow: /{}b\n", "*a".repeat(64));
            file(asked, &format!("User-agent: *\nDisallow: /p*v*e\nDisallow: /public/2$\n{slow}Allow: /public\n"))
        },
    ),
    row("robots-flaky-COUNT", "robots-flaky-2", "500 the first COUNT times, then forbids /private", |asked| {
        let times = asked.number("COUNT")?;
        rules(asked, |asked| match asked.before() < times {
            true => asked.answer(Reply::text(500, "not yet")),
            false => asked.answer(Reply::text(200, RULES)),
        })
    }),
];

fn file(asked: &Asked, text: &str) -> Played {
    rules(asked, |asked| asked.answer(Reply::text(200, text.to_owned())))
}

fn late(asked: &Asked, time: Duration) -> Played {
    rules(asked, |asked| {
        let answer = asked.answer(Reply::text(200, RULES));
        let steps = std::iter::once(Step::Wait(time)).chain(answer.steps).collect();
        Script { steps, ..answer }
    })
}

fn status(asked: &Asked, status: u16) -> Played {
    rules(asked, |asked| asked.answer(Reply::text(status, "no rules here")))
}

/// The site around the file.
fn rules(asked: &Asked, file: impl FnOnce(&Asked) -> Script) -> Played {
    let path = asked.request.path();
    let of = |folder: &'static str| (1..=asked.site.pages).map(move |number| format!("/{folder}/{number}"));
    Ok(match path {
        "/robots.txt" => file(asked),
        "/" => sites::front(asked, of("public").chain(of("private"))),
        _ if of("public").chain(of("private")).any(|page| page == path) => {
            sites::page(asked, "A page", ["/".to_owned()])
        }
        _ => sites::missing(asked),
    })
}
