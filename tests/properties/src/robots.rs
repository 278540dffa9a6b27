//! Robots.txt.

use std::time::{Duration, Instant, SystemTime};

use dragline::downloader::robots::Robots;
use url::{Position, Url};

use crate::message::first_line;

/// The longest rule and URL that the reference is asked about: it tries everything.
const SMALL: (usize, usize) = (24, 60);

/// The input is a path, a user agent and a file, a line each and the rest. Whatever the file is, it can be asked; what
/// it says does not turn on its line ends or comments, and its rules mean what a matcher that tries everything says.
pub fn robots(input: &[u8]) {
    let (path, rest) = first_line(input);
    let (agent, body) = first_line(rest);
    let agent = String::from_utf8_lossy(agent);
    let base = Url::parse("http://site.example/").expect("a URL");
    let url = base.join(&String::from_utf8_lossy(path)).unwrap_or(base);
    let robots = Robots::parse(body);
    is_bounded(&robots, &agent, body.len());
    let said = said(&robots, &agent, &url);
    if !body.starts_with(b"\xEF\xBB\xBF") {
        let lines = body.split(|byte| matches!(byte, b'\r' | b'\n'));
        let commented: Vec<u8> = lines.flat_map(|line| [line, b" # Disallow: /\r\n"].concat()).collect();
        assert_eq!(self::said(&Robots::parse(&commented), &agent, &url), said, "comments say nothing");
    }
    let half = Robots::parse_within(body, body.len() / 2);
    assert!(robots.sitemaps().starts_with(half.sitemaps()), "half of a file says nothing that the whole does not");
    means_what_it_says(body, &url);
}

fn said<'a>(robots: &'a Robots, agent: &str, url: &Url) -> (bool, Option<Duration>, &'a [String]) {
    (robots.allows(agent, url), robots.crawl_delay(agent), robots.sitemaps())
}

/// What is read can be waited for, and is no more than there was.
fn is_bounded(robots: &Robots, agent: &str, length: usize) {
    let rules = robots.rules(agent);
    let per = rules.request_rate().map(|rate| rate.per);
    for time in [rules.crawl_delay(), per].into_iter().flatten() {
        assert!(
            Instant::now().checked_add(time).is_some() && SystemTime::now().checked_add(time).is_some(),
            "{time:?}"
        );
    }
    assert!(rules.request_rate().is_none_or(|rate| rate.requests > 0 && !rate.per.is_zero()));
    let day = Duration::from_secs(86_400);
    assert!(rules.visit_time().is_none_or(|hours| hours.from < day && hours.until < day));
    let sitemaps = robots.sitemaps().iter().map(|sitemap| sitemap.chars().count()).sum::<usize>();
    assert!(sitemaps <= length, "sitemaps of {sitemaps} characters of a file of {length} bytes");
    let robots_txt = Url::parse("http://site.example/robots.txt").expect("a URL");
    assert!(rules.allows(&robots_txt), "robots.txt itself may always be read");
}

/// Lines that begin with `+` or `-` are made rules, for everybody and for one.
fn means_what_it_says(body: &[u8], url: &Url) {
    let raw = url[Position::BeforePath..Position::AfterQuery].as_bytes();
    if raw.len() > SMALL.1 || url.path() == "/robots.txt" {
        return;
    }
    let rule = |line: &[u8]| {
        let (sign, path) = line.split_first()?;
        let path: Vec<u8> = path.iter().copied().filter(|byte| *byte > b' ' && *byte != b'#').collect();
        (matches!(sign, b'+' | b'-') && (1..=SMALL.0).contains(&path.len())).then_some((*sign == b'+', path))
    };
    let rules: Vec<_> = body.split(|byte| matches!(byte, b'\r' | b'\n')).filter_map(rule).take(20).collect();
    let mut lines = Vec::new();
    for (allows, path) in &rules {
        lines.extend_from_slice(if *allows { b"Allow: " } else { b"Disallow: " });
        lines.extend_from_slice(path);
        lines.push(b'\n');
    }
    let want = allows(&rules, raw);
    let of = |agent: &str| Robots::parse(&[format!("User-agent: {agent}\n").as_bytes(), &lines].concat());
    assert_eq!(of("*").allows("dragline", url), want, "for everybody, of `{url}`");
    assert_eq!(of("dragline").allows("dragline", url), want, "for one, of `{url}`");
    assert!(of("dragline").allows("other", url), "for another one");
}

/// RFC 9309, section 2.2.2: the longest that matches, and of two that are as long the one that allows.
fn allows(rules: &[(bool, Vec<u8>)], raw: &[u8]) -> bool {
    let index = rules.iter().filter(|(allows, path)| *allows && path.ends_with(b"/index.html"));
    let index = index.map(|(_, path)| (true, [&path[..path.len() - "index.html".len()], b"$"].concat()));
    let all = rules.iter().cloned().chain(index);
    let matching = all.filter(|(_, path)| matches(path, raw));
    matching.map(|(allows, path)| (octets(&path), allows)).max().is_none_or(|(_, allows)| allows)
}

/// What a rule or a path is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Byte(u8),
    /// `*`, in a rule.
    Any,
    /// `$` at a rule's end.
    End,
}

fn matches(rule: &[u8], raw: &[u8]) -> bool {
    let has_query = rule.contains(&b'?');
    matches!(rule, [b'/' | b'*', ..]) && fits(&signs(rule, true, true), &signs(raw, false, has_query))
}

fn fits(rule: &[Sign], path: &[Sign]) -> bool {
    match (rule, path) {
        ([], _) => true,
        ([Sign::End], _) => path.is_empty(),
        ([Sign::Any, rest @ ..], _) => (0..=path.len()).any(|at| fits(rest, &path[at..])),
        ([sign, rest @ ..], [first, path @ ..]) => sign == first && fits(rest, path),
        (_, []) => false,
    }
}

/// With escapes undone, but for `%25` and, where a slash divides something, `%2F`.
fn signs(text: &[u8], is_rule: bool, has_query: bool) -> Vec<Sign> {
    let (mut signs, mut rest, mut in_query) = (Vec::new(), text, false);
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let escape = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        rest = if escape.is_some() { &after[2..] } else { after };
        in_query |= *first == b'?';
        match escape {
            Some(b'%') => signs.extend(b"%25".map(Sign::Byte)),
            Some(b'/') if !(in_query && has_query) => signs.extend(b"%2F".map(Sign::Byte)),
            Some(byte) => signs.push(Sign::Byte(byte)),
            None if is_rule && *first == b'*' => signs.push(Sign::Any),
            None if is_rule && *first == b'$' && after.is_empty() => signs.push(Sign::End),
            None => signs.push(Sign::Byte(*first)),
        }
    }
    signs
}

/// The octets of a rule, escaped where they must be.
fn octets(rule: &[u8]) -> usize {
    let octets = |sign: &Sign| match sign {
        Sign::Byte(byte) if byte.is_ascii_graphic() => 1,
        Sign::Byte(_) => 3,
        Sign::Any | Sign::End => 1,
    };
    signs(rule, true, true).iter().map(octets).sum()
}
