//! How fast, and when: `Crawl-delay`, `Request-rate` and `Visit-time`, which no standard has. What makes no sense is
//! passed over, as Scrapy does.

use std::time::Duration;

/// Longer delays count as this; it can be added to any time without overflow.
const LONGEST: Duration = Duration::from_secs(100 * 365 * DAY);
const DAY: u64 = 86_400;

/// So many requests in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// At least one.
    pub requests: u64,
    /// The time for all of them; at least a second, a hundred years at most.
    pub per: Duration,
    /// The hours in which that holds, if not always.
    pub hours: Option<VisitTime>,
}

/// Hours of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitTime {
    /// Since midnight, UTC; whole minutes.
    pub from: Duration,
    /// Since midnight, UTC; before `from` if midnight lies between.
    pub until: Duration,
}

/// What a crawler is asked to heed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pace {
    pub(super) crawl_delay: Option<Duration>,
    pub(super) request_rate: Option<RequestRate>,
    pub(super) visit_time: Option<VisitTime>,
}

impl Pace {
    /// This one, where it says something, and else the other.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            crawl_delay: self.crawl_delay.or(other.crawl_delay),
            request_rate: self.request_rate.or(other.request_rate),
            visit_time: self.visit_time.or(other.visit_time),
        }
    }
}

/// Seconds, whole or not.
pub(super) fn crawl_delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = str::from_utf8(value).ok()?.parse().ok()?;
    let is_delay = seconds.is_finite() && seconds >= 0.0;
    is_delay.then(|| Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST).min(LONGEST))
}

/// `1/10s 0600-0845`: requests, a time in seconds or of another unit, and hours.
pub(super) fn request_rate(value: &[u8]) -> Option<RequestRate> {
    let words: Vec<&str> = str::from_utf8(value).ok()?.split_whitespace().collect();
    let (requests, time) = words.first()?.split_once('/')?;
    let (number, unit) = match time.char_indices().last()? {
        (at, 's' | 'S') => (&time[..at], 1),
        (at, 'm' | 'M') => (&time[..at], 60),
        (at, 'h' | 'H') => (&time[..at], 3600),
        (at, 'd' | 'D') => (&time[..at], DAY),
        _ => (time, 1),
    };
    let requests = requests.parse().ok().filter(|requests| *requests > 0)?;
    let seconds: u64 = number.parse().ok().filter(|seconds| *seconds > 0)?;
    let hours = match words[..] {
        [_, period] => Some(hours(period.split_once('-')?)?),
        _ => None,
    };
    Some(RequestRate { requests, per: Duration::from_secs(seconds.saturating_mul(unit)).min(LONGEST), hours })
}

/// `0600-0845`, or with a space between.
pub(super) fn visit_time(value: &[u8]) -> Option<VisitTime> {
    let text = str::from_utf8(value).ok()?;
    hours(text.split_once('-').or_else(|| text.split_once(' '))?)
}

fn hours((from, until): (&str, &str)) -> Option<VisitTime> {
    Some(VisitTime { from: time_of_day(from)?, until: time_of_day(until)? })
}

/// `845` or `0845`.
fn time_of_day(text: &str) -> Option<Duration> {
    let text = text.trim();
    if !matches!(text.len(), 3 | 4) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = text.parse().ok()?;
    let (hours, minutes) = (number / 100, number % 100);
    (hours < 24 && minutes < 60).then(|| Duration::from_secs(hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b05_any_crawl_delay_is_read_or_passed_over() {
        for (text, want) in [
            ("0", Some(Duration::ZERO)),
            ("-0", Some(Duration::ZERO)),
            ("0.5", Some(Duration::from_millis(500))),
            ("86400", Some(Duration::from_secs(86_400))),
            ("1e99", Some(LONGEST)),
            ("1e-99", Some(Duration::ZERO)),
            ("18446744073709551616", Some(LONGEST)),
            ("-1", None),
            ("1e999", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            ("ten", None),
            ("10s", None),
        ] {
            assert_eq!(crawl_delay(text.as_bytes()), want, "{text}");
        }
        assert_eq!(crawl_delay(b"\xFF"), None);
        assert!(std::time::Instant::now().checked_add(LONGEST).is_some());
    }

    #[test]
    fn b05_a_request_rate_never_overflows() {
        let rate = |text: &str| request_rate(text.as_bytes());
        assert_eq!(rate("1/18446744073709551615d").map(|rate| rate.per), Some(LONGEST));
        for text in ["", "/", "1/", "1/s", "0/5", "1/0", "-1/5", "1/-5", "1/2/3", "99999999999999999999/1", "1/5 25-26"]
        {
            assert_eq!(rate(text), None, "{text}");
        }
        assert_eq!(rate("1/1é"), None);
    }

    #[test]
    fn hours_may_span_midnight() {
        let (from, until) = (Duration::from_secs(22 * 3600 + 300), Duration::from_secs(4 * 3600));
        assert_eq!(visit_time(b"2205-400"), Some(VisitTime { from, until }));
        assert_eq!(visit_time(b"2205 0400"), Some(VisitTime { from, until }));
        for text in ["2400-0100", "0060-0100", "0400-0845-1000", "4-8", "+400-0500", "", "-"] {
            assert_eq!(visit_time(text.as_bytes()), None, "{text}");
        }
    }
}
