//! The addresses of pictures, a line each.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::frame::no_store;
use super::home::missing;
use super::{problem, words};
use crate::web::{App, Visitor};

/// `GET /scans/{id}/links.txt?n=1-3,7`: all of them without `n`.
pub(super) async fn links(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(scan) = app.scans.get(&visitor.session, &id) else { return missing() };
    let Some(wanted) = numbers(query.as_deref()) else {
        return problem(StatusCode::BAD_REQUEST, "`n` is a list of numbers, such as 1-3,7");
    };
    let mut text = String::new();
    for picture in scan.pictures() {
        let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|(first, last)| (*first..=*last).contains(&picture.number)));
        if let Some(link) = picture.url().filter(|_| is_wanted).and_then(words::link) {
            text.push_str(&link);
            text.push('\n');
        }
    }
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], no_store(), text).into_response()
}

/// Ranges of numbers, each with its first and its last one.
type Ranges = Vec<(usize, usize)>;

/// Which numbers a query wants: no ranges if it does not say, and nothing at all if it cannot be read.
fn numbers(query: Option<&str>) -> Option<Option<Ranges>> {
    let mut wanted = None;
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if name == "n" {
            for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let (first, last) = part.split_once('-').unwrap_or((part, part));
                let range = (first.trim().parse().ok()?, last.trim().parse().ok()?);
                wanted.get_or_insert_with(Ranges::new).push(range);
            }
        }
    }
    Some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_one_by_one_and_in_ranges() {
        assert_eq!(numbers(None), Some(None));
        assert_eq!(numbers(Some("n=1-3,7&n=9")), Some(Some(vec![(1, 3), (7, 7), (9, 9)])));
        assert_eq!(numbers(Some("n=one")), None);
        assert_eq!(numbers(Some("n=-1")), None);
    }
}
