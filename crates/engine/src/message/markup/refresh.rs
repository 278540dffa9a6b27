//! What a refresh says, in `Refresh: …` or `<meta http-equiv=refresh content=…>`.

use std::time::Duration;

const SPACE: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];

/// Where a page leads on to by itself, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refresh<'a> {
    /// How long the page is shown, in whole seconds.
    pub delay: Duration,
    /// The place as it is written; empty for the page itself.
    pub place: &'a str,
}

/// Reads a refresh (HTML standard, "shared declarative refresh steps", 2 to 13).
///
/// ```
/// use dragline::message::markup::refresh;
///
/// let refresh = refresh("5; URL='/next'").expect("a refresh");
/// assert_eq!((refresh.delay.as_secs(), refresh.place), (5, "/next"));
/// ```
#[must_use]
pub fn refresh(content: &str) -> Option<Refresh<'_>> {
    let rest = content.trim_start_matches(SPACE);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if digits == 0 && !rest.starts_with('.') {
        return None;
    }
    let seconds = if digits == 0 { 0 } else { rest[..digits].parse().unwrap_or(u64::MAX) };
    let rest = rest[digits..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !rest.is_empty() && !rest.starts_with([';', ',']) && !rest.starts_with(SPACE) {
        return None;
    }
    let rest = rest.trim_start_matches(SPACE);
    let place = place(rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(SPACE));
    Some(Refresh { delay: Duration::from_secs(seconds), place: place.trim_end_matches(SPACE) })
}

/// The place without `url=` and without quotes.
fn place(text: &str) -> &str {
    let after = match text.strip_prefix(['u', 'U']) {
        None => text,
        Some(rest) => {
            let name = rest.strip_prefix(['r', 'R']).and_then(|rest| rest.strip_prefix(['l', 'L']));
            match name.and_then(|rest| rest.trim_start_matches(SPACE).strip_prefix('=')) {
                Some(value) => value.trim_start_matches(SPACE),
                // a place that only begins like the word
                None => return text,
            }
        }
    };
    match after.strip_prefix(['\'', '"']) {
        Some(quoted) => quoted.split(after.chars().next().unwrap_or('"')).next().unwrap_or(quoted),
        None => after,
    }
}
