//! Answers that say no: a page for people, a line of text in place of a file, `application/problem+json` (RFC 9457) for programs.

use axum::Json;
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::guard::Zone;
use super::pages;

/// The media type of RFC 9457.
const KIND: &str = "application/problem+json";

/// Why something is not answered.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// RFC 9457; its `type` is `about:blank`, which need not be said.
#[derive(Serialize)]
struct Shape<'a> {
    title: &'a str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    /// A status, and what to say of it.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), headers: Vec::new() }
    }

    /// The same with a header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer, in the form of a part of the gallery.
    pub(crate) fn answer(self, zone: Zone) -> Response {
        let Self { status, detail, headers } = self;
        let mut response = match zone {
            Zone::Api => {
                let shape = Shape { title: title(status), status: status.as_u16(), detail: &detail };
                let mut response = (status, Json(shape)).into_response();
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(KIND));
                response
            }
            Zone::Page | Zone::Login => pages::problem(status, &detail),
            Zone::Media | Zone::Asset => (status, format!("{detail}\n")).into_response(),
        };
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl IntoResponse for Problem {
    /// What handlers of the API give.
    fn into_response(self) -> Response {
        self.answer(Zone::Api)
    }
}

/// Gives a refusal a body that has none, or none that programs read: those of the router say nothing.
pub(super) fn told(response: Response, zone: Zone) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_told = match zone {
        Zone::Api => kind.is_some_and(|kind| kind == KIND),
        Zone::Page | Zone::Media | Zone::Asset | Zone::Login => response.body().size_hint().exact() != Some(0),
    };
    if is_told {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let detail = match status {
        StatusCode::NOT_FOUND => "there is nothing here",
        StatusCode::METHOD_NOT_ALLOWED => "this is asked for in another way",
        _ => title(status),
    };
    let (mut shape, body) = Problem::new(status, detail).answer(zone).into_parts();
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
        parts.headers.remove(name);
    }
    // `Allow` of a method that is not, and its like
    shape.headers.extend(parts.headers.drain().filter_map(|(name, value)| Some((name?, value))));
    Response::from_parts(shape, Body::new(body))
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}
