//! Settings: each component owns its part, this puts them together; [`Layers`] says where each value came from.

mod arguments;
mod layers;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use layers::{Layers, Place, Source};

use crate::downloader::{Dns, Limits, Tls};
use crate::error::{Error, Result};
use crate::{feed, frontier, hosts, pipeline, spider};

/// All settings of a crawl, in the order in which data flows. `config/default.toml` is their manual.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The crawl as a whole.
    pub crawl: Crawl,
    /// The order of requests.
    pub frontier: frontier::Settings,
    /// Politeness.
    pub hosts: hosts::Settings,
    /// The layers above the wire.
    pub downloader: Downloader,
    /// `[middlewares.NAME]`, read by the middleware itself.
    pub middlewares: BTreeMap<String, toml::Table>,
    /// Limits of the wire.
    pub download: Limits,
    /// Names.
    pub dns: Dns,
    /// Trust.
    pub tls: Tls,
    /// How pages are read.
    pub spider: spider::Settings,
    /// What items go through.
    pub pipelines: pipeline::Settings,
    /// Where items go.
    pub feeds: Vec<feed::Settings>,
    /// `[spiders.NAME]`: a spider's arguments, and under `settings` what holds for it alone.
    pub spiders: BTreeMap<String, toml::Table>,
}

/// `[crawl]`: the crawl as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Crawl {
    /// Requests at once, over all hosts.
    pub concurrency: usize,
    /// How long what is under way may take to end after the first Ctrl-C.
    #[serde(with = "humantime_serde")]
    pub grace: Duration,
}

impl Default for Crawl {
    fn default() -> Self {
        Self { concurrency: 16, grace: Duration::from_secs(30) }
    }
}

/// `[downloader]`: the layers above the wire.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Downloader {
    /// The middlewares by name, the outermost first.
    pub middlewares: Vec<String>,
}

impl Default for Downloader {
    fn default() -> Self {
        Self { middlewares: ["headers", "referrer", "retry", "redirect", "cookies"].map(str::to_owned).into() }
    }
}

impl Settings {
    /// The effective settings of merged layers.
    ///
    /// # Errors
    /// If a value does not fit: the key, the place, what is expected.
    pub fn read(layers: &Layers) -> Result<Self> {
        let merged = toml::Value::Table(layers.merged());
        let settings: Self = read_table("", merged, layers)?;
        if settings.crawl.concurrency == 0 || settings.hosts.concurrency == 0 || settings.frontier.batch == 0 {
            let zero = [
                ("crawl.concurrency", settings.crawl.concurrency),
                ("hosts.concurrency", settings.hosts.concurrency),
                ("frontier.batch", settings.frontier.batch),
            ];
            let key = zero.iter().find(|(_, value)| *value == 0).map_or("", |(key, _)| key);
            return Err(layers.blame(Error::setting(key, "must be 1 or more: with 0 nothing would ever be sent")));
        }
        Ok(settings)
    }
}

/// Reads a component's own table; an error names the key and the place where it was set.
pub(crate) fn read_table<T: DeserializeOwned>(prefix: &str, value: toml::Value, layers: &Layers) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let key = [prefix, &path].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
        let what = error.inner().to_string();
        layers.blame(Error::setting(&key, format!("cannot be: {}", what.trim())))
    })
}
