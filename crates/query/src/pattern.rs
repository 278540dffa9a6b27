//! Regular expressions: of the crate `regex`, which takes linear time whatever the text. There is no backtracking engine
//! here, so neither look-around nor back-references.

use regex::{Regex, RegexBuilder};

use crate::QueryError;

/// What a compiled expression may come to, in bytes (FAULTS, P05).
const MOST: usize = 10 * 1024 * 1024;

/// Compiles a regular expression. What only Python and browsers take is taken too: `{` and `[` that stand for themselves
/// (`{"a":(.*)}`, `[^[]`), and `\Z`.
///
/// # Errors
/// If it is none, or too large.
pub fn pattern(text: &str) -> Result<Regex, QueryError> {
    let compile = |text: &str| RegexBuilder::new(text).size_limit(MOST).build();
    compile(text)
        .or_else(|error| {
            let lenient = lenient(text);
            if lenient == text { Err(error) } else { compile(&lenient).map_err(|_| error) }
        })
        .map_err(|error| QueryError::new("regular expression", text, told(text, &error)))
}

/// The parser draws a picture over several lines, of which the last says what is wrong.
fn told(text: &str, error: &regex::Error) -> String {
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| text.contains(look)) {
        return "there is no look-around (`(?=…)`, `(?!…)`): it could take for ever; take a group, or look at what is found".to_owned();
    }
    match error {
        regex::Error::CompiledTooBig(limit) => format!("compiled it is larger than {limit} bytes"),
        error => {
            let text = error.to_string();
            let last = text.trim_end().lines().next_back().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    }
}

/// Where in an expression one is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    /// Right after the `[` of a class, where `]` is one of its members.
    Begin,
    Class,
}

/// The same expression with `\` before each `{` that counts nothing and each `[` within a class.
fn lenient(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut place = Place::Outside;
    let mut signs = text.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        let is_plain = match (c, place) {
            ('[' | '&' | '~', Place::Begin | Place::Class) | (']', Place::Begin) => true,
            ('{', Place::Outside) => !counts(&text[at + 1..]),
            _ => false,
        };
        if is_plain {
            out.push('\\');
        }
        out.push(c);
        place = match (c, place) {
            ('[', Place::Outside) => {
                out.extend(signs.next_if(|(_, next)| *next == '^').map(|(_, not)| not));
                Place::Begin
            }
            (']', Place::Class) | (_, Place::Outside) => Place::Outside,
            (_, Place::Begin | Place::Class) => Place::Class,
        };
        if c == '\\' {
            out.extend(signs.next().map(|(_, escaped)| if escaped == 'Z' { 'z' } else { escaped }));
        }
    }
    out
}

/// `3}`, `3,}` or `3,5}`
fn counts(after: &str) -> bool {
    after.split_once('}').is_some_and(|(inner, _)| {
        let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
        !least.is_empty() && least.bytes().chain(most.bytes()).all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_takes_is_taken() {
        let finds = |pattern_text: &str, text: &str| pattern(pattern_text).expect("a pattern").is_match(text);
        assert!(finds(r#"{"foo":(.*)}"#, r#"{"foo":1}"#));
        assert!(finds(r"x{2}{", "xx{") && !finds(r"^x{2}$", "x{2}"));
        assert!(finds(r"^[^[]+$", "abc") && !finds(r"^[^[]+$", "a[c"));
        assert!(finds(r"^[[a]+\Z", "[a[") && finds(r"^[]a[]+$", "]a["));
        assert!(finds(r"var x = (\{.*?\});", "var x = {};"));
    }

    #[test]
    fn what_is_none_is_said_in_one_line() {
        let error = |text: &str| pattern(text).expect_err("no pattern").to_string();
        assert_eq!(error("a(b"), "`a(b` is no regular expression: unclosed group");
        assert!(error("a(?=b)").contains("no look-around"), "{}", error("a(?=b)"));
        assert!(error(r"(a)\1").contains("backreferences are not supported"), "{}", error(r"(a)\1"));
    }
}
