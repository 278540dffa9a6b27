//! Elements with what is in them, and `CDATA`, out of a text.

use std::borrow::Cow;

use super::clean::{Patience, end_of_whole_name, replace};
use super::entities::{Illegal, replace_entities};
use super::tags::is_word;

/// The text without the elements of these names, and what is in them: from each start tag to the next end tag of its name.
/// A start tag without one stays; `<br/>` is a whole element.
#[must_use]
pub fn remove_tags_with_content<'a>(text: &'a str, names: &[&str]) -> Cow<'a, str> {
    let bytes = text.as_bytes();
    let mut patience = Patience::new(text);
    // those that no end tag follows any more
    let mut endless = vec![false; names.len()];
    let mut at = 0;
    let places = std::iter::from_fn(|| {
        loop {
            let start = at + memchr::memchr(b'<', &bytes[at..])?;
            at = start + 1;
            let name = &text[at..end_of_whole_name(text, at)];
            let Some(index) = names.iter().position(|known| known.eq_ignore_ascii_case(name)) else { continue };
            let Some(inner) = patience.end_of_tag(at)? else { continue };
            if text[..inner].ends_with("/>") {
                at = inner;
                return Some(start..inner);
            }
            if endless[index] {
                continue;
            }
            match end_tag(text, inner, name, &mut patience) {
                Some(end) => {
                    at = end;
                    return Some(start..end);
                }
                None => endless[index] = true,
            }
        }
    });
    replace(text, places, "")
}

/// Behind the next `</name …>`.
fn end_tag(text: &str, start: usize, name: &str, patience: &mut Patience<'_>) -> Option<usize> {
    memchr::memmem::find_iter(&text.as_bytes()[start..], b"</")
        .map(|found| start + found + 2)
        .filter(|found| is_word(&text.as_bytes()[*found..], name.as_bytes()))
        .find_map(|found| patience.end_of_tag(found).unwrap_or_default())
}

/// The text, its character references replaced but for those whose names (in lower case) are to stay, and those within
/// `<![CDATA[…]]>`, which goes itself.
#[must_use]
pub fn unquote_markup<'a>(text: &'a str, keep: &[&str], illegal: Illegal) -> Cow<'a, str> {
    const OPEN: &str = "<![CDATA[";
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = memchr::memmem::find(rest.as_bytes(), OPEN.as_bytes()) {
        let (before, inner) = (&rest[..start], &rest[start + OPEN.len()..]);
        let Some(end) = memchr::memmem::find(inner.as_bytes(), b"]]>") else { break };
        out.push_str(&replace_entities(before, keep, illegal));
        out.push_str(&inner[..end]);
        rest = &inner[end + 3..];
    }
    if rest.len() == text.len() {
        return replace_entities(text, keep, illegal);
    }
    out.push_str(&replace_entities(rest, keep, illegal));
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_go_with_their_content() {
        let gone = |text: &str| remove_tags_with_content(text, &["script", "i"]).into_owned();
        assert_eq!(gone("a<script x='>'>b<i>c</i></SCRIPT\n>d<i/>e<i>f"), "ade<i>f");
        assert_eq!(gone("<scripty>a</scripty><script>b</scripty>"), "<scripty>a</scripty><script>b</scripty>");
        assert_eq!(unquote_markup("&lt;<![CDATA[&lt;]]>&gt;<![CDATA[&lt;", &[], Illegal::Keep), "<&lt;><![CDATA[<");
    }
}
