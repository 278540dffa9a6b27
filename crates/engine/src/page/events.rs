//! XML as it comes: tags, text and ends in a row, of whatever claims to be XML. Nothing is an error.
//!
//! What is broken is read on as libxml2 does when it recovers: an end without a beginning is passed over, what is open
//! at the text's end ends there. No DTD is read, no entity but XML's own five is expanded, nothing is opened (FAULTS, P03).

use std::borrow::Cow;

use quick_xml::errors::{Error, SyntaxError};
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event as Token};
use quick_xml::reader::Reader;

/// How many open elements an end may close at once. It bounds the work that ends without a beginning make.
const REACH: usize = 256;
/// The most attributes of a tag that are looked at.
const ATTRIBUTES: usize = 1000;

/// One thing after the other.
pub(super) struct Events<'t> {
    text: &'t str,
    /// Where the reader has begun, in bytes of the text.
    base: usize,
    reader: Reader<&'t [u8]>,
    open: Vec<&'t str>,
    /// Elements that are to be closed before anything else is read.
    closing: usize,
    /// Where the last thing begins and ends, in bytes of the text.
    span: (usize, usize),
    is_over: bool,
}

/// What comes.
pub(super) enum Event<'t> {
    /// An element begins.
    Open(Tag<'t>),
    /// The innermost element ends.
    Close,
    /// Text, its references resolved.
    Text(Cow<'t, str>),
    /// A reference to an entity that is not XML's own.
    Entity,
}

/// An element's tag.
pub(super) struct Tag<'t> {
    /// As it is written: with its prefix.
    pub(super) name: &'t str,
    start: BytesStart<'t>,
}

impl Tag<'_> {
    /// An attribute's value, by its local name.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().find(|(key, _)| local(key) == name).map(|(_, value)| value)
    }

    /// The attributes as they are written, their references resolved.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (String, String)> {
        // the check for names that come twice is quadratic (RUSTSEC-2026-0194)
        let mut attributes = self.start.attributes();
        attributes.with_checks(false);
        attributes.take(ATTRIBUTES).flatten().map(|attribute| {
            let value = unescape_with(&attribute.value, resolve_predefined_entity);
            let value = value.map_or_else(|_| attribute.value.to_string(), Cow::into_owned);
            (attribute.key.as_ref().to_owned(), value)
        })
    }
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

impl<'t> Events<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, base: 0, reader: reader(text), open: Vec::new(), closing: 0, span: (0, 0), is_over: false }
    }

    /// The names of the elements that are open, the outermost first.
    pub(super) fn open(&self) -> &[&'t str] {
        &self.open
    }

    /// Where the last thing stood in the text; of an end that is not written, where it is missed.
    pub(super) fn span(&self) -> (usize, usize) {
        self.span
    }

    /// Whether the text has ended; what ends now ends only therefore.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    fn token(&mut self) -> Option<Token<'t>> {
        loop {
            let begin = self.base + position(&self.reader);
            let token = self.reader.read_event();
            self.span = (begin, self.base + position(&self.reader));
            match token {
                Ok(Token::Eof) => return None,
                Ok(token) => return Some(token),
                // all other errors of syntax are met at the text's end
                Err(Error::Syntax(error)) if error != SyntaxError::InvalidBangMarkup => return None,
                Err(_) => {
                    let after = (begin + 1).max(self.span.1);
                    let rest = self.text.get(self.text.len().min(self.text.ceil_char_boundary(after))..)?;
                    let next = memchr::memchr(b'<', rest.as_bytes())?;
                    self.base = self.text.len() - rest.len() + next;
                    self.reader = reader(&rest[next..]);
                }
            }
        }
    }

    /// How many elements an end of this name closes.
    fn closes(&self, name: &str) -> usize {
        self.open.iter().rev().take(REACH).position(|open| *open == name).map_or(0, |above| above + 1)
    }
}

impl<'t> Iterator for Events<'t> {
    type Item = Event<'t>;

    fn next(&mut self) -> Option<Event<'t>> {
        loop {
            if self.closing > 0 {
                self.closing -= 1;
                self.open.pop();
                return Some(Event::Close);
            }
            if self.is_over {
                return None;
            }
            let Some(token) = self.token() else {
                (self.is_over, self.closing) = (true, self.open.len());
                self.span = (self.text.len(), self.text.len());
                continue;
            };
            match token {
                Token::Start(ref start) | Token::Empty(ref start) => {
                    let name = &self.text[self.span.0 + 1..][..start.name().as_ref().len()];
                    self.open.push(name);
                    self.closing = usize::from(matches!(token, Token::Empty(_)));
                    let (Token::Start(start) | Token::Empty(start)) = token else { continue };
                    return Some(Event::Open(Tag { name, start }));
                }
                Token::End(end) => self.closing = self.closes(end.name().as_ref()),
                Token::Text(text) => return Some(Event::Text(text.xml10_content())),
                Token::CData(text) => return Some(Event::Text(text.xml10_content())),
                Token::GeneralRef(reference) => {
                    let known = match reference.resolve_char_ref() {
                        Ok(Some(c)) => Some(Cow::Owned(c.to_string())),
                        Ok(None) => resolve_predefined_entity(&reference.xml10_content()).map(Cow::Borrowed),
                        // a number that is no character
                        Err(_) => None,
                    };
                    return Some(known.map_or(Event::Entity, Event::Text));
                }
                Token::Comment(_) | Token::Decl(_) | Token::PI(_) | Token::DocType(_) | Token::Eof => {}
            }
        }
    }
}

fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    reader
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        let mut out = String::new();
        for event in Events::new(text) {
            match event {
                Event::Open(tag) => {
                    out.push_str(&format!("<{}", tag.name));
                    tag.attributes().for_each(|(name, value)| out.push_str(&format!(" {name}={value}")));
                    out.push('>');
                }
                Event::Close => out.push_str("</>"),
                Event::Text(text) => out.push_str(&text),
                Event::Entity => out.push('?'),
            }
        }
        out
    }

    #[test]
    fn what_is_well_formed_comes_as_it_is() {
        assert_eq!(
            told("<?xml version='1.0'?><a b='1 &amp; 2'>x<!-- y --><c:d/>&#65;&lt;<![CDATA[<&]]></a>"),
            "<a b=1 & 2>x<c:d></>A<<&</>"
        );
    }

    #[test]
    fn what_is_broken_is_read_on() {
        assert_eq!(told("<a><b>x</a></c>y<d>"), "<a><b>x</></>y<d></>");
        assert_eq!(told("<a>1 & 2 &b=3</a>"), "<a>1 & 2 &b=3</>");
        assert_eq!(told("<a>x<!y>z<b/></a>"), "<a>x<b></></>");
        assert_eq!(told("<a>&unknown;x<b"), "<a>?x</>");
        assert_eq!(told("<a>x<!-- <b>"), "<a>x</>");
        assert_eq!(told(""), "");
    }

    #[test]
    fn hostile_text_takes_no_time() {
        let begin = std::time::Instant::now();
        for hostile in ["<a>", "</a>", "<!x", "<a></b>", "&", "<!--", "<a b", "<?", "<![CDATA["] {
            assert!(Events::new(&hostile.repeat(200_000)).count() < 1_000_000);
        }
        let many: String = (0..20_000).map(|number| format!("<e{number}>")).collect();
        let ends: String = (0..20_000).map(|number| format!("</f{number}>")).collect();
        assert_eq!(Events::new(&(many + &ends)).count(), 40_000);
        let attributes: String = (0..80_000).map(|number| format!(" a{number}='1'")).collect();
        assert!(told(&format!("<a{attributes}/>")).len() < 20_000);
        assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
    }
}
