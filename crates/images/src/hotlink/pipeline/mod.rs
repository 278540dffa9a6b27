//! The pipeline `hotlink`: who may show the pictures that an item names, with the evidence, written into the item.
//!
//! It stands behind `images`, whose entries tell which of several URLs was taken. A `data:` URL is `open` without a
//! request. What is no URL, and what `images` did not want for what it is (`filtered_…`), has `null` in its place.

mod asked;
mod known;
mod sample;
mod settings;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use dragline::downloader::Fetch;
use dragline::error::{Error, Result};
use dragline::message::{Failure, FailureKind, Record};
use dragline::pipeline::{Pipeline, Verdict as Passage};
use dragline::registry::{Component, Context};
use dragline::stats::{Name, Stats};
use url::Url;

use self::asked::{Asked, Copy};
use self::known::Known;
use self::sample::Samples;
pub use self::settings::PipelineSettings;
use crate::entry::Entry;
use crate::hotlink::{Judge, Report, Subject, Verdict};
use crate::pipeline::wish::elements;

/// Judges pictures, one [`Judge`] for the run.
pub struct Hotlink {
    judge: Judge,
    fetch: Fetch,
    stats: Arc<Stats>,
    known: Known,
    /// None if each picture is asked for.
    samples: Option<Samples>,
    settings: PipelineSettings,
    /// For messages: `pipelines.hotlink`.
    table: Arc<str>,
}

impl Component for Hotlink {
    const NAME: &'static str = "hotlink";
    type Settings = PipelineSettings;

    fn build(settings: PipelineSettings, context: &Context) -> Result<Self> {
        let table = context.table.clone();
        let judging = settings.judging(&table)?;
        let Some(fetch) = context.fetch.clone() else {
            return Err(Error::other(format!("`{table}` needs a way to the wire")));
        };
        Ok(Self {
            judge: Judge::new(fetch.clone(), judging).map_err(Error::other)?,
            fetch,
            stats: context.stats.clone(),
            known: Known::new(settings.max_known),
            samples: Samples::of(settings.sample),
            settings,
            table,
        })
    }
}

/// A pipeline is shown by the name of its table: one with a `type` has its own.
impl fmt::Display for Hotlink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table.rsplit_once('.').map_or(&*self.table, |(_, name)| name))
    }
}

#[async_trait]
impl Pipeline for Hotlink {
    async fn process(&self, mut record: Record) -> Result<Passage> {
        let Some(elements) = elements(&mut record, &self.settings.urls_field)? else {
            return Ok(Passage::Keep(record));
        };
        let entries = self.entries(&mut record);
        let asked = elements.iter().enumerate().map(|(index, element)| {
            let asked = Asked::read(element, entries.get(index), &record);
            self.report(asked)
        });
        let page = record.page.clone();
        let reports = tokio::select! {
            biased;
            reports = futures_util::future::join_all(asked) => reports,
            // one verdict takes several requests, each of which may wait for its host; it comes again with its page
            () = self.fetch.stopped() => return Err(stopped(&page).into()),
        };
        for report in reports.iter().flatten() {
            self.count(report);
        }
        let reports = serde_json::to_value(reports)?;
        record.fields().insert(self.settings.result_field.clone(), reports);
        Ok(Passage::Keep(record))
    }
}

impl Hotlink {
    /// What became of the pictures of a record, as far as it says.
    fn entries(&self, record: &mut Record) -> Vec<Entry> {
        let entries = record.fields().get(&self.settings.images_field).cloned();
        entries.and_then(|entries| serde_json::from_value(entries).ok()).unwrap_or_default()
    }

    async fn report(&self, asked: Asked) -> Option<Report> {
        match asked {
            Asked::Served(subject, copy) => Some(self.judge(&subject, copy).await),
            Asked::Inline(page, picture) => Some(inline(page, picture)),
            Asked::Nothing => None,
        }
    }

    async fn judge(&self, subject: &Subject, copy: Copy) -> Report {
        let known = self.known.of(subject);
        let mut known = known.lock().await;
        if let Some(report) = &*known {
            return report.clone();
        }
        let report = match &self.samples {
            None => self.judge.judge(subject).await,
            Some(samples) => {
                let directory = samples.directory(&subject.picture);
                // its host serves one at a time anyway, and the next one may not have to ask any more
                let mut directory = directory.lock().await;
                let report = samples.report(&directory, subject).filter(|_| copy == Copy::Kept);
                match report {
                    Some(report) => return report,
                    None => {
                        let report = self.judge.judge(subject).await;
                        directory.learn(&report);
                        report
                    }
                }
            }
        };
        *known = Some(report.clone());
        report
    }

    fn count(&self, report: &Report) {
        let requests = u64::try_from(report.probes.len()).unwrap_or(u64::MAX);
        self.stats.add_all([
            (Name::from(format!("hotlink/{}_count", report.verdict)), 1),
            (Name::from("hotlink/request_count"), requests),
        ]);
    }
}

/// The report of a picture that stands in the page itself.
fn inline(page: Url, picture: Url) -> Report {
    let explanation = "it stands in the page itself, and nobody is asked for it".to_owned();
    Report { picture, page, verdict: Verdict::Open, explanation, probes: Vec::new() }
}

fn stopped(page: &Url) -> Failure {
    Failure::new(FailureKind::Stopped, page.clone(), "the crawl ended before all its pictures were judged")
}
