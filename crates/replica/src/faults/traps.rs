//! Sites without end, a host each, in which a crawler is lost that does not notice. None has a robots.txt.

use bytes::Bytes;

use crate::faults::asked::{Asked, Unplayable};
use crate::faults::scenario::{Scenario, row};
use crate::faults::script::{Reply, Script, Step, chunk};
use crate::faults::sites::{missing, page};

type Played = Result<Script, Unplayable>;

/// Links of the link farm unless the query says otherwise.
const FARM: u64 = 100_000;

/// Links of the link farm at most, which nobody reads to their end.
const MOST: u64 = 1_000_000_000_000;

/// Links in a chunk of the link farm's page.
const PER_CHUNK: u64 = 1_000;

pub(crate) const HOSTS: &[Scenario] = &[
    row("trap-deep", "trap-deep", "each page links to `a/` below it", |asked| {
        site(asked, |asked, path| {
            let folder = path.trim_end_matches('/');
            page(asked, "Deeper", [format!("{folder}/a/")])
        })
    }),
    row(
        "trap-calendar",
        "trap-calendar",
        "each month links to the month before and the next one: /?month=2026-01",
        |asked| site(asked, |asked, _| calendar(asked)),
    ),
    row(
        "trap-sessions",
        "trap-sessions",
        "five pages, whose links have a new session id each time, in the path and in the query",
        |asked| {
            site(asked, |asked, _| {
                let number = asked.host_before();
                let id = |page: u64| format!("{:016x}", (number * 8 + page).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                let in_path = (1..=5).map(|page| format!("/page/{page};jsessionid={}", id(page)));
                let in_query = (1..=5).map(|page| format!("/page/{page}?sid={}", id(page)));
                page(asked, "A page", in_path.chain(in_query))
            })
        },
    ),
    row("trap-facets", "trap-facets", "a list with six facets of five values, in any order and number", |asked| {
        site(asked, |asked, _| facets(asked))
    }),
    row("trap-same", "trap-same", "the same bytes under every path, with links to `a/` and `b/` below it", |asked| {
        site(asked, |asked, _| page(asked, "Always the same", ["a/", "b/"].map(str::to_owned)))
    }),
    row(
        "trap-farm",
        "trap-farm",
        "a page with 100,000 links to /farm/1 and on, or with as many as /?links= says",
        farm,
    ),
    row("trap-subdomains", "trap-subdomains", "each page links to two hosts below: a.HOST and b.HOST", |asked| {
        site(asked, |asked, _| {
            let scheme = if asked.secure { "https" } else { "http" };
            page(asked, "Below", ["a", "b"].map(|label| format!("{scheme}://{label}.{}/", asked.request.host())))
        })
    }),
    row("trap-redirects", "trap-redirects", "each page redirects to a new one, and so on for ever: /1, /2", |asked| {
        site(asked, |asked, path| {
            let number: u64 = path.trim_start_matches('/').parse().unwrap_or(0);
            asked.answer(Reply::new(302).field("Location", format!("/{}", number.saturating_add(1))))
        })
    }),
];

fn site(asked: &Asked, of_path: impl FnOnce(&Asked, &str) -> Script) -> Played {
    Ok(match asked.request.path() {
        "/robots.txt" => missing(asked),
        path => of_path(asked, path),
    })
}

fn calendar(asked: &Asked) -> Script {
    let month = asked.asked_for("month").and_then(|month| {
        let (year, month) = month.split_once('-')?;
        Some(year.parse::<u32>().ok()?.min(1_000_000) * 12 + month.parse::<u32>().ok()?.clamp(1, 12) - 1)
    });
    let month = month.unwrap_or(2026 * 12);
    let name = |month: u32| format!("{:04}-{:02}", month / 12, month % 12 + 1);
    let around = [month.saturating_sub(1), month + 1].map(|month| format!("/?month={}", name(month)));
    page(asked, &name(month), around)
}

fn facets(asked: &Asked) -> Script {
    const FACETS: [&str; 6] = ["brand", "colour", "material", "price", "size", "sort"];
    let chosen: Vec<(String, String)> = asked.query().filter(|(name, _)| FACETS.contains(&name.as_str())).collect();
    let links = FACETS.iter().flat_map(|facet| (1..=5).map(move |value| (*facet, value))).map(|(facet, value)| {
        let others = chosen.iter().filter(|(name, _)| name != facet);
        // a value is a number, whatever came: what is written here is not to be escaped
        let number = |value: &str| value.parse::<u8>().unwrap_or(0);
        let mut query: Vec<_> = others.map(|(name, value)| format!("{name}={}", number(value))).collect();
        query.push(format!("{facet}={value}"));
        format!("/list?{}", query.join("&amp;"))
    });
    page(asked, "A list", links)
}

fn farm(asked: &Asked) -> Played {
    let links = asked.number_asked_for("links", FARM)?.min(MOST);
    site(asked, |asked, path| match path {
        "/" => {
            let start = Reply::html("").chunked();
            if asked.request.is_head() {
                return start;
            }
            let numbers = (0..links.div_ceil(PER_CHUNK))
                .map(move |chunk| chunk * PER_CHUNK + 1..=((chunk + 1) * PER_CHUNK).min(links));
            let chunks = numbers.map(|numbers| {
                let links: String =
                    numbers.map(|number| format!("<a href=\"/farm/{number}\">{number}</a>\n")).collect();
                Bytes::from(chunk(links.as_bytes()))
            });
            start
                .send(chunk(b"<!DOCTYPE html>\n<html><head><title>A link farm</title></head><body>\n"))
                .then(Step::Make(Box::new(chunks)))
                .send(chunk(b"</body></html>\n"))
                .send(chunk(b""))
        }
        path if path.starts_with("/farm/") => page(asked, "A leaf", []),
        _ => missing(asked),
    })
}
