//! Opening a job: a new one, or one that a run before this has left.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::books::State;
use super::form::{self, Meta};
use super::lock::Lock;
use super::tables::Tables;
use super::{FILE, JobError, Medium, Options};
use crate::frontier::ledger::{Ledger, News};
use crate::frontier::outbox::Outbox;
use crate::frontier::{Fingerprinter, FrontierError, Opened, Seen};
use crate::message::Host;

/// A job that is ours.
pub(super) struct Ours {
    pub(super) lock: Lock,
    pub(super) tables: Tables,
    pub(super) state: State,
    pub(super) opened: Opened,
}

/// Opens the job of a folder, or makes it.
pub(super) fn open(options: &Options, medium: Arc<dyn Medium>) -> Result<Ours, JobError> {
    let folder = &options.folder;
    make_folder(folder).map_err(|source| JobError::Io { folder: folder.clone(), what: "cannot be made", source })?;
    let path = folder.join(FILE);
    if !medium.exists(&path) && holds_other_things(folder) {
        return Err(JobError::NotAJob { folder: folder.clone() });
    }
    let lock = Lock::take(folder, &format!("crawling `{}`", options.spider))?;
    // asked under the lock: who had it before may have made the job
    let (tables, mut state) =
        if medium.exists(&path) { restore(options, medium, &path)? } else { create(options, medium, &path)? };
    let Meta { runs, key, created, .. } = state.meta;
    // not the key itself: whoever knows that can make two URLs collide
    let id = format!("{:016x}", form::fingerprint(&(key, created)));
    let is_orderly = |reason: &str| matches!(reason, "finished" | "shutdown") || reason.starts_with("closespider_");
    let is_closed = state.meta.ended.as_deref().is_some_and(is_orderly);
    let opened = Opened { runs, id: Some(id), is_closed, created: Some(form::time(created)) };
    state.meta.runs += 1;
    state.meta.ended = None;
    state.ledger.news = Some(News { events: 1, ..News::default() });
    Ok(Ours { lock, tables, state, opened })
}

fn create(options: &Options, medium: Arc<dyn Medium>, path: &Path) -> Result<(Tables, State), JobError> {
    let meta = Meta::new(&options.spider, rand::random(), SystemTime::now());
    let failed = |error: redb::Error| JobError::of(&options.folder, error);
    let mut tables = Tables::create(medium, path, &meta).map_err(failed)?;
    let mut ledger = Ledger::new(options.settings.order, Seen::new(Fingerprinter::new(meta.key)));
    ledger.below = Some(Box::new(tables.snapshot().map_err(failed)?));
    Ok((tables, State::new(ledger, meta, BTreeMap::new())))
}

fn restore(options: &Options, medium: Arc<dyn Medium>, path: &Path) -> Result<(Tables, State), JobError> {
    let folder = &options.folder;
    let (mut tables, mut meta) = Tables::open(medium, path, folder)?;
    if meta.spider.is_empty() {
        // a repair could not read whose it is
        meta.spider.clone_from(&options.spider);
    }
    if meta.spider != options.spider {
        let (job, wanted) = (meta.spider, options.spider.clone());
        return Err(JobError::OtherSpider { folder: folder.clone(), job, wanted });
    }
    let failed = |error: redb::Error| JobError::of(folder, error);
    let damaged = |what: &str| JobError::Damaged { folder: folder.clone(), what: what.to_owned() };
    let seen = Seen::new(Fingerprinter::new(meta.key));
    if tables.read_seen(&seen, meta.seen).map_err(failed)? > 0 {
        return Err(damaged("fingerprints cannot be read"));
    }
    let mut ledger = Ledger::new(options.settings.order, seen);
    ledger.totals = meta.totals.clone();
    ledger.stats = meta.stats.clone();
    let remembered = tables.read_remembered().map_err(failed)?;
    let broken = tables.read_hosts(|row| {
        let ended = (row.done, row.failed);
        ledger.restore_host(Host::from(&*row.name), row.waiting, ended, row.not_before.map(form::time));
    });
    if broken.map_err(failed)? > 0 {
        return Err(damaged("hosts cannot be read"));
    }
    let waiting = tables.read_outbox().map_err(failed)?.ok_or_else(|| damaged("records cannot be read"))?;
    let exported = meta.exported.iter().map(|(feed, upto, at)| (feed.clone(), (*upto, at.clone()))).collect();
    ledger.outbox = Outbox::restored(waiting, meta.last_seq, exported);
    ledger.below = Some(Box::new(tables.snapshot().map_err(failed)?));
    ledger.restore_delayed().map_err(|error| match error {
        FrontierError::Job(error) => error,
        other => damaged(&other.to_string()),
    })?;
    Ok((tables, State::new(ledger, meta, remembered)))
}

/// Makes the folder, for its owner alone: there are cookies in a job.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Whether somebody else's files lie in the folder.
fn holds_other_things(folder: &Path) -> bool {
    let ours = |name: &str| matches!(name, "lock" | "job.new" | "status.json" | "status.new" | "feeds");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| !entry.file_name().to_str().is_some_and(ours))
}
