//! The lines of a robots.txt as records. Spelling is read as leniently as Google and Scrapy read it; everything else by
//! RFC 9309, section 2.2.

use memchr::memchr;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Agent,
    Allow,
    Disallow,
    CrawlDelay,
    RequestRate,
    VisitTime,
    Sitemap,
    Host,
}

/// Every spelling that is understood, in small letters; the misspellings are those that Google counted in the wild.
const SPELLINGS: [(&str, Field); 20] = [
    ("user-agent", Field::Agent),
    ("useragent", Field::Agent),
    ("user agent", Field::Agent),
    ("allow", Field::Allow),
    ("disallow", Field::Disallow),
    ("dissallow", Field::Disallow),
    ("dissalow", Field::Disallow),
    ("disalow", Field::Disallow),
    ("diasllow", Field::Disallow),
    ("disallaw", Field::Disallow),
    ("crawl-delay", Field::CrawlDelay),
    ("crawl delay", Field::CrawlDelay),
    ("request-rate", Field::RequestRate),
    ("request rate", Field::RequestRate),
    ("visit-time", Field::VisitTime),
    ("visit time", Field::VisitTime),
    ("sitemap", Field::Sitemap),
    ("sitemaps", Field::Sitemap),
    ("site-map", Field::Sitemap),
    ("host", Field::Host),
];

/// The records of the first `limit` bytes, in order, each with its value. A line that the limit tears is left out: half
/// a path says something else.
pub(super) fn records(body: &[u8], limit: usize) -> impl Iterator<Item = (Field, &[u8])> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let whole = match body.get(limit) {
        None => body,
        Some(next) if is_end(next) => &body[..limit],
        Some(_) => &body[..body[..limit].iter().rposition(is_end).unwrap_or(0)],
    };
    let whole = whole.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(whole);
    whole.split(is_end).filter_map(record)
}

fn record(line: &[u8]) -> Option<(Field, &[u8])> {
    let line = trim(&line[..memchr(b'#', line).unwrap_or(line.len())]);
    if let Some(colon) = memchr(b':', line) {
        let value = &line[colon + 1..];
        if let Some((field, [])) = field(trim(&line[..colon])) {
            return Some((field, trim(value)));
        }
        if value.first().is_none_or(is_space) {
            return None;
        }
    }
    // the colon was forgotten; one further on belongs to the value, as in `Sitemap https://…`
    field(line).map(|(field, value)| (field, trim(value)))
}

/// The field that a line begins with, and what follows.
fn field(line: &[u8]) -> Option<(Field, &[u8])> {
    SPELLINGS.iter().find_map(|(spelling, field)| Some((*field, after(line, spelling)?)))
}

/// What follows the words of a spelling, whatever the space between them.
fn after<'a>(line: &'a [u8], spelling: &str) -> Option<&'a [u8]> {
    let mut rest = line;
    for word in spelling.split(' ') {
        let start = rest.trim_ascii_start();
        let (first, others) = start.split_at_checked(word.len())?;
        if !first.eq_ignore_ascii_case(word.as_bytes()) || !others.first().is_none_or(is_space) {
            return None;
        }
        rest = others;
    }
    Some(rest)
}

fn is_space(byte: &u8) -> bool {
    byte.is_ascii_whitespace()
}

/// Without the space around it, nor the NULs that some servers pad with.
fn trim(mut text: &[u8]) -> &[u8] {
    let is_filling = |byte: &u8| is_space(byte) || matches!(byte, 0 | 0x0B);
    while let [first, rest @ ..] = text
        && is_filling(first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_filling(last)
    {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(body: &[u8]) -> Vec<(Field, String)> {
        within(body, usize::MAX)
    }

    fn within(body: &[u8], limit: usize) -> Vec<(Field, String)> {
        records(body, limit).map(|(field, value)| (field, String::from_utf8_lossy(value).into_owned())).collect()
    }

    #[test]
    fn a_record_may_lack_its_colon() {
        let host = (Field::Sitemap, "https://a.example/s.xml".to_owned());
        assert_eq!(all(b"Sitemap https://a.example/s.xml"), [host]);
        assert_eq!(all(b"USER  agent harry potter"), [(Field::Agent, "harry potter".to_owned())]);
        assert_eq!(all(b"disallow"), [(Field::Disallow, String::new())]);
    }

    #[test]
    fn what_is_no_record_says_nothing() {
        assert_eq!(all(b"Disallows: /\nHarry: Potter\n: /\n:\nallow this: /\n# Allow: /\nHost name: x"), []);
    }

    #[test]
    fn comments_and_space_are_no_part_of_a_value() {
        assert_eq!(all(b" \tAllow\t :  /a b # c\t"), [(Field::Allow, "/a b".to_owned())]);
    }

    #[test]
    fn b03_lines_end_in_any_way_and_a_byte_order_mark_is_passed_over() {
        let allow = |path: &str| (Field::Allow, path.to_owned());
        assert_eq!(all(b"\xEF\xBB\xBFAllow: /a\rAllow: /b\r\n\nAllow: /c"), [allow("/a"), allow("/b"), allow("/c")]);
    }

    #[test]
    fn b03_a_line_torn_by_the_limit_is_left_out() {
        let allow = |path: &str| (Field::Allow, path.to_owned());
        let body = b"Allow: /a\nAllow: /bc\n";
        assert_eq!(within(body, 19), [allow("/a")]);
        assert_eq!(within(body, 20), [allow("/a"), allow("/bc")]);
        assert_eq!(within(body, 0), []);
        let mut endless = b"Allow: /a\nDisallow: /".to_vec();
        endless.resize(10 << 20, b'a');
        assert_eq!(within(&endless, 512 << 10), [allow("/a")]);
    }

    #[test]
    fn b03_binary_and_nul_bytes_are_passed_over() {
        assert_eq!(all(b"GIF89a\0\0\xFF\xFE:\x80"), []);
        assert_eq!(all(b"\0Allow: /a\0\0\n"), [(Field::Allow, "/a".to_owned())]);
    }
}
