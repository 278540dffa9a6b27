//! A verdict as JSON for programs, and as lines for people.

use dragline::message::mask;
use dragline_images::hotlink::{Answer, Probe, Report, Resemblance};
use serde_json::{Value, json};
use url::Url;

use crate::terminal::shown;

/// A URL without its secrets and without control characters.
pub(super) fn url(url: &Url) -> String {
    shown(&mask::url(url))
}

/// `{picture, page, verdict, protected, explanation, probes: […]}`.
pub(super) fn object(report: &Report) -> Value {
    let probes: Vec<Value> = report.probes.iter().map(probe).collect();
    json!({
        "picture": mask::url(&report.picture),
        "page": mask::url(&report.page),
        "verdict": report.verdict,
        "protected": report.verdict.is_protected(),
        "explanation": mask::text(&report.explanation),
        "probes": probes,
    })
}

fn probe(probe: &Probe) -> Value {
    json!({
        "way": probe.way,
        "answer": probe.answer,
        "status": probe.status,
        "failure": probe.failure,
        "detail": probe.detail.as_deref().map(mask::text),
        "mime": probe.mime,
        "declared": probe.declared,
        "size": probe.size,
        "sha1": probe.sha1,
        "width": probe.width,
        "height": probe.height,
        "final_url": probe.final_url.as_ref().map(mask::url),
        "redirects": probe.redirects,
        "retry_after": probe.retry_after,
        "milliseconds": probe.milliseconds,
        "resemblance": probe.resemblance,
    })
}

/// The verdict, why, and a line for each probe.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("{:<12}  {}", report.verdict.name(), url(&report.picture)),
        format!("{:<12}  {}", "", shown(&report.explanation)),
    ];
    lines.extend(report.probes.iter().map(|probe| format!("{:<12}  {}", "", shown(&row(probe)))));
    lines
}

/// `page        200  image/jpeg  1024 x 768  125310 bytes  5bdb3f1e  8 ms`
fn row(probe: &Probe) -> String {
    let status = probe.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let mut row = format!("{:<10}  {status:>3}  {:<10}", probe.way.name(), what(probe));
    if let Some(mime) = &probe.mime {
        row.push_str(&format!("  {mime}"));
    } else if let Some(declared) = &probe.declared {
        row.push_str(&format!("  says {declared}"));
    }
    if let (Some(width), Some(height)) = (probe.width, probe.height) {
        row.push_str(&format!("  {width} x {height}"));
    }
    if let Some(size) = probe.size {
        row.push_str(&format!("  {size} bytes"));
    }
    if let Some(sha1) = &probe.sha1 {
        row.push_str(&format!("  sha1 {}", &sha1[..sha1.len().min(8)]));
    }
    if let Some(failure) = &probe.failure {
        row.push_str(&format!("  {failure}"));
    }
    if let Some(seconds) = probe.retry_after {
        row.push_str(&format!("  retry after {seconds} s"));
    }
    if probe.redirects > 0
        && let Some(place) = &probe.final_url
    {
        row.push_str(&format!("  from {}", mask::url(place)));
    }
    row.push_str(&format!("  {} ms", probe.milliseconds));
    row
}

fn what(probe: &Probe) -> &'static str {
    match (probe.answer, probe.resemblance) {
        (Answer::Picture, Some(Resemblance::Same)) => "same",
        (Answer::Picture, Some(Resemblance::Alike)) => "alike",
        (Answer::Picture, Some(Resemblance::Other)) => "other",
        (Answer::Picture, Some(Resemblance::Untold)) => "untold",
        (answer, _) => answer.name(),
    }
}
