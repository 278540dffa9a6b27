//! Robots.txt, read and asked: RFC 9309, with `Crawl-delay`, `Request-rate`, `Visit-time`, `Sitemap` and `Host` beside it.
//! Nothing here asks the network.
//!
//! Ours, and not the crate `robotxt`: politeness is what Dragline exists for, so each decision is made and tested here.
//! Where Google's parser and Scrapy's disagree RFC 9309 decides; each such case stands in
//! `tests/expected_failures.toml` with its reason.
//!
//! ```
//! use dragline::downloader::robots::Robots;
//!
//! let robots = Robots::parse(b"User-agent: *\nDisallow: /private/\nAllow: /private/*.html$\nCrawl-delay: 2");
//! let rules = robots.rules("dragline");
//! assert!(!rules.allows(&"https://site.example/private/".parse()?));
//! assert!(rules.allows(&"https://site.example/private/a.html".parse()?));
//! assert_eq!(rules.crawl_delay(), Some(std::time::Duration::from_secs(2)));
//! # Ok::<(), url::ParseError>(())
//! ```

mod agent;
mod pattern;
mod record;
mod rules;
#[cfg(test)]
mod tests;
mod times;

use std::ops::Range;
use std::time::Duration;

use url::Url;

pub use rules::Rules;
pub use times::{RequestRate, VisitTime};

use self::agent::{Agent, Fit, Name};
use self::pattern::Pattern;
use self::record::{Field, records};
use self::rules::{Rule, Verdict};
use self::times::Pace;

/// How much of a file is read, in bytes. RFC 9309, section 2.5, wants 500 KiB at least.
pub const LIMIT: usize = 512 * 1024;

/// A file as it was read.
#[derive(Debug, Clone, Default)]
pub struct Robots {
    /// Of all `User-agent` lines, in order; groups hold ranges of them.
    names: Vec<Name>,
    groups: Vec<Group<Vec<Line>>>,
    /// Grouped apart: a record that RFC 9309 does not define must not end a group (section 2.2.4), but a delay is meant
    /// for the names right before it.
    paces: Vec<Group<Pace>>,
    sitemaps: Vec<String>,
    preferred_host: Option<String>,
}

/// What is said to the crawlers named above it.
#[derive(Debug, Clone, Default)]
struct Group<T> {
    names: Range<usize>,
    /// Something was said, so the next name begins another group.
    is_closed: bool,
    content: T,
}

/// A rule as it stands in the file: only those that are asked for are made patterns.
#[derive(Debug, Clone)]
struct Line {
    verdict: Verdict,
    path: Box<[u8]>,
}

impl Robots {
    /// Reads the first [`LIMIT`] bytes. Whatever they are, this is an answer: what makes no sense says nothing.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        Self::parse_within(body, LIMIT)
    }

    /// Reads so many bytes, and no line that goes on beyond them.
    #[must_use]
    pub fn parse_within(body: &[u8], limit: usize) -> Self {
        let mut robots = Self::default();
        for (field, value) in records(body, limit) {
            match field {
                Field::Agent => robots.name(value),
                Field::Allow => robots.rule(Verdict::Allow, value),
                Field::Disallow => robots.rule(Verdict::Disallow, value),
                Field::CrawlDelay => robots.pace(Pace { crawl_delay: times::crawl_delay(value), ..Pace::default() }),
                Field::RequestRate => robots.pace(Pace { request_rate: times::request_rate(value), ..Pace::default() }),
                Field::VisitTime => robots.pace(Pace { visit_time: times::visit_time(value), ..Pace::default() }),
                Field::Sitemap if !value.is_empty() => robots.sitemaps.push(text(value)),
                Field::Host if !value.is_empty() => robots.preferred_host = Some(text(value)),
                Field::Sitemap | Field::Host => {}
            }
        }
        robots
    }

    /// What the file says to a crawler, given by its product token (`dragline`) or its whole `User-Agent` header: the
    /// groups of the name that fits best, together, or else those of `*`.
    #[must_use]
    pub fn rules(&self, agent: &str) -> Rules {
        let named = self.named(agent);
        let is_meant = |names: &Range<usize>| {
            let next = named.partition_point(|name| *name < names.start);
            named.get(next).is_some_and(|name| *name < names.end)
        };
        let lines = self.groups.iter().filter(|group| is_meant(&group.names)).flat_map(|group| &group.content);
        let mut rules = Vec::new();
        for Line { verdict, path } in lines {
            // who allows a folder's front page by its file means the folder too (Google and Scrapy agree)
            let index = if *verdict == Verdict::Allow { Pattern::of_index(path) } else { None };
            let paths = Pattern::read(path).into_iter().chain(index);
            rules.extend(paths.map(|path| Rule { verdict: *verdict, path }));
        }
        let paces = self.paces.iter().filter(|group| is_meant(&group.names));
        let pace = paces.fold(Pace::default(), |pace, group| group.content.or(pace));
        Rules::new(rules, pace)
    }

    /// Whether a crawler may ask for this. Who asks often keeps the [`rules`](Self::rules).
    #[must_use]
    pub fn allows(&self, agent: &str, url: &Url) -> bool {
        self.rules(agent).allows(url)
    }

    /// The least time between two requests of a crawler: see [`Rules::crawl_delay`].
    #[must_use]
    pub fn crawl_delay(&self, agent: &str) -> Option<Duration> {
        self.rules(agent).crawl_delay()
    }

    /// How many requests of a crawler the site bears in what time.
    #[must_use]
    pub fn request_rate(&self, agent: &str) -> Option<RequestRate> {
        self.rules(agent).request_rate()
    }

    /// When the site wants to be visited by a crawler.
    #[must_use]
    pub fn visit_time(&self, agent: &str) -> Option<VisitTime> {
        self.rules(agent).visit_time()
    }

    /// The values of the `Sitemap` lines, in order and as they are written: an absolute URL, if the site is right.
    #[must_use]
    pub fn sitemaps(&self) -> &[String] {
        &self.sitemaps
    }

    /// The value of the last `Host` line.
    #[must_use]
    pub fn preferred_host(&self) -> Option<&str> {
        self.preferred_host.as_deref()
    }

    fn name(&mut self, value: &[u8]) {
        let before = self.names.len();
        self.names.extend(Name::read(value));
        open(&mut self.groups, before).names.end = self.names.len();
        open(&mut self.paces, before).names.end = self.names.len();
    }

    fn rule(&mut self, verdict: Verdict, path: &[u8]) {
        if let Some(group) = self.groups.last_mut() {
            group.is_closed = true;
            if !path.is_empty() && !group.names.is_empty() {
                group.content.push(Line { verdict, path: path.into() });
            }
        }
        if let Some(group) = self.paces.last_mut() {
            group.is_closed = true;
        }
    }

    fn pace(&mut self, pace: Pace) {
        if let Some(group) = self.paces.last_mut() {
            group.is_closed = true;
            group.content = pace.or(group.content);
        }
    }

    /// The places of the names that fit a crawler best, in order.
    fn named(&self, agent: &str) -> Vec<usize> {
        let agent = Agent::new(agent);
        let mut best: Option<Fit> = None;
        let mut places = Vec::new();
        for (place, name) in self.names.iter().enumerate() {
            let fit = agent.fit(name);
            if fit > best {
                best = fit;
                places.clear();
            }
            if fit.is_some() && fit == best {
                places.push(place);
            }
        }
        places
    }
}

/// The group that a name belongs to: the last, or a new one if that has had its say.
fn open<T: Default>(groups: &mut Vec<Group<T>>, names: usize) -> &mut Group<T> {
    let is_open = groups.last().is_some_and(|group| !group.is_closed);
    if !is_open {
        groups.push(Group { names: names..names, ..Group::default() });
    }
    let last = groups.len() - 1;
    &mut groups[last]
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}
