//! Log lines: one event, one line, on the standard error; above the progress line where there is one. They are written
//! by a thread of their own: a terminal that has stopped reading must not stop the crawl.

mod fold;
mod line;

use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use dragline::error::{Error, Result};
use dragline::settings;
use indicatif::ProgressBar;
use serde_json::Map;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::options::Logging;
use fold::{Fate, Folded, Folds};
use line::Shape;

/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(1);
/// How often it is looked whether something was folded.
const LOOK: Duration = Duration::from_millis(500);

/// The thread that writes.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
    shape: Shape,
    folds: Arc<Folds>,
}

#[derive(Debug)]
enum Line {
    Write(Vec<u8>),
    /// Answers once everything before it is written.
    Flush(SyncSender<()>),
}

impl Log {
    /// Begins to log.
    pub(crate) fn start(logging: &Logging, settings: &settings::Log, bar: Option<ProgressBar>) -> Result<Self> {
        let filter = filter(&logging.log_level)?;
        let max_field = usize::try_from(settings.max_field.as_u64()).unwrap_or(usize::MAX);
        let shape = Shape { format: logging.log, max_field };
        let (lines, receiver) = sync_channel(settings.max_waiting);
        let log = Self { lines, dropped: Arc::default(), shape, folds: Arc::new(Folds::new(settings.repeats)) };
        let writer = Thread { bar, shape, folds: log.folds.clone() };
        let thread = std::thread::Builder::new().name("dragline-log".to_owned());
        thread.spawn(move || writer.run(&receiver)).map_err(Error::other)?;
        let events = OneLine { shape, folds: log.folds.clone() };
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone());
        // a second start, as in tests, keeps the first
        let _ = builder.event_format(events).try_init();
        Ok(log)
    }

    /// A line for the person at the terminal.
    pub(crate) fn say(&self, line: &str) {
        self.send(format!("{line}\n").into_bytes());
    }

    /// Waits until what was said is written, or nobody reads it.
    pub(crate) fn flush(&self) {
        for folded in self.folds.take(None) {
            self.say(&line_of(self.shape, &folded));
        }
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            self.say(&format!("{dropped} log lines were dropped: they came faster than they were read"));
        }
        let (done, written) = sync_channel(1);
        if self.lines.try_send(Line::Flush(done)).is_ok() {
            let _ = written.recv_timeout(LAST);
        }
    }

    fn send(&self, bytes: Vec<u8>) {
        if self.lines.try_send(Line::Write(bytes)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the thread has.
struct Thread {
    bar: Option<ProgressBar>,
    shape: Shape,
    folds: Arc<Folds>,
}

impl Thread {
    fn run(self, lines: &Receiver<Line>) {
        let mut looked = Instant::now();
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(Line::Flush(done)) => drop(done.send(())),
                Ok(Line::Write(bytes)) => self.write(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if now.saturating_duration_since(looked) >= LOOK {
                looked = now;
                for folded in self.folds.take(Some(now)) {
                    self.write(format!("{}\n", line_of(self.shape, &folded)).as_bytes());
                }
            }
        }
    }

    fn write(&self, bytes: &[u8]) {
        // a log that nobody reads harms nobody
        let _ = match &self.bar {
            // a finished line stays where it is
            Some(bar) if !bar.is_finished() => bar.suspend(|| io::stderr().write_all(bytes)),
            _ => io::stderr().write_all(bytes),
        };
    }
}

/// The line of what was folded.
fn line_of(shape: Shape, folded: &Folded) -> String {
    let fields = Map::from_iter([("count".to_owned(), folded.count.into())]);
    shape.said(folded.level, folded.message(), fields)
}

/// A level, or a filter of `tracing`'s. A single word that is no level would be taken for the name of a module and log
/// nothing.
fn filter(level: &str) -> Result<EnvFilter> {
    let bad = |what: String| Error::Setting { key: String::new(), message: format!("`--log-level {level}`: {what}") };
    for part in level.split(',').map(str::trim).filter(|part| !part.contains('=')) {
        if part.parse::<tracing::level_filters::LevelFilter>().is_err() {
            return Err(bad(format!("`{part}` is not a level (known: off, error, warn, info, debug, trace)")));
        }
    }
    EnvFilter::try_new(level).map_err(|error| bad(error.to_string()))
}

/// `2026-11-21T10:00:00.000000Z  WARN request failed url=… kind=…`, or the same in JSON.
struct OneLine {
    shape: Shape,
    folds: Arc<Folds>,
}

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let like = || self.shape.message(event);
        match self.folds.meet(metadata.callsite(), *metadata.level(), Instant::now(), like) {
            Fate::Fold => return Ok(()),
            Fate::Write(None) => {}
            Fate::Write(Some(folded)) => writeln!(writer, "{}", line_of(self.shape, &folded))?,
        }
        writeln!(writer, "{}", self.shape.line(event))
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = One<'a>;

    fn make_writer(&'a self) -> One<'a> {
        One { log: self, bytes: Vec::new() }
    }
}

/// One event on its way to the thread.
pub(crate) struct One<'a> {
    log: &'a Log,
    bytes: Vec<u8>,
}

impl io::Write for One<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        // nothing is left of what was folded
        if !self.bytes.is_empty() {
            self.log.send(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_refused() {
        for good in ["info", "warn,dragline=debug", "dragline=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        let error = filter("louder").expect_err("no level");
        assert!(error.to_string().starts_with("`--log-level louder`: `louder` is not a level"), "{error}");
    }
}
