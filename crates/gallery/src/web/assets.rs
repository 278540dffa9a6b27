//! The few files that pages need, compiled in: a table, so that no path leads anywhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};

use super::App;

const ASSETS: [(&str, &str, &str); 3] = [
    ("gallery.css", "text/css; charset=utf-8", include_str!("../../assets/gallery.css")),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
    ("gallery.js", "text/javascript; charset=utf-8", include_str!("../../assets/gallery.js")),
];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/assets/{name}", get(asset))
}

/// One of them.
async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(asset, ..)| *asset == name) {
        // pages that are shown one after the other need them once
        Some((_, mime, text)) => {
            ([(header::CONTENT_TYPE, *mime), (header::CACHE_CONTROL, "private, max-age=300")], *text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
