//! Where a browser gives the access token, and is given a session for it.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;

use super::guard::{Ends, Zone, too_often};
use super::visitor::Known;
use super::{App, Visitor, pages};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/login", get(form).post(enter)).route("/logout", post(leave))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entered {
    token: String,
}

/// The form.
async fn form(State(app): State<Arc<App>>, Extension(known): Extension<Known>) -> Response {
    match (&app.access, known.session) {
        (Some(_), None) => pages::login(None).into_response(),
        _ => Redirect::to("/").into_response(),
    }
}

/// Begins a session for who has the token.
async fn enter(
    State(app): State<Arc<App>>,
    Extension(known): Extension<Known>,
    Extension(ends): Extension<Ends>,
    Form(entered): Form<Entered>,
) -> Response {
    let Some(access) = &app.access else { return Redirect::to("/").into_response() };
    if !app.attempts.may(ends.peer.ip()) {
        return too_often().answer(Zone::Login);
    }
    if !access.is(&app.seal, entered.token.trim()) {
        app.attempts.was_wrong(ends.peer.ip());
        return (StatusCode::FORBIDDEN, pages::login(Some("that is not the token"))).into_response();
    }
    // a new one in any case: a cookie that somebody has planted leads nowhere
    known.begun.get_or_init(|| app.sessions.begin(&app.seal, known.scheme));
    Redirect::to("/").into_response()
}

/// Ends the session; its scans go when their time is over.
async fn leave(State(app): State<Arc<App>>, visitor: Visitor) -> Redirect {
    app.sessions.end(&visitor.session);
    Redirect::to("/login")
}
