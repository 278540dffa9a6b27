//! A list of selectors taken apart: at its commas, and each before its pseudo-element.

use super::Take;

/// The selectors of a list: its commas that are in no bracket and no string. None if brackets are nested too deep.
pub(super) fn pieces(text: &str, deepest: usize) -> Option<Vec<&str>> {
    let (mut found, mut begin) = (Vec::new(), 0);
    let depth = each(text, |at, depth| {
        if depth == 0 && text[at..].starts_with(',') {
            found.push(&text[begin..at]);
            begin = at + 1;
        }
    });
    found.push(&text[begin..]);
    (depth <= deepest).then_some(found)
}

/// A selector's elements, and what its pseudo-element takes of them. Where no element is named, any is meant: `::text`,
/// `p > ::text`; and `p ::text` is all text within a `p`, its own as well, where `p::text` is its own only (parsel).
pub(super) fn pseudo_element(selector: &str) -> Result<(String, Take), String> {
    let mut places = Vec::new();
    each(selector, |at, depth| {
        if selector[at..].starts_with("::") {
            places.push((at, depth));
        }
    });
    if let Some((at, _)) = places.iter().find(|(_, depth)| *depth > 0) {
        let name = name_at(&selector[at + 2..]);
        return Err(format!(
            "`::{name}` stands at the end of a selector, and not within brackets; say `a::{name}, b::{name}`"
        ));
    }
    let Some((at, _)) = places.first() else { return Ok((selector.trim().to_owned(), Take::Element)) };
    let (elements, rest) = (&selector[..*at], selector[at + 2..].trim_end());
    let (take, after) = take(rest)?;
    if !after.is_empty() {
        return Err(format!("`::{}` stands at the end of a selector, and `{after}` follows it", name_at(rest)));
    }
    let trimmed = elements.trim();
    let elements = if trimmed.is_empty() {
        "*".to_owned()
    } else if trimmed.ends_with(['>', '+', '~']) {
        format!("{trimmed} *")
    } else if elements.ends_with(|c: char| c.is_ascii_whitespace()) {
        format!("{trimmed},{trimmed} *")
    } else {
        trimmed.to_owned()
    };
    Ok((elements, take))
}

/// What stands after `::`, and what follows that.
fn take(text: &str) -> Result<(Take, &str), String> {
    let name = name_at(text);
    let after = &text[name.len()..];
    if name.eq_ignore_ascii_case("text") && !after.starts_with('(') {
        return Ok((Take::Text, after));
    }
    if name.eq_ignore_ascii_case("attr") {
        let inner = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        let inner = inner.map(|(name, after)| (name.trim().trim_matches(['"', '\'']), after));
        return match inner {
            Some((name, after)) if !name.is_empty() => Ok((Take::Attribute(name.into()), after)),
            _ => Err("`::attr` says which one: `::attr(href)`".to_owned()),
        };
    }
    Err(format!("`::{name}` is unknown; there are `::text` and `::attr(name)`"))
}

/// The name that a text begins with.
pub(super) fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')));
    &text[..end.unwrap_or(text.len())]
}

/// Every place that is in no string, with how many brackets are open there; answers how many were at most.
pub(super) fn each(text: &str, mut see: impl FnMut(usize, usize)) -> usize {
    let (mut depth, mut deepest, mut quote, mut escaped) = (0_usize, 0, None, false);
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (c, quote) {
            ('\\', _) => escaped = true,
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            (c, None) => {
                depth = if matches!(c, ')' | ']') { depth.saturating_sub(1) } else { depth };
                see(at, depth);
                depth += usize::from(matches!(c, '(' | '['));
                deepest = deepest.max(depth);
            }
        }
    }
    deepest
}
