//! An event as one line: nothing that a page says begins another, looks like another field, or moves a cursor.

use std::fmt::{self, Write as _};

use dragline::message::mask;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::options::LogFormat;
use crate::terminal::{cut, escape, json};

/// What log lines look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) format: LogFormat,
    /// The longest field, in bytes.
    pub(super) max_field: usize,
}

impl Shape {
    /// The line of an event, without its end.
    pub(super) fn line(self, event: &Event<'_>) -> String {
        let fields = self.fields(event);
        self.of(event.metadata().level(), Some(event.metadata().target()), fields)
    }

    /// What an event says.
    pub(super) fn message(self, event: &Event<'_>) -> String {
        self.fields(event).message
    }

    /// A line of the log's own.
    pub(super) fn said(self, level: Level, message: String, fields: Map<String, Value>) -> String {
        self.of(&level, None, Fields { max: self.max_field, message, fields })
    }

    fn fields(self, event: &Event<'_>) -> Fields {
        let mut fields = Fields { max: self.max_field, message: String::new(), fields: Map::new() };
        event.record(&mut fields);
        fields
    }

    fn of(self, level: &Level, target: Option<&str>, Fields { message, fields, .. }: Fields) -> String {
        let mut time = String::new();
        // a clock that cannot be read harms no line, and writing to a String cannot fail
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        match self.format {
            LogFormat::Text => {
                let mut line = format!("{time} {level:>5} {}", escape(&message));
                for (name, value) in &fields {
                    let _ = write!(line, " {name}={}", Text(value));
                }
                line
            }
            LogFormat::Json => {
                let mut line = Map::new();
                line.insert("timestamp".to_owned(), time.into());
                line.insert("level".to_owned(), level.as_str().into());
                line.insert("message".to_owned(), message.into());
                if let Some(target) = target {
                    line.insert("target".to_owned(), target.into());
                }
                for (name, value) in fields {
                    line.entry(name).or_insert(value);
                }
                json(&Value::Object(line))
            }
        }
    }
}

/// What an event carries, without secrets, each field cut.
struct Fields {
    max: usize,
    message: String,
    fields: Map<String, Value>,
}

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        // masked before it is cut, or half a secret would be none
        let text = cut(&mask::text(value), self.max);
        match field.name() {
            "message" => self.message = text,
            _ => self.set(field, text),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }
}

/// A field's value in a line for people: in quotes where it would not be seen where it ends.
struct Text<'a>(&'a Value);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == '"') => {
                write!(f, "\"{}\"", escape(&text.replace('\\', "\\\\").replace('"', "\\\"")))
            }
            Value::String(text) => f.write_str(&escape(text)),
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use tracing::Subscriber;
    use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

    /// Keeps the lines.
    struct Keep(Shape, Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Keep {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.1.lock().expect("the lines").push(self.0.line(event));
        }
    }

    fn lines(format: LogFormat, log: impl FnOnce()) -> Vec<String> {
        let lines = Arc::default();
        let keep = Keep(Shape { format, max_field: 2048 }, Arc::clone(&lines));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(keep), log);
        lines.lock().expect("the lines").clone()
    }

    #[test]
    fn l02_no_byte_in_any_field_leaves_its_line() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let lines = lines(format, || {
                for byte in 0..=255_u8 {
                    let text = format!("a{}b\u{202e}", char::from(byte));
                    let path = std::path::Path::new(&text).to_owned();
                    tracing::info!(url = text, path = %path.display(), step = ?text, error = &*text, "{text}");
                }
            });
            assert_eq!(lines.len(), 256);
            for line in lines {
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
                assert!(line.contains("url=") || serde_json::from_str::<Value>(&line).is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn l03_a_field_ends_where_it_seems_to() {
        let log = || tracing::warn!(url = "a kind=b", detail = "c\\\" kind=d", empty = "", count = 7, "said");
        let line = lines(LogFormat::Text, log).remove(0);
        let (_, line) = line.split_once(" WARN ").expect("a level");
        assert_eq!(line, r#"said url="a kind=b" detail="c\\\" kind=d" empty="" count=7"#);
        let line: Value = serde_json::from_str(&lines(LogFormat::Json, log)[0]).expect("JSON");
        assert_eq!((&line["level"], &line["message"], &line["count"]), (&"WARN".into(), &"said".into(), &7.into()));
        assert_eq!(line["detail"], "c\\\" kind=d");
    }

    #[test]
    fn l03_a_field_is_cut_after_it_was_masked() {
        let url = format!("http://me:{}@a.example/", "canary".repeat(1000));
        let log = || tracing::warn!(url, text = "x".repeat(10_000_000), "said");
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = lines(format, log).remove(0);
            assert!(line.len() < 2300 && line.contains("http://***@a.example/") && line.contains('…'), "{line}");
        }
    }
}
