//! What went wrong, in a plain sentence with its cure. It is all that visitors are told: where a connection was not made
//! for where it leads, they are told so in the same words whatever it was (FAULTS, S09), and the detail stays in the log.

use dragline::message::{Failure, FailureKind};
use dragline::stats::Stats;
use dragline_images::Entry;
use dragline_images::hotlink::Report;

use super::End;
use super::stage::NOT_A_PAGE;

/// The name of all failures that are about where an address leads.
const BLOCKED: &str = "blocked";
/// The same for people.
const NOT_PUBLIC: &str = "This address is not one of the public web.";
/// What robots.txt forbids, as the engine names it.
const FORBIDDEN: &str = "robots_forbidden";

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Page,
    Picture,
}

/// The end of a scan that could not be made, through no fault of the site's.
pub(crate) fn internal() -> End {
    End::Failed(FailureKind::Internal.name().to_owned(), sentence(FailureKind::Internal, None, "", What::Page))
}

/// The end of a scan whose page could not be read.
pub(crate) fn unread(failure: &Failure) -> End {
    let status = failure.status.map(|status| status.as_u16());
    let site = failure.url.host_str().unwrap_or_default();
    End::Failed(name(failure.kind).to_owned(), sentence(failure.kind, status, site, What::Page))
}

/// The end of a scan whose page is not to be read.
pub(crate) fn forbidden() -> End {
    let sentence = "robots.txt of this site asks programs to stay away from this page, and that was kept to. Look at the \
                    page in a browser, or ask its owner; who runs the gallery on the own machine may pass robots.txt over.";
    End::Failed(FORBIDDEN.to_owned(), sentence.to_owned())
}

/// The end of a scan of an address that has something else: what the spider says of it.
pub(crate) fn not_a_page(what: &str) -> End {
    let sentence = format!("At this address is neither a page nor a picture: {what}.");
    End::Failed(NOT_A_PAGE.to_owned(), sentence)
}

/// The end of a scan that found no place for its copies.
pub(crate) fn no_room() -> End {
    End::Failed(FailureKind::Disk.name().to_owned(), sentence(FailureKind::Disk, None, "", What::Page))
}

/// Puts what visitors may read in the place of what an entry says of its failure.
pub(crate) fn entry(entry: &mut Entry) {
    let status = entry.http_status;
    if let Some(reason) = entry.reason.take() {
        let detail = entry.detail.take().unwrap_or_default();
        let (reason, detail) = told(reason, detail, status, &entry.url);
        (entry.reason, entry.detail) = (Some(reason), Some(detail));
    }
    for missed in &mut entry.before {
        let (reason, detail) = (std::mem::take(&mut missed.reason), std::mem::take(&mut missed.detail));
        (missed.reason, missed.detail) = told(reason, detail, None, &missed.url);
    }
}

/// The same for what a verdict says of its evidence.
pub(crate) fn report(report: &mut Report) {
    for probe in &mut report.probes {
        let Some(failure) = probe.failure.take() else { continue };
        let Some(detail) = probe.detail.take() else {
            probe.failure = Some(failure);
            continue;
        };
        let url = probe.final_url.as_ref().unwrap_or(&report.picture).as_str();
        let (name, sentence) = told(failure.clone(), detail.clone(), probe.status, url);
        // the explanation quotes the evidence
        report.explanation = report.explanation.replace(&detail, &sentence);
        if name != failure {
            report.explanation = report.explanation.replace(&failure, &name);
        }
        (probe.failure, probe.detail) = (Some(name), Some(sentence));
    }
}

/// What robots.txt says of the page, by what the crawl has counted until then.
pub(crate) fn robots(stats: &Stats, is_kept_to: bool) -> String {
    let status = |status: u16| stats.count(&format!("robotstxt/response_status_count/{status}"));
    if !is_kept_to {
        "robots.txt was passed over, as you asked.".to_owned()
    } else if status(200) > 0 {
        "robots.txt of this site allows this page.".to_owned()
    } else {
        "This site has no robots.txt that would forbid anything.".to_owned()
    }
}

/// The same, if pictures were left out.
pub(crate) fn robots_without(pictures: usize, said: Option<&str>) -> String {
    let number = match pictures {
        1 => "1 picture".to_owned(),
        many => format!("{many} pictures"),
    };
    let said = said.map(|said| format!("{said} ")).unwrap_or_default();
    format!("{said}It asks programs to stay away from {number} of this page, which were left out.")
}

/// Whether an entry failed because robots.txt forbids it.
pub(crate) fn is_forbidden(entry: &Entry) -> bool {
    entry.reason.as_deref() == Some(FORBIDDEN)
}

/// Why a scan ended before all was known: its end's stable name in the engine, for people.
pub(crate) fn limit(reason: &str, settings: &crate::settings::Settings) -> Option<String> {
    Some(match reason {
        "closespider_timeout" => {
            let seconds = settings.scan_time.as_secs_f64();
            format!("The scan took longer than {seconds} s (`gallery.scan_time`): what is missing was not looked at.")
        }
        "closespider_bytecount" => {
            let bytes = settings.max_bytes.display().iec();
            format!("The scan fetched more than {bytes} (`gallery.max_bytes`): what is missing was not looked at.")
        }
        _ => return None,
    })
}

/// The end of a scan of a page with more pictures than are shown.
pub(crate) fn too_many(more: usize, most: usize) -> String {
    format!("There are {more} more pictures than the {most} that are looked at (`gallery.max_pictures`).")
}

/// The name and the sentence for a failure, by its name and detail in the engine.
fn told(reason: String, detail: String, status: Option<u16>, url: &str) -> (String, String) {
    // what the bytes of a picture are is said by whoever looked at them
    let Some(kind) = FailureKind::of_name(&reason) else { return (reason, detail) };
    if kind == FailureKind::Skipped && detail.contains(FORBIDDEN) {
        let sentence = "robots.txt of its site asks programs to stay away from this picture.";
        return (FORBIDDEN.to_owned(), sentence.to_owned());
    }
    let url = url::Url::parse(url).ok();
    let site = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    (name(kind).to_owned(), sentence(kind, status, site, What::Picture))
}

/// The stable name that visitors are told.
fn name(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::BlockedAddress | FailureKind::BadPort => BLOCKED,
        kind => kind.name(),
    }
}

/// A failure for people.
fn sentence(kind: FailureKind, status: Option<u16>, site: &str, what: What) -> String {
    use FailureKind as Kind;
    let this = match what {
        What::Page => "This page",
        What::Picture => "This picture",
    };
    match kind {
        Kind::DnsNxdomain => format!("There is no such site: {site}. Is its name spelt right?"),
        Kind::DnsTemporary => format!("The name {site} could not be looked up just now. Try again in a minute."),
        Kind::BlockedAddress | Kind::BadPort => NOT_PUBLIC.to_owned(),
        Kind::BadScheme => "This is no address of the web: it begins with http:// or https://.".to_owned(),
        Kind::Connect => format!("{site} does not answer: nothing takes a connection there. Is the address right?"),
        Kind::Network => "The gallery has no way to the network just now. Try again in a minute.".to_owned(),
        Kind::NoSockets => "The gallery has too much to do just now. Try again in a minute.".to_owned(),
        Kind::Proxy => {
            "The gallery's own way to the web, a proxy, does not work. Who runs it must look at it.".to_owned()
        }
        Kind::Tls | Kind::TlsCertInvalid => {
            format!("No secure connection to {site} could be made. Try the address with http:// instead.")
        }
        Kind::TlsCertExpired => certificate(site, "has expired"),
        Kind::TlsCertNotYetValid => certificate(site, "is not valid yet"),
        Kind::TlsCertWrongHost => certificate(site, "is for another site"),
        Kind::TlsCertUntrusted => certificate(site, "is signed by nobody whom browsers trust"),
        Kind::ConnectTimeout | Kind::HeadTimeout | Kind::IdleTimeout | Kind::TotalTimeout | Kind::SlowTimeout => {
            format!("{site} took too long to answer. Try again later.")
        }
        Kind::IncompleteBody => format!("{this} came only in part: {site} closed the connection. Try again."),
        Kind::TooLarge => format!("{this} is larger than the gallery takes."),
        Kind::HeadTooLarge | Kind::BadFraming => format!("{site} does not speak HTTP as browsers understand it."),
        Kind::BadEncoding => format!("{this} came packed in a way that cannot be unpacked."),
        Kind::BadRequest => format!("{this} cannot be asked for: its address has something that no request may have."),
        Kind::UrlTooLong => format!("{this} has an address that is too long."),
        Kind::Stopped => format!("{this} was not asked for: the scan ended before its turn came."),
        Kind::HttpStatus => of_status(status, this),
        Kind::RedirectLoop => {
            format!("{this} leads back to itself, again and again. In a browser it may want cookies.")
        }
        Kind::TooManyRedirects => format!("{this} leads on to other addresses too many times."),
        Kind::BadRedirect => format!("{this} leads on to an address that is none."),
        Kind::RobotsUnreachable => {
            format!(
                "{site} may have a robots.txt, but it cannot be had just now, so nothing was asked. Try again later."
            )
        }
        Kind::RobotsDelay => {
            format!("robots.txt of {site} asks for more time between requests than a scan has. Nothing was asked.")
        }
        Kind::Skipped => format!("{this} was left out by a rule of the gallery."),
        Kind::CacheMiss => format!("{this} is not in the gallery's cache, and nothing else is asked."),
        Kind::SignedOut => format!("{this} is shown to those who have signed in, and the gallery has not."),
        Kind::Unwanted => format!("{this} is not of a kind that is kept."),
        Kind::ParseError | Kind::ParsePanic => format!("{this} could not be read. That is a fault of the gallery's."),
        Kind::Disk => "The gallery has no room for more copies. Try again later, or tell who runs it.".to_owned(),
        Kind::Internal => "Something went wrong in the gallery. Try again; its log says more.".to_owned(),
    }
}

fn certificate(site: &str, what: &str) -> String {
    format!(
        "The certificate of {site} {what}, so nobody knows who answers there. Try the address with http:// instead."
    )
}

fn of_status(status: Option<u16>, this: &str) -> String {
    let Some(status) = status else { return format!("{this} answered with an error.") };
    match status {
        401 => format!("{this} answered 401: it wants a password, and the gallery has none."),
        403 => format!(
            "{this} answered 403 to every way of asking. It may let in those who have signed in, or browsers alone."
        ),
        404 | 410 => format!("{this} answered {status}: there is nothing at this address. Is it spelt right?"),
        429 => format!("{this} answered 429: its site has been asked too often. Try again later."),
        451 => format!("{this} answered 451: it may not be shown, for reasons of law."),
        503 => format!("{this} answered 503: its site is overloaded or closed for now. Try again later."),
        500..=599 => format!("{this} answered {status}: its site has a fault. Try again later."),
        _ => format!("{this} answered {status}, which is no answer that can be shown."),
    }
}

#[cfg(test)]
mod tests {
    use dragline_images::Missed;
    use dragline_images::hotlink::{Answer, Probe, Verdict, Way};
    use http::StatusCode;
    use url::Url;

    use super::*;

    const PRIVATE: &str = "10.1.2.3 is not a public address, and `dialer.policy` = \"strict\"";

    fn url() -> Url {
        Url::parse("http://site.example/a.jpg").expect("a URL")
    }

    #[test]
    fn each_failure_is_a_plain_sentence() {
        for kind in FailureKind::ALL {
            for what in [What::Page, What::Picture] {
                let sentence = sentence(kind, Some(403), "site.example", what);
                assert!(sentence.starts_with(char::is_uppercase) || sentence.starts_with(['s', 'r']), "{sentence}");
                assert!(sentence.ends_with(['.', '?']) && !sentence.contains(['`', '{', '}']), "{sentence}");
                assert!((20..200).contains(&sentence.len()), "{kind}: {sentence}");
            }
        }
    }

    #[test]
    fn a_status_says_what_may_be_done() {
        let said = |status| match unread(&Failure::status(StatusCode::from_u16(status).expect("a status"), url())) {
            End::Failed(name, sentence) => (name, sentence),
            end => panic!("{end:?}"),
        };
        let (name, sentence) = said(403);
        assert_eq!(name, "http_status");
        assert!(sentence.starts_with("This page answered 403 to every way of asking."), "{sentence}");
        for status in [300, 400, 401, 404, 410, 418, 429, 451, 500, 503, 599] {
            assert!(said(status).1.contains(&status.to_string()), "{status}");
        }
    }

    #[test]
    fn s09_all_that_is_blocked_is_told_in_the_same_words() {
        let ends =
            [FailureKind::BlockedAddress, FailureKind::BadPort].map(|kind| unread(&Failure::new(kind, url(), PRIVATE)));
        assert_eq!(ends[0], End::Failed("blocked".to_owned(), NOT_PUBLIC.to_owned()));
        assert_eq!(ends[0], ends[1]);
        for reason in ["blocked_address", "bad_port"] {
            let mut told = Entry::failed(url().into(), reason, PRIVATE.to_owned());
            told.before = vec![Missed { url: url().into(), reason: reason.to_owned(), detail: PRIVATE.to_owned() }];
            entry(&mut told);
            assert_eq!((told.reason.as_deref(), told.detail.as_deref()), (Some(BLOCKED), Some(NOT_PUBLIC)));
            assert_eq!((&*told.before[0].reason, &*told.before[0].detail), (BLOCKED, NOT_PUBLIC));
        }
        // robots.txt is asked for first, and its failure quotes the other one
        let failure = Failure::new(FailureKind::RobotsUnreachable, url(), format!("(blocked_address: {PRIVATE})"));
        assert!(!format!("{:?}", unread(&failure)).contains("10.1"), "{failure}");
    }

    #[test]
    fn s09_the_evidence_of_a_verdict_names_no_inner_address() {
        let mut probe = Probe::new(Way::Page, Answer::Withheld);
        (probe.failure, probe.detail) = (Some("blocked_address".to_owned()), Some(PRIVATE.to_owned()));
        let mut told = Report {
            picture: url(),
            page: url(),
            verdict: Verdict::Unknown,
            explanation: format!("it cannot be told what its page gets: blocked_address: {PRIVATE}"),
            probes: vec![probe],
        };
        report(&mut told);
        assert_eq!(told.explanation, format!("it cannot be told what its page gets: blocked: {NOT_PUBLIC}"));
        assert!(!format!("{told:?}").contains("10.1.2.3"), "{told:?}");
    }

    #[test]
    fn what_the_bytes_are_is_told_as_it_is() {
        let mut told = Entry::failed(url().into(), "image_truncated", "it ends in the middle".to_owned());
        let before = told.clone();
        entry(&mut told);
        assert_eq!(told, before);
        let mut told = Entry::failed(url().into(), "skipped", "not sent: robots_forbidden".to_owned());
        entry(&mut told);
        assert!(is_forbidden(&told) && told.detail.is_some_and(|detail| detail.starts_with("robots.txt of its site")));
    }

    #[test]
    fn what_robots_txt_says_is_told() {
        let stats = Stats::default();
        assert!(robots(&stats, true).contains("no robots.txt"));
        stats.add("robotstxt/response_status_count/200", 1);
        assert!(robots(&stats, true).contains("allows this page") && robots(&stats, false).contains("passed over"));
        let without = robots_without(2, Some("It allows this page."));
        assert_eq!(
            without,
            "It allows this page. It asks programs to stay away from 2 pictures of this page, which were left out."
        );
    }
}
