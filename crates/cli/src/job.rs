//! `dragline job`: what is queued, done and failed in a job; putting back, mending.

use std::path::Path;

use anyhow::Context as _;
use dragline::frontier::disk::{FailedRequest, Job, QueuedRequest, Summary, repair};
use dragline::frontier::{Failed, FeedId};
use dragline::message::{Request, mask};
use indicatif::HumanCount;
use jiff::Timestamp;
use serde_json::json;

use crate::exit::Exit;
use crate::options::{JobAction, JobCommand};
use crate::terminal::{escape, json as line_of, message, pretty_json, print, shown as safe};

/// Does what is asked.
pub(crate) fn run(command: &JobCommand) -> anyhow::Result<Exit> {
    match &command.action {
        JobAction::Ls { folder } => ls(folder)?,
        JobAction::Show { folder, json } => show(folder, *json)?,
        JobAction::Requests { folder, host, limit, json } => requests(folder, host.as_deref(), *limit, *json)?,
        JobAction::Failed { folder, reason, json } => failed(folder, reason.as_deref(), *json)?,
        JobAction::Retry { folder, reason } => {
            let back = Job::at(folder)?.retry(|request| is_meant(&request.what, reason.as_deref()))?;
            print(&format!("{} requests wait again: run the crawl to send them", HumanCount(back)))?;
        }
        JobAction::Forget { folder, feed } => {
            let job = Job::at(folder)?;
            if !job.forget(&FeedId(feed.clone()))? {
                let known = job.summary()?.feeds.into_iter().map(|(feed, _)| feed).collect();
                return Err(dragline::Error::Unknown { what: "feed of the job", name: feed.clone(), known }.into());
            }
            print("the job does not write to it any more")?;
        }
        JobAction::Repair { folder } => mend(folder)?,
    }
    Ok(Exit::Finished)
}

fn ls(folder: &Path) -> anyhow::Result<()> {
    std::fs::read_dir(folder).with_context(|| format!("`{}` is no folder that can be read", folder.display()))?;
    for job in Job::below(folder) {
        let name = job.folder().display().to_string();
        match job.summary() {
            Ok(summary) => print(&format!(
                "{}  {}  {}  {} of {} done, {} failed",
                escape(&name),
                escape(&summary.spider),
                state(&job, &summary),
                HumanCount(summary.done),
                HumanCount(summary.scheduled),
                HumanCount(summary.failed),
            ))?,
            Err(error) => print(&format!("{}  {}", escape(&name), message(&error)))?,
        }
    }
    Ok(())
}

/// What a job is doing.
fn state(job: &Job, summary: &Summary) -> String {
    match &summary.ended {
        _ if job.is_running() => "running".to_owned(),
        Some(reason) => escape(reason).into_owned(),
        None if summary.runs == 0 => "not begun".to_owned(),
        None => "killed".to_owned(),
    }
}

fn show(folder: &Path, as_json: bool) -> anyhow::Result<()> {
    let job = Job::at(folder)?;
    let summary = job.summary()?;
    if as_json {
        return Ok(print(&pretty_json(&serde_json::to_value(&summary)?))?);
    }
    let begun = i64::try_from(summary.created).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    print(&format!("job {} of {}", escape(&folder.to_string_lossy()), escape(&summary.spider)))?;
    print(&format!("  state      {}", state(&job, &summary)))?;
    if let Some(begun) = begun {
        print(&format!("  begun      {}, runs {}", begun.strftime("%Y-%m-%d %H:%M:%S UTC"), summary.runs))?;
    }
    for (name, count) in [
        ("scheduled", summary.scheduled),
        ("done", summary.done),
        ("failed", summary.failed),
        ("skipped", summary.skipped),
        ("pending", summary.pending),
    ] {
        print(&format!("  {name:<9}  {}", HumanCount(count)))?;
    }
    list("failed, by reason", summary.failures.iter())?;
    list("skipped, by reason", summary.skips.iter())?;
    list("waiting, by host", summary.hosts.iter().map(|(host, count)| (host, count)))?;
    list("feeds, and the records that they have", summary.feeds.iter().map(|(feed, count)| (feed, count)))?;
    if summary.outbox > 0 {
        print(&format!("  {} records wait for the feeds", HumanCount(summary.outbox)))?;
    }
    Ok(())
}

fn list<'a>(title: &str, rows: impl Iterator<Item = (&'a String, &'a u64)>) -> anyhow::Result<()> {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        print(&format!("  {title}:"))?;
    }
    for (name, count) in rows {
        print(&format!("    {:>12}  {}", HumanCount(*count).to_string(), safe(name)))?;
    }
    Ok(())
}

fn requests(folder: &Path, host: Option<&str>, limit: usize, as_json: bool) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    Job::at(folder)?.requests(|QueuedRequest { request, is_delayed }| {
        let Some(request) = request else {
            lines.push("(a request that cannot be read)".to_owned());
            return lines.len() < limit;
        };
        if host.is_none_or(|host| *request.host() == *host) {
            let due = request.due.filter(|_| is_delayed).and_then(|due| Timestamp::try_from(due).ok());
            lines.push(if as_json {
                let (mut line, due) = (described(&request), due.map(|due| due.to_string()));
                line["due"] = json!(due);
                line_of(&line)
            } else {
                let due = due.map_or(String::new(), |due| format!("  due {}", due.strftime("%Y-%m-%d %H:%M:%S UTC")));
                let step = line_of(&step(&request));
                format!("{} {}  {step}{due}", request.method, shown(&request))
            });
        }
        lines.len() < limit
    })?;
    lines.iter().try_for_each(|line| print(line))?;
    Ok(())
}

fn failed(folder: &Path, reason: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    Job::at(folder)?.failed(|FailedRequest { what, at, request }| {
        if is_meant(&what, reason) {
            let at = Timestamp::try_from(at).unwrap_or_default();
            let detail = mask::text(&what.detail).into_owned();
            lines.push(match (request, as_json) {
                (request, true) => {
                    let mut line = request.as_ref().map_or(json!({}), described);
                    line["reason"] = json!(what.reason());
                    (line["detail"], line["at"]) = (json!(detail), json!(at.to_string()));
                    line_of(&line)
                }
                (Some(request), false) => {
                    format!("{}  {} {}  {}", what.reason(), request.method, shown(&request), escape(&detail))
                }
                (None, false) => format!("{}  (the request cannot be read)  {}", what.reason(), escape(&detail)),
            });
        }
        true
    })?;
    lines.iter().try_for_each(|line| print(line))?;
    Ok(())
}

fn mend(folder: &Path) -> anyhow::Result<()> {
    let repaired = repair(folder)?;
    if repaired.was_whole {
        return Ok(print("the job is whole; nothing was changed")?);
    }
    print(&format!(
        "saved {} waiting requests and {} waiting records",
        HumanCount(repaired.requests),
        HumanCount(repaired.records)
    ))?;
    for (what, lost) in [
        ("waiting requests: their pages will be missing", repaired.lost_requests),
        ("waiting records: the feeds will not have them", repaired.lost_records),
        ("fingerprints: so many pages may be fetched once more", repaired.lost_fingerprints),
        ("failed requests: they cannot be put back", repaired.lost_failed),
    ] {
        if lost > 0 {
            print(&format!("lost {} {what}", HumanCount(lost)))?;
        }
    }
    if let Some(kept) = repaired.kept {
        print(&format!("the damaged file is kept as {}", escape(&kept.to_string_lossy())))?;
    }
    Ok(())
}

/// Whether a failure is one of those that were asked for: `http_status` means all of its statuses.
fn is_meant(what: &Failed, reason: Option<&str>) -> bool {
    reason.is_none_or(|reason| what.kind == reason || what.reason() == reason)
}

fn shown(request: &Request) -> String {
    escape(&mask::url(&request.url)).into_owned()
}

/// A request's step, without what its fields' names say to be secret.
fn step(request: &Request) -> serde_json::Value {
    let mut step = serde_json::from_slice(&request.step.0).unwrap_or_default();
    mask::json(&mut step);
    step
}

fn described(request: &Request) -> serde_json::Value {
    json!({
        "method": request.method.as_str(),
        "url": mask::url(&request.url),
        "host": &*request.host(),
        "priority": request.priority,
        "depth": request.depth,
        "attempts": request.attempts,
        "step": step(request),
    })
}
