//! The table of all kinds of protection, and of what is none but looks like it.

use std::time::Duration;

use http::StatusCode;

use crate::answer::Answer;
use crate::hotlink::visit::Visit;

/// One way to treat whoever asks for a picture.
#[derive(Debug)]
pub struct Kind {
    /// Its name, and the first label of its host.
    pub name: &'static str,
    /// What happens, in one line.
    pub about: &'static str,
    /// What is to be said of its pictures: `open`, `referer`, `user-agent`, `cookie`, `forbidden`, `gone`,
    /// `rate-limited`, `placeholder`, `unreachable`, `unknown`.
    pub verdict: &'static str,
    /// Which origin its pictures are shown from on the page of all kinds.
    pub(crate) shown: Shown,
    pub(crate) play: fn(&Visit) -> Answer,
}

/// Where the page of all kinds finds a kind's pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// On the kind's own host.
    Across,
    /// Below a path of the page's own host, without which they would not be served there.
    Within,
}

/// How many requests for a picture are answered by the kinds that count.
const ENOUGH: u64 = 2;

/// All kinds.
pub const KINDS: &[Kind] =
    &[
        row("open", "open", "served to everybody", |visit| visit.photo()),
        row("referer-403", "referer", "403 without a Referer of its own", |visit| {
            visit.to_its_own(|| Answer::bare(StatusCode::FORBIDDEN))
        }),
        row("referer-401", "referer", "401 without a Referer of its own", |visit| {
            visit.to_its_own(|| Answer::bare(StatusCode::UNAUTHORIZED))
        }),
        row("referer-404", "referer", "404 without a Referer of its own, as if there were nothing", |visit| {
            visit.to_its_own(Answer::not_found)
        }),
        row("referer-444", "referer", "the connection is closed without a Referer of its own", |visit| {
            visit.to_its_own(Answer::silence)
        }),
        row("referer-page", "referer", "200 with a page without a Referer of its own", |visit| {
            visit.to_its_own(|| {
                Answer::html("<!DOCTYPE html><title>Sorry</title><p>Visit our site to see this picture.</p>")
            })
        }),
        row("referer-login", "referer", "302 to a login form without a Referer of its own", |visit| {
            visit.to_its_own(|| visit.found("login"))
        }),
        row("referer-loop", "referer", "redirects without end without a Referer of its own", |visit| {
            visit.to_its_own(|| visit.found(visit.name))
        }),
        row("empty-allowed", "referer", "403 with the Referer of another site; none is fine", |visit| {
            match visit.referer().is_none() || visit.is_own_referer() {
                true => visit.photo(),
                false => Answer::bare(StatusCode::FORBIDDEN),
            }
        }),
        row("empty-refused", "referer", "403 without a Referer; any will do", |visit| match visit.referer() {
            Some(_) => visit.photo(),
            None => Answer::bare(StatusCode::FORBIDDEN),
        }),
        within(row("fetch-metadata", "referer", "403 if Sec-Fetch-Site says that another site shows it", |visit| {
            match visit.header("sec-fetch-site") {
                Some("cross-site") => Answer::bare(StatusCode::FORBIDDEN),
                _ => visit.photo(),
            }
        })),
        row(
            "placeholder",
            "placeholder",
            "200 with another picture of the same size, without a Referer of its own",
            |visit| visit.to_its_own(|| visit.same_size_placeholder()),
        ),
        row("redirect", "placeholder", "302 to another picture without a Referer of its own", |visit| {
            visit.to_its_own(|| visit.found("blocked.jpg"))
        }),
        row("smaller", "placeholder", "200 with a small copy without a Referer of its own", |visit| {
            visit.to_its_own(|| visit.small())
        }),
        within(row("cookie", "cookie", "403 without the cookie that its page sets", |visit| {
            match visit.has_cookie() {
                true => visit.photo(),
                false => Answer::bare(StatusCode::FORBIDDEN),
            }
        })),
        row("user-agent", "user-agent", "403 unless the User-Agent is a browser's", |visit| {
            match visit.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/")) {
                true => visit.photo(),
                false => Answer::bare(StatusCode::FORBIDDEN),
            }
        }),
        row("forbidden", "forbidden", "403 for everybody", |_| Answer::bare(StatusCode::FORBIDDEN)),
        row("login", "forbidden", "401 for everybody", |_| Answer::bare(StatusCode::UNAUTHORIZED)),
        row("gone", "gone", "410 for everybody", |_| Answer::bare(StatusCode::GONE)),
        row("missing", "gone", "404 for everybody", |_| Answer::not_found()),
        row("limited", "rate-limited", "429 from the third request for a picture on, Retry-After: 120", |visit| {
            match visit.before() < ENOUGH {
                true => visit.photo(),
                false => Answer::bare(StatusCode::TOO_MANY_REQUESTS).with(http::header::RETRY_AFTER, 120.into()),
            }
        }),
        row("limited-403", "rate-limited", "403 from the third request for a picture on, for everybody", |visit| {
            match visit.before() < ENOUGH {
                true => visit.photo(),
                false => Answer::bare(StatusCode::FORBIDDEN),
            }
        }),
        row("limited-once", "open", "429 for the second request for a picture alone, Retry-After: 1", |visit| {
            match visit.before() == 1 {
                true => Answer::bare(StatusCode::TOO_MANY_REQUESTS).with(http::header::RETRY_AFTER, 1.into()),
                false => visit.photo(),
            }
        }),
        row("busy", "rate-limited", "503 for everybody", |_| Answer::bare(StatusCode::SERVICE_UNAVAILABLE)),
        row("broken", "unreachable", "500 for everybody", |_| Answer::bare(StatusCode::INTERNAL_SERVER_ERROR)),
        row("silent", "unreachable", "the connection is closed for everybody", |_| Answer::silence()),
        row("page", "unknown", "200 with a page for everybody", |_| Answer::html("<!DOCTYPE html><p>Where is it?</p>")),
        row("changing", "unknown", "another picture at every request", |visit| visit.another(visit.before())),
        row("noise", "open", "the same picture in other bytes at every request", |visit| visit.noisy(visit.before())),
        row("negotiated", "open", "WebP for those who accept it, JPEG for others", |visit| visit.negotiated()),
        row("slow", "open", "served to everybody, after a while", |visit| visit.photo().after(visit.slow)),
        row("cut", "unknown", "half a picture under the length of that half", |visit| visit.half()),
    ];

/// A row of the table.
const fn row(name: &'static str, verdict: &'static str, about: &'static str, play: fn(&Visit) -> Answer) -> Kind {
    Kind { name, about, verdict, shown: Shown::Across, play }
}

/// The same, shown from a path of the page's own host.
const fn within(kind: Kind) -> Kind {
    Kind { shown: Shown::Within, ..kind }
}

/// The kind of a name.
pub(crate) fn named(name: &str) -> Option<(usize, &'static Kind)> {
    KINDS.iter().enumerate().find(|(_, kind)| kind.name == name)
}

/// What `slow` waits at most, so that nobody waits for a mistake.
pub(crate) const SLOWEST: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_kinds_have_one_name_and_each_verdict_is_there() {
        let names: BTreeSet<_> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), KINDS.len());
        let verdicts: BTreeSet<_> = KINDS.iter().map(|kind| kind.verdict).collect();
        assert_eq!(verdicts.len(), 10, "{verdicts:?}");
    }
}
