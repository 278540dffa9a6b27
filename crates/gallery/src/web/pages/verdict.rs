//! Verdicts in the words of people: a group with a colour and a sign, a label, and the reason.

use dragline_images::hotlink::{Answer, Probe, Resemblance, Verdict, Way};
use maud::{Markup, PreEscaped, html};

use super::words;
use crate::scan::{Picture, Progress};

/// What a verdict means for who wants to have the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Its site shows it to everybody.
    Open,
    /// Its site shows it on its own pages alone, or to some: others need a copy.
    Copy,
    /// Its site shows it to nobody.
    Lost,
    /// It cannot be told.
    Unclear,
    /// It is not known yet.
    Pending,
}

/// What a tile says of who may show a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) group: Group,
    pub(super) label: &'static str,
    /// Why; nothing if the label says all.
    pub(super) because: String,
}

impl Group {
    /// All of them, with what a filter calls them.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Open, "Hotlink works"),
        (Self::Copy, "Needs a copy"),
        (Self::Lost, "Cannot be had"),
        (Self::Unclear, "Not clear"),
        (Self::Pending, "Not known yet"),
    ];

    /// Its stable name: in queries, and as a class.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Copy => "copy",
            Self::Lost => "lost",
            Self::Unclear => "unclear",
            Self::Pending => "pending",
        }
    }

    fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Open => Self::Open,
            Verdict::Referer | Verdict::UserAgent | Verdict::Cookie | Verdict::Placeholder => Self::Copy,
            Verdict::Forbidden | Verdict::Gone | Verdict::Unreachable => Self::Lost,
            Verdict::RateLimited | Verdict::Unknown => Self::Unclear,
        }
    }

    /// The strokes of its sign, in a square of 16.
    fn sign(self) -> &'static str {
        match self {
            Self::Open => "M3 8.5l3.5 3.5L13 4.5",
            Self::Copy => "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
            Self::Lost => "M4 4l8 8M12 4l-8 8",
            Self::Unclear => "M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.7M8 12.6v.4",
            Self::Pending => "M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2",
        }
    }
}

/// The few words for why a verdict is what it is.
pub(super) fn because(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Open => "its site shows it to everybody",
        Verdict::Referer => "its site serves it to its own pages alone",
        Verdict::UserAgent => "its site serves it to browsers alone",
        Verdict::Cookie => "its site wants the cookie of its page",
        Verdict::Placeholder => "other pages get another picture",
        Verdict::Forbidden => "its site serves it to nobody",
        Verdict::Gone => "there is nothing at its address",
        Verdict::RateLimited => "its site asks to be left alone for a while",
        Verdict::Unreachable => "its site does not answer",
        Verdict::Unknown => "the answers do not fit together",
    }
}

impl Badge {
    /// What there is to say of a picture, while its scan goes on or after it.
    pub(super) fn of(picture: &Picture, is_over: bool) -> Self {
        if let Some(report) = &picture.report {
            let label = match report.verdict {
                Verdict::Open => "Hotlink works",
                Verdict::Referer | Verdict::UserAgent | Verdict::Cookie | Verdict::Placeholder => "Needs a copy",
                Verdict::Forbidden => "Refused",
                Verdict::Gone => "Gone",
                Verdict::RateLimited => "Rate limited",
                Verdict::Unreachable => "No answer",
                Verdict::Unknown => "Not clear",
            };
            let group = Group::of(report.verdict);
            let because = if group == Group::Open { "" } else { because(report.verdict) };
            return Self { group, label, because: because.to_owned() };
        }
        let (group, label) = match (picture.progress(), is_over) {
            (Progress::Failed, _) => (Group::Lost, "No copy"),
            (_, true) => (Group::Unclear, "Not checked"),
            (Progress::Kept, false) => (Group::Pending, "Checking …"),
            (Progress::Found, false) => (Group::Pending, "Fetching …"),
        };
        Self { group, label, because: String::new() }
    }

    /// As it stands on a tile.
    pub(super) fn show(&self) -> Markup {
        html! {
            span class={ "badge " (self.group.name()) } { (sign(self.group)) (self.label) }
            @if !self.because.is_empty() { span.because { "because " (self.because) } }
        }
    }
}

fn sign(group: Group) -> Markup {
    html! {
        svg viewBox="0 0 16 16" aria-hidden="true" { path d=(PreEscaped(group.sign())); }
    }
}

/// Why there is no copy of a picture.
pub(super) fn failure(picture: &Picture) -> Option<String> {
    let entry = picture.entry.as_ref().filter(|_| picture.progress() == Progress::Failed)?;
    let detail = entry.detail.as_deref().or(entry.reason.as_deref()).unwrap_or("it could not be had");
    Some(words::cut(&words::sentence(detail), 200))
}

/// What was asked and what came, as a table.
pub(super) fn probes(probes: &[Probe]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Evidence" {
            table {
                caption { "What was asked, and what came" }
                thead { tr { th scope="col" { "Who asked" } th scope="col" { "Answer" } th scope="col" { "Type" }
                    th scope="col" { "Size" } th scope="col" { "Picture" } th scope="col" { "Time" } } }
                tbody {
                    @for probe in probes {
                        tr {
                            th scope="row" { (who(probe.way)) }
                            td { (answer(probe)) }
                            td { (probe.mime.as_deref().or(probe.declared.as_deref()).map(|mime| words::cut(mime, 60)).unwrap_or_default()) }
                            td { (probe.size.map(words::size).unwrap_or_default()) }
                            td { (picture(probe)) }
                            td { (probe.milliseconds) " ms" }
                        }
                    }
                }
            }
        }
    }
}

fn who(way: Way) -> &'static str {
    match way {
        Way::Page => "Its page",
        Way::Foreign => "A page of another site",
        Way::Bare => "Another site, without Referer",
        Way::Plain => "A plain client",
        Way::Cookieless => "Its page, without cookies",
        Way::Again => "Its page, once more",
    }
}

fn answer(probe: &Probe) -> String {
    let what = match probe.answer {
        Answer::Picture => "picture",
        Answer::NoPicture => "no picture",
        Answer::Refused => "refused",
        Answer::Missing => "missing",
        Answer::Limited => "asked to wait",
        Answer::Broken => "no use",
        Answer::Withheld => "not asked",
    };
    let status = probe.status.map(|status| format!("{status} ")).unwrap_or_default();
    match (probe.answer, &probe.failure) {
        (Answer::Broken | Answer::Withheld, Some(failure)) => format!("{status}{what} ({})", words::cut(failure, 60)),
        _ => format!("{status}{what}"),
    }
}

fn picture(probe: &Probe) -> &'static str {
    match (probe.answer, probe.way, probe.resemblance) {
        (Answer::Picture, Way::Page, _) => "the one",
        (Answer::Picture, _, Some(Resemblance::Same)) => "the same",
        (Answer::Picture, _, Some(Resemblance::Alike)) => "the same, in other bytes",
        (Answer::Picture, _, Some(Resemblance::Other)) => "another one",
        (Answer::Picture, _, Some(Resemblance::Untold)) => "cannot be compared",
        _ => "none",
    }
}

#[cfg(test)]
mod tests {
    use dragline_images::Entry;

    use super::*;
    use crate::web::pages::samples::{picture, report};

    fn badge(verdict: Option<Verdict>, entry: Option<Entry>, is_over: bool) -> (&'static str, &'static str) {
        let mut picture = picture(0, "https://a.example/a.jpg");
        picture.report = verdict.map(|verdict| report(&picture, verdict));
        picture.entry = entry;
        let badge = Badge::of(&picture, is_over);
        (badge.group.name(), badge.label)
    }

    #[test]
    fn each_verdict_has_a_label_and_all_but_the_open_one_a_reason() {
        for verdict in Verdict::ALL {
            let mut picture = picture(0, "https://a.example/a.jpg");
            picture.report = Some(report(&picture, verdict));
            let badge = Badge::of(&picture, true);
            assert_eq!(badge.because.is_empty(), verdict == Verdict::Open, "{verdict:?}");
            assert_eq!(badge.group == Group::Copy, verdict.is_protected(), "{verdict:?}");
            let shown = badge.show().into_string();
            assert!(shown.contains(badge.label) && shown.contains("<svg"), "colour is not all there is: {shown}");
        }
    }

    #[test]
    fn without_a_verdict_it_depends_on_how_far_the_picture_is() {
        let failed = || Some(Entry::failed("https://a.example/a.jpg".to_owned(), "timeout", "no answer".to_owned()));
        assert_eq!(badge(None, None, false), ("pending", "Fetching …"));
        assert_eq!(badge(None, None, true), ("unclear", "Not checked"));
        assert_eq!(badge(None, failed(), false), ("lost", "No copy"));
        assert_eq!(badge(Some(Verdict::Referer), failed(), true), ("copy", "Needs a copy"));
    }

    #[test]
    fn a_failure_is_told_in_a_sentence() {
        let mut picture = picture(0, "https://a.example/a.jpg");
        assert_eq!(failure(&picture), None);
        let url = "https://a.example/a.jpg".to_owned();
        picture.entry = Some(Entry::failed(url, "http_status", "this picture answered 403".to_owned()));
        assert_eq!(failure(&picture).as_deref(), Some("This picture answered 403"));
    }

    #[test]
    fn w04_what_a_server_says_of_itself_is_text() {
        let hostile = "<script>alert(1)</script>".to_owned();
        let probe =
            Probe { declared: Some(hostile.clone()), failure: Some(hostile), ..Probe::new(Way::Page, Answer::Broken) };
        let table = probes(&[probe]).into_string();
        assert!(!table.contains("<script") && table.contains("&lt;script&gt;"), "{table}");
    }
}
