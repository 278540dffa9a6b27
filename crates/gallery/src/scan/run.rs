//! The crawl of a scan: settings laid over those of the operator, a thread of its own, a deadline.

use std::path::Path;
use std::sync::{Arc, Mutex};

use dragline::error::Result;
use dragline::observer::{Happening, Observer};
use dragline::spider::Spider as _;
use dragline::{Crawl, Layers, Registry, Report};
use jiff::Timestamp;
use page_images::PageImages;

use super::stage::Told;
use super::{End, Options, Phase, Scan};
use crate::settings::Settings;

/// What all scans are made of.
pub(crate) struct Ground {
    /// The spiders and pipelines of the runner, with those of the gallery.
    pub(crate) registry: Registry,
    /// The operator's settings.
    pub(crate) layers: Layers,
    /// `[gallery]`.
    pub(crate) settings: Settings,
}

/// The failure that a scan is told of if no page could be read.
#[derive(Default)]
struct LastFailure(Mutex<Option<(String, String)>>);

impl Observer for LastFailure {
    fn observe(&self, happening: &Happening<'_>) {
        if let Happening::Failed(failure) = happening {
            let what = (failure.kind.to_string(), failure.detail.clone());
            *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(what);
        }
    }
}

impl Ground {
    /// The crawl of a scan, whose copies go to a folder. Nothing has touched disk or network yet.
    pub(crate) fn crawl(&self, scan: &Arc<Scan>, folder: &Path) -> Result<Crawl> {
        let told = Told { scan: scan.clone(), max_pictures: self.settings.max_pictures, seen: Mutex::default() };
        let registry = self.registry.clone().provide(told);
        Crawl::build(&registry, PageImages::NAME, &self.layers(&scan.options, folder)?)
    }

    fn layers(&self, options: &Options, folder: &Path) -> Result<Layers> {
        let mut layers = self.layers.clone();
        let Options { url, same_host, min_side, depth, css, lazy, copies: _, robots } = options;
        for (name, value) in [
            ("url", url.clone()),
            ("same_host", same_host.to_string()),
            ("min_side", min_side.to_string()),
            ("depth", depth.to_string()),
            ("css", css.to_string()),
            ("lazy", lazy.to_string()),
        ] {
            layers.add_argument(PageImages::NAME, &format!("{name}={value}"))?;
        }
        let folder = toml::Value::String(folder.to_string_lossy().into_owned());
        let Settings { scan_time, max_picture, max_bytes, max_pages, max_pictures, .. } = &self.settings;
        for flag in [
            "pipelines.order=['found', 'images', 'kept', 'judged']".to_owned(),
            "pipelines.found={type='gallery', stage='found'}".to_owned(),
            "pipelines.kept={type='gallery', stage='kept'}".to_owned(),
            "pipelines.judged={type='gallery', stage='judged'}".to_owned(),
            format!("pipelines.concurrency={max_pictures}"),
            format!("pipelines.images.store={folder}"),
            "pipelines.images.manifest='off'".to_owned(),
            "pipelines.images.svg=true".to_owned(),
            "pipelines.images.perceptual=true".to_owned(),
            "pipelines.images.thumbs={small=[320, 320]}".to_owned(),
            format!("pipelines.images.max_body='{} B'", max_picture.as_u64()),
            format!("limits.time='{}ms'", scan_time.as_millis()),
            format!("limits.bytes='{} B'", max_bytes.as_u64()),
            format!("limits.pages={max_pages}"),
            format!("middlewares.robots.obey={robots}"),
            "middlewares.proxy.environment=false".to_owned(),
            "dialer.policy='strict'".to_owned(),
            "crawl.grace='1s'".to_owned(),
            "spider.threads=1".to_owned(),
            "job.dir=''".to_owned(),
            "feeds=[]".to_owned(),
        ] {
            layers.add_flag(&flag)?;
        }
        Ok(layers)
    }
}

/// Runs a scan to its end; the thread that calls it does nothing else meanwhile.
pub(crate) fn run(ground: &Ground, scan: &Arc<Scan>, folder: &Path) {
    let end = crawl(ground, scan, folder).unwrap_or_else(|error| End::Failed("internal".to_owned(), error.to_string()));
    scan.update(|head| (head.phase, head.ended) = (Phase::Ended(end), Some(Timestamp::now())));
}

fn crawl(ground: &Ground, scan: &Arc<Scan>, folder: &Path) -> Result<End> {
    let mut crawl = ground.crawl(scan, folder)?;
    let failure = Arc::new(LastFailure::default());
    crawl.observe(failure.clone());
    scan.begin(crawl.stopper());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(dragline::Error::other)?;
    let report = runtime.block_on(crawl.run());
    runtime.shutdown_background();
    let report = report?;
    Ok(end(&report, scan, &failure))
}

fn end(report: &Report, scan: &Scan, failure: &LastFailure) -> End {
    if scan.is_cancelled() {
        return End::Cancelled;
    }
    let failure = failure.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let (None, Some((kind, detail))) = (scan.head().page, failure) {
        return End::Failed(kind, detail);
    }
    match report.reason {
        "finished" => End::Finished,
        limit => End::Limited(limit.to_owned()),
    }
}
