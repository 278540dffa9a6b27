//! What reaches the terminal: errors once, and never a control character that a page brought along.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::io::{IsTerminal, Write as _};

use dragline::message::mask;
use serde_json::Value;

/// Control characters (C0, C1, DEL) and those that turn the direction of text, written out: `\u{1b}`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            _ if is_unsafe(character) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// A text of a page as one line of a result: a program gets it as it is, but for the ends of lines; a terminal escaped.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if std::io::stdout().is_terminal() { escape(text) } else { on_one_line(text) }
}

/// A line's end is written `\n`, as [`escape`] does.
fn on_one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(['\n', '\r']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('\r', "\\r").replace('\n', "\\n"))
}

/// What moves a cursor, ends a line or turns the direction of text.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as it may stand on a terminal: no secrets of URLs, no control characters.
pub(crate) fn shown(text: &str) -> String {
    escape(&mask::text(text)).into_owned()
}

/// A JSON value as one line. C1 and bidirectional controls are not among what JSON must have escaped.
pub(crate) fn json(value: &Value) -> String {
    in_json(value.to_string())
}

/// A JSON value over several lines.
pub(crate) fn pretty_json(value: &Value) -> String {
    in_json(format!("{value:#}"))
}

fn in_json(text: String) -> String {
    let is_escaped = |character: char| is_unsafe(character) && character != '\n';
    if !text.contains(is_escaped) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            // all of them lie in the plane that four digits can name
            _ if is_escaped(character) => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out
}

/// The first bytes of a text, and `…` if that was not all.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.len() > most {
        true => format!("{}…", &text[..text.floor_char_boundary(most)]),
        false => text.to_owned(),
    }
}

/// The longest message, in bytes: a site may say a lot.
const MESSAGE: usize = 2048;

/// Prints an error with its causes, in one line: `error: … : …`.
pub(crate) fn error(error: &(dyn std::error::Error + 'static)) {
    say(&format!("error: {}", message(error)));
}

/// An error with its causes, fit for a terminal.
pub(crate) fn message(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // some print their cause themselves
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    // masked before it is cut, or half a secret would be none
    escape(&cut(&mask::text(&text), MESSAGE)).into_owned()
}

/// A line for the person at the terminal. One who does not listen does no harm.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line of the command's result. Fails when nobody reads it, so that `dragline list | head -1` ends quietly.
pub(crate) fn print(line: &str) -> std::io::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A panic is one line like any other error. One in `parse` is counted and logged by the engine with its URL; printing it as
/// well would tear the screen.
pub(crate) fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a thread");
        if name.starts_with("dragline-parser") {
            return;
        }
        let place = panic.location().map(|place| format!(" at {place}")).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("no message");
        say(&format!("error: {name} panicked{place}: {}", shown(&cut(what, MESSAGE))));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            say(&trace.to_string());
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_written_out() {
        assert_eq!(escape("a\u{1b}[2Jb\r\nc\u{7f}\u{9b}\u{202e}"), "a\\u{1b}[2Jb\\u{d}\\nc\\u{7f}\\u{9b}\\u{202e}");
        assert_eq!(escape("Ünïcode – fine"), "Ünïcode – fine");
    }

    #[test]
    fn l02_json_carries_no_control_characters() {
        let value = Value::String((0..=0xff_u8).map(char::from).chain("\u{202e}\u{2028}\u{61c}".chars()).collect());
        for text in [json(&value), pretty_json(&value)] {
            assert!(!text.contains(is_unsafe), "{text:?}");
            assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
        }
        assert_eq!(json(&"\u{9b}2J\u{202e}".into()), "\"\\u009b2J\\u202e\"");
    }

    #[test]
    fn l02_every_byte_is_safe_on_a_terminal() {
        for byte in 0..=255_u8 {
            for text in [char::from(byte).to_string(), String::from_utf8_lossy(&[b'a', byte, b'b']).into_owned()] {
                assert!(!shown(&text).contains(is_unsafe), "byte {byte}");
            }
        }
        let osc = "\u{1b}]8;;http://evil/\u{7}x\u{1b}\\";
        assert_eq!(shown(osc), "\\u{1b}]8;;http://evil/\\u{7}x\\u{1b}\\");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(cut("aé", 2), "a…");
        assert_eq!(cut("aé", 3), "aé");
    }
}
