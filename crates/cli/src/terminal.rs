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

pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The user and password of a URL, taken out: `http://***@example.com/`.
pub(crate) fn mask_userinfo(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let authority = after.find(|c: char| c == '/' || c == '?' || c == '#' || c == '"' || c.is_whitespace());
        let authority = &after[..authority.unwrap_or(after.len())];
        rest = match authority.rfind('@') {
            Some(end) => {
                out.push_str("***");
                &after[end..]
            }
            None => after,
        };
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
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
    if text.len() > MESSAGE {
        text.truncate(text.floor_char_boundary(MESSAGE));
        text.push('…');
    }
    escape(&mask_userinfo(&text)).into_owned()
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
    fn who_signs_in_is_not_shown() {
        assert_eq!(
            mask_userinfo("at http://me:pw@a.example/x@y and ftp://b"),
            "at http://***@a.example/x@y and ftp://b"
        );
        assert_eq!(mask_userinfo("a@b"), "a@b");
    }

    #[test]
    fn what_moves_the_cursor_is_written_out() {
        assert_eq!(escape("a\u{1b}[2Jb\r\nc\u{7f}\u{9b}\u{202e}"), "a\\u{1b}[2Jb\\u{d}\\nc\\u{7f}\\u{9b}\\u{202e}");
        assert_eq!(escape("Ünïcode – fine"), "Ünïcode – fine");
    }
}
