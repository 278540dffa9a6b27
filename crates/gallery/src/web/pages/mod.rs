//! What people see.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use super::{App, Visitor};
use crate::scan::Options;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(home)).route("/scans", post(begin)).route("/scans/{id}", get(scan))
}

/// The form.
async fn home() -> Markup {
    frame(
        "Gallery",
        &html! {
            form method="post" action="/scans" { input type="text" name="url"; button { "Show pictures" } }
        },
    )
}

#[derive(Deserialize)]
struct Asked {
    url: String,
}

/// Begins a scan.
async fn begin(State(app): State<Arc<App>>, visitor: Visitor, Form(asked): Form<Asked>) -> Response {
    match app.scans.submit(&visitor.session, Options::new(&asked.url)) {
        Ok(scan) => Redirect::to(&format!("/scans/{}", scan.id.0)).into_response(),
        Err(refused) => (StatusCode::BAD_REQUEST, refused.to_string()).into_response(),
    }
}

/// What is known of a scan.
async fn scan(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return StatusCode::NOT_FOUND.into_response() };
    let head = scan.head();
    let list = html! {
        p { (format!("{:?}", head.phase)) }
        ul { @for picture in scan.pictures() { li { (format!("{:?} {:?}", picture.progress(), picture.url().map(url::Url::as_str))) } } }
    };
    frame(head.title.as_deref().unwrap_or("Gallery"), &list).into_response()
}

/// What is wrong, for people.
pub(super) fn problem(status: StatusCode, what: &str) -> (StatusCode, Markup) {
    (status, frame("That did not work", &html! { p { (what) } }))
}

fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } link rel="stylesheet" href="/assets/gallery.css"; }
            body { h1 { (title) } (body) }
        }
    }
}
