//! What a server asks for: `Retry-After` (RFC 9110, section 10.2.3), and the rate limits that it announces
//! (draft-ietf-httpapi-ratelimit-headers, and what was there before it).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, header};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left, and when there will be more, by the names that came before the draft's own.
const PAIRS: [(HeaderName, HeaderName); 3] = [
    (HeaderName::from_static("ratelimit-remaining"), HeaderName::from_static("ratelimit-reset")),
    (HeaderName::from_static("x-ratelimit-remaining"), HeaderName::from_static("x-ratelimit-reset")),
    (HeaderName::from_static("x-rate-limit-remaining"), HeaderName::from_static("x-rate-limit-reset")),
];
/// A `Reset` from here on is no number of seconds but a time since 1970, and from there on in milliseconds.
const TIMES_FROM: f64 = 1e9;
const MILLISECONDS_FROM: f64 = 1e12;

/// How long a `Retry-After` asks to wait; nothing for one that cannot be read.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => Some(Duration::MAX),
        Err(_) => Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()),
    }
}

/// How long until the server takes requests again, if it says that it takes no more now.
pub(super) fn rate_limit(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if headers.contains_key(RATE_LIMIT) {
        return exhausted(headers);
    }
    PAIRS.iter().find_map(|(remaining, reset)| {
        let remaining = number(headers.get(remaining)?.to_str().ok()?)?;
        if remaining > 0.0 {
            return None;
        }
        let reset = headers.get(reset)?.to_str().ok()?.trim();
        match number(reset) {
            Some(time) if time >= TIMES_FROM => {
                let seconds = if time >= MILLISECONDS_FROM { time / 1000.0 } else { time };
                let at = SystemTime::UNIX_EPOCH.checked_add(seconds_of(seconds))?;
                Some(at.duration_since(now).unwrap_or_default())
            }
            Some(seconds) => Some(seconds_of(seconds)),
            None => Some(httpdate::parse_http_date(reset).ok()?.duration_since(now).unwrap_or_default()),
        }
    })
}

/// The longest wait of the policies that have nothing left: `"default";r=0;t=30`, or `remaining=0, reset=30` as the
/// draft had it until its version 7.
fn exhausted(headers: &HeaderMap) -> Option<Duration> {
    let limits = items(headers, &RATE_LIMIT);
    let is_old = limits.iter().any(|item| item.name == "remaining");
    if is_old {
        let of = |name| limits.iter().find(|item| item.name == name).and_then(|item| number(item.value));
        return if of("remaining")? <= 0.0 { of("reset").map(seconds_of) } else { None };
    }
    let policies = items(headers, &RATE_LIMIT_POLICY);
    (limits.iter())
        .filter(|limit| limit.parameter("r").is_some_and(|remaining| remaining <= 0.0))
        .filter_map(|limit| {
            // where it is not said when, the policy's window is the longest that it can be
            let window = || policies.iter().find(|policy| policy.name == limit.name)?.parameter("w");
            limit.parameter("t").or_else(window).map(seconds_of)
        })
        .max()
}

/// A member of a list or dictionary (RFC 9651), as far as these headers use them.
struct Item<'a> {
    name: &'a str,
    value: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl Item<'_> {
    fn parameter(&self, name: &str) -> Option<f64> {
        self.parameters.iter().find(|(key, _)| *key == name).and_then(|(_, value)| number(value))
    }
}

fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<Item<'a>> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let members = values.flat_map(|value| split(value, b','));
    let item = |member: &'a str| {
        let mut parts = split(member, b';').into_iter();
        let (name, value) = pair(parts.next().unwrap_or_default());
        Item { name, value, parameters: parts.map(pair).collect() }
    };
    members.map(item).collect()
}

/// Splits outside of quotes.
fn split(text: &str, at: u8) -> Vec<&str> {
    let (mut parts, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            byte if byte == at && !is_quoted => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `name=value`, both without quotes.
fn pair(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (name.trim().trim_matches('"'), value.trim().trim_matches('"'))
}

/// A number of servers that write `0`, `29.5` or `10, 10;w=60`.
fn number(text: &str) -> Option<f64> {
    let text = text.split([',', ';']).next()?.trim();
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::try_from(*value).expect("a value"))
        };
        lines.iter().map(line).collect()
    }

    fn limit(lines: &[(&'static str, &str)]) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        rate_limit(&headers(lines), now).map(|wait| wait.as_secs())
    }

    #[test]
    fn h18_a_rate_limit_is_read_in_all_its_forms() {
        assert_eq!(limit(&[("ratelimit", "\"default\";r=0;t=30")]), Some(30));
        assert_eq!(limit(&[("ratelimit", "\"default\";r=1;t=30")]), None);
        assert_eq!(limit(&[("ratelimit", "\"hour\";r=5;t=900, \"min\" ; r=0 ; t=7")]), Some(7));
        assert_eq!(limit(&[("ratelimit", "\"a,b;c\";r=0;t=7"), ("ratelimit-policy", "\"x\";q=1")]), Some(7));
        assert_eq!(limit(&[("ratelimit", "\"day\";r=0"), ("ratelimit-policy", "\"day\";q=9;w=86400")]), Some(86_400));
        assert_eq!(limit(&[("ratelimit", "\"day\";r=0")]), None);
        assert_eq!(limit(&[("ratelimit", "limit=100, remaining=0, reset=50")]), Some(50));
        assert_eq!(limit(&[("ratelimit", "limit=100, remaining=9, reset=50")]), None);
        assert_eq!(limit(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "12")]), Some(12));
        assert_eq!(limit(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "12")]), None);
        assert_eq!(limit(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "12.5")]), Some(12));
        assert_eq!(limit(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000060")]), Some(60));
        assert_eq!(limit(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1700000060000")]), Some(60));
        assert_eq!(limit(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1600000000")]), Some(0));
        let date = "Tue, 14 Nov 2023 22:14:20 GMT";
        assert_eq!(limit(&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", date)]), Some(60));
        assert_eq!(limit(&[]), None);
    }

    #[test]
    fn h18_nonsense_is_no_limit_and_no_panic() {
        for reset in ["", "soon", "NaN", "inf", "-5", "\"", "=", ";;", "99999999999999999999999999"] {
            let _ = limit(&[("ratelimit-remaining", "0"), ("ratelimit-reset", reset)]);
            let _ = limit(&[("ratelimit", reset)]);
            let _ = limit(&[("ratelimit", &format!("\"a\";r=0;t={reset}"))]);
        }
        assert_eq!(limit(&[("ratelimit-remaining", "none"), ("ratelimit-reset", "5")]), None);
        assert_eq!(limit(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "-5")]), Some(0));
        assert_eq!(limit(&[("ratelimit-remaining", "0")]), None);
    }

    #[test]
    fn h18_a_retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let wait = |value: &str| retry_after(&headers(&[("retry-after", value)]), now);
        assert_eq!(wait("120"), Some(Duration::from_secs(120)));
        assert_eq!(wait("1000000000000"), Some(Duration::from_secs(1_000_000_000_000)));
        assert_eq!(wait("99999999999999999999999"), Some(Duration::MAX));
        assert_eq!(wait("Tue, 14 Nov 2023 22:14:20 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(wait("Wed, 01 Jan 2020 00:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["soon", "-5", "", "1.5h"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }
}
