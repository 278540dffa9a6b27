//! curl's options: which are known, which take a value, and what each asks for.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::CurlError;
use crate::message::build::read_header;
use crate::message::mask::is_secret_header;

/// What curl does not escape (`curl_easy_escape`).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an option is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Agent,
    Cookie,
    Data,
    DataRaw,
    DataUrlencode,
    Get,
    Head,
    Header,
    Insecure,
    Json,
    MaxTime,
    Method,
    Proxy,
    ProxyUser,
    Redirects,
    Referrer,
    Resolve,
    Retries,
    Url,
    User,
    /// A switch that changes nothing here.
    Nothing,
    /// The same, with a value.
    NothingOf,
}

use Meaning::*;

impl Meaning {
    fn takes_value(self) -> bool {
        !matches!(self, Get | Head | Insecure | Nothing)
    }
}

/// Short name, if it has one; long name; what for.
const OPTIONS: [(&str, &str, Meaning); 51] = [
    ("A", "user-agent", Agent),
    ("b", "cookie", Cookie),
    ("d", "data", Data),
    ("", "data-ascii", Data),
    ("", "data-binary", Data),
    ("", "data-raw", DataRaw),
    ("", "data-urlencode", DataUrlencode),
    ("e", "referer", Referrer),
    ("G", "get", Get),
    ("H", "header", Header),
    ("I", "head", Head),
    ("k", "insecure", Insecure),
    ("", "json", Json),
    ("m", "max-time", MaxTime),
    ("", "max-redirs", Redirects),
    ("U", "proxy-user", ProxyUser),
    ("u", "user", User),
    ("X", "request", Method),
    ("x", "proxy", Proxy),
    ("", "resolve", Resolve),
    ("", "retry", Retries),
    ("", "url", Url),
    // how curl itself looks and works
    ("#", "progress-bar", Nothing),
    ("0", "http1.0", Nothing),
    ("4", "ipv4", Nothing),
    ("6", "ipv6", Nothing),
    ("", "basic", Nothing),
    ("", "compressed", Nothing),
    ("f", "fail", Nothing),
    ("g", "globoff", Nothing),
    ("", "http1.1", Nothing),
    ("", "http2", Nothing),
    ("", "http3", Nothing),
    ("i", "include", Nothing),
    ("", "show-headers", Nothing),
    ("L", "location", Nothing),
    ("N", "no-buffer", Nothing),
    ("", "no-keepalive", Nothing),
    ("", "no-progress-meter", Nothing),
    ("q", "disable", Nothing),
    ("S", "show-error", Nothing),
    ("s", "silent", Nothing),
    ("", "tcp-nodelay", Nothing),
    ("", "tlsv1.2", Nothing),
    ("v", "verbose", Nothing),
    ("", "connect-timeout", NothingOf),
    ("o", "output", NothingOf),
    ("", "retry-delay", NothingOf),
    ("", "retry-max-time", NothingOf),
    ("", "keepalive-time", NothingOf),
    ("w", "write-out", NothingOf),
];

/// All that a command asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) url: Option<String>,
    pub(super) method: Option<http::Method>,
    pub(super) headers: HeaderMap,
    /// Headers that curl is not to add by itself.
    pub(super) removed: Vec<HeaderName>,
    pub(super) cookies: Vec<Vec<u8>>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) json: bool,
    pub(super) get: bool,
    pub(super) head: bool,
    pub(super) user: Option<Vec<u8>>,
    pub(super) proxy: Option<String>,
    pub(super) proxy_user: Option<Vec<u8>>,
    pub(super) timeout: Option<Duration>,
    pub(super) redirects: Option<u32>,
    pub(super) retries: Option<u32>,
    pub(super) insecure: bool,
    pub(super) resolve: Vec<String>,
    pub(super) ignored: Vec<String>,
}

impl Asked {
    /// Reads the words that follow `curl`.
    pub(super) fn read(mut words: impl Iterator<Item = Vec<u8>>) -> Result<Self, CurlError> {
        let mut asked = Self::default();
        let mut many = false;
        while let Some(word) = words.next() {
            if word == b"--" {
                continue;
            } else if let Some(name) = word.strip_prefix(b"--") {
                asked.long(name, &mut words)?;
            } else if let [b'-', _, ..] = &*word {
                asked.short(&word[1..], &mut words)?;
            } else {
                many |= asked.url.is_some();
                asked.url.get_or_insert_with(|| text(&word));
            }
        }
        // behind an unknown option there may stand its value
        if many && asked.ignored.is_empty() { Err(CurlError::ManyUrls) } else { Ok(asked) }
    }

    fn long(&mut self, name: &[u8], words: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), CurlError> {
        let name = text(name);
        let (key, attached) = name.split_once('=').map_or((&*name, None), |(key, value)| (key, Some(value)));
        let Some((_, long, meaning)) = OPTIONS.iter().find(|(_, long, _)| *long == key) else {
            self.ignored.push(format!("--{key}"));
            return Ok(());
        };
        let option = format!("--{long}");
        match (meaning.takes_value(), attached) {
            (false, None) => self.switch(*meaning),
            (false, Some(_)) => self.ignored.push(format!("--{name}")),
            (true, Some(value)) => self.set(*meaning, option, value.as_bytes().to_vec())?,
            (true, None) => {
                let value = words.next().ok_or_else(|| CurlError::NoValue(option.clone()))?;
                self.set(*meaning, option, value)?;
            }
        }
        Ok(())
    }

    /// `-sSXPOST`: switches, and one option with its value at the end.
    fn short(&mut self, word: &[u8], words: &mut impl Iterator<Item = Vec<u8>>) -> Result<(), CurlError> {
        for (at, letter) in word.iter().enumerate() {
            let known = OPTIONS.iter().find(|(short, _, _)| short.as_bytes() == [*letter]);
            let option = format!("-{}", letter.escape_ascii());
            let Some((_, _, meaning)) = known else {
                self.ignored.push(option);
                return Ok(());
            };
            if meaning.takes_value() {
                let rest = &word[at + 1..];
                let value = if rest.is_empty() { words.next() } else { Some(rest.to_vec()) };
                return self.set(*meaning, option.clone(), value.ok_or(CurlError::NoValue(option))?);
            }
            self.switch(*meaning);
        }
        Ok(())
    }

    fn switch(&mut self, meaning: Meaning) {
        match meaning {
            Get => self.get = true,
            Head => self.head = true,
            Insecure => self.insecure = true,
            _ => {}
        }
    }

    fn set(&mut self, meaning: Meaning, option: String, value: Vec<u8>) -> Result<(), CurlError> {
        let bad = |what| CurlError::BadValue { option: option.clone(), what };
        match meaning {
            Agent if value.is_empty() => self.removed.push(header::USER_AGENT),
            Agent => self.put("user-agent", &value)?,
            Referrer => {
                let page = value.strip_suffix(b";auto").unwrap_or(&value);
                if !page.is_empty() {
                    self.put("referer", page)?;
                }
            }
            Header if value.starts_with(b"@") => return Err(CurlError::File { option }),
            Header => self.header(&value, &option)?,
            Cookie if !value.contains(&b'=') || value.starts_with(b"@") => return Err(CurlError::File { option }),
            Cookie => self.cookies.push(value),
            Data | Json if value.starts_with(b"@") => return Err(CurlError::File { option }),
            Data | DataRaw => self.add_body(b"&", value),
            DataUrlencode => self.add_body(b"&", urlencoded(&value).ok_or(CurlError::File { option })?),
            Json => {
                self.json = true;
                self.add_body(b"", value);
            }
            Meaning::Method => {
                let method = http::Method::from_bytes(&value).map_err(|_| bad("a method"))?;
                self.method = Some(method);
            }
            User => self.user = Some(value),
            Proxy => self.proxy = Some(text(&value)),
            ProxyUser => self.proxy_user = Some(value),
            Url if self.url.is_some() => return Err(CurlError::ManyUrls),
            Url => self.url = Some(text(&value)),
            Resolve => self.resolve.push(text(&value)),
            MaxTime => {
                let seconds: Option<f64> = text(&value).parse().ok();
                let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                self.timeout = Some(time.ok_or_else(|| bad("a number of seconds"))?).filter(|time| !time.is_zero());
            }
            Redirects if value == b"-1" => self.redirects = None,
            Redirects => self.redirects = Some(text(&value).parse().map_err(|_| bad("a number"))?),
            Retries => self.retries = Some(text(&value).parse().map_err(|_| bad("a number"))?),
            Get | Head | Insecure | Nothing | NothingOf => {}
        }
        Ok(())
    }

    fn add_body(&mut self, between: &[u8], data: Vec<u8>) {
        match &mut self.body {
            Some(body) => {
                body.extend_from_slice(between);
                body.extend(data);
            }
            None => self.body = Some(data),
        }
    }

    fn put(&mut self, name: &str, value: &[u8]) -> Result<(), CurlError> {
        // no part of a field's value (RFC 9110, section 5.5)
        let (name, value) = read_header(name, value.trim_ascii())?;
        self.headers.insert(name, value);
        Ok(())
    }

    /// `Name: value`; `Name;` is one without a value, and `Name:` one that curl is not to send.
    fn header(&mut self, line: &[u8], option: &str) -> Result<(), CurlError> {
        // browsers of old wrote HTTP/2's own fields too
        if line.starts_with(b":") {
            return Ok(());
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = match (colon, line.strip_suffix(b";")) {
            (Some(at), _) => (&line[..at], line[at + 1..].trim_ascii()),
            (None, Some(name)) => (name, &b""[..]),
            (None, None) => return Err(CurlError::BadValue { option: option.to_owned(), what: "`Name: value`" }),
        };
        let (name, mut value) = read_header(text(name).trim(), value)?;
        if colon.is_some() && value.is_empty() {
            self.removed.push(name);
        } else if name == header::COOKIE {
            self.cookies.push(value.as_bytes().to_vec());
        } else if name != header::CONTENT_LENGTH {
            value.set_sensitive(is_secret_header(&name, &value));
            self.headers.append(name, value);
        }
        Ok(())
    }
}

/// `--data-urlencode`: `content`, `=content`, `name=content`; none if it would read a file.
fn urlencoded(value: &[u8]) -> Option<Vec<u8>> {
    let escaped = |content: &[u8]| percent_encode(content, ESCAPED).to_string().into_bytes();
    match value.iter().position(|byte| *byte == b'=') {
        Some(0) => Some(escaped(&value[1..])),
        Some(at) => Some([&value[..=at], &*escaped(&value[at + 1..])].concat()),
        None if value.contains(&b'@') => None,
        None => Some(escaped(value)),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
