//! What a request carries: headers, cookies, a form, JSON. Whatever would break the lines of HTTP is refused here.

use std::borrow::Cow;

use bytes::Bytes;
use encoding_rs::UTF_8;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;

use super::urls::Encoding;
use super::{Request, mask};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// What Scrapy's `JsonRequest` accepts.
const SCRIPTS: HeaderValue = HeaderValue::from_static("application/json, text/javascript, */*; q=0.01");

/// A header or cookie that cannot be sent as it is (RFC 9110, section 5.5). The value is not repeated: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad_header: {what} at byte {at} of the {part} of `{}`", name.escape_debug())]
pub struct HeaderError {
    /// The name of the header or cookie.
    pub name: String,
    /// Whether its name or its value is wrong.
    pub part: &'static str,
    /// What is wrong.
    pub what: &'static str,
    /// Where, in bytes.
    pub at: usize,
}

impl Request {
    /// Sets a header from text, in place of any of that name.
    ///
    /// # Errors
    /// If the name is not one, or the value has a line end, a NUL or another control character in it.
    pub fn text_header(self, name: &str, value: &str) -> Result<Self, HeaderError> {
        let (name, value) = read_header(name, value.as_bytes())?;
        Ok(self.header(name, value))
    }

    /// Adds cookies of this request's own to its `Cookie` header (Scrapy's `cookies`). They go where the request goes,
    /// and are not kept in the jar; a job on disk refuses them as it does every cookie.
    ///
    /// # Errors
    /// If a name or a value has in it what ends a cookie or a header.
    pub fn cookies<'a>(self, cookies: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, HeaderError> {
        let mut line = match self.headers.get(header::COOKIE) {
            Some(value) => value.as_bytes().to_vec(),
            None => Vec::new(),
        };
        let was_sensitive = self.headers.get(header::COOKIE).is_some_and(HeaderValue::is_sensitive);
        for (name, value) in cookies {
            let wrong = |part, at| HeaderError { name: name.to_owned(), part, what: "a character that ends it", at };
            if let Some(at) = name.find(['=', ';', ',']) {
                return Err(wrong("name", at));
            }
            if let Some(at) = value.find(';') {
                return Err(wrong("value", at));
            }
            check(name, "name", name.as_bytes())?;
            check(name, "value", value.as_bytes())?;
            if !line.is_empty() {
                line.extend(b"; ");
            }
            line.extend([name.as_bytes(), b"=", value.as_bytes()].concat());
        }
        if line.is_empty() {
            return Ok(self);
        }
        let (name, mut value) = read_header("cookie", &line)?;
        value.set_sensitive(was_sensitive);
        Ok(self.header(name, value))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends form fields as browsers do, `application/x-www-form-urlencoded` (WHATWG URL, section 5.2): in the place of
    /// the query of a `GET` or `HEAD`, else in the body.
    #[must_use]
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.form_in(UTF_8, fields)
    }

    /// The same in another encoding, which is that of the form's page. What it lacks is sent as `&#8364;`.
    #[must_use]
    pub fn form_in<'a>(
        mut self,
        encoding: &'static Encoding,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|text| Cow::Owned(encoding.encode(text).0.into_owned());
        let mut form = form_urlencoded::Serializer::new(String::new());
        let form = form.encoding_override(Some(encode)).extend_pairs(fields).finish();
        if matches!(self.method, Method::GET | Method::HEAD) {
            self.url.set_query((!form.is_empty()).then_some(&form));
        } else {
            self.body = Bytes::from(form);
            self.headers.insert(header::CONTENT_TYPE, FORM);
        }
        self
    }

    /// Puts a value into the body as JSON, and marks it so as [`Request::as_json`] does (Scrapy's `JsonRequest`).
    ///
    /// # Errors
    /// If the value cannot be JSON.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, serde_json::Error> {
        self.body = Bytes::from(serde_json::to_vec(value)?);
        Ok(self.as_json())
    }

    /// Says that the body is JSON and that an answer in JSON is welcome, unless headers say otherwise.
    #[must_use]
    pub fn as_json(mut self) -> Self {
        self.headers.entry(header::CONTENT_TYPE).or_insert(JSON);
        self.headers.entry(header::ACCEPT).or_insert(SCRIPTS);
        self
    }
}

/// A header from text.
pub(super) fn read_header(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), HeaderError> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let at = name.bytes().position(|byte| !is_token(byte)).unwrap_or(name.len());
    let wrong = |part, what, at| HeaderError { name: name.to_owned(), part, what, at };
    let Ok(key) = HeaderName::from_bytes(name.as_bytes()) else {
        let what = if name.is_empty() { "nothing" } else { "a character that no name has" };
        return Err(wrong("name", what, at));
    };
    check(name, "value", value)?;
    let value = HeaderValue::from_bytes(value).map_err(|_| wrong("value", "a control character", 0))?;
    Ok((key, value))
}

/// Refuses what would end a header, and what no client sends.
fn check(name: &str, part: &'static str, bytes: &[u8]) -> Result<(), HeaderError> {
    let Some(at) = bytes.iter().position(|byte| (*byte < 32 && *byte != b'\t') || *byte == 127) else { return Ok(()) };
    let what = match bytes[at] {
        b'\r' | b'\n' => "a line end",
        0 => "a NUL",
        _ => "a control character",
    };
    Err(HeaderError { name: name.to_owned(), part, what, at })
}

/// `content-type` as people write it.
pub(super) fn title(name: &HeaderName) -> String {
    let mut begins = true;
    let letter = |letter: char| {
        let titled = if begins { letter.to_ascii_uppercase() } else { letter };
        begins = letter == '-';
        titled
    };
    name.as_str().chars().map(letter).collect()
}

/// The headers as they are shown, one by one.
pub(super) fn lines(headers: &HeaderMap, is_masked: bool) -> impl Iterator<Item = (&HeaderName, Cow<'_, [u8]>)> {
    headers.iter().map(move |(name, value)| {
        (name, if is_masked { mask::header(name, value) } else { Cow::Borrowed(value.as_bytes()) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    fn post() -> Request {
        Request::post(Url::parse("https://www.kodakpulse.com/?a=0#top").expect("a URL"))
    }

    #[test]
    fn a_form_is_encoded_as_browsers_do() {
        let request = post().form([("username", "a b"), ("password", "ä&=")]);
        assert_eq!(request.body, "username=a+b&password=%C3%A4%26%3D");
        assert_eq!(request.headers[header::CONTENT_TYPE], "application/x-www-form-urlencoded");
        let request = post().form_in(encoding_rs::WINDOWS_1252, [("ä", "Ж")]);
        assert_eq!(request.body, "%E4=%26%231046%3B");
    }

    #[test]
    fn the_form_of_a_get_stands_in_the_place_of_the_query() {
        let get = Request::get(post().url).form([("q", "a b"), ("q", "ä")]);
        assert_eq!(get.url.as_str(), "https://www.kodakpulse.com/?q=a+b&q=%C3%A4#top");
        assert!(get.body.is_empty() && get.headers.is_empty());
        assert_eq!(get.form([]).url.as_str(), "https://www.kodakpulse.com/#top");
    }

    #[test]
    fn json_is_marked_as_such_unless_headers_say_otherwise() {
        let request = post().header(header::ACCEPT, HeaderValue::from_static("*/*")).json(&[1, 2]).expect("JSON");
        assert_eq!(
            (&*request.body, &request.headers[header::ACCEPT]),
            (&b"[1,2]"[..], &HeaderValue::from_static("*/*"))
        );
        assert_eq!(request.headers[header::CONTENT_TYPE], "application/json");
        assert!(post().json(&std::collections::BTreeMap::from([((1, 2), 3)])).is_err());
    }

    #[test]
    fn h14_what_breaks_a_header_is_refused_when_it_is_built() {
        for (name, value, text) in [
            ("X-A", "b\r\nX-B: c", "bad_header: a line end at byte 1 of the value of `X-A`"),
            ("X-A", "b\nc", "bad_header: a line end at byte 1 of the value of `X-A`"),
            ("X-A", "\0", "bad_header: a NUL at byte 0 of the value of `X-A`"),
            ("X-A", "canary\u{7f}", "bad_header: a control character at byte 6 of the value of `X-A`"),
            ("X\r\nB", "c", "bad_header: a character that no name has at byte 1 of the name of `X\\r\\nB`"),
            ("", "c", "bad_header: nothing at byte 0 of the name of ``"),
        ] {
            assert_eq!(post().text_header(name, value).expect_err(name).to_string(), text);
        }
        let request = post().text_header("x-a", "é\tb").expect("a header");
        assert_eq!(request.headers["x-a"].as_bytes(), "é\tb".as_bytes());
    }

    #[test]
    fn cookies_are_one_line_that_nothing_in_them_ends() {
        let request = post().cookies([("a", "1")]).and_then(|request| request.cookies([("b", "2"), ("c", "")]));
        assert_eq!(request.expect("cookies").headers[header::COOKIE], "a=1; b=2; c=");
        for (name, value) in [("a", "1; b=2"), ("a=b", "1"), ("a", "1\r\nX: y"), ("a\n", "1"), ("a;", "1")] {
            assert!(post().cookies([(name, value)]).is_err(), "{name}");
        }
        assert!(post().cookies([]).expect("nothing").headers.is_empty());
    }
}
