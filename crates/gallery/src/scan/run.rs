//! The crawl of a scan: a thread and a runtime of its own, which go with their sockets when the scan is stopped or its time is
//! over, whatever hangs.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use dragline::error::{Error, Result};
use dragline::message::Failure;
use dragline::observer::{Happening, Observer};
use dragline::spider::Spider as _;
use dragline::{Crawl, Layers, Registry, Report};
use page_images::PageImages;

use super::stage::Told;
use super::{End, Scan, explain, layers};
use crate::settings::Settings;

/// How much longer than `gallery.scan_time` a crawl may take that does not end by itself then.
const GRACE: Duration = Duration::from_secs(2);

/// What all scans are made of.
pub(crate) struct Ground {
    /// The spiders and pipelines of the runner, with those of the gallery.
    pub(crate) registry: Registry,
    /// The operator's settings.
    pub(crate) layers: Layers,
    /// `[gallery]`.
    pub(crate) settings: Settings,
    /// Where the gallery is served.
    pub(crate) served: OnceLock<std::net::SocketAddr>,
}

/// The failure that a scan is told of if no page could be read: the first one, unless a server has answered a later request.
/// The name that was typed is asked before others that may be meant.
#[derive(Default)]
struct WhyUnread(Mutex<Option<Failure>>);

impl Observer for WhyUnread {
    fn observe(&self, happening: &Happening<'_>) {
        let Happening::Failed(failure) = happening else { return };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.status.is_none() && failure.status.is_some()) {
            *known = Some(Failure::clone(failure));
        }
    }
}

/// How a crawl was left.
enum Left {
    /// It came to its end.
    Ended(Box<Report>),
    /// Somebody has stopped the scan.
    Cancelled,
    /// It did not end when its time was over.
    Late,
}

impl Ground {
    /// The crawl of a scan, whose copies go to a folder. Nothing has touched disk or network yet.
    pub(crate) fn crawl(&self, told: Told, folder: &Path) -> Result<Crawl> {
        let options = &told.scan.options;
        let layers = layers::layers(&self.layers, &self.settings, options, folder, self.served.get().copied())?;
        Crawl::build(&self.registry.clone().provide(told), PageImages::NAME, &layers)
    }
}

/// Runs a scan to its end; the thread that calls it does nothing else meanwhile.
pub(crate) fn run(ground: &Ground, scan: &Arc<Scan>, folder: &Path) {
    if !scan.begin() {
        return scan.end(End::Cancelled);
    }
    let end = crawl(ground, scan, folder).unwrap_or_else(|error| {
        tracing::error!(%error, "a scan could not be made");
        match error {
            Error::Disk { .. } | Error::Space(_) => explain::no_room(),
            _ => explain::internal(),
        }
    });
    scan.fold(ground.settings.near);
    scan.end(end);
}

fn crawl(ground: &Ground, scan: &Arc<Scan>, folder: &Path) -> Result<End> {
    let told = Told::new(scan.clone(), &ground.settings);
    let (left_out, other) = (told.left_out.clone(), told.other.clone());
    let mut crawl = ground.crawl(told, folder)?;
    let unread = Arc::new(WhyUnread::default());
    crawl.observe(unread.clone());
    // the crawl is on a thread beside this one, so that this one sees the time whatever that one is at
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).thread_name("gallery-crawl").enable_all().build().map_err(Error::other)?;
    let left = runtime.block_on(async {
        let crawling = tokio::spawn(crawl.run());
        let hard = tokio::time::sleep(ground.settings.scan_time + GRACE);
        tokio::select! {
            biased;
            () = scan.cancelled() => Ok(Left::Cancelled),
            ended = crawling => match ended {
                Ok(report) => report.map(|report| Left::Ended(Box::new(report))),
                Err(error) => Err(Error::other(error)),
            },
            () = hard => Ok(Left::Late),
        }
    });
    // no socket stays, and nothing is waited for
    runtime.shutdown_background();
    let end = match left? {
        Left::Cancelled => End::Cancelled,
        Left::Late => limited("closespider_timeout", &ground.settings),
        Left::Ended(report) => end(&report, scan, &unread, &ground.settings),
    };
    let more = left_out.load(std::sync::atomic::Ordering::Relaxed);
    tell_robots(scan);
    if let Some(other) = other.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Ok(explain::not_a_page(&other));
    }
    Ok(match end {
        End::Finished if more > 0 => End::Limited(explain::too_many(more, ground.settings.max_pictures)),
        end => end,
    })
}

/// What the end of a crawl means.
fn end(report: &Report, scan: &Scan, unread: &WhyUnread, settings: &Settings) -> End {
    if let Some(error) = &report.error {
        tracing::error!(%error, reason = report.reason, "a scan's crawl could not go on");
    }
    match report.reason {
        "disk_full" | "disk_failed" => return explain::no_room(),
        "internal_error" | "start_error" => return explain::internal(),
        "finished" => {}
        reason => return limited(reason, settings),
    }
    if scan.head().page.is_some() {
        return End::Finished;
    }
    match unread.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        Some(failure) => explain::unread(failure),
        None if report.count("robotstxt/forbidden") > 0 => explain::forbidden(),
        None => explain::internal(),
    }
}

fn limited(reason: &str, settings: &Settings) -> End {
    let what = explain::limit(reason, settings);
    what.map_or_else(explain::internal, End::Limited)
}

/// Says what robots.txt has forbidden.
fn tell_robots(scan: &Scan) {
    let pictures = scan.pictures();
    let entries = pictures.iter().filter_map(|picture| picture.entry.as_ref());
    let forbidden = entries.filter(|entry| explain::is_forbidden(entry)).count();
    if forbidden > 0 {
        scan.update(|head| head.robots = Some(explain::robots_without(forbidden, head.robots.as_deref())));
    }
}
