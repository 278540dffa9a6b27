//! Numbers as people write them: `£1,234.50`, `1.234,50 €`, `In stock (22 available)`. All come out as `1234.50` or `22`,
//! which any type reads that reads numbers.

/// A price in any notation: the last of two different separators is the decimal one; a single one is that unless three
/// digits follow it, as in `1.234 €` and `£1,234` (the rule of Scrapinghub's price-parser).
pub(super) fn price(text: &str) -> Option<String> {
    let found = digits(text, &['.', ',', '\'', '’'])?;
    let separators: Vec<(usize, char)> = found.char_indices().filter(|(_, c)| is_separator(*c)).collect();
    let decimal = separators.last().filter(|(at, c)| {
        let after = found.len() - at - c.len_utf8();
        let once = separators.iter().filter(|(_, other)| other == c).count() == 1;
        let alone = separators.len() == 1;
        matches!(c, '.' | ',')
            && once
            && !(alone && after == 3 && !found[..*at].trim_start_matches('-').starts_with('0'))
    });
    let decimal = decimal.map(|(at, _)| *at);
    Some(plain(found, decimal))
}

/// A number in English notation: `,` and blanks between thousands, `.` before decimals.
pub(super) fn number(text: &str) -> Option<String> {
    let found = digits(text, &['.', ',', '\'', '’'])?;
    let point = found.find('.');
    // what follows a second point is not of this number: `1.2.3`
    let end = point.and_then(|at| found[at + 1..].find(is_separator).map(|after| at + 1 + after));
    Some(plain(&found[..end.unwrap_or(found.len())], point))
}

/// A whole number: `,`, `.` and blanks between its thousands only.
pub(super) fn integer(text: &str) -> Option<String> {
    let found = digits(text, &[',', '.', '\'', '’'])?;
    // a separator that three digits do not follow ends it
    let mut end = found.len();
    for (at, c) in found.char_indices().filter(|(_, c)| is_separator(*c)) {
        let group = found[at + c.len_utf8()..].chars().take_while(char::is_ascii_digit).count();
        if group != 3 {
            end = at;
            break;
        }
    }
    Some(plain(&found[..end], None))
}

fn is_separator(c: char) -> bool {
    !c.is_ascii_digit() && c != '-'
}

/// The first number of a text, with its sign and what separates its digits.
fn digits<'t>(text: &'t str, separators: &[char]) -> Option<&'t str> {
    let begin = text.find(|c: char| c.is_ascii_digit())?;
    let rest = &text[begin..];
    let mut end = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next_is_digit = characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        let goes_on = separators.contains(&c) || (is_blank(c) && is_group(&rest[at + c.len_utf8()..]));
        if c.is_ascii_digit() {
            end = at + 1;
        } else if !(goes_on && next_is_digit) {
            break;
        }
    }
    // a sign, and not the dash of `A4-12`
    let before = &text[..begin];
    let signed = before.ends_with('-') && !before[..begin - 1].ends_with(char::is_alphanumeric);
    Some(&text[begin - usize::from(signed)..begin + end])
}

/// The blanks that stand between thousands.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}')
}

/// Whether three digits stand here and no fourth.
fn is_group(text: &str) -> bool {
    text.chars().take(4).take_while(char::is_ascii_digit).count() == 3
}

/// Digits, sign and decimal point only.
fn plain(found: &str, decimal: Option<usize>) -> String {
    let keep = |(at, c): (usize, char)| match c {
        _ if Some(at) == decimal => Some('.'),
        c if is_separator(c) => None,
        c => Some(c),
    };
    found.char_indices().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_reads_in_any_notation() {
        let cases = [
            ("£51.77", "51.77"),
            ("1.234,56 €", "1234.56"),
            ("$1,234.5", "1234.5"),
            ("1 234,50 kr", "1234.50"),
            ("1\u{a0}234 Kč", "1234"),
            ("CHF 1'234.-", "1234"),
            ("1.234 €", "1234"),
            ("£1,234", "1234"),
            ("0.123 BTC", "0.123"),
            ("12,5", "12.5"),
            ("1,234,567", "1234567"),
            ("-5.00 (was 7)", "-5.00"),
            ("from 3 12.50", "3"),
            ("1.234.567,89", "1234567.89"),
        ];
        for (text, want) in cases {
            assert_eq!(price(text).as_deref(), Some(want), "{text}");
        }
        assert_eq!(price("free"), None);
    }

    #[test]
    fn a_number_has_a_point_and_an_integer_has_none() {
        assert_eq!(number("1,234.567 kg").as_deref(), Some("1234.567"));
        assert_eq!(number("1.234").as_deref(), Some("1.234"));
        assert_eq!(number("version 1.2.3").as_deref(), Some("1.2"));
        assert_eq!(integer("In stock (22 available)").as_deref(), Some("22"));
        assert_eq!(integer("1,234 ratings").as_deref(), Some("1234"));
        assert_eq!(integer("4.5 of 5").as_deref(), Some("4"));
        assert_eq!(integer("A4-12").as_deref(), Some("4"));
        assert_eq!(integer("-3").as_deref(), Some("-3"));
        assert_eq!(integer("٣"), None);
    }
}
