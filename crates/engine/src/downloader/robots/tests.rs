//! The whole file, from bytes to verdicts.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn url(path: &str) -> Url {
    Url::parse("https://site.example/").and_then(|base| base.join(path)).expect("a URL")
}

/// Whether these rules, for everybody, allow a path.
fn allows(rules: &str, path: &str) -> bool {
    Robots::parse(format!("User-agent: *\n{rules}").as_bytes()).allows("dragline", &url(path))
}

#[test]
fn the_most_octets_decide_and_allow_wins_a_tie() {
    assert!(allows("Disallow: /\nAllow: /page", "/page.html"));
    assert!(allows("Allow: /folder\nDisallow: /folder", "/folder/a"));
    assert!(!allows("Allow: /page\nDisallow: /*.html", "/page.html"));
    assert!(allows("Disallow: /", "/robots.txt") && !allows("Disallow: /", "/robots.txt/"));
}

#[test]
fn a_dollar_is_the_end_only_at_the_end() {
    assert!(!allows("Disallow: /a$", "/a") && allows("Disallow: /a$", "/a?"));
    assert!(!allows("Disallow: /a$b", "/a$bc") && !allows("Disallow: /a%24", "/a$c"));
    assert!(!allows("Disallow: /*$", "/a") && !allows("Disallow: /a*$", "/abc") && allows("Disallow: /a*b$", "/abc"));
    assert!(allows("Disallow: /ab*b$", "/ab"), "a piece is not used twice");
}

#[test]
fn percent_encoding_is_alike_on_both_sides() {
    for (rule, path) in [
        ("/b%61z", "/baz"),
        ("/baz", "/b%61%7A"),
        ("/ツ", "/%e3%83%84"),
        ("/%e3%83%84", "/ツ"),
        ("/a%3Ab", "/a:b"),
        ("/a*%2A", "/ax*"),
        ("/x?q=https://a.example", "/x?q=https%3A%2F%2Fa.example"),
        ("/x?q=https%3A%2F%2Fa.example", "/x?q=https://a.example"),
        ("/*url=https%3A%2F%2Fa", "/x?url=https%3A%2F%2Fa"),
        ("/100%", "/100%"),
        ("/a%zz", "/a%zz"),
    ] {
        assert!(!allows(&format!("Disallow: {rule}"), path), "{rule} {path}");
    }
    for (rule, path) in [("/a%2Fb", "/a/b"), ("/a/b", "/a%2fb"), ("/a%2A", "/ab"), ("/a%2525", "/a%25x")] {
        assert!(allows(&format!("Disallow: {rule}"), path), "{rule} {path}");
    }
    let latin = Robots::parse(b"User-agent: *\nDisallow: /k\xE4se");
    assert!(!latin.allows("a", &url("/k%E4se")));
}

#[test]
fn queries_are_matched_with_their_mark() {
    assert!(!allows("Disallow: /*?", "/a?") && allows("Disallow: /*?", "/a"));
    assert!(!allows("Disallow: /a?b", "/a?bc") && allows("Disallow: /a?b", "/a"));
    assert!(!allows("Disallow: /a", "/a#b"));
}

#[test]
fn an_unknown_record_does_not_end_a_group_and_a_delay_is_for_the_names_above_it() {
    let robots = Robots::parse(b"User-agent: a\nCrawl-delay: 5\nNoindex: /\n\nUser-agent: b\nDisallow: /x\n");
    assert!(!robots.allows("a", &url("/x")) && !robots.allows("b", &url("/x")));
    assert_eq!(robots.crawl_delay("a"), Some(Duration::from_secs(5)));
    assert_eq!(robots.crawl_delay("b"), None);
}

#[test]
fn groups_of_one_name_are_one() {
    let robots =
        Robots::parse(b"User-agent: a\nDisallow: /x\nUser-agent: b\nDisallow: /\nUser-agent: A/2\nDisallow: /y\n");
    assert!(!robots.allows("a", &url("/x")) && !robots.allows("a", &url("/y")) && robots.allows("a", &url("/z")));
}

#[test]
fn rules_hold_no_more_than_what_was_said_to_the_crawler() {
    let robots =
        Robots::parse(b"User-agent: a\nDisallow: /x\nDisallow: /x\nUser-agent: *\nDisallow: /\nAllow: relative");
    assert_eq!(robots.rules("a"), Robots::parse(b"User-agent: a\nDisallow: /x").rules("a"));
    assert_eq!(Robots::parse(b"User-agent: a\nDisallow:").rules("a"), Rules::default());
}

#[test]
fn b03_only_the_first_bytes_are_read() {
    let mut body = b"User-agent: *\nDisallow: /early\n".to_vec();
    body.resize(LIMIT, b'\n');
    body.extend(b"Disallow: /late\n");
    let robots = Robots::parse(&body);
    assert!(!robots.allows("a", &url("/early")) && robots.allows("a", &url("/late")));
    assert!(!Robots::parse_within(&body, usize::MAX).allows("a", &url("/late")));
}

#[test]
fn b03_a_byte_order_mark_and_lone_carriage_returns_hide_nothing() {
    let robots = Robots::parse(b"\xEF\xBB\xBFUser-agent: *\rDisallow: /a\r");
    assert!(!robots.allows("a", &url("/a")));
}

const PARTS: [&[u8]; 24] = [
    b"User-agent: ",
    b"user agent ",
    b"Allow: ",
    b"Disallow: ",
    b"Crawl-delay: ",
    b"Request-rate: ",
    b"Visit-time: ",
    b"Sitemap: ",
    b"Host: ",
    b"*",
    b"$",
    b"/",
    b"%",
    b"%2F",
    b"?",
    b"\n",
    b"\r\n",
    b"\r",
    b"#",
    b":",
    b"dragline/1.0",
    b"1e99",
    b"\xEF\xBB\xBF",
    "ö".as_bytes(),
];

/// A file of the parts that matter and of anything between.
fn likely(random: &mut StdRng) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..random.random_range(0..40) {
        match random.random_range(0..4) {
            0 => body.push(random.random()),
            _ => body.extend(PARTS[random.random_range(0..PARTS.len())]),
        }
    }
    body
}

/// A file as sites have it, with a few bytes changed, cut out or put in.
fn mutated(random: &mut StdRng) -> Vec<u8> {
    let mut body = b"# robots\nUser-agent: *\nUser-agent: dragline\nDisallow: /a*b?c=%2F$\nAllow: /index.html\n\
        Crawl-delay: 1.5\nRequest-rate: 1/10m 0600-0845\nVisit-time: 0600-0845\nSitemap: https://a.example/s.xml\n"
        .to_vec();
    for _ in 0..random.random_range(1..8) {
        let at = random.random_range(0..body.len());
        match random.random_range(0..3) {
            0 => body[at] = random.random(),
            1 => drop(body.drain(at..(at + 3).min(body.len() - 1))),
            _ => drop(body.splice(at..at, PARTS[random.random_range(0..PARTS.len())].iter().copied())),
        }
    }
    body
}

#[test]
fn b03_no_bytes_make_it_panic_or_go_on_forever() {
    let mut random = StdRng::seed_from_u64(9309);
    let paths = [url("/"), url("/index.html?a=%2F%"), url("/aab?c=/"), url("mailto:a@b.example")];
    for round in 0..100_000 {
        let body = match round % 3 {
            0 => (0..random.random_range(0..200)).map(|_| random.random()).collect(),
            1 => likely(&mut random),
            _ => mutated(&mut random),
        };
        let robots = Robots::parse_within(&body, random.random_range(0..400));
        let agent = String::from_utf8_lossy(&body[..body.len().min(12)]).into_owned();
        for agent in ["dragline", "*", "", &agent] {
            let rules = robots.rules(agent);
            assert!(paths.iter().filter(|path| rules.allows(path)).count() <= paths.len());
            assert!(rules.crawl_delay().is_none_or(|delay| delay.checked_mul(2).is_some()));
        }
    }
}
