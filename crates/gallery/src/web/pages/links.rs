//! The addresses of pictures, a line each.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::frame::no_store;
use super::home::missing;
use super::{problem, words};
use crate::web::{App, Visitor, selection};

/// `GET /scans/{id}/links.txt?n=1-3,7`: all of them without `n`. What stands in the page itself has no address.
pub(super) async fn links(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return missing() };
    let pictures = match selection::pictures(&scan, query.as_deref()) {
        Ok(pictures) => pictures,
        Err(bad) => return problem(StatusCode::BAD_REQUEST, &bad.to_string()),
    };
    let links = pictures.iter().filter_map(|picture| picture.url().and_then(words::link));
    let text: String = links.flat_map(|link| [link, "\n".to_owned()]).collect();
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], no_store(), text).into_response()
}
