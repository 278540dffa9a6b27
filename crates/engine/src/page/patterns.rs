//! Regular expressions on what a page says, compiled once per thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use dragline_query::{QueryError, pattern};
use regex::{Captures, Regex};

use super::Page;
use super::clean::{self, Illegal};
use crate::error::Error;

/// Compiled expressions that a thread keeps.
const KEPT: usize = 1000;

/// An expression; `any_case` takes small and capital letters for the same.
pub(super) fn known(text: &str, any_case: bool) -> Result<Rc<Regex>, QueryError> {
    thread_local! {
        static KNOWN: RefCell<HashMap<Box<str>, Rc<Regex>>> = RefCell::default();
    }
    let insensitive;
    let whole = if any_case {
        insensitive = format!("(?i){text}");
        &insensitive
    } else {
        text
    };
    KNOWN.with_borrow_mut(|known| {
        if let Some(pattern) = known.get(whole) {
            return Ok(pattern.clone());
        }
        let compiled = Rc::new(pattern(whole)?);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(whole.into(), compiled.clone());
        Ok(compiled)
    })
}

/// All that an expression finds, character references replaced but `&lt;` and `&amp;`. One that does not parse finds nothing
/// and fails the page.
pub(super) fn find(page: &Page, pattern: &str, text: &str) -> Vec<String> {
    find_exact(page, pattern, text).into_iter().map(replaced).collect()
}

/// A text with its character references replaced but `&lt;` and `&amp;`.
pub(super) fn replaced(text: String) -> String {
    clean::replace_entities(&text, &["lt", "amp"], Illegal::Remove).into_owned()
}

/// All that an expression finds, as it stands.
pub(super) fn find_exact(page: &Page, pattern: &str, text: &str) -> Vec<String> {
    match known(pattern, false) {
        Ok(pattern) => extract(&pattern, text),
        Err(error) => {
            page.set_fault(Error::page(error));
            Vec::new()
        }
    }
}

/// All that an expression finds, as parsel gives it: the group `extract`, where it is first found; or of every match its
/// groups, those that took no part as empty texts; or the whole match if there are no groups.
pub(super) fn extract(pattern: &Regex, text: &str) -> Vec<String> {
    if pattern.capture_names().flatten().any(|name| name == "extract") {
        let found = pattern.captures(text).and_then(|found| found.name("extract"));
        return found.map(|found| found.as_str().to_owned()).into_iter().collect();
    }
    if pattern.captures_len() == 1 {
        return pattern.find_iter(text).map(|found| found.as_str().to_owned()).collect();
    }
    let groups = |found: Captures<'_>| {
        let groups: Vec<String> =
            found.iter().skip(1).map(|group| group.map_or("", |group| group.as_str()).to_owned()).collect();
        groups
    };
    pattern.captures_iter(text).flat_map(groups).collect()
}

/// What a replacement says of a match, groups named as in Python: `\1`, `\g<1>`, `\g<name>`.
pub(super) fn expand(by: &str, found: &Captures<'_>) -> String {
    let (mut out, mut rest) = (String::new(), by);
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let (group, length) = match after.strip_prefix("g<").and_then(|after| after.split_once('>')) {
            Some((name, _)) => (found.name(name).or_else(|| found.get(name.parse().ok()?)), name.len() + 3),
            None if digits > 0 => (found.get(after[..digits].parse().unwrap_or_default()), digits),
            None => {
                // `\n` is a line's end, `\\` a backslash
                let c = after.chars().next();
                out.extend(c.map(|c| if c == 'n' { '\n' } else { c }));
                rest = &after[c.map_or(0, char::len_utf8)..];
                continue;
            }
        };
        out.push_str(group.map_or("", |group| group.as_str()));
        rest = &after[length..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_laid_flat_and_extract_stands_alone() {
        let extract = |pattern: &str, text: &str| extract(&known(pattern, false).expect("a pattern"), text);
        assert_eq!(extract(r"\d", "1 2"), ["1", "2"]);
        assert_eq!(extract(r"(\w)=(\d)?", "a=1 b="), ["a", "1", "b", ""]);
        assert_eq!(extract(r"a(?P<extract>\d)", "a1 a2"), ["1"]);
        assert!(extract(r"(?P<extract>x)?a", "a").is_empty());
    }

    #[test]
    fn a_replacement_names_groups_as_python_does() {
        let pattern = known(r"(\w+)://(?P<host>\w+)", false).expect("a pattern");
        let found = pattern.captures("http://a").expect("a match");
        assert_eq!(expand(r"\1s://\g<host>/\g<1>\\\9", &found), r"https://a/http\");
    }
}
