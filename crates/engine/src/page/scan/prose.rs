//! The text of a piece of a page: what its tree would have as text.

use super::entities::{Place, decoded};
use super::markup::{Markup, Token};
use super::names::Kind;

/// All text between the tags of a piece that [`Nesting`](super::nesting::Nesting) has gone through, and that may be one of
/// SVG or MathML.
pub(super) fn of(piece: &str, is_foreign: bool) -> String {
    let mut markup = Markup::new(piece);
    let mut out = String::new();
    // how many elements of SVG or MathML hold what comes next
    let mut foreign = usize::from(is_foreign);
    let mut skips_line_end = false;
    loop {
        let token = markup.next(|text| {
            let text = if std::mem::take(&mut skips_line_end) { without_line_end(text) } else { text };
            out.push_str(&decoded(text, Place::Text));
        });
        let Some(token) = token else { return out };
        skips_line_end = false;
        match token {
            Token::Start(tag) if foreign > 0 => foreign += usize::from(!tag.is_self_closing),
            Token::Start(tag) => match Kind::of(tag.name) {
                Kind::Raw | Kind::Script | Kind::Xmp => out.push_str(&line_ends(markup.raw(tag.name))),
                Kind::Title => out.push_str(&decoded(markup.raw(tag.name), Place::Text)),
                Kind::Escapable => {
                    let text = without_line_end(markup.raw(tag.name));
                    out.push_str(&decoded(text, Place::Text));
                }
                Kind::Verbatim => skips_line_end = true,
                Kind::Foreign => foreign += usize::from(!tag.is_self_closing),
                _ => {}
            },
            Token::End(_) => foreign = foreign.saturating_sub(1),
            Token::Cdata => {}
        }
    }
}

fn without_line_end(text: &str) -> &str {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix(['\r', '\n'])).unwrap_or(text)
}

fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
