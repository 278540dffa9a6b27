//! The machinery of both pipelines: what an item wants is read, each URL is had once, and what became of it is written
//! into the item, counted and logged.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use dragline::downloader::Fetch;
use dragline::error::{Error, Result};
use dragline::message::mask::{self, Shown};
use dragline::message::{Options as RequestOptions, Reach, Record};
use dragline::pipeline::Verdict;
use dragline::registry::Context;
use dragline::settings::within;
use dragline::stats::{Name as Stat, Stats};
use dragline_store::manifest::{Object, Visit};
use dragline_store::{Options, Store, StoreError, Stores};
use futures_util::StreamExt;
use serde_json::Value;
use sha1::{Digest, Sha1};
use tokio::sync::Semaphore;
use url::Url;

use super::check::{Checker, Hashes};
use super::ledger::Ledger;
use super::names::{Names, Subject};
use super::settings::{Checksum, Common};
use super::table::{Key, Table};
use super::wish::{Candidate, Wish, elements};
use crate::entry::{Entry, Missed, Status};
use crate::hex;
use crate::picture::Workers;

/// Fetches, checks and keeps.
pub(super) struct Media {
    pub(super) common: Common,
    /// For messages: `pipelines.images`.
    pub(super) table: Arc<str>,
    pub(super) checker: Arc<Checker>,
    pub(super) hashes: Hashes,
    pub(super) store: Arc<dyn Store>,
    pub(super) fetch: Fetch,
    pub(super) stats: Arc<Stats>,
    pub(super) workers: Workers,
    /// Bodies from their first byte until they are kept: when no more may be held, their hosts wait.
    pub(super) bodies: Arc<Semaphore>,
    pub(super) known: Table,
    /// Who is looking whether a name of a template is free.
    pub(super) naming: Table,
    opened: OnceLock<Opened>,
}

/// What is known once the store is open.
#[derive(Debug)]
struct Opened {
    ledger: Ledger,
    /// There was no object, so that none is looked for.
    began_empty: bool,
}

/// One place where something that an item wants can be had.
#[derive(Debug)]
pub(super) struct Ask {
    /// As the item has it.
    pub(super) text: String,
    pub(super) url: Url,
    /// Of the URL, in hex.
    pub(super) sha1: String,
    pub(super) page: Arc<Url>,
    pub(super) reach: Reach,
    /// The jar and the proxy of the page.
    pub(super) way: Option<Arc<RequestOptions>>,
    pub(super) subject: Subject,
    /// The fewest pixels of a picture's shorter side; 0 is any.
    pub(super) min_side: u32,
}

/// What all that an item wants has in common.
struct Item {
    page: Arc<Url>,
    reach: Reach,
    way: Option<Arc<RequestOptions>>,
    subject: Subject,
}

impl Media {
    /// Makes it of its settings; touches neither disk nor network.
    pub(super) fn build(common: Common, checker: Checker, context: &Context) -> Result<Self> {
        let table = context.table.clone();
        let key = |name: &str| format!("{table}.{name}");
        if common.store.is_empty() {
            return Err(Error::setting(&key("store"), "is empty: name the folder that the files go to"));
        }
        within(&key("threads"), common.threads, 0..=1024)?;
        within(&key("max_body"), common.max_body.as_u64(), 1..=1 << 50)?;
        within(&key("max_known"), common.max_known, 0..=1 << 32)?;
        let stores = context.provided.get::<Stores>().unwrap_or_default();
        let store = stores.open(&common.store, &Options { sync: common.sync });
        let store = store.map_err(|why| Error::setting(&key("store"), why))?;
        let Some(fetch) = context.fetch.clone() else {
            return Err(Error::other(format!("`{table}` needs a way to the wire")));
        };
        let threads = match common.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let has_manifest = Ledger::place(&common.manifest, &*store).is_some();
        let sha1 = has_manifest || common.checksum == Checksum::Sha1 || common.names != Names::Url;
        Ok(Self {
            store,
            fetch,
            stats: context.stats.clone(),
            checker: Arc::new(checker),
            hashes: Hashes { sha1, md5: common.checksum == Checksum::Md5 },
            workers: Workers::start(threads, common.deadline).map_err(Error::other)?,
            bodies: Arc::new(Semaphore::new(context.concurrency + 2 * threads)),
            known: Table::new(common.max_known),
            naming: Table::new(0),
            opened: OnceLock::new(),
            table,
            common,
        })
    }

    /// The name of its table, without the part that all have.
    pub(super) fn name(&self) -> &str {
        self.table.rsplit_once('.').map_or(&*self.table, |(_, name)| name)
    }

    pub(super) async fn open(&self) -> Result<()> {
        self.store.open().await.map_err(disk)?;
        let began_empty = is_empty(&*self.store).await?;
        let place = Ledger::place(&self.common.manifest, &*self.store);
        let ledger = Ledger::open(place, self.stats.clone()).await;
        // whoever opens twice has opened the first time
        let _ = self.opened.set(Opened { ledger, began_empty });
        Ok(())
    }

    pub(super) async fn close(&self) {
        if let Some(opened) = self.opened.get() {
            opened.ledger.close().await;
        }
    }

    /// The folders that it writes to.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        self.store.root().map(Path::to_owned).into_iter().collect()
    }

    pub(super) async fn process(&self, mut record: Record) -> Result<Verdict> {
        let Some(elements) = elements(&mut record, &self.common.urls_field)? else { return Ok(Verdict::Keep(record)) };
        let item = self.item(&mut record);
        let item = &item;
        let entries = elements.iter().zip(1..).map(|(element, index)| self.wish(element, index, item));
        let entries = futures_util::future::join_all(entries).await.into_iter().collect::<Result<Vec<Entry>>>()?;
        let entries = serde_json::to_value(entries)?;
        record.fields().insert(self.common.result_field.clone(), entries);
        Ok(Verdict::Keep(record))
    }

    fn item(&self, record: &mut Record) -> Item {
        let mut subject = Subject { kind: record.kind.clone(), ..Subject::default() };
        if let Names::Template(template) = &self.common.names {
            subject.page = Some(record.page.clone());
            if template.needs_item() {
                subject.item = Some(Arc::new(record.fields().clone()));
            }
        }
        Item { page: record.page.clone(), reach: record.reach, way: record.way.clone(), subject }
    }

    /// Gets what one element of an item wants, from the first of its places that has it; counts and logs it.
    async fn wish(&self, element: &Value, index: usize, item: &Item) -> Result<Entry> {
        let wish = Wish::read(element, &item.page);
        let count = wish.candidates.len();
        let mut before = Vec::new();
        for (number, candidate) in wish.candidates.into_iter().enumerate() {
            let mut entry = self.candidate(candidate, index, wish.min_side, item).await?;
            entry.candidate = (count > 1).then_some(number);
            if entry.status == Status::Failed && number + 1 < count && self.common.fallback {
                let (reason, detail) = (entry.reason.unwrap_or_default(), entry.detail.unwrap_or_default());
                self.stats.add("file_fallback_count", 1);
                before.push(Missed { url: entry.url, reason, detail });
                continue;
            }
            entry.before = before;
            self.count(&entry, item);
            return Ok(entry);
        }
        // a wish has a candidate at least, and the last one returns
        Err(Error::other("an element without a place"))
    }

    async fn candidate(&self, candidate: Candidate, index: usize, min_side: u32, item: &Item) -> Result<Entry> {
        let Candidate { text, url } = candidate;
        let url = match url {
            Ok(url) => url,
            Err(bad) => return Ok(Entry::failed(text, bad.reason, bad.detail)),
        };
        let digest = Sha1::digest(url.as_str().as_bytes());
        // what is too small for one wish may do for another
        let key = key_of_digest(&digest).wrapping_add(Key::from(min_side));
        let turn = self.known.turn(key);
        let _alone = turn.lock().await;
        if let Some(known) = self.known.known(key) {
            let status = if known.status == Status::Failed { Status::Failed } else { Status::Uptodate };
            return Ok(Entry { url: text, status, ..known });
        }
        let mut subject = item.subject.clone();
        subject.index = index;
        if matches!(self.common.names, Names::Template(_)) {
            subject.url = Some(url.clone());
        }
        let (page, reach, way) = (item.page.clone(), item.reach, item.way.clone());
        let ask = Ask { text, url, sha1: hex(&digest), page, reach, way, subject, min_side };
        let entry = self.obtain(&ask).await?;
        self.known.remember(key, &entry);
        Ok(entry)
    }

    /// Counts and logs what became of an element.
    fn count(&self, entry: &Entry, item: &Item) {
        let status = Stat::from(format!("file_status_count/{}", entry.status.name()));
        let Some(reason) = &entry.reason else {
            return self.stats.add_all([
                (Stat::from("file_count"), 1),
                (status, 1),
                (Stat::from("file_bytes"), entry.size.unwrap_or_default()),
            ]);
        };
        let (url, detail) = (mask::text(&entry.url), entry.detail.as_deref().unwrap_or_default());
        let page = Shown(&item.page);
        match &*self.checker {
            Checker::Images(_) => tracing::warn!(%url, kind = reason, detail, %page, "image failed"),
            Checker::Files(_) => tracing::warn!(%url, kind = reason, detail, %page, "file failed"),
        }
        self.stats.add_all([(status, 1), (Stat::from(format!("file_failed_count/{reason}")), 1)]);
    }

    /// The manifest, or what stands for none.
    pub(super) fn ledger(&self) -> &Ledger {
        static CLOSED: OnceLock<Ledger> = OnceLock::new();
        match self.opened.get() {
            Some(opened) => &opened.ledger,
            None => CLOSED.get_or_init(Ledger::none),
        }
    }

    /// Whether the store had no object when it was opened, and this run knows all that it has put there.
    pub(super) fn began_empty(&self) -> bool {
        self.opened.get().is_some_and(|opened| opened.began_empty) && !self.known.has_forgotten()
    }

    pub(super) fn note(&self, ask: &Ask, visit: Visit, object: Option<Object>) {
        if ask.is_wire() {
            self.ledger().note(visit, object);
        }
    }
}

impl Ask {
    /// Whether it leads to a server. A `data:` URL carries its file, and may have megabytes.
    pub(super) fn is_wire(&self) -> bool {
        self.url.scheme() != "data"
    }

    /// A row of the manifest, to be filled in.
    pub(super) fn visit(&self, status: Status) -> Visit {
        Visit {
            url: self.url.as_str().to_owned(),
            page: Some(self.page.as_str().to_owned()),
            item: Some(self.subject.kind.to_string()),
            status: status.name().to_owned(),
            ..Visit::default()
        }
    }
}

/// Whether a store has no object yet.
async fn is_empty(store: &dyn Store) -> Result<bool> {
    let Some(root) = store.root() else {
        return match store.list("").next().await {
            None => Ok(true),
            Some(Ok(_)) => Ok(false),
            Some(Err(error)) => Err(disk(error)),
        };
    };
    // to list a folder of millions takes a while; whether there is anything in it does not
    let root = root.to_owned();
    let found = tokio::task::spawn_blocking(move || {
        let mut entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        entries.any(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
    });
    Ok(!found.await.map_err(Error::other)?)
}

pub(super) fn disk(error: StoreError) -> Error {
    error.into_error("the image store")
}

pub(super) fn key_of(bytes: &[u8]) -> Key {
    key_of_digest(&Sha1::digest(bytes))
}

fn key_of_digest(digest: &[u8]) -> Key {
    digest.first_chunk().map_or(0, |half| Key::from_be_bytes(*half))
}
