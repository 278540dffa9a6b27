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
