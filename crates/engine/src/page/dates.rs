//! Times as feeds and sitemaps write them.

use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

/// A time of RFC 3339, ISO 8601 or RFC 2822, or a date: `2005`, `2005-01`, `2005-01-01`. Without a zone it is UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        return Some(at);
    }
    let date = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let at = match date.parse::<civil::DateTime>() {
        Ok(at) => at,
        Err(_) => date.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_however_it_is_written() {
        let read = |text: &str| moment(text).map(|at| at.to_string());
        for (text, want) in [
            ("2004-10-01T18:23:17+00:00", "2004-10-01T18:23:17Z"),
            (" 2004-10-01T18:23+02:00 ", "2004-10-01T16:23:00Z"),
            ("2005-01-01", "2005-01-01T00:00:00Z"),
            ("2005-02", "2005-02-01T00:00:00Z"),
            ("2005", "2005-01-01T00:00:00Z"),
            ("2005-01-01T10:00:00", "2005-01-01T10:00:00Z"),
            ("Sat, 07 Sep 2002 00:00:01 GMT", "2002-09-07T00:00:01Z"),
            ("7 Sep 2002 00:00 EST", "2002-09-07T05:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(want), "{text}");
        }
        for wrong in ["", "yesterday", "2005-13-01", "20050", "🦀🦀"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
