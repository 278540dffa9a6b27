//! `data:` URLs: what they carry (RFC 2397; WHATWG Fetch, "data: URL processor").

use bytesize::ByteSize;
use percent_encoding::percent_decode;
use url::Url;

use super::UrlError;
use crate::message::base64;

const SCHEME: &str = "data:";
const BASE64: &[u8] = b"base64";

/// What a `data:` URL carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// The media type, `text/plain` if none is given.
    pub media_type: String,
    /// Its parameters, in order; `charset=US-ASCII` if no media type and no charset is given.
    pub parameters: Vec<(String, String)>,
    /// The data.
    pub body: Vec<u8>,
}

impl Data {
    /// Reads a `data:` URL of at most `limit` bytes of data (w3lib's `parse_data_uri`).
    ///
    /// # Errors
    /// If it is none, says what is wrong where; if the data is over the limit.
    pub fn read(url: &Url, limit: ByteSize) -> Result<Self, UrlError> {
        Self::from_text(url.as_str(), limit)
    }

    /// The same from text that may not be a URL.
    ///
    /// # Errors
    /// As [`Data::read`].
    pub fn from_text(text: &str, limit: ByteSize) -> Result<Self, UrlError> {
        let wrong = |what, at| UrlError::Data { what, at };
        let begin = text.len() - text.trim_start_matches(|c: char| c <= ' ').len();
        let text = text.trim_end_matches(|c: char| c <= ' ');
        let after = begin + SCHEME.len();
        if !text.get(begin..after).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME)) {
            return Err(wrong("it does not begin with `data:`", begin));
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let comma = text[after..].find(',').map(|at| after + at).ok_or_else(|| wrong("no comma", text.len()))?;
        // a URL's parser takes line ends and tabs out
        let plain = |text: &str| -> Vec<u8> { text.bytes().filter(|byte| !b"\t\n\r".contains(byte)).collect() };
        let head: Vec<u8> = percent_decode(&plain(&text[after..comma])).collect();
        let (head, is_base64) = without_base64(&head);
        let (media_type, parameters) = media_type(head).ok_or_else(|| wrong("no media type", after))?;
        let mut body: Vec<u8> = percent_decode(&plain(&text[comma + 1..])).collect();
        if is_base64 {
            body = base64::decode(&body).map_err(|at| wrong("no base64", comma + 1 + at))?;
        }
        let size = ByteSize(body.len() as u64);
        if size > limit {
            return Err(UrlError::TooLarge { size, limit });
        }
        Ok(Self { media_type, parameters, body })
    }
}

/// The head without its `;base64`, and whether it had one.
fn without_base64(head: &[u8]) -> (&[u8], bool) {
    let trimmed = head.trim_ascii_end();
    let Some(at) = trimmed.len().checked_sub(BASE64.len()) else { return (head, false) };
    let (before, last) = trimmed.split_at(at);
    let before = before.trim_ascii_end();
    match before.strip_suffix(b";") {
        Some(before) if last.eq_ignore_ascii_case(BASE64) => (before, true),
        _ => (head, false),
    }
}

type Parameters = Vec<(String, String)>;

/// `type/subtype;name=value;name="value"`, each part optional; none if it is something else.
fn media_type(head: &[u8]) -> Option<(String, Parameters)> {
    let head = head.trim_ascii();
    let end = head.iter().position(|byte| *byte == b';').unwrap_or(head.len());
    let essence = head[..end].trim_ascii_end();
    let mut parameters = Vec::new();
    let media_type = if essence.is_empty() {
        parameters.push(("charset".to_owned(), "US-ASCII".to_owned()));
        "text/plain".to_owned()
    } else {
        let slash = essence.iter().position(|byte| *byte == b'/')?;
        let is_type = is_token(&essence[..slash]) && is_token(&essence[slash + 1..]);
        is_type.then(|| String::from_utf8_lossy(essence).into_owned())?
    };
    let mut rest = &head[end..];
    while let Some(after) = rest.strip_prefix(b";") {
        let after = after.trim_ascii_start();
        let equals = after.iter().position(|byte| *byte == b'=')?;
        let name = String::from_utf8_lossy(&after[..equals]).into_owned();
        let (value, left) = value(&after[equals + 1..])?;
        if !is_token(&after[..equals]) {
            return None;
        }
        match parameters.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => parameters.push((name, value)),
        }
        rest = left.trim_ascii_start();
    }
    rest.is_empty().then_some((media_type, parameters))
}

/// A parameter's value, quoted or not, and what follows it.
fn value(text: &[u8]) -> Option<(String, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        return Some((String::from_utf8_lossy(&text[..end]).trim().to_owned(), &text[end..]));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((String::from_utf8_lossy(&value).into_owned(), &quoted[at + 1..])),
            b'\\' => value.push(*bytes.next()?.1),
            _ => value.push(*byte),
        }
    }
    None
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_one = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Data, UrlError> {
        Data::from_text(text, ByteSize::kib(1))
    }

    #[test]
    fn a_media_type_has_parameters_in_quotes_and_out_of_them() {
        let data = read("data:text/plain;charset=utf-8;bar=%22foo;%5C%22 foo ;/%20%5C%22%22,%CE%8E").expect("data");
        let bar = "foo;\" foo ;/ \"".to_owned();
        assert_eq!(data.parameters, [("charset".to_owned(), "utf-8".to_owned()), ("bar".to_owned(), bar)]);
        assert_eq!((&*data.media_type, &*data.body), ("text/plain", "Ύ".as_bytes()));
    }

    #[test]
    fn base64_is_read_as_browsers_do() {
        for text in
            ["data:image/png;base64,YWI%3D", "DATA:image/png; BASE64 ,YW I", "data:;charset=x;base64,YW%0AI=#fragment"]
        {
            assert_eq!(read(text).expect("data").body, b"ab", "{text}");
        }
        assert_eq!(read("data:;base64,YWI=").expect("data").parameters[0].1, "US-ASCII");
    }

    #[test]
    fn line_ends_and_tabs_are_no_part_of_it() {
        let text = "data:text/\npl\tain;cha\r\nrset=x,a\nb";
        assert_eq!(read(text), Data::read(&Url::parse(text).expect("a URL"), ByteSize::kib(1)));
        assert_eq!(read(text).expect("data").media_type, "text/plain");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, what) in [
            ("http://a.example/", "not a data URL: it does not begin with `data:` at byte 0"),
            ("data:text/plain", "not a data URL: no comma at byte 15"),
            ("data:text,x", "not a data URL: no media type at byte 5"),
            ("data:;base64,Y*", "not a data URL: no base64 at byte 14"),
            ("data:text/plain;foo=\"bar,x", "not a data URL: no media type at byte 5"),
            ("é", "not a data URL: it does not begin with `data:` at byte 0"),
        ] {
            assert_eq!(read(text).map_err(|error| error.to_string()), Err(what.to_owned()));
        }
        let long = format!("data:,{}", "x".repeat(1025));
        assert_eq!(read(&long).expect_err("too long").to_string(), "data of 1.0 KiB is over the limit of 1.0 KiB");
    }
}
