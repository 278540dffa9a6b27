//! A picture has passed a stage of the crawl: the pipeline that tells the scan.
//!
//! It stands three times among the pipelines of a scan, each time under another name:
//! `["found", "images", "kept", "hotlink", "judged"]`.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::message::{Item, Record};
use dragline::page::pictures::Picture as Found;
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::stats::Stats;
use dragline_images::Entry;
use dragline_images::hotlink::Report;
use page_images::{PagePicture, ReadPage, UnreadPage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Picture, Scan, explain};
use crate::settings::Settings;

/// The field of a record that has its picture's number.
const NUMBER: &str = "number";
/// Why a page is none, as the spider names it.
pub(super) const NOT_A_PAGE: &str = "not_a_page";

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
    /// Pictures that there was no more room for.
    pub(crate) left_out: Arc<AtomicUsize>,
    /// What the address has that is neither a page nor a picture.
    pub(crate) other: Arc<Mutex<Option<String>>>,
    max_pictures: usize,
    near: u32,
    /// The pictures that were on an earlier page, by their best URL.
    seen: Mutex<HashSet<Url>>,
    /// When those that look alike are looked for again.
    fold_next: Mutex<Option<Instant>>,
}

/// The least time between two looks for pictures that are alike, and the part of the time that looking may take.
const FOLD_EVERY: Duration = Duration::from_millis(250);
const FOLD_PART: u32 = 20;

/// The pipeline `gallery`.
pub struct Stage {
    passed: Passed,
    told: Arc<Told>,
    stats: Arc<Stats>,
}

impl Told {
    pub(crate) fn new(scan: Arc<Scan>, settings: &Settings) -> Self {
        let Settings { max_pictures, near, .. } = *settings;
        let (left_out, other) = (Arc::default(), Arc::default());
        let (seen, fold_next) = (Mutex::default(), Mutex::default());
        Self { scan, left_out, other, max_pictures, near, seen, fold_next }
    }

    /// Folds pictures, unless that was done a moment ago: it is done at the end in any case.
    fn fold(&self) {
        let Ok(mut next) = self.fold_next.try_lock() else { return };
        let begin = Instant::now();
        if next.is_some_and(|next| begin < next) {
            return;
        }
        self.scan.fold(self.near);
        *next = Some(Instant::now() + (begin.elapsed() * FOLD_PART).max(FOLD_EVERY));
    }
}

impl Component for Stage {
    const NAME: &'static str = "gallery";
    type Settings = StageSettings;

    fn build(settings: StageSettings, context: &Context) -> Result<Self> {
        let told = context.provided.get::<Told>();
        let told = told.ok_or_else(|| Error::other("the pipeline `gallery` is for scans of the gallery alone"))?;
        Ok(Self { passed: settings.stage, told, stats: context.stats.clone() })
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
        if &*record.kind == UnreadPage::KIND {
            // the failure itself is told by who observes the crawl; that the answer is no page is no failure of the wire
            let unread: UnreadPage = record.to()?;
            if unread.reason == NOT_A_PAGE {
                *self.told.other.lock().unwrap_or_else(PoisonError::into_inner) = Some(unread.detail);
            }
            return Ok(Verdict::Drop(NOT_A_PAGE));
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
        let is_kept_to = self.told.scan.options.robots;
        self.told.scan.update(|head| {
            head.pages += 1;
            if head.page.is_none() {
                (head.page, head.title) = (Some(page.url.clone()), page.title.clone());
                head.robots = Some(explain::robots(&self.stats, is_kept_to));
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
            self.told.left_out.fetch_add(1, Ordering::Relaxed);
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
        let (Some(number), Some(mut entry)) = (number(record), entry) else { return };
        explain::entry(&mut entry);
        shorten(&mut entry.headers);
        self.told.scan.learn(number, |picture| picture.entry = Some(entry));
        self.told.fold();
    }

    fn judged(&self, record: &mut Record) {
        let report = list(record, "hotlink").and_then(|reports: Vec<Option<Report>>| reports.into_iter().next()?);
        let (Some(number), Some(mut report)) = (number(record), report) else { return };
        explain::report(&mut report);
        self.told.scan.learn(number, |picture| picture.report = Some(report));
        self.told.fold();
    }
}

/// The headers of thousands of pictures stay in memory: of each so many, and of each of those its beginning.
fn shorten(headers: &mut Vec<(String, String)>) {
    const MOST: usize = 64;
    const LONGEST: usize = 1024;
    headers.truncate(MOST);
    for (_, value) in headers {
        if let Some((end, _)) = value.char_indices().nth(LONGEST) {
            value.truncate(end);
            value.push('…');
        }
        value.shrink_to_fit();
    }
}

fn number(record: &mut Record) -> Option<usize> {
    record.fields().get(NUMBER)?.as_u64()?.try_into().ok()
}

fn list<T: DeserializeOwned>(record: &mut Record, field: &str) -> Option<Vec<T>> {
    serde_json::from_value(record.fields().get(field)?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_and_long_headers_a_part_is_kept() {
        let mut headers = vec![("x-long".to_owned(), "é".repeat(5000)); 1000];
        shorten(&mut headers);
        assert_eq!(headers.len(), 64);
        assert_eq!(headers[63].1.chars().count(), 1025);
        let mut short = vec![("server".to_owned(), "nginx".to_owned())];
        shorten(&mut short);
        assert_eq!(short[0].1, "nginx");
    }
}
