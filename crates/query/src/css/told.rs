//! What is wrong with a selector, in words: the parser has names for it, and is meant for browsers, which say nothing.

use scraper::error::SelectorErrorKind;
use selectors::parser::SelectorParseErrorKind as Kind;

use super::words::{each, name_at};

/// The pseudo-classes that there are.
const KNOWN: [&str; 17] = [
    "empty",
    "first-child",
    "first-of-type",
    "has",
    "is",
    "last-child",
    "last-of-type",
    "not",
    "nth-child",
    "nth-last-child",
    "nth-last-of-type",
    "nth-of-type",
    "only-child",
    "only-of-type",
    "root",
    "scope",
    "where",
];

/// Pseudo-classes of others, and what to say instead.
const ELSEWHERE: [(&str, &str); 10] = [
    ("contains", "`:contains()` is not of CSS; say it in XPath: `//p[contains(., 'x')]`"),
    ("first", "`:first` is jQuery's; the first that is found is `.first()`, the first child `:first-child`"),
    ("last", "`:last` is jQuery's; the last child is `:last-child`"),
    ("eq", "`:eq()` is jQuery's; the n-th child is `:nth-child(n)`"),
    ("visible", "`:visible` is jQuery's; nothing is laid out here"),
    ("checked", "there is no `:checked` without a browser; say `[checked]`, and `option[selected]`"),
    ("disabled", "there is no `:disabled` without a browser; say `[disabled]`"),
    ("enabled", "there is no `:enabled` without a browser; say `:not([disabled])`"),
    ("link", "there is no `:link` without a browser; say `a[href]`"),
    ("hover", "there is no `:hover` without a browser"),
];

pub(super) fn told(selector: &str, error: &SelectorErrorKind) -> String {
    use SelectorErrorKind::{EndOfLine, TooManyNestedBlocks, UnexpectedSelectorParseError, UnexpectedToken};
    if open_at_end(selector) {
        return "a bracket is not closed".to_owned();
    }
    if let Some(name) = number_after(selector, '#') {
        return format!("an id that begins with a digit is written `[id=\"{name}\"]`");
    }
    if let Some(name) = number_after(selector, '.') {
        return format!("a class that begins with a digit is written `[class~=\"{name}\"]`");
    }
    match error {
        TooManyNestedBlocks => "it is nested too deep".to_owned(),
        UnexpectedSelectorParseError(kind) => of_kind(selector, kind),
        UnexpectedToken | EndOfLine if selector.contains('/') => slash(),
        EndOfLine => "it ends too early".to_owned(),
        _ => "a sign stands where CSS has none".to_owned(),
    }
}

fn of_kind(selector: &str, kind: &Kind) -> String {
    match kind {
        Kind::EmptySelector if selector.trim().is_empty() => "it is empty".to_owned(),
        Kind::EmptySelector if selector.trim_start().starts_with('/') => slash(),
        Kind::EmptySelector => "a selector is missing before or after a comma, or in brackets".to_owned(),
        Kind::DanglingCombinator => "it ends where an element should follow".to_owned(),
        Kind::UnsupportedPseudoClassOrElement => unknown(selector),
        Kind::ExpectedNamespace => namespace(selector),
        Kind::BadValueInAttr => "the value of an attribute stands in quotes: `[href^=\"/x\"]`".to_owned(),
        Kind::ClassNeedsIdent => {
            "a class is a name: `.price`; one that begins with a digit is written `[class~=\"1\"]`".to_owned()
        }
        Kind::NoQualifiedNameInAttributeSelector | Kind::InvalidQualNameInAttr | Kind::ExpectedBarInAttr => {
            "`[…]` begins with the name of an attribute: `[href]`, `[href=\"x\"]`; XPath has `//a[1]`".to_owned()
        }
        Kind::UnexpectedTokenInAttributeSelector => {
            "`[…]` is `[name]` or `[name=\"value\"]`, with `=`, `~=`, `|=`, `^=`, `$=` or `*=`".to_owned()
        }
        Kind::UnexpectedIdent => "a name stands where a sign was expected".to_owned(),
        Kind::NoIdentForPseudo | Kind::PseudoElementExpectedColon | Kind::PseudoElementExpectedIdent => {
            "`:` is followed by a name: `:first-child`, `::text`".to_owned()
        }
        _ if selector.contains('/') => slash(),
        _ => "a sign stands where CSS has none".to_owned(),
    }
}

/// `#1` and `.1` are no names in CSS.
fn number_after(selector: &str, sign: char) -> Option<&str> {
    let mut found = None;
    each(selector, |at, depth| {
        let after = selector[at..].strip_prefix(sign).filter(|after| after.starts_with(|c: char| c.is_ascii_digit()));
        found = found.or(after.filter(|_| depth == 0).map(name_at));
    });
    found
}

fn slash() -> String {
    "`/` is not of CSS: is this an XPath expression?".to_owned()
}

fn namespace(selector: &str) -> String {
    let after = selector.split_once('|').map_or("a", |(_, after)| name_at(after));
    format!("no namespaces are known here: a name without a prefix is of any; say `*|{after}`")
}

/// The first pseudo-class that nobody knows.
fn unknown(selector: &str) -> String {
    let mut names = Vec::new();
    each(selector, |at, _| {
        if let Some(after) = selector[at..].strip_prefix(':') {
            names.push((name_at(after), after));
        }
    });
    let strange =
        |name: &&(&str, &str)| !name.0.is_empty() && !KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name.0));
    let Some((name, _)) = names.iter().find(strange) else {
        return "one of its pseudo-classes is not written as it should be: `:nth-child(2)`, `:not(a)`".to_owned();
    };
    match ELSEWHERE.iter().find(|(elsewhere, _)| elsewhere.eq_ignore_ascii_case(name)) {
        Some((_, told)) => (*told).to_owned(),
        None => {
            let known: Vec<String> = KNOWN.iter().map(|known| format!("`:{known}`")).collect();
            format!("`:{name}` is unknown; there are {}", known.join(", "))
        }
    }
}

fn open_at_end(selector: &str) -> bool {
    let mut open = 0_i32;
    each(selector, |at, _| match selector.as_bytes().get(at) {
        Some(b'(' | b'[') => open += 1,
        Some(b')' | b']') => open -= 1,
        _ => {}
    });
    open > 0
}
