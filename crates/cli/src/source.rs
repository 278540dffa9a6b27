//! A page from wherever the command line says: a URL, a file, the standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use dragline::error::Error;
use dragline::message::urls::{any_url, with_http};
use dragline::message::{Body, Failure, Request, Response};
use dragline::page::Page;
use dragline::settings::{Layers, Source as Layer};
use dragline::{Fetcher, Registry, Settings};
use http::{HeaderValue, StatusCode, header};
use tokio::runtime::Runtime;
use url::Url;

use crate::layers;
use crate::log::Log;
use crate::options::reading::Reading;
use crate::options::{Configured, Logging};
use crate::terminal::say;

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the web, or in a `data:` URL.
    Url(Url),
    /// On disk.
    File(PathBuf),
    /// On the standard input.
    Input,
}

/// Names that people give to saved pages: a missing one is a missing file, and no host.
const FILES: [&str; 9] = ["html", "htm", "xhtml", "xml", "rss", "atom", "json", "jsonl", "txt"];

impl Place {
    /// Reads what stands on the command line: `-`, a file that is there, else a URL.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let path = Path::new(text);
        if text == "-" {
            return Ok(Self::Input);
        }
        if path.is_file() {
            return Ok(Self::File(path.to_owned()));
        }
        let has_scheme = text.contains("://") || ["data:", "file:"].iter().any(|scheme| text.starts_with(scheme));
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let is_name = FILES.contains(&extension) && (!text.contains('/') || path.is_absolute());
        if !has_scheme && (is_name || text.starts_with(['.', '/', '~']) || path.is_dir()) {
            return Err(usage(format!("`{text}` is no file that can be read, and no URL")));
        }
        let whole = if has_scheme { text.into() } else { with_http(text) };
        let url = any_url(&whole).map_err(|error| usage(format!("`{text}` is no file, and no URL: {error}")))?;
        Ok(Self::Url(url))
    }
}

/// Gets pages.
pub(crate) struct Reader {
    fetcher: Fetcher,
    runtime: Runtime,
    base: Option<Url>,
    _log: Log,
}

impl Reader {
    /// Reads the settings; nothing is fetched yet.
    pub(crate) fn build(registry: &Registry, reading: &Reading) -> anyhow::Result<Self> {
        let base = match &reading.base {
            Some(base) => Some(Url::parse(base).map_err(|error| usage(format!("`--base {base}` is no URL: {error}")))?),
            None => None,
        };
        let layers = asked_for(&reading.configured)?;
        let fetcher = Fetcher::build(registry, &layers, None)?;
        let log = log(&reading.log_level, fetcher.settings())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { fetcher, runtime, base, _log: log })
    }

    /// Gets a page. One of another status than 2xx is one too, and that is said.
    pub(crate) fn page(&self, place: &Place) -> anyhow::Result<Page> {
        let response = match place {
            Place::Url(url) => {
                let response = self.runtime.block_on(self.fetcher.fetch(asked(url.clone()))).outcome;
                let response = response.map_err(Error::from)?;
                if !response.status.is_success() {
                    say(&format!("note: {}", response.status));
                }
                response
            }
            _ => from_disk(place, self.base.clone(), self.fetcher.settings())?,
        };
        Ok(self.fetcher.page(response)?)
    }

    /// Whether references can be told: a file without `--base` knows only its own place.
    pub(crate) fn knows_base(&self, place: &Place) -> bool {
        self.base.is_some() || matches!(place, Place::Url(_))
    }

    /// Lets the layers write what they keep.
    pub(crate) fn close(self) {
        self.runtime.block_on(self.fetcher.close());
        self.runtime.shutdown_background();
    }
}

/// The log of a command that prints pages.
pub(crate) fn log(level: &str, settings: &Settings) -> anyhow::Result<Log> {
    let logging = Logging { log_level: level.to_owned(), ..Logging::default() };
    Ok(Log::start(&logging, &settings.log, None)?)
}

/// The settings of a command that gets what a person has named.
pub(crate) fn asked_for(configured: &Configured) -> anyhow::Result<Layers> {
    let mut layers = layers::read(configured)?;
    // who waits at a terminal is told at once
    let key = "middlewares.robots.retry";
    if layers.place(key).is_none_or(|place| place.source == Layer::Default) {
        layers.add_flag(&format!("{key}=[]"))?;
    }
    // it stands on the operator's own command line
    layers.add_flag("download.file_urls=true")?;
    Ok(layers)
}

/// robots.txt is for crawlers, and this one URL is asked for by a person.
pub(crate) fn asked(url: Url) -> Request {
    let mut request = Request::get(url);
    let options = request.options_mut();
    options.despite_robots = true;
    options.offsite = true;
    request
}

/// A file or the standard input as a response of its URL.
pub(crate) fn from_disk(place: &Place, url: Option<Url>, settings: &Settings) -> anyhow::Result<Response> {
    let limit = settings.download.max_body;
    let mut body = Vec::new();
    let (name, own, kind) = match place {
        Place::File(path) => {
            let failed = |source| Error::Disk { what: "a page", path: path.clone(), source };
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(limit.0 + 1).read_to_end(&mut body).map_err(failed)?;
            let whole = std::fs::canonicalize(path).map_err(failed)?;
            (path.display().to_string(), Url::from_file_path(whole).ok(), kind_of(path))
        }
        _ => {
            std::io::stdin().lock().take(limit.0 + 1).read_to_end(&mut body)?;
            ("the standard input".to_owned(), None, None)
        }
    };
    if body.len() as u64 > limit.0 {
        return Err(usage(format!("{name} is over `download.max_body` = {limit}")));
    }
    let own = match own {
        Some(own) => own,
        None => Url::parse("file:///-")?,
    };
    let mut response = Response::new(url.unwrap_or(own), StatusCode::OK);
    if let Some(kind) = kind {
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response.body = Body::Memory(body.into());
    Ok(response)
}

/// What a file's name says of its kind; where it says nothing, the content speaks.
fn kind_of(path: &Path) -> Option<&'static str> {
    Some(match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html",
        "xhtml" => "application/xhtml+xml",
        "xml" => "application/xml",
        "rss" => "application/rss+xml",
        "atom" => "application/atom+xml",
        "json" | "jsonl" => "application/json",
        "csv" => "text/csv",
        "txt" => "text/plain",
        _ => return None,
    })
}

/// What the command line cannot mean.
pub(crate) fn usage(message: String) -> anyhow::Error {
    Error::Setting { key: String::new(), message }.into()
}

/// A failure's kind and what is known of it, without the URL that everybody knows.
pub(crate) fn failed(failure: &Failure) -> String {
    if failure.detail.is_empty() { failure.kind.to_string() } else { format!("{}: {}", failure.kind, failure.detail) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_a_url_or_the_input() {
        let said = |text: &str| Place::read(text).expect_err("no place").to_string();
        assert_eq!(Place::read("-").expect("a place"), Place::Input);
        assert_eq!(Place::read("Cargo.toml").expect("a place"), Place::File("Cargo.toml".into()));
        let url = |text: &str| Place::Url(Url::parse(text).expect("a URL"));
        assert_eq!(Place::read("example.com/a.html").expect("a place"), url("http://example.com/a.html"));
        assert_eq!(Place::read("localhost:8000/").expect("a place"), url("http://localhost:8000/"));
        assert_eq!(Place::read("data:text/html,<p>a").expect("a place"), url("data:text/html,<p>a"));
        assert_eq!(said("missing.html"), "`missing.html` is no file that can be read, and no URL");
        assert!(said("./missing").contains("no file") && said("src").contains("no file"));
    }
}
