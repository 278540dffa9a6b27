//! Names of objects: paths that lead below the root of a store and nowhere else, on every file system.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The longest segment in bytes of UTF-8; file systems end at 255, and a temporary name needs some of it.
const SEGMENT: usize = 200;
/// The most segments.
const DEPTH: usize = 8;
/// The composed form: what looks the same is the same, as it is on the disks of macOS anyway.
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// The name of an object: segments between `/`, such as `full/3fd1….jpg`.
///
/// Two names that differ in case are two names, and on a disk that takes them for one the second is refused
/// ([`CaseTwin`](crate::CaseTwin)), so that neither writes over the other. Whoever makes names of what pages say keeps
/// them apart by [`Name::folded`].
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

    /// The same of bytes: what is no UTF-8 becomes `_`.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::cleaned(&String::from_utf8_lossy(bytes))
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

    /// What is equal for all names that a disk without case takes for one; for some that it tells apart, too (`ß`, `ss`).
    #[must_use]
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

/// See [`Name::folded`].
pub(crate) fn folded(text: &str) -> String {
    match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        // by way of capitals, for what has several small letters: `σ` and `ς`, `s` and `ſ`
        false => NFC.normalize(&text.to_uppercase().to_lowercase()).into_owned(),
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
/// Letters are composed (NFC). Separators, control, bidirectional and invisible characters and what Windows forbids become
/// `_`; so do a dot at the beginning, dots and spaces at the end, and what is reserved (`CON`). What is too long is cut,
/// and keeps its extension and the hash of the rest, so that two of them are two. Escapes such as `%2e%2e%2f` are
/// letters: nobody who reads a name unescapes it.
#[must_use]
pub fn clean(segment: &str) -> Cow<'_, str> {
    let is_fine = !segment.is_empty()
        && segment.len() <= SEGMENT
        && !segment.starts_with(['.', ' ', '-', '~'])
        && !segment.ends_with(['.', ' '])
        && !segment.chars().any(is_foreign)
        && !is_reserved(segment)
        && (segment.is_ascii() || NFC.is_normalized(segment));
    if is_fine {
        return Cow::Borrowed(segment);
    }
    if segment.trim_matches(['.', ' ']).is_empty() {
        return Cow::Borrowed("_");
    }
    let text: String = segment.chars().map(|c| if is_foreign(c) { '_' } else { c }).collect();
    let mut text = NFC.normalize(&text).into_owned();
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

/// What is in no name: separators, control characters, what turns text around or cannot be seen, what Windows forbids,
/// what stands for bytes that are no text.
fn is_foreign(c: char) -> bool {
    c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || matches!(c, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
        || matches!(c, '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{FDD0}'..='\u{FDEF}')
        || matches!(
            c,
            '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180F}' | '\u{3164}' | '\u{FFA0}'
        )
        || matches!(c, '\u{E0000}'..='\u{E0FFF}')
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

/// At most 200 bytes: the beginning, the hash of all of it, and the extension if it is one.
fn shortened(text: String) -> String {
    if text.len() <= SEGMENT {
        return text;
    }
    let extension = text.rfind('.').filter(|at| text.len() - at <= 12).map_or("", |at| &text[at..]);
    let tail = format!("-{:016x}{extension}", hash(text.as_bytes()));
    let mut end = SEGMENT - tail.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{tail}", &text[..end])
}

/// FNV-1a (RFC 9923): the same in every version, as names on disks must be.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
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
        assert!(name.len() <= SEGMENT && name.starts_with("ää") && name.ends_with(".jpg"), "{name}");
        assert_eq!(clean(&"x".repeat(4096)).len(), SEGMENT);
        let twins = ["a", "b"].map(|end| clean(&format!("{}{end}.jpg", "x".repeat(300))).into_owned());
        assert_ne!(twins[0], twins[1]);
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

    #[test]
    fn f01_f04_whatever_is_cleaned_is_a_name_and_stays_one() {
        for bytes in crate::hostile::names() {
            let name = Name::of_bytes(&bytes);
            assert_eq!(Name::new(name.as_str()).expect("a name"), name, "{}", bytes.escape_ascii());
            assert!(name.as_str().split('/').all(|segment| !matches!(segment, "" | "." | "..")), "{name}");
            assert!(
                !name.as_str().contains(['\\', ':', '\0']) && !name.as_str().starts_with(['/', '~', '-', '.']),
                "{name}"
            );
        }
    }

    #[test]
    fn f04_what_looks_the_same_is_the_same_and_case_twins_are_known_for_twins() {
        for (one, other) in [("e\u{301}.jpg", "é.jpg"), ("A\u{30a}", "\u{212b}"), ("\u{1100}\u{1161}", "가")] {
            assert_eq!(Name::cleaned(one), Name::cleaned(other));
        }
        for (one, other) in [("IMG/a.JPG", "img/A.jpg"), ("Köln", "KÖLN"), ("ς", "σ"), ("straße", "STRASSE")] {
            let [one, other] = [one, other].map(Name::cleaned);
            assert!(one != other && one.folded() == other.folded(), "{one} {other}");
        }
        assert_ne!(Name::cleaned("a").folded(), Name::cleaned("ä").folded());
    }
}
