//! Which way is asked next: a function of what was seen so far.

use std::time::Duration;

use crate::hotlink::{Answer, Probe, Way};

/// The most requests for one picture, without redirects: four ways, one more where the last was refused, and one that is
/// repeated because the host had asked for time, or gave no answer.
pub const MOST: usize = 6;

/// The way to ask next, or none if all is known that can be. `patience` is the longest time that is waited for a host
/// which asks for it.
#[must_use]
pub fn next(probes: &[Probe], patience: Duration) -> Option<Way> {
    let Some(last) = probes.last() else { return Some(Way::Page) };
    if probes.len() >= MOST {
        return None;
    }
    if last.answer == Answer::Limited {
        let is_first = probes.iter().filter(|probe| probe.answer == Answer::Limited).count() == 1;
        let is_short = last.status.is_some() && Duration::from_secs(last.retry_after.unwrap_or(0)) <= patience;
        return (is_first && is_short).then_some(last.way);
    }
    let of = |way| of(probes, way);
    let page = of(Way::Page)?;
    if page.answer != Answer::Picture {
        return (page.answer != Answer::Withheld && of(Way::Bare).is_none()).then_some(Way::Bare);
    }
    if last.is_untold() {
        return None;
    }
    let Some(foreign) = of(Way::Foreign) else { return Some(Way::Foreign) };
    let ways: &[Way] = match (foreign.is_served(), of(Way::Cookieless)) {
        (true, _) => &[Way::Plain, Way::Bare],
        (false, Some(cookieless)) if !cookieless.is_served() => &[],
        (false, _) => &[Way::Cookieless, Way::Bare],
    };
    if let Some(way) = ways.iter().find(|way| of(**way).is_none()) {
        return Some(*way);
    }
    let refused = deciding(probes)?;
    if !is_confirmed(probes, refused) {
        return Some(refused.way);
    }
    (of(Way::Again).is_none() && !is_witnessed(probes)).then_some(Way::Again)
}

/// The last outcome of a way: a repeated one counts.
pub(super) fn of(probes: &[Probe], way: Way) -> Option<&Probe> {
    probes.iter().rev().find(|probe| probe.way == way)
}

/// The refusal that names the terms, where all the ways are known that it takes.
pub(super) fn deciding(probes: &[Probe]) -> Option<&Probe> {
    let foreign = of(probes, Way::Foreign)?;
    let [first, second] = match foreign.is_served() {
        true => [of(probes, Way::Bare)?, of(probes, Way::Plain)?],
        false => [of(probes, Way::Cookieless)?, foreign],
    };
    [first, second].into_iter().find(|probe| !probe.is_served())
}

/// Whether a refusal was meant: what breaks once may have broken by chance.
pub(super) fn is_confirmed(probes: &[Probe], refused: &Probe) -> bool {
    refused.answer != Answer::Broken || probes.iter().filter(|probe| probe.answer == Answer::Broken).count() > 1
}

/// Whether the picture was served after every refusal that decides, so that it was the way that was refused.
pub(super) fn is_witnessed(probes: &[Probe]) -> bool {
    let is_foreign_served = of(probes, Way::Foreign).is_some_and(Probe::is_served);
    let decides = |probe: &Probe| match is_foreign_served {
        true => matches!(probe.way, Way::Bare | Way::Plain),
        false => matches!(probe.way, Way::Foreign | Way::Cookieless),
    };
    let refused = probes.iter().rposition(|probe| decides(probe) && !probe.is_served());
    refused.is_none_or(|refused| probes[refused..].iter().any(Probe::is_served))
}
