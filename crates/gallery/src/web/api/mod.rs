//! The same as the page, as JSON. `openapi.json` is what holds: every answer is of a shape in it.

mod events;
mod seed;
mod shape;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{App, Visitor, archive};
use crate::scan::{Options, Scan};
use crate::scans::Refused;

/// OpenAPI 3.1.
const DESCRIPTION: &str = include_str!("../../../openapi.json");

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/api/openapi.json", get(description))
        .route("/api/scans", get(list).post(begin))
        .route("/api/scans/{id}", get(scan).delete(remove))
        .route("/api/scans/{id}/events", get(events::events))
        .route("/api/scans/{id}/images", get(images))
        .route("/api/scans/{id}/images/{number}", get(image))
        .route("/api/scans/{id}/zip", get(archive::zip))
        .route("/fetch-images", put(seed::fetch_images))
}

async fn description() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}

/// The visitor's scans, the last one first.
async fn list(State(app): State<Arc<App>>, visitor: Visitor) -> Json<Value> {
    let scans: Vec<Value> = app.scans.recent(&visitor.session).iter().map(|scan| shape::scan(&app, scan)).collect();
    Json(json!({ "scans": scans }))
}

/// Begins a scan.
async fn begin(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let options: Options = read(&headers, &body)?;
    let scan = app.submit(&visitor, options)?;
    let place = HeaderValue::from_str(&format!("/api/scans/{}", scan.id.0)).map_err(internal)?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(shape::scan(&app, &scan))).into_response())
}

async fn scan(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    Ok(Json(shape::scan(&app, &*find(&app, &visitor, &id)?)))
}

/// Stops a scan and forgets it with its copies.
async fn remove(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    match app.scans.remove(&visitor.session, &id) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(missing()),
    }
}

async fn images(State(app): State<Arc<App>>, visitor: Visitor, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let scan = find(&app, &visitor, &id)?;
    let pictures = scan.pictures();
    let images: Vec<Value> = pictures.iter().map(|picture| shape::image(&app, &visitor, &scan, picture)).collect();
    Ok(Json(json!({ "images": images })))
}

async fn image(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Json<Value>, Problem> {
    let scan = find(&app, &visitor, &id)?;
    let picture = scan.picture(number).ok_or_else(missing)?;
    Ok(Json(shape::image(&app, &visitor, &scan, &picture)))
}

/// A scan of the visitor.
fn find(app: &App, visitor: &Visitor, id: &str) -> Result<Arc<Scan>, Problem> {
    app.scans.get(&visitor.session, id).ok_or_else(missing)
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is nothing of this name, or its time is over")
}

fn internal(error: impl std::error::Error) -> Problem {
    tracing::error!(%error, "an answer could not be made");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be made")
}

/// The body as JSON. No form of another page is of that type.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        let why = "the body is to be JSON, and `Content-Type: application/json` to say so";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    serde_json::from_slice(body).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let wait = |seconds: u64| {
            Self::new(StatusCode::TOO_MANY_REQUESTS, refused.to_string())
                .with(header::RETRY_AFTER, HeaderValue::from(seconds))
        };
        match &refused {
            Refused::Bad(_) => Self::new(StatusCode::BAD_REQUEST, refused.to_string()),
            Refused::Full(_) => wait(60),
            Refused::Often { seconds, .. } => wait(*seconds),
        }
    }
}
