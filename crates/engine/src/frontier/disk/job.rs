//! Looking at a job from outside, and putting back what failed. Only [`Job::summary`] works while the job runs.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use redb::{ReadableDatabase, ReadableTable};

use super::error::JobError;
use super::form::{self, FailedRow, HostRow, Meta};
use super::lock::Lock;
use super::status::Summary;
use super::tables::{self, Tables};
use super::{FILE, Files};
use crate::frontier::key::queue_key;
use crate::frontier::{Failed, FeedId, queued};
use crate::message::Request;

/// The name under which a job's feeds are remembered.
const FEEDS: &str = "feeds";
/// Hosts that a summary names.
const HOSTS: usize = 50;

/// A job in a folder, seen from outside.
#[derive(Debug)]
pub struct Job {
    folder: PathBuf,
}

/// A request that waits.
#[derive(Debug)]
pub struct QueuedRequest {
    /// The request; none if it cannot be read.
    pub request: Option<Request>,
    /// It waits until it is due.
    pub is_delayed: bool,
}

/// A request that failed for good.
#[derive(Debug)]
pub struct FailedRequest {
    /// Why.
    pub what: Failed,
    /// When.
    pub at: SystemTime,
    /// The request; none if it cannot be read.
    pub request: Option<Request>,
}

impl Job {
    /// The job of a folder.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(folder: &Path) -> Result<Self, JobError> {
        match folder.join(FILE).is_file() {
            true => Ok(Self { folder: folder.to_owned() }),
            false => Err(JobError::Missing { folder: folder.to_owned() }),
        }
    }

    /// The jobs in the folders of a folder, and that of the folder itself, by name.
    #[must_use]
    pub fn below(folder: &Path) -> Vec<Self> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut jobs: Vec<_> = entries.chain([folder.to_owned()]).filter_map(|path| Self::at(&path).ok()).collect();
        jobs.sort_by(|a, b| a.folder.cmp(&b.folder));
        jobs
    }

    /// The job's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a process works on it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        Lock::is_taken(&self.folder)
    }

    /// How far it is: of a running job, as its owner wrote it down within the last seconds.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn summary(&self) -> Result<Summary, JobError> {
        if self.is_running()
            && let Some(summary) = Summary::read(&self.folder)
        {
            return Ok(summary);
        }
        self.with("being looked at", |tables, meta| {
            let mut hosts = Vec::new();
            tables.read_hosts(|row| {
                if row.waiting > 0 {
                    hosts.push((row.name.into_owned(), row.waiting));
                }
            })?;
            hosts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            hosts.truncate(HOSTS);
            let outbox = tables.read_outbox()?.map_or(0, |records| records.len() as u64);
            Ok(Summary::new(&meta, hosts, outbox))
        })
    }

    /// Shows the requests that wait, host by host, the next ones first, until `show` says false.
    ///
    /// # Errors
    /// If the job runs or cannot be read.
    pub fn requests(&self, mut show: impl FnMut(QueuedRequest) -> bool) -> Result<(), JobError> {
        self.with("being looked at", |tables, _| {
            let reader = tables.database()?.begin_read()?;
            for (table, is_delayed) in [(tables::QUEUE, false), (tables::DELAYED, true)] {
                for row in reader.open_table(table)?.iter()? {
                    let request = queued::read(row?.1.value()).ok();
                    if !show(QueuedRequest { request, is_delayed }) {
                        return Ok(());
                    }
                }
            }
            Ok(())
        })
    }

    /// Shows the requests that failed for good, until `show` says false.
    ///
    /// # Errors
    /// If the job runs or cannot be read.
    pub fn failed(&self, mut show: impl FnMut(FailedRequest) -> bool) -> Result<(), JobError> {
        self.with("being looked at", |tables, _| {
            for row in tables.database()?.begin_read()?.open_table(tables::FAILED)?.iter()? {
                let row = row?.1;
                let Some(FailedRow { what, at, written }) = form::unsealed(row.value()) else { continue };
                if !show(FailedRequest { what, at: form::time(at), request: queued::read(written).ok() }) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Puts those failed requests back that `choose` says yes to, as if they had never been tried. How many.
    ///
    /// # Errors
    /// If the job runs, cannot be read or cannot be written to.
    pub fn retry(&self, choose: impl Fn(&FailedRequest) -> bool) -> Result<u64, JobError> {
        self.with("putting failed requests back", |tables, mut meta| {
            let mut hosts = HashMap::new();
            tables.read_hosts(|row| {
                let id = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
                hosts
                    .insert(row.name.clone().into_owned(), (id, HostRow { name: row.name.into_owned().into(), ..row }));
            })?;
            let mut count = 0;
            let transaction = tables.database()?.begin_write()?;
            {
                let (mut failed, mut queue) =
                    (transaction.open_table(tables::FAILED)?, transaction.open_table(tables::QUEUE)?);
                let mut chosen = Vec::new();
                for row in failed.iter()? {
                    let (rank, row) = row?;
                    let Some(FailedRow { what, at, written }) = form::unsealed(row.value()) else { continue };
                    let seen = FailedRequest { what, at: form::time(at), request: queued::read(written).ok() };
                    if seen.request.is_some() && choose(&seen) {
                        chosen.push((rank.value(), seen));
                    }
                }
                for (rank, FailedRequest { what, request, .. }) in chosen {
                    let Some(mut request) = request.map(Request::as_wished) else { continue };
                    (request.attempts, request.due) = (0, None);
                    let Ok(written) = queued::write(&request) else { continue };
                    let (name, next) = (request.host().to_string(), u32::try_from(hosts.len()).unwrap_or(u32::MAX));
                    let (id, host) = hosts.entry(name.clone()).or_insert_with(|| (next, HostRow::new(name)));
                    host.waiting += 1;
                    host.failed = host.failed.saturating_sub(1);
                    queue.insert(&queue_key(*id, request.priority, rank), &*written)?;
                    failed.remove(rank)?;
                    meta.totals.failed = meta.totals.failed.saturating_sub(1);
                    if let Some(failures) = meta.totals.failures.get_mut(&what.reason()) {
                        *failures = failures.saturating_sub(1);
                    }
                    count += 1;
                }
                meta.totals.failures.retain(|_, count| *count > 0);
                let mut table = transaction.open_table(tables::HOSTS)?;
                for (id, host) in hosts.values() {
                    table.insert(id, &*form::sealed(host))?;
                }
                tables::write_meta(&transaction, &meta)?;
            }
            transaction.commit()?;
            Ok(count)
        })
    }

    /// Lets go of a feed: the job does not write to it any more, and keeps nothing back for it. False if it has none of
    /// that name.
    ///
    /// # Errors
    /// If the job runs, cannot be read or cannot be written to.
    pub fn forget(&self, feed: &FeedId) -> Result<bool, JobError> {
        self.with("letting go of a feed", |tables, mut meta| {
            let before = meta.exported.len();
            meta.exported.retain(|(known, _, _)| known != feed);
            let mut known: Vec<serde_json::Value> = (tables.read_remembered()?.get(FEEDS))
                .and_then(|kept| serde_json::from_slice(kept).ok())
                .unwrap_or_default();
            known.retain(|known| known["uri"] != *feed.0);
            let transaction = tables.database()?.begin_write()?;
            tables::write_meta(&transaction, &meta)?;
            let kept = form::seal(serde_json::to_vec(&known).unwrap_or_default());
            transaction.open_table(tables::REMEMBERED)?.insert(FEEDS, &*kept)?;
            transaction.commit()?;
            // and what it has begun there is nobody's to take back
            let own = format!("{:016x}", feed.number());
            for entry in fs::read_dir(self.folder.join("feeds")).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(&own) {
                    fs::remove_file(entry.path())?;
                }
            }
            Ok(meta.exported.len() < before)
        })
    }

    /// Opens the job, which nobody else may have then.
    fn with<T>(
        &self,
        purpose: &str,
        look: impl FnOnce(&mut Tables, Meta) -> Result<T, redb::Error>,
    ) -> Result<T, JobError> {
        let _lock = Lock::take(&self.folder, purpose)?;
        let (mut tables, meta) = Tables::open(Arc::new(Files), &self.folder.join(FILE), &self.folder)?;
        look(&mut tables, meta).map_err(|error| JobError::of(&self.folder, error))
    }
}
