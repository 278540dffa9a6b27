//! The verdict: a function of the probes, by the table in the [module's](crate::hotlink) description.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hotlink::plan::{deciding, is_confirmed, is_witnessed, of};
use crate::hotlink::{Answer, Probe, Way};

/// What a site does with those who show its picture elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everybody gets the picture.
    Open,
    /// Only those get it who come from the right page: by `Referer`, or by `Sec-Fetch-Site`.
    Referer,
    /// Only those get it who look like a browser: by `User-Agent`, and the headers that go with it.
    UserAgent,
    /// Only those get it who have the cookies of the page.
    Cookie,
    /// Nobody gets it who was tried, not even the page.
    Forbidden,
    /// There is none.
    Gone,
    /// The host limits how often it is asked, so that nothing else can be told.
    RateLimited,
    /// Some get another picture in its place.
    Placeholder,
    /// No answer, or none but the server's own errors.
    Unreachable,
    /// It cannot be told; the evidence says why.
    Unknown,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Open,
        Self::Referer,
        Self::UserAgent,
        Self::Cookie,
        Self::Forbidden,
        Self::Gone,
        Self::RateLimited,
        Self::Placeholder,
        Self::Unreachable,
        Self::Unknown,
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Referer => "referer",
            Self::UserAgent => "user-agent",
            Self::Cookie => "cookie",
            Self::Forbidden => "forbidden",
            Self::Gone => "gone",
            Self::RateLimited => "rate-limited",
            Self::Placeholder => "placeholder",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the page gets the picture, and others do not.
    #[must_use]
    pub fn is_protected(self) -> bool {
        matches!(self, Self::Referer | Self::UserAgent | Self::Cookie | Self::Placeholder)
    }

    /// Whether something was found out about the picture.
    #[must_use]
    pub fn is_told(self) -> bool {
        !matches!(self, Self::Unreachable | Self::Unknown)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What these probes say. Every list of probes has one verdict; one that is not whole says no more than it holds.
#[must_use]
pub fn verdict(probes: &[Probe]) -> Verdict {
    let (Some(last), Some(page)) = (probes.last(), of(probes, Way::Page)) else { return Verdict::Unknown };
    if last.answer == Answer::Limited {
        return Verdict::RateLimited;
    }
    match page.answer {
        Answer::Picture => shown(probes),
        _ => not_shown(page.answer, of(probes, Way::Bare).map(|bare| bare.answer)),
    }
}

/// The page gets no picture.
fn not_shown(page: Answer, bare: Option<Answer>) -> Verdict {
    let Some(bare) = bare.filter(|bare| !matches!(bare, Answer::Picture | Answer::Withheld | Answer::Limited)) else {
        return Verdict::Unknown;
    };
    match (page, bare) {
        (Answer::Missing, _) => Verdict::Gone,
        (Answer::Refused, _) => Verdict::Forbidden,
        (Answer::Broken, Answer::Broken) => Verdict::Unreachable,
        _ => Verdict::Unknown,
    }
}

/// The page gets the picture. Who else does?
fn shown(probes: &[Probe]) -> Verdict {
    let Some(foreign) = of(probes, Way::Foreign) else { return Verdict::Unknown };
    let others = if foreign.is_served() { [Way::Bare, Way::Plain] } else { [Way::Foreign, Way::Cookieless] };
    let [Some(first), Some(second)] = others.map(|way| of(probes, way)) else { return Verdict::Unknown };
    if [first, second].into_iter().any(Probe::is_untold) {
        return Verdict::Unknown;
    }
    let Some(refused) = deciding(probes) else { return Verdict::Open };
    if !is_confirmed(probes, refused) {
        return Verdict::Unknown;
    }
    if !is_witnessed(probes) {
        let again = of(probes, Way::Again).map(|again| again.answer);
        return match again {
            Some(Answer::Refused | Answer::NoPicture) => Verdict::RateLimited,
            _ => Verdict::Unknown,
        };
    }
    match refused.way {
        _ if first.is_other_picture() || refused.is_other_picture() => Verdict::Placeholder,
        Way::Plain => Verdict::UserAgent,
        Way::Cookieless => Verdict::Cookie,
        _ => Verdict::Referer,
    }
}

#[cfg(test)]
mod tests;
