//! Requests from curl commands, as browsers copy them, and back.
//!
//! What curl would do by itself is done here too: `--data` makes a `POST` of a form. What belongs to a whole crawl is
//! read and handed over ([`Curl`]): certificates and names are settings. `-L` is nothing, for crawls follow redirects.

mod options;
mod shell;
mod write;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use percent_encoding::percent_decode_str;
use url::Url;

pub use self::shell::Shell;

use self::options::Asked;
use super::base64;
use super::build::{HeaderError, read_header};
use super::urls::{UrlError, from_text, with_http};
use super::{Request, Via};

/// A curl command that was understood.
#[derive(Debug, Clone)]
pub struct Curl {
    /// The request. Its credentials (`Authorization`, `Proxy-Authorization`, `Cookie`) are marked sensitive, so that no
    /// log shows them, and no queue takes them: send it with [`Session::fetch`](crate::spider::Session) in `open`, or let
    /// the crawl have cookies of its own.
    pub request: Request,
    /// `-k`: the command would take any certificate. Here that is a matter of the crawl's `[tls]`.
    pub insecure: bool,
    /// `--resolve HOST:PORT:ADDRESS`, as `dragline crawl --resolve` takes them.
    pub resolve: Vec<String>,
    /// Options that are not known and were passed over.
    pub ignored: Vec<String>,
}

/// A curl command that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CurlError {
    /// Another command.
    #[error("a curl command begins with `curl`")]
    NotCurl,
    /// A quote without its end.
    #[error("the quote {quote} at byte {at} has no end")]
    Unclosed {
        /// The quote.
        quote: &'static str,
        /// Where it begins.
        at: usize,
    },
    /// The command line goes on with another command, or leads output elsewhere.
    #[error("`{operator}` at byte {at} is not curl's: give the curl command alone")]
    Operator {
        /// What leads on.
        operator: char,
        /// Where it stands.
        at: usize,
    },
    /// An option that is not known here.
    #[error("curl's option `{0}` is not known here; `from_curl_lenient` passes over such")]
    UnknownOption(String),
    /// An option without the value that it needs.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that the option cannot have.
    #[error("the value of `{option}` is not {what}")]
    BadValue {
        /// The option.
        option: String,
        /// What it would have to be.
        what: &'static str,
    },
    /// Something that curl would read from a file.
    #[error("`{option}` would read a file, which is not done here: write its content into the command")]
    File {
        /// The option.
        option: String,
    },
    /// No URL.
    #[error("the command has no URL")]
    NoUrl,
    /// More than one URL.
    #[error("the command has more than one URL")]
    ManyUrls,
    /// A URL that is none.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A header that cannot be sent.
    #[error(transparent)]
    Header(#[from] HeaderError),
}

impl Curl {
    /// Reads a command line, of a POSIX shell or of Windows' `cmd`.
    ///
    /// # Errors
    /// If it is not understood: which part, and where. Files are never read.
    pub fn parse(command: &str) -> Result<Self, CurlError> {
        Self::parse_of(command, Shell::of(command))
    }

    /// The same, of a shell that is known.
    ///
    /// # Errors
    /// As [`Curl::parse`].
    pub fn parse_of(command: &str, shell: Shell) -> Result<Self, CurlError> {
        let curl = Self::parse_lenient(command, shell)?;
        match curl.ignored.first() {
            Some(option) => Err(CurlError::UnknownOption(option.clone())),
            None => Ok(curl),
        }
    }

    /// The same, passing over options that are not known.
    ///
    /// # Errors
    /// As [`Curl::parse`], but for unknown options.
    pub fn parse_lenient(command: &str, shell: Shell) -> Result<Self, CurlError> {
        let mut words = shell.words(command)?.into_iter();
        let program = words.next().unwrap_or_default();
        let program = program.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
        if !(program == b"curl" || program.eq_ignore_ascii_case(b"curl.exe")) {
            return Err(CurlError::NotCurl);
        }
        let mut asked = Asked::read(words)?;
        let request = asked.take_request()?;
        Ok(Self { request, insecure: asked.insecure, resolve: asked.resolve, ignored: asked.ignored })
    }
}

impl Request {
    /// The request that a curl command would send (Scrapy's `Request.from_curl`); [`Curl::parse`] says more.
    ///
    /// ```
    /// use dragline::message::Request;
    ///
    /// let request = Request::from_curl(r#"curl 'https://a.example/search' -H 'Accept: */*' --data-raw $'q=\'x\''"#)?;
    /// assert_eq!((request.method.as_str(), &*request.body), ("POST", &b"q='x'"[..]));
    /// # Ok::<(), dragline::message::CurlError>(())
    /// ```
    ///
    /// # Errors
    /// If it is not understood: which part, and where. Files are never read.
    pub fn from_curl(command: &str) -> Result<Self, CurlError> {
        Curl::parse(command).map(|curl| curl.request)
    }

    /// The same, passing over options that are not known.
    ///
    /// # Errors
    /// As [`Request::from_curl`], but for unknown options.
    pub fn from_curl_lenient(command: &str) -> Result<Self, CurlError> {
        Curl::parse_lenient(command, Shell::of(command)).map(|curl| curl.request)
    }
}

impl Asked {
    fn take_request(&mut self) -> Result<Request, CurlError> {
        let text = self.url.take().ok_or(CurlError::NoUrl)?;
        let mut url = from_text(&with_http(text.trim()))?;
        let mut headers = std::mem::take(&mut self.headers);
        self.add_credentials(&mut url, &mut headers)?;
        let body = std::mem::take(&mut self.body);
        if let (true, Some(data)) = (self.get, &body) {
            let data = String::from_utf8_lossy(data);
            let query = url
                .query()
                .filter(|query| !query.is_empty())
                .map_or_else(|| data.clone().into_owned(), |query| format!("{query}&{data}"));
            url.set_query(Some(&query));
        }
        let usual = match (&body, self.head, self.get) {
            (_, true, _) => Method::HEAD,
            (Some(_), _, false) => Method::POST,
            _ => Method::GET,
        };
        let mut request = Request::new(self.method.take().unwrap_or(usual), url);
        if let (false, Some(body)) = (self.get, body) {
            self.mark(&mut headers);
            request.body = Bytes::from(body);
        }
        request.headers = headers;
        if let Some(via) = self.via()? {
            request.options_mut().via = Some(via);
        }
        if self.timeout.is_some() {
            request.options_mut().timeout = self.timeout;
        }
        if self.redirects.is_some() {
            request.options_mut().redirects = self.redirects;
        }
        if self.retries.is_some() {
            request.options_mut().retries = self.retries;
        }
        Ok(request)
    }

    /// What curl says of a body unless it is told otherwise.
    fn mark(&self, headers: &mut HeaderMap) {
        let json = HeaderValue::from_static("application/json");
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let is_wanted = |name| !self.removed.contains(&name);
        if is_wanted(header::CONTENT_TYPE) {
            headers.entry(header::CONTENT_TYPE).or_insert(if self.json { json.clone() } else { form });
        }
        if self.json && is_wanted(header::ACCEPT) {
            headers.entry(header::ACCEPT).or_insert(json);
        }
    }

    /// User and password of `-u` or of the URL, which loses them, and the cookies.
    fn add_credentials(&mut self, url: &mut Url, headers: &mut HeaderMap) -> Result<(), CurlError> {
        let of_url = (!url.username().is_empty() || url.password().is_some()).then(|| {
            let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
            [&*decoded(url.username()), b":", &*decoded(url.password().unwrap_or_default())].concat()
        });
        if of_url.is_some() {
            // refused only where there are none
            let _ = url.set_username("").and_then(|()| url.set_password(None));
        }
        if let Some(mut user) = self.user.take().or(of_url) {
            if !user.contains(&b':') {
                user.push(b':');
            }
            let basic = format!("Basic {}", base64::encode(&user));
            let (name, mut value) = read_header("authorization", basic.as_bytes())?;
            value.set_sensitive(true);
            headers.entry(name).or_insert(value);
        }
        if !self.cookies.is_empty() {
            let (name, mut value) = read_header("cookie", &self.cookies.join(&b"; "[..]))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(())
    }

    fn via(&mut self) -> Result<Option<Via>, CurlError> {
        let Some(proxy) = self.proxy.take() else { return Ok(None) };
        if proxy.is_empty() {
            return Ok(Some(Via::Direct));
        }
        let bad =
            || CurlError::BadValue { option: "--proxy".to_owned(), what: "a proxy of http, https, socks5 or socks5h" };
        let mut url = from_text(&with_http(&proxy)).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") || !url.has_host() {
            return Err(bad());
        }
        if let Some(user) = self.proxy_user.take() {
            let user = String::from_utf8_lossy(&user).into_owned();
            let (user, password) = user.split_once(':').unwrap_or((&user, ""));
            url.set_username(user).and_then(|()| url.set_password(Some(password))).map_err(|()| bad())?;
        }
        Ok(Some(Via::Proxy(url)))
    }
}

#[cfg(test)]
mod tests;
