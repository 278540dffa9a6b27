//! How long a server asks to be left alone, and the dates that it writes.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dragline::downloader::cache::http_date;
use dragline::downloader::middlewares::cookies::cookie_date;
use dragline::downloader::middlewares::retry::{Retry, Settings};
use dragline::downloader::{Inbound, Keep};
use dragline::hosts::Hosts;
use dragline::message::{Request, Response};
use http::StatusCode;
use jiff::tz::TimeZone;
use url::Url;

use crate::message::{first_line, headers, inbound, numbers};

/// The input is a status and headers: `Retry-After`, rate limits. No wait is longer than may be. Each value is read as
/// a date too: one that is read can be written, and is then read as the same by whoever reads dates.
pub fn waits(input: &[u8]) {
    let (status, rest) = first_line(input);
    let lines = || rest.split(|byte| *byte == b'\n');
    let status = numbers(status).next().and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
    let wish = Request::get(Url::parse("http://site.example/").expect("a URL"));
    let mut response = Response::new(wish.url.clone(), status.unwrap_or(StatusCode::TOO_MANY_REQUESTS));
    response.headers = headers(lines());
    is_capped(&wish, response);
    for line in lines().take(20) {
        is_a_date_to_all(line);
        is_a_date_to_all(line.splitn(2, |byte| *byte == b':').last().unwrap_or_default());
    }
}

fn is_capped(wish: &Request, response: Response) {
    let settings = Settings::default();
    let most = settings.max_retry_after.max(settings.max_backoff);
    let hosts = Hosts::new(1, dragline::hosts::Settings::default());
    let layer = Retry::new(settings, hosts, Arc::default()).expect("settings");
    if let Inbound::Again(again) = inbound(&layer, wish, &Keep::page(1), response) {
        let due = again.due.expect("a time");
        assert!(due <= SystemTime::now() + most, "{due:?} is too far off");
        assert_eq!((again.attempts, &again.url), (1, &wish.url));
    }
}

fn is_a_date_to_all(text: &[u8]) {
    let cookie = cookie_date(text);
    let timestamp = cookie.and_then(|date| TimeZone::UTC.to_timestamp(date).ok());
    let read = std::str::from_utf8(text).ok().and_then(http_date);
    let last = UNIX_EPOCH + Duration::from_secs(253_402_207_200);
    for time in [timestamp.map(SystemTime::from), read].into_iter().flatten() {
        if !(UNIX_EPOCH..last).contains(&time) {
            continue;
        }
        let seconds = time.duration_since(UNIX_EPOCH).expect("it is later").as_secs();
        let written = httpdate::fmt_http_date(time);
        assert_eq!(http_date(&written), Some(UNIX_EPOCH + Duration::from_secs(seconds)), "{written}");
        let by_cookies = cookie_date(written.as_bytes()).and_then(|date| TimeZone::UTC.to_timestamp(date).ok());
        assert_eq!(by_cookies.and_then(|time| u64::try_from(time.as_second()).ok()), Some(seconds), "{written}");
    }
}
