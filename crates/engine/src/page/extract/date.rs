//! Dates as people write them, where they mean one day only: `2024-03-05`, `5 March 2024`, `Mar 5, 2024`, `05.03.2024`.
//! They come out as `2024-03-05`. `03/05/2024` is two days, and none here unless one of the numbers is over 12.

/// The day that a text names, as `YYYY-MM-DD`.
pub(super) fn date(text: &str) -> Option<String> {
    let words: Vec<(&str, Option<char>)> = text
        .split_inclusive(|c: char| !c.is_alphanumeric())
        .map(|piece| (piece.trim_end_matches(|c: char| !c.is_alphanumeric()), piece.chars().next_back()))
        .filter(|(word, _)| !word.is_empty())
        .collect();
    words.windows(3).find_map(|three| {
        let &[(a, separator), (b, _), (c, _)] = three else { return None };
        let (year, month, day) = match (number(a), number(b), number(c)) {
            (Some(year), Some(month), Some(day)) if a.len() == 4 => (year, month, day),
            (Some(a), Some(b), Some(year)) if c.len() == 4 => {
                day_and_month(a, b, separator).map(|(d, m)| (year, m, d))?
            }
            (Some(day), None, Some(year)) if c.len() == 4 => (year, month(b)?, day),
            (None, Some(day), Some(year)) if c.len() == 4 => (year, month(a)?, day),
            _ => return None,
        };
        let civil = jiff::civil::Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
        Some(civil.to_string())
    })
}

/// Which of two numbers is the day: points stand in day-first dates only; slashes in both.
fn day_and_month(a: u16, b: u16, separator: Option<char>) -> Option<(u16, u16)> {
    match separator {
        Some('.') => Some((a, b)),
        _ if a > 12 || a == b => Some((a, b)),
        _ if b > 12 => Some((b, a)),
        _ => None,
    }
}

/// `5`, `05`, `5th`, `2024`, and the `05T10` of a time that follows.
fn number(word: &str) -> Option<u16> {
    let end = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    let ordinal = ["st", "nd", "rd", "th"].iter().any(|ending| rest.eq_ignore_ascii_case(ending));
    (rest.is_empty() || ordinal || rest.starts_with('T')).then(|| digits.parse().ok()).flatten()
}

/// An English month: whole, or its first three letters or more.
fn month(word: &str) -> Option<u16> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let found = NAMES.iter().position(|name| word.len() >= 3 && name.starts_with(&*word))?;
    u16::try_from(found + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_where_it_is_one() {
        let cases = [
            ("2024-03-05", "2024-03-05"),
            ("Published 2024-03-05T10:00:00Z", "2024-03-05"),
            ("5 March 2024", "2024-03-05"),
            ("Tue, 5th Mar 2024 10:00", "2024-03-05"),
            ("March 5, 2024", "2024-03-05"),
            ("05.03.2024", "2024-03-05"),
            ("25/12/2023", "2023-12-25"),
            ("12/25/2023", "2023-12-25"),
            ("2024/2/29", "2024-02-29"),
        ];
        for (text, want) in cases {
            assert_eq!(date(text).as_deref(), Some(want), "{text}");
        }
        for text in ["03/05/2024", "yesterday", "2023-02-29", "5 Foo 2024", "", "99999999999 1 1"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
