//! The dates of `Expires` (RFC 6265, section 5.1.1): whatever order and punctuation servers have come up with.

use jiff::civil::DateTime;

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Reads a cookie-date. The time zone that it names is passed over: all are GMT.
#[must_use]
pub fn cookie_date(text: &[u8]) -> Option<DateTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // each is looked for until it is found, in this order
        if time.is_none() && hours_minutes_seconds(token).is_some() {
            time = hours_minutes_seconds(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month) = (time?, i8::try_from(day?).ok()?, month?);
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

/// A number of so many digits, whatever follows that is no digit.
fn number(token: &[u8], least: usize, most: usize) -> Option<i16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(least..=most).contains(&digits) {
        return None;
    }
    std::str::from_utf8(&token[..digits]).ok()?.parse().ok()
}

fn month_of(token: &[u8]) -> Option<i8> {
    let name = token.get(..3)?;
    (1..).zip(MONTHS).find(|(_, month)| name.eq_ignore_ascii_case(month)).map(|(number, _)| number)
}

fn hours_minutes_seconds(token: &[u8]) -> Option<(i8, i8, i8)> {
    let mut fields = token.splitn(3, |byte| *byte == b':');
    // hours and minutes end at their colon, seconds at whatever is no digit
    let mut whole = || fields.next().filter(|field| field.iter().all(u8::is_ascii_digit)).and_then(two_digits);
    let (hour, minute) = (whole()?, whole()?);
    Some((hour, minute, two_digits(fields.next()?)?))
}

fn two_digits(field: &[u8]) -> Option<i8> {
    i8::try_from(number(field, 1, 2)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        cookie_date(text.as_bytes()).map(|date| date.to_string())
    }

    #[test]
    fn dates_are_read_in_whatever_order_they_come() {
        for text in [
            "Wed, 18 Apr 2007 22:50:12 GMT",
            "Wednesday, 18-Apr-07 22:50:12 GMT",
            "Wed Apr 18 22:50:12 2007",
            "2007 april 18 22:50:12 PST",
            "x 22:50:12x, 18th~Apr^07",
        ] {
            assert_eq!(read(text).as_deref(), Some("2007-04-18T22:50:12"), "{text}");
        }
    }

    #[test]
    fn years_of_two_digits_turn_at_seventy() {
        assert_eq!(read("1 Jan 70 0:0:0").as_deref(), Some("1970-01-01T00:00:00"));
        assert_eq!(read("1 Jan 69 0:0:0").as_deref(), Some("2069-01-01T00:00:00"));
    }

    #[test]
    fn c09_absurd_dates_are_none() {
        for text in [
            "",
            "18 Apr 2007",
            "18 Apr 2007 24:00:00",
            "31 Feb 2007 10:00:00",
            "0 Apr 2007 10:00:00",
            "18 Apr 1600 10:00:00",
            "18 Apr 99999999999999999999 10:00:00",
            "18 Apr 2007 10:00:999999999999999999999",
            "18 Apr 2007 10:00:",
            "18 Apr 2007 :::",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(cookie_date(&[0xFF; 5000]), None);
    }
}
