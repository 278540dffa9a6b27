//! `dragline fetch`: one URL as a crawl would get it, through the same layers and the same limits.

mod har;
mod recorder;
mod shown;

use std::fs;
use std::io::{IsTerminal, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use dragline::downloader::Trace;
use dragline::error::Error;
use dragline::message::urls::{any_url, with_http};
use dragline::message::{Method, Request, Via};
use dragline::settings::{Layers, Source};
use dragline::{Fetcher, Registry, Settings};
use sha2::{Digest as _, Sha256};
use toml::Value;
use url::Url;

use self::recorder::Recorder;
use self::shown::Shown;
use crate::exit::Exit;
use crate::layers;
use crate::log::Log;
use crate::options::{self, Logging};
use crate::terminal::{is_unsafe, print, say};

/// Fetches a URL.
pub(crate) fn run(registry: &Registry, command: &options::Fetch) -> anyhow::Result<Exit> {
    let request = request(command)?;
    let layers = configured(command, &request.url)?;
    let recorder = Arc::new(Recorder::default());
    let fetcher = Fetcher::build(registry, &layers, Some(recorder.clone()))?;
    let logging = Logging { log_level: command.log_level.clone(), ..Logging::default() };
    let _log = Log::start(&logging, &Settings::read(&layers)?.log, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let trace = runtime.block_on(async {
        let trace = fetcher.fetch(request).await;
        fetcher.close().await;
        trace
    });
    runtime.shutdown_background();
    let Trace { request, outcome } = trace;
    let (mut response, failure) = match outcome {
        Ok(response) => (Some(response), None),
        Err(failure) => (None, Some(failure)),
    };
    let body = match &mut response {
        Some(response) => std::mem::take(&mut response.body).into_bytes().context("the body cannot be read")?,
        None => bytes::Bytes::new(),
    };
    let hops = recorder.take();
    if let Some(path) = &command.har {
        write(path, har::har(&hops, &body).to_string().as_bytes())?;
    }
    let sum: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let shown = Shown { request: &request, response: response.as_ref(), failure: failure.as_ref(), hops: &hops };
    if command.verbose {
        shown.way().iter().for_each(|line| say(line));
    }
    if let Some(path) = &command.output {
        write(path, &body)?;
    }
    if command.json {
        print(&shown.json(body.len(), &sum).to_string())?;
    } else if let Some(failure) = &failure {
        say(&format!("error: {}", shown::failed(failure)));
    } else {
        if command.include {
            shown.head().iter().try_for_each(|line| print(line))?;
        }
        if command.output.is_none() {
            write_out(&body)?;
        }
    }
    Ok(if failure.is_none() { Exit::Finished } else { Exit::Failed })
}

fn request(command: &options::Fetch) -> anyhow::Result<Request> {
    let usage = |message: String| anyhow::Error::from(Error::Setting { key: String::new(), message });
    let text = command.url.trim();
    let is_whole =
        ["data:", "file:"].iter().any(|scheme| text.get(..5).is_some_and(|s| s.eq_ignore_ascii_case(scheme)));
    let text = if is_whole { text.into() } else { with_http(text) };
    let url = any_url(&text).map_err(|error| usage(format!("`{}` is no URL: {error}", command.url)))?;
    let data = command.data.join("&");
    let method = match &command.method {
        Some(method) => Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| usage(format!("`-X {method}` is no method: letters such as GET, POST")))?,
        None if command.data.is_empty() => Method::GET,
        None => Method::POST,
    };
    let mut request = Request::new(method, url);
    if !command.data.is_empty() {
        request.body = data.into();
        request = request.text_header("content-type", "application/x-www-form-urlencoded")?;
    }
    for header in &command.header {
        let (name, value) = (header.split_once(':'))
            .ok_or_else(|| usage(format!("`-H {header}` is not `NAME: VALUE`, as `accept: text/html`")))?;
        request = request.text_header(name.trim(), value.trim()).map_err(|error| usage(error.to_string()))?;
    }
    let options = request.options_mut();
    options.despite_robots = !command.robots;
    options.offsite = true;
    if let Some(proxy) = &command.proxy {
        let proxy = Url::parse(&with_http(proxy)).map_err(|error| usage(format!("`--proxy` is no URL: {error}")))?;
        options.via = Some(Via::Proxy(proxy));
    }
    if command.no_redirect {
        options.redirects = Some(0);
    }
    Ok(request)
}

fn configured(command: &options::Fetch, url: &Url) -> anyhow::Result<Layers> {
    let mut layers = layers::read(&command.configured)?;
    // who waits at a terminal is told at once
    let key = "middlewares.robots.retry";
    if layers.place(key).is_none_or(|place| place.source == Source::Default) {
        layers.add_flag(&format!("{key}=[]"))?;
    }
    let path = |path: &Path| Value::String(path.to_string_lossy().into_owned());
    if let Some(jar) = &command.cookie_jar {
        if jar.exists() {
            layers.add_flag(&format!("middlewares.cookies.file={}", path(jar)))?;
        }
        layers.add_flag(&format!("middlewares.cookies.export={}", path(jar)))?;
    }
    if command.cache {
        layers.add_flag("middlewares.cache.mode=standard")?;
    }
    if url.scheme() == "file" {
        // it stands on the operator's own command line
        layers.add_flag("download.file_urls=true")?;
    }
    Ok(layers)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let error = |source| Error::Disk { what: "the file", path: path.to_owned(), source };
    Ok(fs::write(path, bytes).map_err(error)?)
}

/// The body, to a program as it is, and to a terminal only if it does no harm there.
fn write_out(body: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if !std::io::stdout().is_terminal() {
        out.write_all(body)?;
        return Ok(out.flush()?);
    }
    let Ok(text) = std::str::from_utf8(body) else {
        say("the body is no text: `-o FILE` keeps it");
        return Ok(());
    };
    for character in text.chars() {
        if is_unsafe(character) && !matches!(character, '\n' | '\t') {
            write!(out, "{}", character.escape_unicode())?;
        } else {
            write!(out, "{character}")?;
        }
    }
    if !text.ends_with('\n') {
        writeln!(out)?;
    }
    Ok(out.flush()?)
}
