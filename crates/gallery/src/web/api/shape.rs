//! Scans and pictures as JSON. What is not known is left out.

use dragline::page::pictures::Candidate;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use crate::scan::{End, Phase, Picture, Scan};
use crate::web::media::{self, Copy};
use crate::web::{App, Visitor};

/// The most characters of a `data:` URL: it may have megabytes, and the copy has them as well.
const DATA: usize = 200;

/// A scan as a whole.
pub(super) fn scan(app: &App, scan: &Scan) -> Value {
    let head = scan.head();
    let (state, end) = match &head.phase {
        Phase::Queued => ("queued", None),
        Phase::Running => ("running", None),
        Phase::Ended(end) => ended(end),
    };
    let before = (head.phase == Phase::Queued).then(|| app.scans.before(scan));
    let place = format!("/api/scans/{}", scan.id.0);
    let options = json!({
        "url": typed(&scan.options.url),
        "same_host": scan.options.same_host,
        "min_side": scan.options.min_side,
        "depth": scan.options.depth,
        "css": scan.options.css,
        "lazy": scan.options.lazy,
        "copies": app.copies(&scan.options),
        "robots": scan.options.robots,
    });
    known(json!({
        "id": scan.id,
        "options": options,
        "state": state,
        "before": before,
        "reason": end.as_ref().map(|(reason, _)| reason),
        "detail": end.as_ref().map(|(_, detail)| detail),
        "page": head.page.as_ref().map(shown),
        "title": head.title,
        "robots": head.robots,
        "asked": head.asked.to_string(),
        "began": head.began.map(|at| at.to_string()),
        "ended": head.ended.map(|at| at.to_string()),
        "pages": head.pages,
        "bytes": head.bytes,
        "found": head.found,
        "kept": head.kept,
        "failed": head.failed,
        "judged": head.judged,
        "links": {
            "events": format!("{place}/events"),
            "images": format!("{place}/images"),
            "zip": format!("{place}/zip"),
        },
    }))
}

/// The name of the end, and why: a stable name and a sentence.
fn ended(end: &End) -> (&'static str, Option<(String, String)>) {
    match end {
        End::Finished => ("finished", None),
        End::Cancelled => ("cancelled", None),
        End::Limited(detail) => ("limited", Some(("limit".to_owned(), detail.clone()))),
        End::Failed(reason, detail) => ("failed", Some((reason.clone(), detail.clone()))),
    }
}

/// A picture with all that is known of it.
pub(super) fn image(app: &App, visitor: &Visitor, scan: &Scan, picture: &Picture) -> Value {
    let entry = picture.entry.as_ref();
    let report = picture.report.as_ref();
    let candidates: Vec<Value> = picture.found.candidates.iter().map(candidate).collect();
    known(json!({
        "number": picture.number,
        "progress": picture.progress(),
        "url": picture.url().map(shown),
        "final_url": entry.and_then(|entry| entry.final_url.as_deref()).map(typed),
        "page": shown(&picture.page),
        "source": picture.source(),
        "element": picture.found.element,
        "alt": picture.found.alt,
        "title": picture.found.title,
        "candidates": candidates,
        "mime": entry.and_then(|entry| entry.mime.as_deref()),
        "width": entry.and_then(|entry| entry.width),
        "height": entry.and_then(|entry| entry.height),
        "size": entry.and_then(|entry| entry.size),
        "checksum": entry.and_then(|entry| entry.checksum.as_deref()),
        "http_status": entry.and_then(|entry| entry.http_status),
        "reason": entry.and_then(|entry| entry.reason.as_deref()),
        "detail": entry.and_then(|entry| entry.detail.as_deref()),
        "opt_outs": entry.map(|entry| &entry.opt_outs).filter(|said| !said.is_empty()),
        "verdict": report.map(|report| report.verdict.name()),
        "explanation": report.map(|report| report.explanation.as_str()),
        "probes": report.map(|report| report.probes.iter().map(probe).collect::<Vec<Value>>()),
        "like": picture.folded,
        "copy": media::path(app, visitor, scan, picture, Copy::Whole),
        "thumb": media::path(app, visitor, scan, picture, Copy::Thumbnail),
        "download": media::download(app, visitor, scan, picture),
    }))
}

fn candidate(candidate: &Candidate) -> Value {
    let mut shape = plain(candidate);
    if let Some(fields) = shape.as_object_mut() {
        fields.insert("url".to_owned(), shown(&candidate.url).into());
    }
    known(shape)
}

fn probe(probe: &dragline_images::hotlink::Probe) -> Value {
    let mut shape = plain(probe);
    if let (Some(fields), Some(url)) = (shape.as_object_mut(), &probe.final_url) {
        fields.insert("final_url".to_owned(), shown(url).into());
    }
    known(shape)
}

fn plain(value: &impl Serialize) -> Value {
    // plain data with names for keys; it cannot fail
    serde_json::to_value(value).unwrap_or_default()
}

/// Without what is not known.
fn known(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

/// A URL that somebody has typed in, which may be none.
fn typed(text: &str) -> String {
    Url::parse(text).map_or_else(|_| dragline::message::mask::text(text).into_owned(), |url| shown(&url))
}

/// A URL without its password, and short.
pub(super) fn shown(url: &Url) -> String {
    if url.scheme() == "data" {
        let mut text: String = url.as_str().chars().take(DATA).collect();
        if text.len() < url.as_str().len() {
            text.push('…');
        }
        return text;
    }
    let mut url = url.clone();
    if url.password().is_some() {
        // a URL that has a password can have another one
        let _ = url.set_password(Some("***"));
    }
    url.into()
}
