//! How far a scan is: the head of its page, whose parts are sent anew when they have changed.

use maud::{Markup, html};
use url::Url;

use super::words;
use crate::scan::{End, Head, Phase, Scan};

/// What somebody has asked for, without credentials.
pub(super) fn asked(scan: &Scan) -> String {
    let typed = scan.options.url.trim();
    match Url::parse(typed) {
        Ok(url) if url.has_host() => words::address(&url),
        // without a scheme: what stands before an `@` is none of the page's business either
        _ => words::cut(typed.rsplit_once('@').map_or(typed, |(_, rest)| rest), 300),
    }
}

/// How far it is, in a few words.
pub(super) fn phase(head: &Head, before: usize) -> String {
    match &head.phase {
        Phase::Queued if before == 0 => "About to begin".to_owned(),
        Phase::Queued => format!("Waiting behind {}", words::count(before, "other scan")),
        Phase::Running if head.page.is_none() => "Opening the page".to_owned(),
        Phase::Running => "Fetching pictures".to_owned(),
        Phase::Ended(End::Finished) => "Finished".to_owned(),
        Phase::Ended(End::Cancelled) => "Stopped".to_owned(),
        Phase::Ended(End::Limited(_)) => "Ended early".to_owned(),
        Phase::Ended(End::Failed(..)) => "Failed".to_owned(),
    }
}

/// A word for scripts and style sheets.
pub(super) fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Queued => "queued",
        Phase::Running => "running",
        Phase::Ended(_) => "ended",
    }
}

/// The head: title, progress, what robots.txt says, how it ended. Each part has a name by which a script replaces it.
pub(super) fn show(scan: &Scan, head: &Head, before: usize, token: &str) -> Markup {
    let asked = asked(scan);
    let title = head.title.as_deref().map(str::trim).filter(|title| !title.is_empty());
    html! {
        div #part-title {
            h1 { (words::cut(title.unwrap_or(&asked), 200)) }
            p.address {
                @match head.page.as_ref().and_then(|page| Some((words::link(page)?, words::address(page)))) {
                    Some((link, address)) => { a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (address) } }
                    None => { (asked) }
                }
            }
        }
        div #part-progress data-phase=(word(&head.phase)) data-said=(said(head, before)) { (bar(head, before)) }
        div #part-end { (end(&head.phase)) }
        div #part-robots { @if let Some(robots) = &head.robots { p.robots { (words::cut(&words::sentence(robots), 400)) } } }
        div #part-stop {
            @if word(&head.phase) != "ended" {
                form method="post" action={ "/scans/" (scan.id.0) "/cancel" } {
                    input type="hidden" name="token" value=(token);
                    button #stop type="submit" { "Stop" }
                }
            }
        }
    }
}

fn bar(head: &Head, before: usize) -> Markup {
    let settled = head.kept + head.failed;
    let is_over = word(&head.phase) == "ended";
    html! {
        p.phase { strong { (phase(head, before)) } span.counts { (counts(head)) } }
        @if !is_over {
            @if head.found == 0 { progress aria-label="Progress of the scan" { "under way" } }
            @else {
                progress aria-label="Progress of the scan" max=(2 * head.found) value=(settled + head.judged.min(head.found)) {
                    (settled) " of " (head.found)
                }
            }
        }
    }
}

fn counts(head: &Head) -> String {
    let mut parts = vec![format!("{} found", words::count(head.found, "picture"))];
    for (number, what) in [(head.kept, "copied"), (head.judged, "checked"), (head.failed, "without a copy")] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if head.bytes > 0 {
        parts.push(words::size(head.bytes));
    }
    if head.pages > 1 {
        parts.push(format!("{} pages read", head.pages));
    }
    parts.join(" · ")
}

/// What a screen reader is told.
fn said(head: &Head, before: usize) -> String {
    format!("{}. {}.", phase(head, before), counts(head).replace(" · ", ", "))
}

fn end(phase: &Phase) -> Markup {
    match phase {
        Phase::Ended(End::Failed(kind, what)) => html! {
            div.notice.bad role="alert" {
                p { strong { (words::cut(&words::sentence(what), 400)) } }
                p { "What it is called: " code { (words::cut(kind, 60)) } " · " a href="/" { "Try another address" } }
            }
        },
        Phase::Ended(End::Limited(what)) => html! {
            div.notice { p { "Not everything was looked at: " (words::cut(what, 400)) } }
        },
        Phase::Ended(End::Cancelled) => html! {
            div.notice { p { "The scan was stopped. What it had found by then is here." } }
        },
        _ => html! {},
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scan::{Options, ScanId};

    fn shown(url: &str, head: &Head) -> String {
        let scan = Scan::new(ScanId("ab".to_owned()), Options::new(url), Duration::ZERO);
        show(&scan, head, 0, "t").into_string()
    }

    #[test]
    fn w04_a_title_is_text() {
        let head = Head { title: Some("<script>alert(1)</script>".to_owned()), ..Head::default() };
        let page = shown("a.example", &head);
        assert!(page.contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"), "{page}");
    }

    #[test]
    fn a_page_is_linked_so_that_it_learns_nothing() {
        let page = "https://me:secret@a.example/".parse().ok();
        let page = shown("https://me:secret@a.example/", &Head { page, ..Head::default() });
        assert!(page.contains(r#"href="https://a.example/" rel="noopener noreferrer nofollow""#), "{page}");
        assert!(!page.contains("secret"), "{page}");
        assert!(!shown("me:secret@a.example/", &Head::default()).contains("secret"));
    }

    #[test]
    fn each_end_is_told_to_people() {
        let ended = |end| shown("a.example", &Head { phase: Phase::Ended(end), ..Head::default() });
        let failed =
            ended(End::Failed("http_status".to_owned(), "this page answered 403 to every way of asking".to_owned()));
        assert!(failed.contains("This page answered 403 to every way of asking") && failed.contains("http_status"));
        assert!(ended(End::Limited("limits.time".to_owned())).contains("Not everything was looked at: limits.time"));
        let finished = ended(End::Finished);
        assert!(finished.contains("Finished") && !finished.contains("/cancel") && !finished.contains("<progress"));
        assert!(shown("a.example", &Head::default()).contains("/cancel"));
    }
}
