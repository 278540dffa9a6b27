//! Log lines: one event, one line, on the standard error; above the progress line where there is one.

use std::fmt::{self, Write as _};
use std::io;

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
use crate::terminal::escape;

/// The longest field that is printed, in bytes.
const FIELD: usize = 2048;

/// Begins to log.
pub(crate) fn start(logging: &Logging, bar: Option<ProgressBar>) -> Result<()> {
    let filter = EnvFilter::try_new(&logging.log_level).map_err(|error| Error::Setting {
        key: String::new(),
        message: format!("`--log-level {}`: {error}", logging.log_level),
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(AboveTheBar(bar));
    // a second start, as in tests, keeps the first
    let _ = match logging.log {
        LogFormat::Text => builder.event_format(OneLine).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    Ok(())
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
        let mut line = Line::default();
        event.record(&mut line);
        writeln!(writer, " {:>5} {}{}", event.metadata().level(), line.message, line.fields)
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = format!("{value:?}");
        if text.len() > FIELD {
            text.truncate(text.floor_char_boundary(FIELD));
            text.push('…');
        }
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

/// Writes to the standard error, and lets the progress line make room.
struct AboveTheBar(Option<ProgressBar>);

struct Above<'a>(Option<&'a ProgressBar>);

impl<'a> MakeWriter<'a> for AboveTheBar {
    type Writer = Above<'a>;

    fn make_writer(&'a self) -> Above<'a> {
        Above(self.0.as_ref())
    }
}

impl io::Write for Above<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0 {
            Some(bar) => bar.suspend(|| io::stderr().write_all(bytes)),
            None => io::stderr().write_all(bytes),
        }
        // a log that nobody reads must not stop the crawl
        .map_or(Ok(bytes.len()), |()| Ok(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
