//! The pipeline `dedupe`: of items with the same key only the first goes on.
//!
//! A key is remembered as 64 bits that depend on the job, so that no page can make two keys look alike. In a job the keys
//! lie in its folder, each with the page that brought it first. Whether that page was committed is not known there; so a
//! page that comes again in a later run may bring its own items again, and others may not. That is exact but for two
//! cases: a page that is asked for anew in a later run although it was done (an unfiltered request) brings its items twice,
//! and an item is lost if its page, not committed when the process was killed, comes to nothing in the next run while
//! another page had the same item. After a power cut the last keys may be missing: then what comes again is kept again.

mod keys;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::feed::each_field;
use dragline::message::Record;
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::settings::within;
use dragline::stats::Stats;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use self::keys::{Keys, Known};

/// `[pipelines.dedupe]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The fields that make two items the same; none means all of them.
    pub key: Vec<String>,
    /// The same for single kinds.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The most keys that are remembered; items after them are kept without a look.
    pub max_keys: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { key: Vec::new(), keys: BTreeMap::new(), max_keys: 5_000_000 }
    }
}

/// Lets each item through once.
#[derive(Debug)]
pub struct Dedupe {
    settings: Settings,
    /// Where the keys of a job are.
    file: Option<PathBuf>,
    keys: Mutex<Keys>,
    stats: Arc<Stats>,
    is_full: AtomicBool,
}

impl Component for Dedupe {
    const NAME: &'static str = "dedupe";
    type Settings = Settings;

    fn build(settings: Settings, context: &Context) -> Result<Self> {
        within("pipelines.dedupe.max_keys", settings.max_keys, 1..=1_000_000_000)?;
        if let Some((kind, _)) = settings.keys.iter().find(|(_, fields)| fields.is_empty()) {
            let key = format!("pipelines.dedupe.keys.{kind}");
            return Err(Error::setting(&key, "names no field; without it, `pipelines.dedupe.key` holds"));
        }
        let file = context.settings.job.folder().map(|folder| folder.join("dedupe.keys"));
        Ok(Self {
            settings,
            file,
            keys: Mutex::default(),
            stats: context.stats.clone(),
            is_full: AtomicBool::new(false),
        })
    }
}

impl fmt::Display for Dedupe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

#[async_trait]
impl Pipeline for Dedupe {
    async fn open(&self) -> Result<()> {
        if let Some(file) = &self.file {
            *self.keys() = Keys::open(file).map_err(|source| disk(file, source))?;
        }
        Ok(())
    }

    async fn process(&self, record: Record) -> Result<Verdict> {
        let mut keys = self.keys();
        let Some(key) = self.key(&record, keys.seed())? else {
            self.stats.add("dedupe/keyless_count", 1);
            return Ok(Verdict::Keep(record));
        };
        let page = xxh3_64_with_seed(record.page.as_str().as_bytes(), keys.seed());
        match keys.meet(key, page, self.settings.max_keys) {
            Ok(Known::New) => {}
            Ok(Known::Before) => return Ok(Verdict::Drop("duplicate")),
            Ok(Known::TooMany) => {
                self.stats.add("dedupe/over_limit_count", 1);
                if !self.is_full.swap(true, Ordering::Relaxed) {
                    let most = self.settings.max_keys;
                    tracing::warn!("`pipelines.dedupe.max_keys` = {most} keys are known: later items are kept unseen");
                }
            }
            Err(source) => return Err(disk(self.file.as_deref().unwrap_or("dedupe.keys".as_ref()), source)),
        }
        Ok(Verdict::Keep(record))
    }
}

impl Dedupe {
    /// An item's key; none if it has a value in none of the fields that make it.
    fn key(&self, record: &Record, seed: u64) -> Result<Option<u64>> {
        let json = record.json()?;
        let fields = self.settings.keys.get(&*record.kind).unwrap_or(&self.settings.key);
        let mut text: Vec<u8> = record.kind.as_bytes().to_vec();
        text.push(0);
        if fields.is_empty() {
            text.extend_from_slice(&json);
            return Ok(Some(xxh3_64_with_seed(&text, seed)));
        }
        let mut values = vec!["null"; fields.len()];
        each_field(&json, |name, raw| {
            if let Some(at) = fields.iter().position(|field| *field == name) {
                values[at] = raw;
            }
        })?;
        if values.iter().all(|raw| matches!(*raw, "null" | "\"\"")) {
            return Ok(None);
        }
        for raw in values {
            // no JSON text has a zero in it
            text.extend_from_slice(raw.as_bytes());
            text.push(0);
        }
        Ok(Some(xxh3_64_with_seed(&text, seed)))
    }

    // a panic between two statements of `Keys` leaves a key out at worst
    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn disk(path: &std::path::Path, source: std::io::Error) -> Error {
    Error::Disk { what: "the keys of items that were kept", path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
