//! The start: the form, and the scans that were begun of late.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use jiff::Timestamp;
use maud::{Markup, html};

use super::form::{Draft, Filler, Wrong};
use super::frame::{Refresh, frame, no_store};
use super::{problem, progress, words};
use crate::scan::{End, Phase, Scan};
use crate::scans::Refused;
use crate::web::{App, Visitor};

/// `GET /`.
pub(super) async fn home(State(app): State<Arc<App>>, visitor: Visitor) -> Response {
    (no_store(), page(&app, &visitor, &Draft::default(), None)).into_response()
}

/// `POST /scans`: begins a scan.
pub(super) async fn begin(State(app): State<Arc<App>>, visitor: Visitor, body: Bytes) -> Response {
    let draft = match Draft::read(&body) {
        Ok(draft) => draft,
        Err(wrong) => return wrong.into_response(),
    };
    let again = |status: StatusCode, wrong: &Wrong| {
        (status, no_store(), page(&app, &visitor, &draft, Some(wrong))).into_response()
    };
    let options = match draft.options() {
        Ok(options) => options,
        Err(wrong) => return again(StatusCode::BAD_REQUEST, &wrong),
    };
    match app.submit(&visitor, options) {
        Ok(scan) => Redirect::to(&format!("/scans/{}", scan.id.0)).into_response(),
        Err(Refused::Bad(bad)) => again(StatusCode::BAD_REQUEST, &bad.into()),
        Err(refused) => again(StatusCode::TOO_MANY_REQUESTS, &Wrong { field: None, what: refused.to_string() }),
    }
}

/// `POST /scans/{id}/cancel`: what is known stays.
pub(super) async fn cancel(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return missing() };
    scan.cancel();
    Redirect::to(&format!("/scans/{}", scan.id.0)).into_response()
}

/// `POST /scans/{id}/delete`.
pub(super) async fn delete(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    match app.scans.remove(&visitor.session, &id) {
        true => Redirect::to("/").into_response(),
        false => missing(),
    }
}

/// What is said of a scan that is not there, or is somebody else's.
pub(super) fn missing() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "there is no such scan here: results stay for a while, and for those alone who asked for them",
    )
}

fn page(app: &App, visitor: &Visitor, draft: &Draft, wrong: Option<&Wrong>) -> Markup {
    let filler = Filler { token: &visitor.token, is_local: visitor.is_local };
    let recent = app.scans.recent(&visitor.session);
    let main = html! {
        main.home #main {
            div.hero {
                h1 { "Every picture of a page" }
                p.lead { "See all its pictures in their best resolution, learn which of them others may show, and take them along in one archive." }
            }
            (draft.show(filler, wrong))
            @if !recent.is_empty() {
                section.recent aria-labelledby="recent" {
                    h2 #recent { "Recent scans" }
                    ul role="list" { @for scan in &recent { (row(app, scan, &visitor.token)) } }
                }
            }
        }
    };
    let title = if wrong.is_some() { "That did not work" } else { "Start" };
    frame(title, Refresh::Never, &main)
}

fn row(app: &App, scan: &Scan, token: &str) -> Markup {
    let head = scan.head();
    let asked = progress::asked(scan);
    let title = head.title.clone().filter(|title| !title.trim().is_empty()).unwrap_or_else(|| asked.clone());
    let class = match &head.phase {
        Phase::Queued => "dot waits",
        Phase::Running => "dot runs",
        Phase::Ended(End::Finished) => "dot done",
        Phase::Ended(End::Cancelled | End::Limited(_)) => "dot cut",
        Phase::Ended(End::Failed(..)) => "dot failed",
    };
    html! {
        li.row {
            span class=(class) aria-hidden="true" {}
            div.what {
                a href={ "/scans/" (scan.id.0) } { (words::cut(&title, 160)) }
                p.address { (asked) }
                p.facts {
                    (progress::phase(&head, app.scans.before(scan)))
                    " · " (words::count(head.found, "picture"))
                    @if head.bytes > 0 { " · " (words::size(head.bytes)) }
                    " · " time datetime=(head.asked) { (words::ago(head.asked, Timestamp::now())) }
                }
            }
            form method="post" action={ "/scans/" (scan.id.0) "/delete" } {
                input type="hidden" name="token" value=(token);
                button.quiet type="submit" aria-label={ "Delete the scan of " (words::cut(&title, 80)) } { "Delete" }
            }
        }
    }
}
