//! `PUT /fetch-images`, for clients of the program that the gallery follows: a page in, URLs that can be shown out.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use dragline_images::hotlink::Verdict;
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::read;
use crate::scan::{End, Options, Phase, Picture, Scan};
use crate::settings::Copies;
use crate::web::media::{self, Copy};
use crate::web::problem::Problem;
use crate::web::session::Scheme;
use crate::web::{App, Visitor};

/// How much longer than a scan may take it is waited for, for its turn to come.
const TURN: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The page.
    base_url: String,
}

/// Scans a page to its end: the URL of each picture, at its site if everybody may show it, else of the copy.
pub(super) async fn fetch_images(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Vec<String>>, Problem> {
    let asked: Asked = read(&headers, &body)?;
    let scan = app.submit(&visitor, Options::new(&asked.base_url))?;
    // whoever leaves takes the scan along
    let _watcher = scan.watch();
    let patience = app.scans.settings().scan_time.saturating_add(TURN);
    if tokio::time::timeout(patience, over(&scan)).await.is_err() {
        scan.cancel();
        return Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "the page was not read in time: try again later"));
    }
    match scan.head().phase {
        Phase::Ended(End::Failed(_, detail)) => return Err(Problem::new(StatusCode::BAD_GATEWAY, detail)),
        Phase::Ended(End::Cancelled) => {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the scan was stopped"));
        }
        _ => {}
    }
    let here = here(&headers);
    let pictures = scan.pictures();
    // what looks like a better one is not said twice
    let best = pictures.iter().filter(|picture| picture.folded.is_none());
    Ok(Json(best.filter_map(|picture| url(&app, &visitor, &scan, picture, &here)).collect()))
}

async fn over(scan: &Scan) {
    let mut version = 0;
    while !scan.is_over() {
        scan.changed(version).await;
        version = scan.since(u64::MAX).version;
    }
}

/// The address that the client knows us by; the guard knows its host.
fn here(headers: &HeaderMap) -> String {
    let scheme = if Scheme::of(headers) == Scheme::Https { "https" } else { "http" };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("{scheme}://{host}")
}

/// Where a picture can be shown from, if anywhere.
fn url(app: &App, visitor: &Visitor, scan: &Scan, picture: &Picture, here: &str) -> Option<String> {
    let is_open = picture.report.as_ref().is_some_and(|report| report.verdict == Verdict::Open);
    let site = picture.url().filter(|url| matches!(url.scheme(), "http" | "https") && url.password().is_none());
    if let Some(site) = site.filter(|_| is_open && app.copies(&scan.options) == Copies::Auto) {
        return Some(site.to_string());
    }
    let copy = media::path(app, visitor, scan, picture, Copy::Whole);
    copy.or_else(|| media::download(app, visitor, scan, picture)).map(|path| format!("{here}{path}"))
}
