//! How far a crawl is: a line that moves on a terminal, a log line every minute elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use dragline::crawl::Watch;
use dragline::frontier::Progress;
use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::escape;

const REDRAW: Duration = Duration::from_millis(100);
const LOG: Duration = Duration::from_secs(60);
/// The end can be foreseen once no new request has come for so long.
const SETTLED: Duration = Duration::from_secs(5);

/// The progress line, where there is a terminal for it.
pub(crate) fn bar(spider: &str) -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {prefix:.bold}  {wide_msg}") {
        bar.set_style(style);
    }
    bar.set_prefix(escape(spider).into_owned());
    Some(bar)
}

/// Leaves the line where it is, as it was at the end.
pub(crate) fn finish(bar: &ProgressBar, watch: &Watch, progress: &Progress, begin: Instant) {
    bar.set_message(line(watch, progress, &Rate::default(), begin.elapsed()));
    bar.finish();
}

/// Shows how far the crawl is until it is dropped.
pub(crate) async fn show(watch: Watch, bar: Option<ProgressBar>, begin: Instant) {
    let mut tick = tokio::time::interval(if bar.is_some() { REDRAW } else { LOG });
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    // the first tick comes at once, and there is nothing to say yet
    tick.tick().await;
    let mut rate = Rate::default();
    loop {
        tick.tick().await;
        let Ok(progress) = watch.progress().await else { return };
        rate.look(&progress);
        let text = line(&watch, &progress, &rate, begin.elapsed());
        match &bar {
            Some(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            None => tracing::info!(target: "dragline", "{text}"),
        }
    }
}

fn line(watch: &Watch, progress: &Progress, rate: &Rate, elapsed: Duration) -> String {
    let count = |name: &str| HumanCount(watch.stats.count(name));
    let errors =
        progress.failed + watch.stats.count("item_error_count") + watch.stats.count("file_status_count/failed");
    let mut text = format!("{} pages  {} items", HumanCount(progress.done), count("item_scraped_count"));
    if watch.stats.count("file_count") > 0 {
        text.push_str(&format!("  {} images", count("file_count")));
    }
    let seconds = elapsed.as_secs_f64().max(0.001);
    #[expect(clippy::cast_precision_loss, reason = "a rate, for people")]
    let per_second = watch.stats.count("downloader/response_count") as f64 / seconds;
    text.push_str(&format!(
        "  {}  {per_second:.0}/s  queue {}  errors {}  {}",
        HumanBytes(watch.stats.count("downloader/response_bytes")),
        HumanCount(progress.pending),
        HumanCount(errors),
        clock(elapsed),
    ));
    if let Some(left) = rate.left(progress) {
        text.push_str(&format!("  about {} left", HumanDuration(left)));
    }
    text
}

/// How fast requests end, once no new ones come.
#[derive(Default)]
struct Rate {
    scheduled: u64,
    since: Option<(Instant, u64)>,
}

impl Rate {
    fn look(&mut self, progress: &Progress) {
        let ended = progress.scheduled - progress.pending;
        if self.since.is_none() || progress.scheduled != self.scheduled {
            self.scheduled = progress.scheduled;
            self.since = Some((Instant::now(), ended));
        }
    }

    /// The time until the queue is empty, where that can be known: while it only gets shorter.
    fn left(&self, progress: &Progress) -> Option<Duration> {
        let (since, ended_then) = self.since?;
        let ended = progress.scheduled - progress.pending - ended_then;
        let elapsed = since.elapsed();
        if elapsed < SETTLED || ended == 0 || progress.pending == 0 {
            return None;
        }
        elapsed.checked_mul(u32::try_from(progress.pending).ok()?)?.checked_div(u32::try_from(ended).ok()?)
    }
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    match seconds / 3600 {
        0 => format!("{:02}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}
