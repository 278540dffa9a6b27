//! Log lines: one event, one line, on the standard error; above the progress line where there is one. They are written
//! by a thread of their own: a terminal that has stopped reading must not stop the crawl.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use dragline::error::{Error, Result};
use indicatif::ProgressBar;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use crate::options::{LogFormat, Logging};
use crate::terminal::{escape, is_unsafe, mask_userinfo};

/// The longest field that is printed, in bytes.
const FIELD: usize = 2048;

/// Lines that may wait to be written; more are dropped and counted.
const LINES: usize = 10_000;
/// How long the last lines may take.
const LAST: Duration = Duration::from_secs(1);

/// The thread that writes.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    lines: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Line {
    Write(Vec<u8>),
    /// Answers once everything before it is written.
    Flush(SyncSender<()>),
}

impl Log {
    /// Begins to log.
    pub(crate) fn start(logging: &Logging, bar: Option<ProgressBar>) -> Result<Self> {
        let filter = filter(&logging.log_level)?;
        let log = Self::write_from_a_thread(bar).map_err(Error::other)?;
        let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone());
        // a second start, as in tests, keeps the first
        let _ = match logging.log {
            LogFormat::Text => builder.event_format(OneLine).try_init(),
            LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
        };
        Ok(log)
    }

    fn write_from_a_thread(bar: Option<ProgressBar>) -> io::Result<Self> {
        let (lines, receiver) = sync_channel(LINES);
        std::thread::Builder::new().name("dragline-log".to_owned()).spawn(move || {
            for line in receiver {
                match line {
                    Line::Flush(done) => drop(done.send(())),
                    // a log that nobody reads harms nobody
                    Line::Write(bytes) => drop(match &bar {
                        // a finished line stays where it is
                        Some(bar) if !bar.is_finished() => bar.suspend(|| io::stderr().write_all(&bytes)),
                        _ => io::stderr().write_all(&bytes),
                    }),
                }
            }
        })?;
        Ok(Self { lines, dropped: Arc::default() })
    }

    /// A line for the person at the terminal.
    pub(crate) fn say(&self, line: &str) {
        self.send(format!("{line}\n").into_bytes());
    }

    /// Waits until what was said is written, or nobody reads it.
    pub(crate) fn flush(&self) {
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

/// `2026-11-21T10:00:00.000000Z  WARN request failed url=… kind=…`
struct OneLine;

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        SystemTime.format_time(&mut writer)?;
        let mut line = Fields::default();
        event.record(&mut line);
        writeln!(writer, " {:>5} {}{}", event.metadata().level(), line.message, line.fields)
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    fields: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = format!("{value:?}");
        if text.len() > FIELD {
            text.truncate(text.floor_char_boundary(FIELD));
            text.push('…');
        }
        let text = mask_userinfo(&text);
        let text = escape(&text);
        if field.name() == "message" {
            self.message = text.into_owned();
        } else {
            // writing to a String cannot fail
            let _ = match text.contains([' ', '"']) || text.is_empty() {
                true => write!(self.fields, " {}=\"{}\"", field.name(), text.replace('"', "\\\"")),
                false => write!(self.fields, " {}={text}", field.name()),
            };
        }
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
        let bytes = std::mem::take(&mut self.bytes);
        // the JSON format escapes what JSON must have escaped, and C1 and bidirectional controls are not among it
        let bytes = match String::from_utf8(bytes) {
            Ok(text) if text.trim_end().contains(is_unsafe) => in_json(&text).into_bytes(),
            Ok(text) => text.into_bytes(),
            Err(error) => error.into_bytes(),
        };
        self.log.send(bytes);
    }
}

/// Unsafe characters within JSON as JSON writes them.
fn in_json(text: &str) -> String {
    let (line, end) = text.split_at(text.trim_end().len());
    let mut out = String::with_capacity(text.len() + 16);
    for character in line.chars() {
        match character {
            _ if is_unsafe(character) => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out + end
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

    #[test]
    fn json_carries_no_control_characters() {
        assert_eq!(in_json("{\"a\":\"\u{9b}2J\u{202e}\"}\n"), "{\"a\":\"\\u009b2J\\u202e\"}\n");
    }
}
