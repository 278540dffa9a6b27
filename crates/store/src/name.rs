//! Names of objects: paths that lead below the root of a store and nowhere else, on every file system.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The longest segment in bytes of UTF-8; file systems end at 255, and a temporary name needs some of it.
const SEGMENT: usize = 200;
/// The most segments.
const DEPTH: usize = 8;

/// The name of an object: segments between `/`, such as `full/3fd1….jpg`.
///
/// Invariant: at most eight segments, each of 1 to 200 bytes, none of which [`clean`] would change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Text that is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be the name of an object: {1}")]
pub struct BadName(String, &'static str);

impl Name {
    /// A name that is written as one already.
    ///
    /// # Errors
    /// If a segment would have to be cleaned, or there are too many.
    pub fn new(text: impl Into<String>) -> Result<Self, BadName> {
        let text = text.into();
        let bad = |why| Err(BadName(text.escape_debug().to_string(), why));
        if text.split('/').count() > DEPTH {
            return bad("it has more than eight parts");
        }
        match text.split('/').all(|segment| clean(segment) == segment) {
            true => Ok(Self(text)),
            false => bad("a part of it is empty, too long, reserved, or has a character that names do not have"),
        }
    }

    /// A name of whatever there is: each segment is cleaned, and what is too deep becomes one segment.
    #[must_use]
    pub fn cleaned(text: &str) -> Self {
        let segments: Vec<_> = text.splitn(DEPTH, '/').map(clean).collect();
        Self(segments.join("/"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that it stands in; empty at the root.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The last segment.
    #[must_use]
    pub fn file(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, file)| file)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        Self::new(text)
    }
}

/// A segment of a name that every file system takes and no shell, terminal or browser reads otherwise.
///
/// Separators, control and bidirectional characters and what Windows forbids become `_`; so do a dot at the beginning, dots
/// and spaces at the end, and what is reserved (`CON`). What is too long is cut and keeps its extension.
#[must_use]
pub fn clean(segment: &str) -> Cow<'_, str> {
    let is_fine = !segment.is_empty()
        && segment.len() <= SEGMENT
        && !segment.starts_with(['.', ' ', '-', '~'])
        && !segment.ends_with(['.', ' '])
        && !segment.chars().any(is_foreign)
        && !is_reserved(segment);
    if is_fine {
        return Cow::Borrowed(segment);
    }
    if segment.trim_matches(['.', ' ']).is_empty() {
        return Cow::Borrowed("_");
    }
    let mut text: String = segment.chars().map(|c| if is_foreign(c) { '_' } else { c }).collect();
    if text.starts_with(['.', ' ', '-', '~']) {
        text.replace_range(..1, "_");
    }
    text = shortened(text);
    let kept = text.trim_end_matches(['.', ' ']).len();
    let cut = text.len() - kept;
    text.truncate(kept);
    text.extend(std::iter::repeat_n('_', cut.min(1)));
    if is_reserved(&text) {
        text.insert(0, '_');
    }
    Cow::Owned(text)
}

/// What is in no name: separators, control characters, what turns text around, what Windows forbids.
fn is_foreign(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Names that Windows has for devices, with any extension and in any case.
fn is_reserved(segment: &str) -> bool {
    let stem = segment.split('.').next().unwrap_or_default().trim_end();
    let is_numbered = |prefix: &str| {
        stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
            && matches!(stem[3..].chars().collect::<Vec<_>>()[..], ['0'..='9' | '¹' | '²' | '³'])
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$"].iter().any(|name| stem.eq_ignore_ascii_case(name))
        || is_numbered("com")
        || is_numbered("lpt")
}

/// At most 200 bytes, with the extension if it is one.
fn shortened(text: String) -> String {
    if text.len() <= SEGMENT {
        return text;
    }
    let extension = text.rfind('.').filter(|at| text.len() - at <= 12).map_or("", |at| &text[at..]);
    let mut end = SEGMENT - extension.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{extension}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for text in
            ["../a", "a/../b", "/a", "a//b", "a/", "", ".", "a/.", "C:/a", "a\\b", "CON", "a/nul.jpg", "a.", "a "]
        {
            assert!(Name::new(text).is_err(), "{text}");
            let cleaned = Name::cleaned(text);
            assert_eq!(Name::new(cleaned.as_str()).expect("a name"), cleaned, "{text}");
        }
        assert_eq!(Name::cleaned("../../etc/passwd").as_str(), "_/_/etc/passwd");
    }

    #[test]
    fn what_is_long_keeps_its_extension() {
        let name = clean(&format!("{}.jpg", "ä".repeat(300))).into_owned();
        assert!(name.len() <= SEGMENT && name.ends_with("ä.jpg"), "{name}");
        assert!(clean(&"x".repeat(4096)).len() == SEGMENT);
    }

    #[test]
    fn what_is_deep_becomes_one_segment() {
        let name = Name::cleaned(&"a/".repeat(20));
        assert_eq!(name.as_str().split('/').count(), DEPTH);
    }

    #[test]
    fn a_name_that_is_fine_stays_as_it_is() {
        for text in
            ["full/3fd165099d8e71b8a48b2683946e64dbfad8b52d.jpg", "Ferien 2026/003 – Köln.jpeg", "日本/写真.png"]
        {
            assert_eq!(Name::cleaned(text).as_str(), text);
        }
    }
}
