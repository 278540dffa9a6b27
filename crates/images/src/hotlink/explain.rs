//! A verdict in a sentence, made of its evidence.

use crate::hotlink::plan::of;
use crate::hotlink::{Answer, Probe, Resemblance, Verdict, Way};

/// Why this is the verdict.
pub(super) fn explain(verdict: Verdict, probes: &[Probe]) -> String {
    let came = |way: Way| of(probes, way).map_or_else(|| "not asked".to_owned(), came);
    match verdict {
        Verdict::Open => {
            "everybody who was tried gets it: a foreign page, one without a Referer, a plain client".into()
        }
        Verdict::Referer => match of(probes, Way::Foreign) {
            Some(foreign) if foreign.is_served() => {
                format!("its page gets it, and whoever sends no Referer does not: {}", came(Way::Bare))
            }
            _ => {
                let bare = of(probes, Way::Bare);
                let bare = bare.map(|bare| match bare.is_served() {
                    true => "; without a Referer it is served".to_owned(),
                    false => format!("; without a Referer: {}", self::came(bare)),
                });
                format!(
                    "its page gets it, and a foreign page does not: {}{}",
                    came(Way::Foreign),
                    bare.unwrap_or_default()
                )
            }
        },
        Verdict::UserAgent => format!("a browser gets it, and a plain client does not: {}", came(Way::Plain)),
        Verdict::Cookie => {
            format!("its page gets it, and without the page's cookies it is not served: {}", came(Way::Cookieless))
        }
        Verdict::Placeholder => match probes.iter().find(|probe| probe.is_other_picture()) {
            Some(other) => {
                format!("its page gets it, and {} gets another picture: {}", who(other.way), self::came(other))
            }
            None => "its page gets it, and others get another picture".into(),
        },
        Verdict::Forbidden => {
            format!(
                "not even a browser on its page gets it: {}; nor without a Referer: {}",
                came(Way::Page),
                came(Way::Bare)
            )
        }
        Verdict::Gone => format!("there is none: {}", came(Way::Page)),
        Verdict::RateLimited => limited(probes),
        Verdict::Unreachable => format!("no answer that says anything: {}", came(Way::Page)),
        Verdict::Unknown => unknown(probes),
    }
}

fn limited(probes: &[Probe]) -> String {
    let Some(last) = probes.last() else { return "nothing was asked".to_owned() };
    match (last.answer, last.retry_after) {
        (Answer::Limited, Some(seconds)) if last.status.is_none() => {
            format!("not asked: the host wants to be left alone for {seconds} s more")
        }
        (Answer::Limited, Some(seconds)) => format!("the host asks for {seconds} s of time: {}", came(last)),
        (Answer::Limited, None) => format!("the host asks for time: {}", came(last)),
        _ => format!("the page was served at first and refused later, in the very same way: {}", came(last)),
    }
}

fn unknown(probes: &[Probe]) -> String {
    let of = |way| of(probes, way);
    let Some(page) = of(Way::Page) else { return "nothing was asked".to_owned() };
    if let Some(untold) = probes.iter().find(|probe| probe.is_untold()) {
        return match untold.answer {
            Answer::Withheld => format!("it cannot be told what {} gets: {}", who(untold.way), came(untold)),
            _ => format!("what {} gets has other bytes, and cannot be compared", who(untold.way)),
        };
    }
    match (page.answer, of(Way::Bare), of(Way::Again)) {
        (Answer::Picture, _, Some(again)) => {
            format!("the page itself gets something else each time: {}", came(again))
        }
        (Answer::NoPicture, ..) => format!("there is an answer, but no picture: {}", came(page)),
        (Answer::Picture, ..) => "a way got no answer, and it was not asked again".to_owned(),
        (_, Some(bare), _) => {
            format!("its page does not get it: {}; who sends no Referer: {}", came(page), came(bare))
        }
        _ => format!("its page: {}", came(page)),
    }
}

fn who(way: Way) -> &'static str {
    match way {
        Way::Page | Way::Again => "its page",
        Way::Foreign => "a foreign page",
        Way::Bare => "who sends no Referer",
        Way::Plain => "a plain client",
        Way::Cookieless => "who has no cookies",
    }
}

/// What came, in a few words.
fn came(probe: &Probe) -> String {
    let status = probe.status.map(|status| status.to_string());
    let failure = probe.failure.clone().unwrap_or_default();
    match probe.answer {
        Answer::Picture => {
            let size = match (probe.width, probe.height) {
                (Some(width), Some(height)) => format!(" of {width} x {height}"),
                _ => String::new(),
            };
            let how = match probe.resemblance {
                Some(Resemblance::Other) => "another picture",
                _ => "a picture",
            };
            format!("{how}{size}")
        }
        Answer::NoPicture => {
            format!("{} with no picture ({})", status.unwrap_or_default(), probe.detail.clone().unwrap_or(failure))
        }
        Answer::Refused | Answer::Missing | Answer::Limited => status.unwrap_or_else(|| "not sent".to_owned()),
        Answer::Broken => match status {
            Some(status) if failure.is_empty() => status,
            Some(status) => format!("{status} ({failure})"),
            None => format!("no answer ({failure})"),
        },
        Answer::Withheld => format!("{failure}: {}", probe.detail.clone().unwrap_or_default()),
    }
}
