//! The pipeline `validate`: items against the JSON Schema of their kind, as the spider declares it, a file has it, and the
//! settings say.

mod letters;
mod rules;
mod schemas;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::message::Record;
use dragline::message::mask::Shown;
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::stats::{Name, Stats};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::letters::Letters;
pub use self::rules::{Rule, Type};
use self::schemas::{Schemas, Wrong};

/// `[pipelines.validate]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What becomes of an item that is not valid.
    pub on_invalid: OnInvalid,
    /// Whether items are held against what the spider has declared.
    pub declared: bool,
    /// The file that invalid items are appended to, each with what is wrong with it; empty is none.
    pub invalid: PathBuf,
    /// A JSON Schema file for each kind.
    pub schemas: BTreeMap<String, PathBuf>,
    /// Rules for each field of each kind.
    pub fields: BTreeMap<String, BTreeMap<String, Rule>>,
}

/// What becomes of an item that is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnInvalid {
    /// It is dropped, and counted as `item_dropped_reasons_count/invalid`.
    Drop,
    /// It is counted and goes on.
    Keep,
    /// It is an error, and counted as `item_error_count`.
    Fail,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            on_invalid: OnInvalid::Drop,
            declared: true,
            invalid: PathBuf::new(),
            schemas: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }
}

/// Holds items against their schemas.
#[derive(Debug)]
pub struct Validate {
    on_invalid: OnInvalid,
    schemas: Schemas,
    letters: Option<Letters>,
    stats: Arc<Stats>,
}

impl Component for Validate {
    const NAME: &'static str = "validate";
    type Settings = Settings;

    fn build(settings: Settings, context: &Context) -> Result<Self> {
        let schemas = Schemas::build(&settings, &context.items)?;
        let letters = (!settings.invalid.as_os_str().is_empty()).then(|| Letters::new(settings.invalid));
        Ok(Self { on_invalid: settings.on_invalid, schemas, letters, stats: context.stats.clone() })
    }
}

impl fmt::Display for Validate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

#[async_trait]
impl Pipeline for Validate {
    async fn open(&self) -> Result<()> {
        self.schemas.warn_of_strangers();
        self.letters.as_ref().map_or(Ok(()), Letters::open)
    }

    fn places(&self) -> Vec<PathBuf> {
        self.letters.iter().map(|letters| letters.path().to_owned()).collect()
    }

    async fn process(&self, record: Record) -> Result<Verdict> {
        if !self.schemas.has(&record.kind) {
            return Ok(Verdict::Keep(record));
        }
        // a copy, so that the record stays the JSON that the spider's thread has written
        let item: Value = serde_json::from_slice(&record.json()?)?;
        let wrong = self.schemas.wrong(&record.kind, &item);
        let Some(first) = wrong.first() else { return Ok(Verdict::Keep(record)) };
        let (kind, page) = (&record.kind, Shown(&record.page));
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for Wrong { field, rule, value, what, .. } in &wrong {
            tracing::warn!(item = %kind, %page, field, rule, value, "item invalid: {what}");
        }
        for Wrong { counted, rule, .. } in &wrong {
            counts.insert(format!("items/{kind}/{counted}/invalid/{rule}"), 1);
            counts.insert(format!("items/{kind}/{counted}/invalid"), 1);
        }
        counts.insert(format!("items/{kind}/invalid"), 1);
        self.stats.add_all(counts.into_iter().map(|(name, count)| (Name::from(name), count)));
        if let Some(letters) = &self.letters {
            letters.keep(kind, &page, &item, &wrong)?;
        }
        match self.on_invalid {
            OnInvalid::Drop => Ok(Verdict::Drop("invalid")),
            OnInvalid::Keep => Ok(Verdict::Keep(record)),
            OnInvalid::Fail => Err(Error::page(format!("`{}` of an item is invalid: {}", first.field, first.what))),
        }
    }
}

#[cfg(test)]
mod tests;
