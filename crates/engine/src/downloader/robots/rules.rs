//! What a robots.txt says to one crawler.

use std::time::Duration;

use url::Url;

use super::pattern::{Pattern, Target};
use super::times::{Pace, RequestRate, VisitTime};

/// The rules of the groups that fit a crawler; the rest of the file is dropped. The default allows everything, as a file
/// that is absent does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    /// The most specific first, and `Allow` before `Disallow`, so that the first that matches decides.
    rules: Box<[Rule]>,
    pace: Pace,
}

/// A path that may or may not be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) verdict: Verdict,
    pub(super) path: Pattern,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Allow,
    Disallow,
}

impl Rules {
    pub(super) fn new(mut rules: Vec<Rule>, pace: Pace) -> Self {
        rules.sort_unstable_by(|a, b| {
            let by_octets = b.path.octets().cmp(&a.path.octets());
            by_octets.then(a.verdict.cmp(&b.verdict)).then_with(|| a.path.cmp(&b.path))
        });
        rules.dedup();
        Self { rules: rules.into(), pace }
    }

    /// Whether the crawler may ask for this. `/robots.txt` itself it always may (RFC 9309, section 2.2.2).
    #[must_use]
    pub fn allows(&self, url: &Url) -> bool {
        if self.rules.is_empty() || url.path() == "/robots.txt" {
            return true;
        }
        let target = Target::new(url);
        let first = self.rules.iter().find(|rule| rule.path.matches(&target));
        first.is_none_or(|rule| rule.verdict == Verdict::Allow)
    }

    /// The least time between two requests that the site asks for (`Crawl-delay`), a hundred years at most.
    #[must_use]
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.pace.crawl_delay
    }

    /// How many requests the site bears in what time (`Request-rate`).
    #[must_use]
    pub fn request_rate(&self) -> Option<RequestRate> {
        self.pace.request_rate
    }

    /// When the site wants to be visited (`Visit-time`).
    #[must_use]
    pub fn visit_time(&self) -> Option<VisitTime> {
        self.pace.visit_time
    }
}
