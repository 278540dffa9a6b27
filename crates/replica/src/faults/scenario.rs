//! The table of all scenarios: it decides who plays a request, and it is the index that is shown.

use crate::faults::asked::{Asked, Request, Site, Unplayable};
use crate::faults::script::{Reply, Script};
use crate::faults::{bodies, bombs, cache, chunks, cookies, echo, framing, heads, index, lengths, packed, ranges};
use crate::faults::{redirects, retries, robots, sites, slow, traps};

/// Something that can happen to a request.
pub(crate) struct Scenario {
    /// A path whose segments in capitals are places (`/ok/SIZE`), or a first label of a host whose last part may be one
    /// (`robots-slow-MS`); a label without a place has any part after it too (`good` is also `good-7`).
    pub(crate) pattern: &'static str,
    /// A path or label that fits the pattern, for the index and for the tests.
    pub(crate) example: &'static str,
    /// What happens, in one line.
    pub(crate) about: &'static str,
    pub(crate) play: fn(&Asked) -> Result<Script, Unplayable>,
}

/// A row of the table.
pub(crate) const fn row(
    pattern: &'static str,
    example: &'static str,
    about: &'static str,
    play: fn(&Asked) -> Result<Script, Unplayable>,
) -> Scenario {
    Scenario { pattern, example, about, play }
}

/// What is scripted for a path, on every host that has no script of its own.
pub(crate) const PATHS: [&[Scenario]; 15] = [
    index::PATHS,
    bodies::PATHS,
    echo::PATHS,
    lengths::PATHS,
    chunks::PATHS,
    framing::PATHS,
    heads::PATHS,
    slow::PATHS,
    packed::PATHS,
    bombs::PATHS,
    cookies::PATHS,
    redirects::PATHS,
    retries::PATHS,
    cache::PATHS,
    ranges::PATHS,
];

/// What is scripted for a whole host, by a label of its name.
pub(crate) const HOSTS: [&[Scenario]; 4] = [sites::HOSTS, slow::HOSTS, traps::HOSTS, robots::HOSTS];

/// What happens to this request.
pub(crate) fn play(request: &Request, site: &Site, secure: bool) -> Script {
    let host = request.host().to_ascii_lowercase();
    let host = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let found = of_host(host).or_else(|| of_path(request.path()));
    let Some((scenario, places)) = found else {
        let text = "no scenario has this path; / lists them all\n";
        return Reply::text(404, text).script(request.is_head());
    };
    let asked = Asked { request, site, secure, places };
    match (scenario.play)(&asked) {
        Ok(script) => script,
        Err(Unplayable(why)) => asked.answer(Reply::text(400, format!("{}: {why}\n", scenario.pattern))),
    }
}

type Found = (&'static Scenario, Vec<(&'static str, String)>);

/// The labels are tried from the left, for a site may have hosts below its name.
fn of_host(host: &str) -> Option<Found> {
    let rows = || HOSTS.into_iter().flatten();
    host.split('.').find_map(|label| rows().find_map(|row| Some((row, in_label(row.pattern, label)?))))
}

pub(crate) fn of_path(path: &str) -> Option<Found> {
    PATHS.into_iter().flatten().find_map(|row| Some((row, in_path(row.pattern, path)?)))
}

fn in_label(pattern: &'static str, label: &str) -> Option<Vec<(&'static str, String)>> {
    match pattern.rsplit_once('-').filter(|(_, last)| is_place(last)) {
        Some((name, place)) => {
            let value = label.strip_prefix(name)?.strip_prefix('-')?;
            Some(vec![(place, value.to_owned())])
        }
        None => {
            let rest = label.strip_prefix(pattern)?;
            (rest.is_empty() || rest.starts_with('-')).then(Vec::new)
        }
    }
}

fn in_path(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut places = Vec::new();
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        let segment = segments.next()?;
        match is_place(part) {
            true => places.push((part, segment.to_owned())),
            false if part != segment => return None,
            false => {}
        }
    }
    segments.next().is_none().then_some(places)
}

fn is_place(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    fn ask(target: &str, host: &str) -> Request {
        Request {
            method: "GET".to_owned(),
            target: target.to_owned(),
            fields: vec![("Host".to_owned(), host.to_owned())],
            ..Request::default()
        }
    }

    #[test]
    fn every_example_finds_its_own_row_and_can_be_played() {
        let site = Site::new(5, Duration::ZERO);
        for scenario in PATHS.into_iter().flatten() {
            let request = ask(scenario.example, "127.0.0.1:8000");
            let found = of_path(request.path()).map(|(row, _)| row.pattern);
            assert_eq!(found, Some(scenario.pattern), "{}", scenario.example);
            let expected = scenario.example.starts_with("/status/400");
            assert_eq!(play(&request, &site, false).status == 400, expected, "{}", scenario.example);
        }
        for scenario in HOSTS.into_iter().flatten() {
            let found = of_host(&format!("{}.localhost", scenario.example)).map(|(row, _)| row.pattern);
            assert_eq!(found, Some(scenario.pattern), "{}", scenario.example);
            let request = ask("/", &format!("{}.localhost:8000", scenario.example));
            assert_ne!(play(&request, &site, false).status, 400, "{}", scenario.example);
        }
    }

    #[test]
    fn no_pattern_stands_in_the_table_twice() {
        let rows = || PATHS.into_iter().chain(HOSTS).flatten();
        let patterns: BTreeSet<_> = rows().map(|row| row.pattern).collect();
        assert_eq!(patterns.len(), rows().count());
    }

    #[test]
    fn what_stands_in_a_place_is_not_looked_at_but_the_rest_is() {
        assert_eq!(in_path("/length/DECLARED/send/SENT", "/length/9/send/x").map(|places| places.len()), Some(2));
        assert!(in_path("/ok/SIZE", "/ok/1/2").is_none() && in_path("/ok/SIZE", "/ok").is_none());
        assert_eq!(in_label("robots-delay-VALUE", "robots-delay--1"), Some(vec![("VALUE", "-1".to_owned())]));
        assert!(in_label("good", "goodness").is_none() && in_label("good", "good-7").is_some());
    }

    #[test]
    fn a_place_that_is_no_number_is_a_400_that_says_so() {
        let site = Site::new(5, Duration::ZERO);
        assert_eq!(play(&ask("/ok/many", "h"), &site, false).status, 400);
        assert_eq!(play(&ask("/nowhere", "h"), &site, false).status, 404);
    }
}
