//! What a page says of its encoding in its first bytes: the HTML standard's prescan (section 13.2.3.2), and the XML
//! declaration. Where the standard finds nothing, what w3lib would find counts: `content="text/html; charset=…"` of a meta
//! that names no `http-equiv`, or a wrong one.

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::Charset;

/// How many of the first bytes are looked at. The standard asks for 1,024; w3lib, and so Scrapy, takes these.
pub const PRESCAN: usize = 4096;

/// What the first bytes of HTML declare.
#[must_use]
pub fn in_html(head: &[u8]) -> Option<Charset> {
    match head {
        [b'<', 0, b'?', 0, b'x', 0, ..] => return Some(Charset::Known(UTF_16LE)),
        [0, b'<', 0, b'?', 0, b'x', ..] => return Some(Charset::Known(UTF_16BE)),
        _ => {}
    }
    let mut prescan = Prescan { head, at: 0 };
    let mut loose = None;
    while let Some(meta) = prescan.next_meta() {
        match meta {
            Meta::Declares(charset) => return Some(charset),
            Meta::Mentions(charset) => loose = loose.or(Some(charset)),
            Meta::Other => {}
        }
    }
    in_xml(head).or(loose)
}

/// What an XML declaration says (HTML standard, "get an XML encoding").
#[must_use]
pub fn in_xml(head: &[u8]) -> Option<Charset> {
    match head {
        [b'<', 0, b'?', 0, ..] => return Some(Charset::Known(UTF_16LE)),
        [0, b'<', 0, b'?', ..] => return Some(Charset::Known(UTF_16BE)),
        _ => {}
    }
    let head = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let head = &head[..memchr::memchr(b'>', head)?];
    let at = memchr::memmem::find(head, b"encoding")? + b"encoding".len();
    let value = space(&head[at..]).strip_prefix(b"=").map(space)?;
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    let label = &value[..memchr::memchr(*quote, value)?];
    readable(label)
}

/// The encoding of a label that could be read in bytes: it is none of two bytes, whatever it says.
fn readable(label: &[u8]) -> Option<Charset> {
    if label.trim_ascii().eq_ignore_ascii_case(b"x-user-defined") {
        return Some(Charset::Known(WINDOWS_1252));
    }
    match Charset::of_label(std::str::from_utf8(label).ok()?)? {
        Charset::Known(encoding) if encoding == UTF_16BE || encoding == UTF_16LE => Some(Charset::Known(UTF_8)),
        charset @ Charset::Known(_) => Some(charset),
        Charset::Utf32Be | Charset::Utf32Le => Some(Charset::UTF_8),
    }
}

fn space(text: &[u8]) -> &[u8] {
    text.trim_ascii_start()
}

/// What a `<meta>` says.
enum Meta {
    /// As the standard asks for it.
    Declares(Charset),
    /// In its own way.
    Mentions(Charset),
    Other,
}

/// The standard's "prescan a byte stream to determine its encoding".
struct Prescan<'a> {
    head: &'a [u8],
    at: usize,
}

impl<'a> Prescan<'a> {
    fn rest(&self) -> &'a [u8] {
        self.head.get(self.at..).unwrap_or_default()
    }

    fn next_meta(&mut self) -> Option<Meta> {
        loop {
            self.at += memchr::memchr(b'<', self.rest())?;
            let rest = &self.rest()[1..];
            if rest.starts_with(b"!--") {
                // `<!-->` is a whole comment
                self.at += 2;
                self.at += memchr::memmem::find(self.rest(), b"-->")? + 3;
            } else if let Some(after) = meta(space(rest)) {
                let is_spaced = rest.first().is_some_and(u8::is_ascii_whitespace);
                self.at = self.head.len() - after.len();
                let meta = self.read_meta();
                // `< meta` is text, which somebody meant
                return Some(match meta {
                    Meta::Declares(charset) if is_spaced => Meta::Mentions(charset),
                    meta => meta,
                });
            } else if is_tag(rest) {
                let name = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>')?;
                self.at += 1 + name;
                while self.attribute().is_some() {}
            } else if rest.first().is_some_and(|byte| b"!/?".contains(byte)) {
                self.at += memchr::memchr(b'>', self.rest())?;
            } else {
                self.at += 1;
            }
        }
    }

    /// The attributes of a meta, and what they come to.
    fn read_meta(&mut self) -> Meta {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let (mut equivalent, mut label, mut content) = (None, None, None);
        while let Some((name, value)) = self.attribute() {
            if seen.contains(&name) {
                continue;
            }
            match &*name {
                b"http-equiv" => equivalent = Some(value),
                b"charset" => label = readable(&value),
                b"content" => content = in_content(&value),
                _ => {}
            }
            seen.push(name);
        }
        if let Some(charset) = label {
            return Meta::Declares(charset);
        }
        let is_pragma = equivalent.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(b"content-type"));
        match content {
            Some((charset, _)) if is_pragma => Meta::Declares(charset),
            Some((charset, true)) if !is_another_pragma(equivalent.as_deref()) => Meta::Mentions(charset),
            _ => Meta::Other,
        }
    }

    /// The standard's "get an attribute": its name in lower case, and its value.
    fn attribute(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        self.skip(|byte| byte.is_ascii_whitespace() || byte == b'/');
        if matches!(self.rest().first(), None | Some(b'>')) {
            return None;
        }
        let start = self.at;
        // the first character may be `=`
        self.at += 1;
        self.skip(|byte| !byte.is_ascii_whitespace() && !b"=/>".contains(&byte));
        let name = self.head[start..self.at].to_ascii_lowercase();
        self.skip(|byte| byte.is_ascii_whitespace());
        if self.rest().first() != Some(&b'=') {
            return Some((name, Vec::new()));
        }
        self.at += 1;
        self.skip(|byte| byte.is_ascii_whitespace());
        let value = match self.rest() {
            [quote @ (b'"' | b'\''), inner @ ..] => {
                let end = memchr::memchr(*quote, inner).unwrap_or(inner.len());
                self.at += end + 2;
                if end == inner.len() {
                    return None;
                }
                &inner[..end]
            }
            rest => {
                let end = rest.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'>');
                // what the head's end cuts off may have been longer
                self.at += end.unwrap_or(rest.len());
                &rest[..end?]
            }
        };
        Some((name, value.to_vec()))
    }

    fn skip(&mut self, which: impl Fn(u8) -> bool) {
        let rest = self.rest();
        self.at += rest.iter().position(|byte| !which(*byte)).unwrap_or(rest.len());
    }
}

/// What follows `meta`, a white space or a slash.
fn meta(text: &[u8]) -> Option<&[u8]> {
    let (name, rest) = text.split_at_checked(4)?;
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
    (name.eq_ignore_ascii_case(b"meta") && rest.first().is_some_and(is_end)).then_some(rest)
}

fn is_tag(text: &[u8]) -> bool {
    let name = text.strip_prefix(b"/").unwrap_or(text);
    name.first().is_some_and(u8::is_ascii_alphabetic)
}

/// Whether `http-equiv` is there and about something else.
fn is_another_pragma(name: Option<&[u8]>) -> bool {
    name.is_some_and(|name| memchr::memmem::find(&name.to_ascii_lowercase(), b"content-type").is_none())
}

/// The standard's "extracting a character encoding from a meta element", and whether a media type stands before it.
fn in_content(content: &[u8]) -> Option<(Charset, bool)> {
    const NAME: &[u8] = b"charset";
    let lower = content.to_ascii_lowercase();
    let mut at = 0;
    let value = loop {
        at += memchr::memmem::find(&lower[at..], NAME)? + NAME.len();
        if let Some(value) = space(&content[at..]).strip_prefix(b"=") {
            break space(value);
        }
    };
    let label = match value {
        [quote @ (b'"' | b'\''), inner @ ..] => &inner[..memchr::memchr(*quote, inner)?],
        _ => value.split(|byte| byte.is_ascii_whitespace() || *byte == b';').next()?,
    };
    let kind = content.split(|byte| *byte == b';').next().unwrap_or_default();
    Some((readable(label)?, kind.len() < at - NAME.len() && kind.contains(&b'/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(head: &str) -> Option<&'static str> {
        in_html(head.as_bytes()).map(Charset::name)
    }

    #[test]
    fn the_prescan_is_that_of_the_standard() {
        for (head, known) in [
            ("<meta charset=utf-8>", "UTF-8"),
            ("<META http-equiv=Content-Type content='text/html; CHARSET = \"koi8-r\" '>", "KOI8-R"),
            ("<meta content='text/html; charsetx; charset=big5' http-equiv=content-type>", "Big5"),
            ("<!-- <meta charset=big5> --><meta/charset=utf-8>", "UTF-8"),
            ("<!--><meta charset=utf-8>", "UTF-8"),
            ("<title a='<meta charset=big5>'><meta charset=utf-8>", "UTF-8"),
            ("</p a=\"><meta charset=big5>\"><meta charset=utf-8>", "UTF-8"),
            ("<!doctype '><meta charset=utf-8>", "UTF-8"),
            ("<meta charset=nothing><meta charset=utf-8>", "UTF-8"),
            ("<meta charset=utf-16>", "UTF-8"),
            ("<meta charset=utf-16be>", "UTF-8"),
            ("<meta charset=x-user-defined>", "windows-1252"),
            ("<meta charset=utf-8 charset=big5>", "UTF-8"),
            ("<?xml version='1.0' encoding='iso-8859-2'?><meta charset=utf-8>", "UTF-8"),
            ("<?xml version='1.0' encoding='iso-8859-2'?><html>", "ISO-8859-2"),
            ("<?xml encoding = \"utf-16\"?>", "UTF-8"),
            ("<\0?\0x\0", "UTF-16LE"),
            ("\0<\0?\0x", "UTF-16BE"),
        ] {
            assert_eq!(name(head), Some(known), "{head}");
        }
        for head in [
            "",
            "<",
            "<meta",
            "<meta charset=utf-8",
            "<meta charset='utf-8>",
            "<metal charset=utf-8>",
            "<!-- <meta charset=utf-8>",
            "<meta name=x content='charset=utf-8'>",
            "<meta http-equiv=content-type content='charset=\"utf-8'>",
            "<?xml encoding=utf-8?>",
            "<?xml version='1.0'",
        ] {
            assert_eq!(name(head), None, "{head}");
        }
    }
}
