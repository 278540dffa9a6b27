//! What is said of a fetch: as JSON for programs, as lines for people.

use dragline::message::mask;
use dragline::message::{Failure, Request, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use serde_json::{Value, json};

use super::recorder::Hop;
use crate::terminal::escape;

/// A fetch and the way that led there.
pub(super) struct Shown<'a> {
    pub(super) request: &'a Request,
    pub(super) response: Option<&'a Response>,
    pub(super) failure: Option<&'a Failure>,
    pub(super) hops: &'a [Hop],
}

impl Shown<'_> {
    /// `{url, final_url, status, version, headers, history, timing, …, error}`: `error` is null for a whole response.
    pub(super) fn json(&self, length: usize, sum: &str) -> Value {
        let history: Vec<Value> = (self.request.redirects.iter())
            .map(|hop| json!({ "url": mask::url(&hop.url), "status": hop.status }))
            .collect();
        let first = self.request.redirects.first().map_or(&self.request.url, |hop| &hop.url);
        let status = self.failure.and_then(|failure| failure.status);
        let mut json = json!({
            "url": mask::url(first),
            "final_url": mask::url(self.response.map_or(&self.request.url, |response| &response.url)),
            "status": self.response.map(|response| response.status).or(status).map(|status| status.as_u16()),
            "version": self.response.map(|response| version(response.version)),
            "headers": self.response.map(|response| pairs(&response.headers)),
            "history": history,
            "requests": self.hops.len(),
            "remote": self.response.and_then(|response| response.remote).map(|remote| remote.to_string()),
            "from_cache": self.response.is_some_and(|response| response.from_cache),
            "timing": self.response.map(|response| {
                json!({ "head": response.timing.head.as_secs_f64(), "total": response.timing.total.as_secs_f64() })
            }),
            "body_length": Value::Null,
            "body_sha256": Value::Null,
            "error": Value::Null,
        });
        match self.failure {
            Some(failure) => json["error"] = json!({ "kind": failure.kind.name(), "detail": failure.detail }),
            None => {
                json["body_length"] = length.into();
                json["body_sha256"] = sum.into();
            }
        }
        json
    }

    /// The head of the response, as it came.
    pub(super) fn head(&self) -> Vec<String> {
        let Some(response) = self.response else { return Vec::new() };
        let status = response.status;
        let mut lines = vec![format!("{} {status}", version(response.version))];
        lines.extend(response.headers.iter().map(|(name, value)| line(name, value)));
        lines.push(String::new());
        lines
    }

    /// Every hop, with what was sent.
    pub(super) fn way(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Hop { request, outcome, .. } in self.hops {
            lines.push(format!("> {} {}", request.method, escape(&mask::url(&request.url))));
            lines.extend(request.headers.iter().map(|(name, value)| format!("> {}", line(name, value))));
            match outcome {
                Ok(answer) => {
                    lines.push(format!("< {} {}", version(answer.version), answer.status));
                    lines.extend(answer.headers.iter().map(|(name, value)| format!("< {}", line(name, value))));
                }
                Err(failure) => lines.push(format!("< {}", failed(failure))),
            }
        }
        lines
    }
}

/// A failure in a line: its stable name, and what happened.
pub(super) fn failed(failure: &Failure) -> String {
    escape(&format!("{}: {} ({})", failure.kind, failure.detail, mask::url(&failure.url))).into_owned()
}

/// Names and values in the order in which they came; bytes that are not UTF-8 are replaced.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<[String; 2]> {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        [name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()]
    };
    headers.iter().map(pair).collect()
}

pub(super) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        _ => "HTTP/1.1",
    }
}

fn line(name: &HeaderName, value: &HeaderValue) -> String {
    match mask::is_secret_header(name, value) {
        true => format!("{name}: ***"),
        false => format!("{name}: {}", escape(&String::from_utf8_lossy(value.as_bytes()))),
    }
}
