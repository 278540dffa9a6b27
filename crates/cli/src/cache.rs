//! `dragline cache`: what the HTTP cache holds, and taking out of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;
use dragline::Settings;
use dragline::downloader::cache::{Entry, Limits, Listed, Policy, Store};
use dragline::downloader::middlewares::cache;
use dragline::message::{Request, mask};
use humantime_serde::re::humantime::format_duration;
use indicatif::HumanCount;
use jiff::Timestamp;
use serde_json::json;

use crate::exit::Exit;
use crate::layers;
use crate::options::{CacheAction, CacheCommand, Configured};
use crate::terminal::{escape, json as line, pretty_json, print, shown as safe};

/// Does what is asked.
pub(crate) fn run(command: &CacheCommand) -> anyhow::Result<Exit> {
    let folder = match &command.dir {
        Some(folder) => folder.clone(),
        None => configured_folder()?,
    };
    let now = SystemTime::now();
    // the crawl's limits are the crawl's: whoever looks takes nothing out
    let store = Store::existing(&folder, Limits::NONE, now)?;
    match &command.action {
        CacheAction::Ls { pattern, json } => ls(&store, pattern.as_deref(), *json, now)?,
        CacheAction::Rm { pattern, older, .. } => rm(store, pattern.as_deref(), *older, now)?,
        CacheAction::Stats { json } => stats(&store, *json, now)?,
    }
    Ok(Exit::Finished)
}

fn configured_folder() -> anyhow::Result<PathBuf> {
    let layers = layers::read(&Configured::default())?;
    let table = Settings::read(&layers)?.middlewares.remove("cache").unwrap_or_default();
    Ok(table.try_into::<cache::Settings>()?.dir)
}

fn ls(store: &Store, pattern: Option<&str>, as_json: bool, now: SystemTime) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    store.each(|Listed { entry, size, .. }| {
        if pattern.is_none_or(|pattern| matches(pattern, &entry.url)) {
            let line = if as_json { line(&described(&entry, size, now)) } else { shown(&entry, size, now) };
            lines.push((entry.url, line));
        }
        true
    })?;
    lines.sort();
    lines.iter().try_for_each(|(_, line)| print(line))?;
    Ok(())
}

fn rm(mut store: Store, pattern: Option<&str>, older: Option<Duration>, now: SystemTime) -> anyhow::Result<()> {
    let gone = store.remove_all(|Listed { entry, .. }| {
        pattern.is_none_or(|pattern| matches(pattern, &entry.url)) && older.is_none_or(|older| age(entry, now) > older)
    })?;
    if gone.entries > 0 {
        store.compact()?;
    }
    print(&format!("{} responses are gone, {}", HumanCount(gone.entries), ByteSize(gone.bytes).display().iec()))?;
    Ok(())
}

fn stats(store: &Store, as_json: bool, now: SystemTime) -> anyhow::Result<()> {
    let (totals, mut fresh, mut oldest) = (store.totals()?, 0_u64, None);
    let (mut statuses, mut hosts) = (BTreeMap::<u16, u64>::new(), BTreeMap::<String, u64>::new());
    store.each(|Listed { entry, .. }| {
        fresh += u64::from(is_fresh(&entry, now));
        oldest = oldest.max(Some(age(&entry, now)));
        *statuses.entry(entry.status).or_default() += 1;
        let host = url::Url::parse(&entry.url).ok().and_then(|url| Some(url.host_str()?.to_owned()));
        *hosts.entry(host.unwrap_or_default()).or_default() += 1;
        true
    })?;
    if as_json {
        let oldest = oldest.map(|oldest| oldest.as_secs());
        let all = json!({
            "responses": totals.entries, "bytes": totals.bytes, "index_bytes": store.index_size(), "fresh": fresh,
            "stale": totals.entries.saturating_sub(fresh), "oldest_seconds": oldest, "statuses": statuses,
            "hosts": hosts,
        });
        return Ok(print(&pretty_json(&all))?);
    }
    print(&format!("  responses  {}", HumanCount(totals.entries)))?;
    print(&format!("  size       {}", ByteSize(totals.bytes).display().iec()))?;
    print(&format!("  index      {}", ByteSize(store.index_size()).display().iec()))?;
    print(&format!("  fresh      {}", HumanCount(fresh)))?;
    print(&format!("  stale      {}", HumanCount(totals.entries.saturating_sub(fresh))))?;
    if let Some(oldest) = oldest {
        print(&format!("  oldest     {}", ago(oldest)))?;
    }
    for (status, count) in statuses {
        print(&format!("    {:>12}  {status}", HumanCount(count).to_string()))?;
    }
    for (host, count) in hosts {
        print(&format!("    {:>12}  {}", HumanCount(count).to_string(), escape(&host)))?;
    }
    Ok(())
}

fn shown(entry: &Entry, size: u64, now: SystemTime) -> String {
    let state = if is_fresh(entry, now) { "fresh" } else { "stale" };
    let size = ByteSize(size).display().iec().to_string();
    let (method, url) = (escape(&entry.method), safe(&entry.url));
    format!("{}  {size:>10}  {:>12}  {state}  {method} {url}", entry.status, ago(age(entry, now)))
}

fn described(entry: &Entry, size: u64, now: SystemTime) -> serde_json::Value {
    let stored = Timestamp::try_from(entry.stored()).unwrap_or_default().to_string();
    json!({
        "method": entry.method, "url": mask::text(&entry.url), "status": entry.status, "size": size,
        "stored": stored, "age_seconds": age(entry, now).as_secs(), "fresh": is_fresh(entry, now),
    })
}

/// For how long it has been there.
fn age(entry: &Entry, now: SystemTime) -> Duration {
    now.duration_since(entry.stored()).unwrap_or_default()
}

/// The two largest units say enough.
fn ago(age: Duration) -> String {
    let text = format_duration(Duration::from_secs(age.as_secs())).to_string();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn is_fresh(entry: &Entry, now: SystemTime) -> bool {
    let headers = entry.headers();
    let Ok(url) = url::Url::parse(&entry.url) else { return false };
    Policy::default().is_fresh(&Request::get(url), &entry.kept(&headers), now)
}

/// Whether a text is as a pattern has it, `*` standing for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, is_match) in [
            ("http://a/", "http://a/", true),
            ("http://a/", "http://a/b", false),
            ("http://a/*", "http://a/b", true),
            ("*", "", true),
            ("*b*d", "abcd", true),
            ("*bb", "ab", false),
            ("a*a", "a", false),
            ("*.jpg", "http://a/b.jpg?c", false),
        ] {
            assert_eq!(matches(pattern, text), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn an_age_is_told_in_two_units() {
        assert_eq!(ago(Duration::from_millis(90_061_500)), "1day 1h");
        assert_eq!(ago(Duration::ZERO), "0s");
    }
}
