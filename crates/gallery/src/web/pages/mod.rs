//! What people see. Everything works without a script; with one it is quicker, and nothing is loaded twice.
//!
//! What a page of somebody else says (titles, texts, names, addresses) comes to ours as text alone: the templates escape it,
//! and the script inserts only what they have made.

mod details;
mod events;
mod exif;
mod filter;
mod form;
mod frame;
mod home;
mod links;
mod progress;
mod results;
#[cfg(test)]
pub(super) mod samples;
mod tile;
mod verdict;
mod view;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

pub(crate) use frame::{login, problem};

use super::App;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::home))
        .route("/scans", post(home::begin).get(|| async { Redirect::to("/") }))
        .route("/scans/{id}", get(results::results))
        .route("/scans/{id}/events", get(events::events))
        .route("/scans/{id}/cancel", post(home::cancel))
        .route("/scans/{id}/delete", post(home::delete))
        .route("/scans/{id}/links.txt", get(links::links))
        .route("/scans/{id}/pictures/{number}", get(details::details))
}
