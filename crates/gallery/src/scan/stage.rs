//! A picture has passed a stage of the crawl: the pipeline that tells the scan.
//!
//! It stands three times among the pipelines of a scan, each time under another name:
//! `["found", "images", "kept", "hotlink", "judged"]`.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::message::{Item, Record};
use dragline::page::pictures::Picture as Found;
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline_images::Entry;
use page_images::{PagePicture, ReadPage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Picture, Scan};

/// The field of a record that has its picture's number.
const NUMBER: &str = "number";

/// `[pipelines.found]` and its like, with `type = "gallery"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageSettings {
    /// Which stage this is.
    pub stage: Passed,
}

/// What has happened to a picture before this stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Passed {
    /// It was found on a page.
    #[default]
    Found,
    /// It was fetched and kept, or was not.
    Kept,
    /// It was judged.
    Judged,
}

/// The scan that the stages of a crawl tell; what a crawl's registry provides.
pub(crate) struct Told {
    pub(crate) scan: Arc<Scan>,
    pub(crate) max_pictures: usize,
    /// The pictures that were on an earlier page, by their best URL.
    pub(crate) seen: Mutex<HashSet<Url>>,
}

/// The pipeline `gallery`.
pub struct Stage {
    passed: Passed,
    told: Arc<Told>,
}

impl Component for Stage {
    const NAME: &'static str = "gallery";
    type Settings = StageSettings;

    fn build(settings: StageSettings, context: &Context) -> Result<Self> {
        let told = context.provided.get::<Told>();
        let told = told.ok_or_else(|| Error::other("the pipeline `gallery` is for scans of the gallery alone"))?;
        Ok(Self { passed: settings.stage, told })
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

#[async_trait]
impl Pipeline for Stage {
    async fn process(&self, mut record: Record) -> Result<Verdict> {
        if &*record.kind == ReadPage::KIND {
            if self.passed == Passed::Found {
                self.read_page(&record.to()?);
            }
            return Ok(Verdict::Keep(record));
        }
        match self.passed {
            Passed::Found => return self.found(record),
            Passed::Kept => self.kept(&mut record),
            Passed::Judged => self.judged(&mut record),
        }
        Ok(Verdict::Keep(record))
    }
}

impl Stage {
    fn read_page(&self, page: &ReadPage) {
        self.told.scan.update(|head| {
            head.pages += 1;
            if head.page.is_none() {
                (head.page, head.title) = (Some(page.url.clone()), page.title.clone());
            }
        });
    }

    fn found(&self, mut record: Record) -> Result<Verdict> {
        let PagePicture { page, image_urls, .. } = record.to()?;
        let Some(found) = image_urls.into_iter().next().map(Found::from) else {
            return Ok(Verdict::Drop("no_picture"));
        };
        if !self.is_new(&found) {
            return Ok(Verdict::Drop("duplicate_picture"));
        }
        let picture = |number| Picture { number, page, found, entry: None, report: None, folded: None };
        let Some(number) = self.told.scan.add(self.told.max_pictures, picture) else {
            return Ok(Verdict::Drop("over_max_pictures"));
        };
        record.fields().insert(NUMBER.to_owned(), number.into());
        Ok(Verdict::Keep(record))
    }

    fn is_new(&self, found: &Found) -> bool {
        let Some(best) = found.best() else { return true };
        // a set of URLs is whole whatever has panicked
        self.told.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(best.url.clone())
    }

    fn kept(&self, record: &mut Record) {
        let entry = list(record, "images").and_then(|entries: Vec<Entry>| entries.into_iter().next());
        if let Some(number) = number(record) {
            self.told.scan.learn(number, |picture| picture.entry = entry);
        }
    }

    fn judged(&self, record: &mut Record) {
        let report = list(record, "hotlink").and_then(|reports: Vec<_>| reports.into_iter().next());
        if let (Some(number), Some(report)) = (number(record), report) {
            self.told.scan.learn(number, |picture| picture.report = Some(report));
        }
    }
}

fn number(record: &mut Record) -> Option<usize> {
    record.fields().get(NUMBER)?.as_u64()?.try_into().ok()
}

fn list<T: DeserializeOwned>(record: &mut Record, field: &str) -> Option<Vec<T>> {
    serde_json::from_value(record.fields().get(field)?.clone()).ok()
}
