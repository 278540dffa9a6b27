//! The pictures of a scan.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_SECURITY_POLICY;
use maud::{Markup, html};

use super::filter::Filter;
use super::frame::{Refresh, frame, no_store};
use super::home::missing;
use super::tile::tile;
use super::view::{Folds, View};
use super::{progress, words};
use crate::scan::{Head, Scan};
use crate::settings::Copies;
use crate::web::{App, Visitor, headers};

/// How long a page may take to come for its events.
const COMING: Duration = Duration::from_secs(10);
/// How long a page waits for the first picture of its scan: one that is served with it need not be loaded anew.
const MOMENT: Duration = Duration::from_millis(300);
/// Pictures that come so soon after one another are those of one page.
const IN_A_ROW: Duration = Duration::from_millis(20);

/// `GET /scans/{id}`.
pub(super) async fn results(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return missing() };
    scan.expect_watcher(COMING + MOMENT);
    let _ = tokio::time::timeout(MOMENT, first_pictures(&scan)).await;
    // what is known, and up to which change: the events go on from there
    let known = scan.since(0);
    let view = View::new(&app, &visitor, &scan);
    let head = known.head.unwrap_or_default();
    let policy = headers::policy(&view.origins());
    let refresh = if view.is_over { Refresh::Never } else { Refresh::EveryTwoSeconds };
    let folds = Folds::of(&known.pictures);
    let filter = Filter::read(query.as_deref());
    let page = page(&view, &head, known.version, &folds, &filter);
    let title = head.title.as_deref().map_or_else(|| progress::asked(&scan), str::to_owned);
    ([(CONTENT_SECURITY_POLICY, policy)], no_store(), frame(&words::cut(&title, 200), refresh, &page)).into_response()
}

/// Waits until pictures are known, or none will be. Those of a page come in a row, and their origins are wanted together.
async fn first_pictures(scan: &Scan) {
    let mut version = 0;
    while scan.head().found == 0 && !scan.is_over() {
        scan.changed(version).await;
        version = scan.since(version).version;
    }
    let mut found = 0;
    while scan.head().found > found {
        found = scan.head().found;
        tokio::time::sleep(IN_A_ROW).await;
    }
}

fn page(view: &View<'_>, head: &Head, version: u64, folds: &Folds, filter: &Filter) -> Markup {
    let path = format!("/scans/{}", view.scan.id.0);
    let pictures = filter.sort(&folds.roots, view.is_over);
    let (shown, rest): (Vec<_>, Vec<_>) = pictures.iter().partition(|picture| filter.takes(picture, view.is_over));
    // a policy cannot grow: a page that was served before any picture was known is loaded anew when one is
    let begins = !view.is_over && pictures.is_empty() && view.copies == Copies::Auto;
    html! {
        main.results #main data-events=[(!view.is_over).then(|| format!("{path}/events?after={version}"))]
            data-origins=(view.origins().join(" ")) data-begins=[begins.then_some("auto")] {
            section.head #head aria-label="Scan" {
                (progress::show(view.scan, head, view.app.scans.before(view.scan), &view.visitor.token))
            }
            p.unseen #said role="status" {}
            section aria-label="Pictures" {
                (filter.show(&path))
                form.selection #selection method="get" action={ (path) "/zip" } {
                    div.actions role="group" aria-label="Selection" {
                        span.scripted hidden {
                            "Select "
                            button.link type="button" data-select="all" { "all" }
                            button.link type="button" data-select="shown" { "shown" }
                            button.link type="button" data-select="none" { "none" }
                        }
                        output #selected {}
                        span.gap {}
                        button type="submit" #download-selected { "Download selected" }
                        button type="submit" #copy-links formaction={ (path) "/links.txt" } { "Links" }
                        (all(view, head))
                    }
                    p.none #none hidden[!shown.is_empty()] { (nothing(view, head, folds)) }
                    // what the filter leaves out, for a script that filters without asking again
                    template #rest { @for picture in &rest { (tile(view, picture, folds)) } }
                    ul.grid #pictures role="list" { @for picture in &shown { (tile(view, picture, folds)) } }
                }
            }
            dialog #details aria-labelledby="panel-title" {}
        }
    }
}

/// The link to all pictures at once.
pub(super) fn all(view: &View<'_>, head: &Head) -> Markup {
    html! {
        span #part-all {
            @if head.kept > 0 {
                a.button.primary href={ "/scans/" (view.scan.id.0) "/zip" } download {
                    "Download all (" (head.kept) ", " (words::size(head.bytes)) ")"
                }
            }
        }
    }
}

fn nothing(view: &View<'_>, head: &Head, folds: &Folds) -> &'static str {
    match (folds.roots.is_empty(), view.is_over) {
        (false, _) => "None of the pictures is like that.",
        (true, false) => "Nothing yet: pictures appear here as they are found.",
        (true, true) if head.page.is_some() => "This page has no pictures.",
        (true, true) => "There are no pictures.",
    }
}
