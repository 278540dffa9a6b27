//! Records refined: each goes through the chain in the order of `pipelines.order`, and is kept, changed or dropped.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::message::mask::Shown;
use crate::message::{Failure, FailureKind, Record};
use crate::stats::{Name, Stats};

/// `[pipelines]`: which ones, in which order; a table of its own for each.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The pipelines that records go through, by name.
    pub order: Vec<String>,
    /// Records under way at once; more of them make the crawl wait.
    pub concurrency: usize,
    /// `[pipelines.NAME]`, read by the pipeline itself.
    pub each: BTreeMap<String, toml::Table>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { order: Vec::new(), concurrency: 100, each: BTreeMap::new() }
    }
}

/// What becomes of a record.
#[derive(Debug)]
pub enum Verdict {
    /// It goes on, changed or not.
    Keep(Record),
    /// It ends here: the reason's stable name.
    Drop(&'static str),
}

/// How a record came through a chain.
#[derive(Debug)]
pub enum Passage {
    /// It is refined.
    Through(Record),
    /// It was dropped, or it failed: counted and logged.
    Ended,
    /// The crawl ended before it was through: its page is to come again.
    Stopped,
    /// The disk refuses what is to be kept: the crawl is to end, and the page to come again.
    Blocked(Error),
}

/// Something that records go through.
///
/// ```
/// use dragline::prelude::*;
/// use dragline::pipeline::{Pipeline, Verdict};
///
/// /// Drops books that are sold out.
/// struct InStock;
///
/// impl std::fmt::Display for InStock {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("in-stock")
///     }
/// }
///
/// #[async_trait]
/// impl Pipeline for InStock {
///     async fn process(&self, mut record: Record) -> Result<Verdict> {
///         let sold_out = record.fields().get("stock").is_some_and(|stock| stock == 0);
///         Ok(if sold_out { Verdict::Drop("sold_out") } else { Verdict::Keep(record) })
///     }
/// }
/// ```
#[async_trait]
pub trait Pipeline: Display + Send + Sync {
    /// Before the first record: the first side effects, such as making a folder.
    ///
    /// # Errors
    /// End the crawl before its first request.
    async fn open(&self) -> Result<()> {
        Ok(())
    }

    /// One record. Called for many at once.
    ///
    /// # Errors
    /// Count and log the record as failed; it reaches no feed. [`Error::Disk`] ends the crawl.
    async fn process(&self, record: Record) -> Result<Verdict>;

    /// After the last record.
    ///
    /// # Errors
    /// Are logged.
    async fn close(&self) -> Result<()> {
        Ok(())
    }

    /// The folders that it writes to: the crawl waits while their disk is nearly full.
    fn places(&self) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// The pipelines of a crawl, in order.
#[derive(Default)]
pub struct Chain {
    pipelines: Vec<Arc<dyn Pipeline>>,
}

impl Chain {
    /// A chain in this order.
    #[must_use]
    pub fn new(pipelines: Vec<Arc<dyn Pipeline>>) -> Self {
        Self { pipelines }
    }

    /// Whether records pass as they are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pipelines.is_empty()
    }

    /// The folders that they write to.
    #[must_use]
    pub fn places(&self) -> Vec<PathBuf> {
        self.pipelines.iter().flat_map(|pipeline| pipeline.places()).collect()
    }

    /// Opens all of them, in order.
    ///
    /// # Errors
    /// The first one that cannot be opened.
    pub async fn open(&self) -> Result<()> {
        for pipeline in &self.pipelines {
            pipeline.open().await?;
        }
        Ok(())
    }

    /// Sends a record through. What was dropped or failed is counted and logged here.
    pub async fn process(&self, mut record: Record, stats: &Stats) -> Passage {
        for pipeline in &self.pipelines {
            let (kind, page) = (record.kind.clone(), record.page.clone());
            match pipeline.process(record).await {
                Ok(Verdict::Keep(kept)) => record = kept,
                Ok(Verdict::Drop(reason)) => {
                    tracing::info!(%pipeline, item = %kind, page = %Shown(&page), reason, "item dropped");
                    stats.add_all([
                        (Name::from("item_dropped_count"), 1),
                        (Name::from(format!("item_dropped_reasons_count/{reason}")), 1),
                    ]);
                    return Passage::Ended;
                }
                Err(error @ Error::Disk { .. }) => return Passage::Blocked(error),
                Err(Error::Failure(Failure { kind: FailureKind::Stopped, .. })) => return Passage::Stopped,
                Err(error) => {
                    tracing::error!(%pipeline, item = %kind, page = %Shown(&page), %error, "item failed");
                    stats.add_all([
                        (Name::from("item_error_count"), 1),
                        (Name::from(format!("item_error_count/{pipeline}")), 1),
                    ]);
                    return Passage::Ended;
                }
            }
        }
        Passage::Through(record)
    }

    /// Closes all of them; what cannot be closed is logged.
    pub async fn close(&self) {
        for pipeline in &self.pipelines {
            if let Err(error) = pipeline.close().await {
                tracing::error!(%pipeline, %error, "pipeline did not close");
            }
        }
    }
}

// By hand, so that an unknown key in `[pipelines]` is a pipeline's table and a type error still names its key.
impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tables;

        impl<'de> Visitor<'de> for Tables {
            type Value = Settings;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`order`, `concurrency`, and a table for each pipeline")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Settings, A::Error> {
                let mut settings = Settings::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "order" => settings.order = map.next_value()?,
                        "concurrency" => settings.concurrency = map.next_value()?,
                        _ => {
                            let toml::Value::Table(table) = map.next_value()? else {
                                return Err(A::Error::custom(format!(
                                    "`{key}` is neither a key nor a pipeline's table"
                                )));
                            };
                            settings.each.insert(key, table);
                        }
                    }
                }
                Ok(settings)
            }
        }

        deserializer.deserialize_map(Tables)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = toml::Table::new();
        table.insert("order".to_owned(), self.order.clone().into());
        table.insert("concurrency".to_owned(), i64::try_from(self.concurrency).unwrap_or(i64::MAX).into());
        table.extend(self.each.iter().map(|(name, each)| (name.clone(), each.clone().into())));
        table.serialize(serializer)
    }
}
