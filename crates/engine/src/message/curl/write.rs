//! A request as a curl command that can be pasted into a POSIX shell: nothing in it can break out of its quotes.

use std::borrow::Cow;
use std::fmt::Write;

use http::{Method, header};
use url::Url;

use crate::message::build::{lines, title};
use crate::message::mask::{self, is_secret_header};
use crate::message::{Request, Via};

impl Request {
    /// The request as a curl command (Scrapy's `Request.to_curl`), with `***` for passwords, tokens and cookies.
    #[must_use]
    pub fn to_curl(&self) -> String {
        self.as_curl(true)
    }

    /// The same with its secrets.
    #[must_use]
    pub fn to_curl_with_secrets(&self) -> String {
        self.as_curl(false)
    }

    fn as_curl(&self, is_masked: bool) -> String {
        let shown = |url: &Url| if is_masked { mask::url(url).into_owned() } else { url.to_string() };
        let mut command = match self.method {
            // with `-X HEAD` curl would wait for a body
            Method::HEAD => "curl --head".to_owned(),
            _ => format!("curl -X {}", bare(self.method.as_str())),
        };
        let url = shown(&self.url);
        if url.contains(['[', ']', '{', '}']) {
            command.push_str(" --globoff");
        }
        command = format!("{command} {}", bare(&url));
        let body = self.shown_body(is_masked);
        if body.contains(&0) {
            // no argument of a program can hold a NUL
            let octal = body.iter().fold(String::new(), |mut text, byte| {
                // writing to a String cannot fail
                let _ = write!(text, "\\{byte:03o}");
                text
            });
            command = format!("printf '{octal}' | {command} --data-binary @-");
        } else if !body.is_empty() {
            command = format!("{command} --data-raw {}", quoted(&body));
        }
        for (name, value) in lines(&self.headers, is_masked).filter(|(name, _)| *name != header::COOKIE) {
            let line = match value.is_empty() {
                true => format!("{};", title(name)).into_bytes(),
                false => [title(name).as_bytes(), b": ", &value].concat(),
            };
            command = format!("{command} -H {}", quoted(&line));
        }
        for value in self.headers.get_all(header::COOKIE) {
            let is_hidden = is_masked && is_secret_header(&header::COOKIE, value);
            let cookies = if is_hidden { without_values(value.as_bytes()) } else { Cow::Borrowed(value.as_bytes()) };
            // without a `=` curl would take it for the name of a file
            let is_file = cookies.starts_with(b"@") || !cookies.contains(&b'=');
            command = match is_file {
                true => format!("{command} -H {}", quoted(&[b"Cookie: ", &*cookies].concat())),
                false => format!("{command} --cookie {}", quoted(&cookies)),
            };
        }
        match &self.options().via {
            Some(Via::Proxy(proxy)) => command = format!("{command} --proxy {}", bare(&shown(proxy))),
            Some(Via::Direct) => command.push_str(" --proxy ''"),
            None => {}
        }
        if let Some(timeout) = self.options().timeout {
            command = format!("{command} --max-time {}", timeout.as_secs_f64());
        }
        command
    }
}

/// The names of cookies.
fn without_values(cookies: &[u8]) -> Cow<'_, [u8]> {
    let cookies = cookies.split(|byte| *byte == b';').map(|cookie| {
        let name = cookie.split(|byte| *byte == b'=').next().unwrap_or_default();
        [name.trim_ascii(), b"=***"].concat()
    });
    Cow::Owned(cookies.collect::<Vec<_>>().join(&b"; "[..]))
}

/// A word that needs no quotes, or in them.
fn bare(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { text.to_owned() } else { quoted(text.as_bytes()) }
}

/// `'…'`, or `$'…'` where something would not survive there or is not to reach a terminal.
fn quoted(bytes: &[u8]) -> String {
    // overrides of the direction could make a command look like another
    let is_odd = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_odd) => format!("'{}'", text.replace('\'', "'\\''")),
        _ => {
            let mut out = "$'".to_owned();
            for chunk in bytes.utf8_chunks() {
                for character in chunk.valid().chars() {
                    match character {
                        '\\' | '\'' => out.extend(['\\', character]),
                        '\n' => out.push_str("\\n"),
                        _ if is_odd(character) => escape(&mut out, character.encode_utf8(&mut [0; 4]).as_bytes()),
                        _ => out.push(character),
                    }
                }
                escape(&mut out, chunk.invalid());
            }
            out + "'"
        }
    }
}

/// In octal: three digits end by themselves.
fn escape(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // writing to a String cannot fail
        let _ = write!(out, "\\{byte:03o}");
    }
}
