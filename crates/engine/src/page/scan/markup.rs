//! The tags of a text, one after the other, by the tokenizer of browsers (WHATWG HTML, section 13.2.5).

use std::ops::Range;

use memchr::{memchr, memchr_iter, memmem};

/// A text on the way to its end.
#[derive(Debug)]
pub(super) struct Markup<'t> {
    text: &'t str,
    /// What comes next.
    at: usize,
    /// Where what can be read ends: before a tag that is not finished.
    end: usize,
}

/// What comes after a piece of text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Token<'t> {
    Start(Tag<'t>),
    End(Tag<'t>),
    /// `<![CDATA[`, which is text in SVG and MathML, and a comment elsewhere.
    Cdata,
}

/// A tag: its name as it is written, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'t> {
    pub(super) name: &'t str,
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) is_self_closing: bool,
    /// Where its attributes begin.
    after_name: usize,
}

impl<'t> Markup<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, end: text.len() }
    }

    /// Where what could be read ended, once there is nothing more.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The next tag. `see` gets the text before it, in one piece or more.
    pub(super) fn next(&mut self, mut see: impl FnMut(&'t str)) -> Option<Token<'t>> {
        let bytes = self.text.as_bytes();
        let mut piece = self.at;
        let mut from = self.at;
        while let Some(begin) = memchr(b'<', &bytes[from..]).map(|at| from + at) {
            let after = bytes.get(begin + 1).copied().unwrap_or_default();
            let is_end = after == b'/';
            let name = begin + 1 + usize::from(is_end);
            let first = bytes.get(name).copied();
            if first.is_some_and(|byte| byte.is_ascii_alphabetic()) {
                see(&self.text[piece..begin]);
                let Some(tag) = self.tag(begin, name) else {
                    (self.at, self.end) = (bytes.len(), begin);
                    return None;
                };
                self.at = tag.end;
                return Some(if is_end { Token::End(tag) } else { Token::Start(tag) });
            }
            let is_markup = matches!(after, b'!' | b'?') || is_end && first.is_some();
            if !is_markup {
                from = begin + 1;
                continue;
            }
            see(&self.text[piece..begin]);
            if bytes[begin..].starts_with(b"<![CDATA[") {
                self.at = after_next(bytes, begin, b'>');
                return Some(Token::Cdata);
            }
            from = after_comment(bytes, begin);
            piece = from;
        }
        see(&self.text[piece..]);
        self.at = bytes.len();
        None
    }

    /// The text of an element that has no tags within, up to its end tag: `<script>`, `<title>`.
    pub(super) fn raw(&mut self, name: &str) -> &'t str {
        let begin = self.at;
        let bytes = self.text.as_bytes();
        let is_end = |at: &usize| {
            let after = at + 2 + name.len();
            bytes.get(at + 2..after).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
                && bytes.get(after).is_some_and(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
        };
        let end = memmem::find_iter(&bytes[begin..], b"</").map(|at| begin + at).find(is_end);
        self.at = end.unwrap_or(bytes.len());
        &self.text[begin..self.at]
    }

    /// The tag that begins here; none if the text ends within it.
    fn tag(&self, begin: usize, name: usize) -> Option<Tag<'t>> {
        let bytes = self.text.as_bytes();
        let after_name = name + end_of_name(&bytes[name..])?;
        let mut attributes = Attributes { text: self.text, at: after_name, is_self_closing: false };
        while let Step::Attribute(..) = attributes.step()? {}
        let Attributes { at: end, is_self_closing, .. } = attributes;
        Some(Tag { name: &self.text[name..after_name], begin, end, is_self_closing, after_name })
    }
}

/// The attributes of the tag that ends at the end of this text and whose name ends at its beginning.
pub(super) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut attributes = Attributes { text, at: 0, is_self_closing: false };
    std::iter::from_fn(move || match attributes.step()? {
        Step::Attribute(name, value) => Some((&text[name], &text[value])),
        Step::End => None,
    })
}

impl Tag<'_> {
    /// Where its attributes stand.
    pub(super) fn attributes(&self) -> Range<usize> {
        self.after_name..self.end
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// A way through a tag's attributes (sections 13.2.5.32 to 13.2.5.40).
struct Attributes<'t> {
    text: &'t str,
    at: usize,
    is_self_closing: bool,
}

enum Step {
    /// A name and its value; nothing where there is none.
    Attribute(Range<usize>, Range<usize>),
    /// After the `>`.
    End,
}

impl Attributes<'_> {
    /// None if the text ends before the tag does.
    fn step(&mut self) -> Option<Step> {
        let bytes = self.text.as_bytes();
        let mut slash = false;
        loop {
            match *bytes.get(self.at)? {
                b'>' => {
                    (self.at, self.is_self_closing) = (self.at + 1, slash);
                    return Some(Step::End);
                }
                b'/' => slash = true,
                byte if is_space(byte) => slash = false,
                _ => break,
            }
            self.at += 1;
        }
        let begin = self.at;
        // an equals sign at the beginning is a part of the name
        let length =
            bytes[begin + 1..].iter().position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>' | b'='))?;
        let name = begin..begin + 1 + length;
        let next = self.past_space(name.end)?;
        if bytes[next] != b'=' {
            // what stands there is looked at again
            self.at = name.end;
            return Some(Step::Attribute(name.clone(), name.end..name.end));
        }
        let begin = self.past_space(next + 1)?;
        let value = match bytes[begin] {
            quote @ (b'"' | b'\'') => {
                let end = begin + 1 + memchr(quote, &bytes[begin + 1..])?;
                self.at = end + 1;
                begin + 1..end
            }
            _ => {
                let length = bytes[begin..].iter().position(|byte| is_space(*byte) || *byte == b'>')?;
                self.at = begin + length;
                begin..self.at
            }
        };
        Some(Step::Attribute(name, value))
    }

    fn past_space(&self, from: usize) -> Option<usize> {
        self.text.as_bytes()[from..].iter().position(|byte| !is_space(*byte)).map(|length| from + length)
    }
}

fn end_of_name(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
}

/// Where a comment, or what is read as one, ends.
fn after_comment(bytes: &[u8], begin: usize) -> usize {
    if !bytes[begin..].starts_with(b"<!--") {
        return after_next(bytes, begin, b'>');
    }
    let inner = begin + 4;
    for (short, length) in [(&b">"[..], 1), (b"->", 2)] {
        if bytes[inner..].starts_with(short) {
            return inner + length;
        }
    }
    for at in memchr_iter(b'-', &bytes[inner..]).map(|at| inner + at) {
        for close in [&b"-->"[..], b"--!>"] {
            if bytes[at..].starts_with(close) {
                return at + close.len();
            }
        }
    }
    bytes.len()
}

fn after_next(bytes: &[u8], from: usize, what: u8) -> usize {
    memchr(what, &bytes[from..]).map_or(bytes.len(), |at| from + at + 1)
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of tags with a slash before those of end tags and one after what closes itself.
    fn tags(text: &str) -> String {
        let mut markup = Markup::new(text);
        let mut out = Vec::new();
        while let Some(token) = markup.next(|_| ()) {
            out.push(match token {
                Token::Start(tag) => format!("{}{}", tag.name, if tag.is_self_closing { "/" } else { "" }),
                Token::End(tag) => format!("/{}", tag.name),
                Token::Cdata => "cdata".to_owned(),
            });
        }
        out.join(" ")
    }

    #[test]
    fn tags_are_what_a_browser_takes_for_one() {
        assert_eq!(
            tags("<a><B/></a\n></B x>< c><1></ d></><e/ ><f x=/><g x='>'/ y=\">\"><h x=a>b>"),
            "a B/ /a /B e f g h"
        );
        assert_eq!(tags("<!doctype html><!-- <a> --><a><!--><b><!---><c><!-- --!><d><!-- -- > <e>"), "a b c d");
        assert_eq!(tags("<?xml <a>?><b><![CDATA[<c>]]><!x><d><e"), "b cdata d");
        assert_eq!(tags("<a \"b>c\"><d ='><e =\"> x=\">\"><f/x><i"), "a d e f");
    }

    #[test]
    fn attributes_are_read_as_they_stand() {
        let text = "<a b=1 c='2 3'd=\"4\" / e f = g/ =h=i j=>";
        let mut markup = Markup::new(text);
        let Some(Token::Start(tag)) = markup.next(|_| ()) else { panic!("a tag") };
        let found: Vec<_> = attributes(&text[tag.attributes()]).collect();
        let want = [("b", "1"), ("c", "2 3"), ("d", "4"), ("e", ""), ("f", "g/"), ("=h", "i"), ("j", "")];
        assert_eq!(found, want);
    }

    #[test]
    fn raw_text_ends_at_its_own_end_tag() {
        let mut markup = Markup::new("<script>if (a</script1) </b></SCRIPT x>c");
        let mut seen = String::new();
        assert!(markup.next(|_| ()).is_some());
        assert_eq!(markup.raw("script"), "if (a</script1) </b>");
        assert!(markup.next(|_| ()).is_some() && markup.next(|text| seen += text).is_none());
        assert_eq!(seen, "c");
    }
}
