//! The rules, each as a site that plays by it.

use std::time::Duration;

use super::*;
use crate::hotlink::{MOST, Resemblance, next};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a site answers to a way, each time it is asked.
type Site<'a> = &'a dyn Fn(Way, usize) -> Probe;

fn answered(way: Way, answer: Answer) -> Probe {
    let mut probe = Probe::new(way, answer);
    probe.status = Some(200);
    probe
}

fn picture(way: Way, resemblance: Resemblance) -> Probe {
    Probe { resemblance: (way != Way::Page).then_some(resemblance), ..answered(way, Answer::Picture) }
}

fn same(way: Way) -> Probe {
    picture(way, Resemblance::Same)
}

/// Asks a site as a judge does, and gives its probes.
fn asked(site: Site<'_>) -> Vec<Probe> {
    let mut probes = Vec::new();
    while let Some(way) = next(&probes, PATIENCE) {
        probes.push(site(way, probes.len()));
        assert!(probes.len() <= MOST, "it ends: {probes:?}");
    }
    probes
}

/// A site that gives some ways the picture, and the others this.
fn serves(ways: &'static [Way], otherwise: impl Fn(Way) -> Probe) -> impl Fn(Way, usize) -> Probe {
    move |way, _| if ways.contains(&way) { same(way) } else { otherwise(way) }
}

/// The ways asked and the verdict.
fn judged(site: Site<'_>) -> (Vec<Way>, Verdict) {
    let probes = asked(site);
    (probes.iter().map(|probe| probe.way).collect(), verdict(&probes))
}

use Way::{Again, Bare, Cookieless, Foreign, Page, Plain};

#[test]
fn i10_the_table_row_by_row() {
    let refused = |way| answered(way, Answer::Refused);
    let other = |way| picture(way, Resemblance::Other);
    let rows: &[(&str, Site<'_>, &[Way], Verdict)] = &[
        ("open", &|way, _| same(way), &[Page, Foreign, Plain, Bare], Verdict::Open),
        ("alike", &|way, _| picture(way, Resemblance::Alike), &[Page, Foreign, Plain, Bare], Verdict::Open),
        (
            "own Referer",
            &serves(&[Page, Plain, Cookieless, Again], refused),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Referer,
        ),
        (
            "none is fine",
            &serves(&[Page, Plain, Cookieless, Bare], refused),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Referer,
        ),
        (
            "closed",
            &serves(&[Page, Plain, Cookieless], |way| answered(way, Answer::Broken)),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Referer,
        ),
        (
            "hidden",
            &serves(&[Page, Plain, Cookieless], |way| answered(way, Answer::Missing)),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Referer,
        ),
        (
            "a page",
            &serves(&[Page, Plain, Cookieless], |way| answered(way, Answer::NoPicture)),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Referer,
        ),
        (
            "any but none",
            &serves(&[Page, Foreign, Plain, Cookieless, Again], refused),
            &[Page, Foreign, Plain, Bare, Again],
            Verdict::Referer,
        ),
        (
            "placeholder",
            &serves(&[Page, Plain, Cookieless], other),
            &[Page, Foreign, Cookieless, Bare],
            Verdict::Placeholder,
        ),
        (
            "placeholder for plain clients",
            &serves(&[Page, Foreign, Bare], other),
            &[Page, Foreign, Plain, Bare],
            Verdict::Placeholder,
        ),
        ("cookie", &serves(&[Page, Plain, Again], refused), &[Page, Foreign, Cookieless, Again], Verdict::Cookie),
        ("browser", &serves(&[Page, Foreign, Bare], refused), &[Page, Foreign, Plain, Bare], Verdict::UserAgent),
        ("forbidden", &|way, _| refused(way), &[Page, Bare], Verdict::Forbidden),
        ("gone", &|way, _| answered(way, Answer::Missing), &[Page, Bare], Verdict::Gone),
        ("silent", &|way, _| answered(way, Answer::Broken), &[Page, Bare], Verdict::Unreachable),
        ("a page for all", &|way, _| answered(way, Answer::NoPicture), &[Page, Bare], Verdict::Unknown),
        ("for those without a page", &serves(&[Bare], refused), &[Page, Bare], Verdict::Unknown),
        ("withheld", &|way, _| answered(way, Answer::Withheld), &[Page], Verdict::Unknown),
        ("another each time", &|way, _| other(way), &[Page, Foreign, Cookieless, Again], Verdict::Unknown),
        ("cannot be compared", &|way, _| picture(way, Resemblance::Untold), &[Page, Foreign], Verdict::Unknown),
    ];
    for (name, site, ways, want) in rows {
        assert_eq!(judged(site), (ways.to_vec(), *want), "{name}");
    }
}

#[test]
fn i10_who_counts_requests_is_not_taken_for_one_who_looks_at_the_referer() {
    for served in 1..=3 {
        let site = |way: Way, before: usize| {
            if before < served { same(way) } else { answered(way, Answer::Refused) }
        };
        assert_eq!(judged(&site).1, Verdict::RateLimited, "{served} are served");
    }
    // whoever is served as often as it takes is not limited as far as can be told
    assert_eq!(
        judged(&|way, before| if before < 4 { same(way) } else { answered(way, Answer::Refused) }).1,
        Verdict::Open
    );
    // closed for good after the first one: that may be anything
    let closes = |way, before| if before < 1 { same(way) } else { answered(way, Answer::Broken) };
    assert_eq!(judged(&closes).1, Verdict::Unknown);
}

#[test]
fn i10_a_connection_that_breaks_by_chance_is_taken_for_no_terms() {
    let refused = |way| answered(way, Answer::Refused);
    let sites: &[(Site<'_>, Verdict)] = &[
        (&|way, _| same(way), Verdict::Open),
        (&serves(&[Page, Plain, Cookieless, Again], refused), Verdict::Referer),
        (&serves(&[Page, Plain, Cookieless, Bare, Again], refused), Verdict::Referer),
        (&serves(&[Page, Foreign, Plain, Cookieless, Again], refused), Verdict::Referer),
        (&serves(&[Page, Plain, Again], refused), Verdict::Cookie),
        (&serves(&[Page, Foreign, Bare, Cookieless, Again], refused), Verdict::UserAgent),
        (&serves(&[Page, Plain, Cookieless, Again], |way| picture(way, Resemblance::Other)), Verdict::Placeholder),
        (&|way, _| refused(way), Verdict::Forbidden),
        (&|way, _| answered(way, Answer::Missing), Verdict::Gone),
    ];
    for (site, want) in sites {
        for chance in 0..MOST {
            let flaky = |way, before| if before == chance { answered(way, Answer::Broken) } else { site(way, before) };
            let (ways, verdict) = judged(&flaky);
            assert!(verdict == *want || verdict == Verdict::Unknown, "{want} became {verdict}: {ways:?}");
        }
    }
}

#[test]
fn i10_one_way_that_never_gets_an_answer_is_refused() {
    let broken = |way| answered(way, Answer::Broken);
    let plain = serves(&[Page, Foreign, Bare, Again], broken);
    assert_eq!(judged(&plain), (vec![Page, Foreign, Plain, Bare, Plain, Again], Verdict::UserAgent));
    let bare = serves(&[Page, Foreign, Plain, Again], broken);
    assert_eq!(judged(&bare), (vec![Page, Foreign, Plain, Bare, Bare, Again], Verdict::Referer));
    let foreign = serves(&[Page, Cookieless, Plain, Bare, Again], broken);
    assert_eq!(judged(&foreign), (vec![Page, Foreign, Cookieless, Bare, Foreign, Again], Verdict::Referer));
}

#[test]
fn i10_who_asks_for_time_is_asked_once_more_if_it_is_short() {
    let limited = |way, seconds: Option<u64>| Probe { retry_after: seconds, ..answered(way, Answer::Limited) };
    let at_second = |seconds: Option<u64>, times: usize| {
        move |way: Way, before: usize| if (1..=times).contains(&before) { limited(way, seconds) } else { same(way) }
    };
    assert_eq!(judged(&at_second(Some(1), 1)), (vec![Page, Foreign, Foreign, Plain, Bare], Verdict::Open));
    assert_eq!(judged(&at_second(None, 1)).1, Verdict::Open);
    assert_eq!(judged(&at_second(Some(1), 2)), (vec![Page, Foreign, Foreign], Verdict::RateLimited));
    assert_eq!(judged(&at_second(Some(11), 1)), (vec![Page, Foreign], Verdict::RateLimited));
    // not sent at all
    let held = |way: Way, _: usize| Probe::new(way, Answer::Limited);
    assert_eq!(judged(&held), (vec![Page], Verdict::RateLimited));
}

/// Every probe that there can be, as far as the rules look at it.
fn probes_of(way: Way) -> Vec<Probe> {
    use Answer::{Broken, Limited, Missing, NoPicture, Refused, Withheld};
    use Resemblance::{Alike, Other, Same, Untold};
    let pictures = [Same, Alike, Other, Untold].map(|resemblance| picture(way, resemblance));
    let others = [NoPicture, Refused, Missing, Limited, Broken, Withheld].map(|answer| answered(way, answer));
    pictures.into_iter().chain(others).collect()
}

/// All conversations that a judge can have, to their ends.
fn conversations(begun: &[Probe], heard: &mut impl FnMut(&[Probe])) {
    let Some(way) = next(begun, PATIENCE) else { return heard(begun) };
    assert!(begun.len() < MOST, "{begun:?}");
    for probe in probes_of(way) {
        conversations(&[begun, &[probe]].concat(), heard);
    }
}

#[test]
fn i10_every_conversation_ends_with_a_verdict_that_its_evidence_bears() {
    let mut count = 0;
    conversations(&[], &mut |probes| {
        count += 1;
        let verdict = verdict(probes);
        assert_eq!(verdict, super::verdict(probes), "it is the same each time");
        let served = |way| of(probes, way).is_some_and(Probe::is_served);
        let all = [Page, Foreign, Bare, Plain];
        if verdict == Verdict::Open {
            assert!(all.into_iter().all(served), "{probes:?}");
        }
        if verdict.is_protected() {
            assert!(served(Page), "{probes:?}");
            let refused = deciding(probes).expect("somebody is refused").way;
            let at = probes.iter().rposition(|probe| probe.way == refused).expect("it was asked");
            assert!(probes[at..].iter().any(Probe::is_served), "a refusal needs a witness: {probes:?}");
            let broken = probes.iter().filter(|probe| probe.answer == Answer::Broken).count();
            assert!(probes[at].answer != Answer::Broken || broken > 1, "chance is no evidence: {probes:?}");
        }
        if matches!(verdict, Verdict::Forbidden | Verdict::Gone | Verdict::Unreachable) {
            assert!(probes.iter().all(|probe| probe.answer != Answer::Picture), "{probes:?}");
        }
        if probes.iter().any(|probe| probe.is_untold() && probe.way != Bare) {
            assert!(!verdict.is_told() || verdict == Verdict::RateLimited, "{verdict}: {probes:?}");
        }
        let repeated = probes.iter().any(|probe| matches!(probe.answer, Answer::Limited | Answer::Broken));
        assert!(repeated || probes.len() <= 5, "{probes:?}");
    });
    assert!(count > 5_000, "{count} conversations");
}

#[test]
fn what_is_no_conversation_has_a_verdict_too() {
    assert_eq!(verdict(&[]), Verdict::Unknown);
    for one in Way::ALL {
        for other in Way::ALL {
            for probes in
                probes_of(one).into_iter().flat_map(|a| probes_of(other).into_iter().map(move |b| [a.clone(), b]))
            {
                let verdict = verdict(&probes);
                assert!(verdict != Verdict::Open && !verdict.is_protected(), "two are too few: {probes:?}");
            }
        }
    }
}

#[test]
fn a_verdict_has_one_name() {
    for verdict in Verdict::ALL {
        assert_eq!(serde_json::to_value(verdict).expect("JSON"), verdict.name());
    }
    for way in Way::ALL {
        assert_eq!(serde_json::to_value(way).expect("JSON"), way.name());
    }
    for answer in probes_of(Page).iter().map(|probe| probe.answer) {
        assert_eq!(serde_json::to_value(answer).expect("JSON"), answer.name());
    }
}
