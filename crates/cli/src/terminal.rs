//! What reaches the terminal: errors once, and never a control character that a page brought along.

use std::borrow::Cow;
use std::io::Write as _;

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

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Prints an error with its causes, each line by itself.
pub(crate) fn error(error: &anyhow::Error) {
    let mut text = String::from("error: ");
    for (index, cause) in error.chain().enumerate() {
        if index > 0 {
            text.push_str("\n  because: ");
        }
        // a message of TOML's has lines, and they are its picture
        let lines: Vec<_> = cause.to_string().lines().map(|line| escape(line).into_owned()).collect();
        text.push_str(&lines.join("\n"));
    }
    say(&text);
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

/// A panic in `parse` is counted and logged by the engine with its URL; printing it as well would tear the screen.
pub(crate) fn quiet_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        if !thread.name().is_some_and(|name| name.starts_with("dragline-parser")) {
            usual(panic);
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
}
