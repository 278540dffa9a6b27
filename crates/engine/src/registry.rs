//! What there is by name: spiders, pipelines, middlewares. An explicit list; nothing registers itself.

mod layers;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::downloader::middlewares::{
    Auth, Cache, Cookies, Decompression, Headers, MetaRefresh, Offsite, Proxies, Redirects, Referrer, Retry, Robots,
};
use crate::downloader::{Fetch, Middleware};
use crate::error::{Error, Result};
use crate::feed::{Catalogue, Format, Storage};
use crate::hosts::Hosts;
use crate::message::ItemType;
use crate::pipeline::Pipeline;
use crate::settings::{Layers, Settings, Source, read_table};
use crate::spider::{Erased, Runnable, Spider};
use crate::stats::Stats;

/// A pipeline or middleware that can be made of its own settings.
///
/// It is built before anything touches disk or network; first side effects belong into [`Pipeline::open`].
pub trait Component: Sized + Send + Sync + 'static {
    /// The name in `pipelines.order` or `downloader.middlewares`, and of its table.
    const NAME: &'static str;

    /// Its table, `[pipelines.NAME]` or `[middlewares.NAME]`.
    type Settings: DeserializeOwned;

    /// Makes it.
    ///
    /// # Errors
    /// If its settings make no sense: [`Error::setting`] with the key.
    fn build(settings: Self::Settings, context: &Context) -> Result<Self>;
}

/// What a component may use.
#[derive(Debug, Clone)]
pub struct Context {
    /// The way to the wire, in turn with the crawl. Not there for middlewares, which are below it.
    pub fetch: Option<Fetch>,
    /// The crawl's figures.
    pub stats: Arc<Stats>,
    /// Whose turn it is.
    pub hosts: Arc<Hosts>,
    /// Requests at once over all hosts: `crawl.concurrency`.
    pub concurrency: usize,
    /// The kinds of items that the spider has declared.
    pub items: Arc<[ItemType]>,
    /// All settings of the crawl, for what is said in one place and holds in several.
    pub settings: Arc<Settings>,
}

type Build<T> = Box<dyn Fn(toml::Table, &Layers, &Context) -> Result<Arc<T>> + Send + Sync>;
type Check = Box<dyn Fn(toml::Table, &Layers) -> Result<()> + Send + Sync>;
type BuildSpider = Box<dyn Fn(&Layers) -> Result<Arc<dyn Runnable>> + Send + Sync>;

/// The names that a runner knows.
pub struct Registry {
    spiders: BTreeMap<&'static str, Entry>,
    pipelines: BTreeMap<&'static str, Part<dyn Pipeline>>,
    middlewares: BTreeMap<&'static str, Part<dyn Middleware>>,
    feeds: Catalogue,
}

struct Part<T: ?Sized> {
    build: Build<T>,
    /// Reads the settings and nothing else.
    check: Check,
}

struct Entry {
    settings: &'static str,
    items: &'static [ItemType],
    build: BuildSpider,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// No spiders, no pipelines, and the middlewares that come with the engine.
    #[must_use]
    pub fn new() -> Self {
        let (spiders, pipelines, middlewares) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { spiders, pipelines, middlewares, feeds: Catalogue::default() }
            .middleware::<Offsite>()
            .middleware::<Robots>()
            .middleware::<Headers>()
            .middleware::<Auth>()
            .middleware::<Referrer>()
            .middleware::<Retry>()
            .middleware::<MetaRefresh>()
            .middleware::<Redirects>()
            .middleware::<Decompression>()
            .middleware::<Cookies>()
            .middleware::<Proxies>()
            .middleware::<Cache>()
    }

    /// Adds a spider.
    #[must_use]
    pub fn spider<S: Spider>(mut self) -> Self {
        let build: BuildSpider = Box::new(|layers| {
            let spider: S = layers.arguments(S::NAME)?;
            Ok(Arc::new(Erased(spider)))
        });
        self.spiders.insert(S::NAME, Entry { settings: S::SETTINGS, items: S::ITEMS, build });
        self
    }

    /// Adds a pipeline.
    #[must_use]
    pub fn pipeline<C: Component + Pipeline>(mut self) -> Self {
        let build: Build<dyn Pipeline> = Box::new(|table, layers, context| {
            let settings = own_settings::<C>("pipelines", table, layers)?;
            Ok(Arc::new(C::build(settings, context).map_err(|error| layers.blame(error))?))
        });
        let check: Check = Box::new(|table, layers| own_settings::<C>("pipelines", table, layers).map(drop));
        self.pipelines.insert(C::NAME, Part { build, check });
        self
    }

    /// Adds a middleware.
    #[must_use]
    pub fn middleware<C: Component + Middleware>(mut self) -> Self {
        let build: Build<dyn Middleware> = Box::new(|table, layers, context| {
            let settings = own_settings::<C>("middlewares", table, layers)?;
            Ok(Arc::new(C::build(settings, context).map_err(|error| layers.blame(error))?))
        });
        let check: Check = Box::new(|table, layers| own_settings::<C>("middlewares", table, layers).map(drop));
        self.middlewares.insert(C::NAME, Part { build, check });
        self
    }

    /// Adds a format of feeds.
    #[must_use]
    pub fn feed_format(mut self, format: Format) -> Self {
        self.feeds.add_format(format);
        self
    }

    /// Adds a storage of feeds.
    #[must_use]
    pub fn feed_storage(mut self, storage: impl Storage + 'static) -> Self {
        self.feeds.add_storage(Arc::new(storage));
        self
    }

    /// The formats and storages of feeds.
    #[must_use]
    pub fn feeds(&self) -> &Catalogue {
        &self.feeds
    }

    /// The names of all spiders, in alphabetical order.
    pub fn spiders(&self) -> impl Iterator<Item = &'static str> {
        self.spiders.keys().copied()
    }

    /// The settings that a spider brings along, as TOML.
    ///
    /// # Errors
    /// If there is no such spider.
    pub fn spider_settings(&self, name: &str) -> Result<&'static str> {
        Ok(self.entry(name)?.settings)
    }

    /// The kinds of items that a spider has declared.
    ///
    /// # Errors
    /// If there is no such spider.
    pub fn spider_items(&self, name: &str) -> Result<Arc<[ItemType]>> {
        Ok(self.entry(name)?.items.into())
    }

    pub(crate) fn build_spider(&self, name: &str, layers: &Layers) -> Result<Arc<dyn Runnable>> {
        (self.entry(name)?.build)(layers)
    }

    pub(crate) fn build_pipeline(
        &self,
        name: &str,
        table: toml::Table,
        layers: &Layers,
        context: &Context,
    ) -> Result<Arc<dyn Pipeline>> {
        (find("pipeline", &self.pipelines, name)?.build)(table, layers, context)
    }

    pub(crate) fn build_middleware(
        &self,
        name: &str,
        table: toml::Table,
        layers: &Layers,
        context: &Context,
    ) -> Result<Arc<dyn Middleware>> {
        (find("middleware", &self.middlewares, name)?.build)(table, layers, context)
    }

    /// Makes sure that every name in the settings is that of something, and that every component's table can be read,
    /// whether or not this crawl uses it. The defaults have tables for components that a runner may do without.
    ///
    /// # Errors
    /// The key, its place, the nearest name.
    pub fn check(&self, layers: &Layers, settings: &Settings) -> Result<()> {
        for (name, table) in &settings.pipelines.each {
            if let Some(part) = known("pipeline", &self.pipelines, name, layers)? {
                (part.check)(table.clone(), layers)?;
            }
        }
        for (name, table) in &settings.middlewares {
            if let Some(part) = known("middleware", &self.middlewares, name, layers)? {
                (part.check)(table.clone(), layers)?;
            }
        }
        for name in settings.spiders.keys() {
            known("spider", &self.spiders, name, layers)?;
        }
        for name in &settings.pipelines.order {
            find("pipeline", &self.pipelines, name).map_err(|error| layers.blame_on("pipelines.order", &error))?;
        }
        for name in &settings.downloader.middlewares {
            let unknown = |error| layers.blame_on("downloader.middlewares", &error);
            find("middleware", &self.middlewares, name).map_err(unknown)?;
        }
        Ok(())
    }

    fn entry(&self, name: &str) -> Result<&Entry> {
        find("spider", &self.spiders, name)
    }
}

fn find<'a, T>(what: &'static str, names: &'a BTreeMap<&'static str, T>, name: &str) -> Result<&'a T> {
    names.get(name).ok_or_else(|| Error::Unknown {
        what,
        name: name.to_owned(),
        known: names.keys().map(|name| (*name).to_owned()).collect(),
    })
}

/// What a table belongs to; none for one that only the defaults have.
fn known<'a, T>(
    what: &'static str,
    names: &'a BTreeMap<&'static str, T>,
    name: &str,
    layers: &Layers,
) -> Result<Option<&'a T>> {
    let key = format!("{what}s.{name}");
    let written = layers.place(&key).is_some_and(|place| place.source != Source::Default);
    match find(what, names, name) {
        Ok(part) => Ok(Some(part)),
        Err(error) if written => Err(layers.blame_on(&key, &error)),
        Err(_) => Ok(None),
    }
}

fn own_settings<C: Component>(kind: &str, table: toml::Table, layers: &Layers) -> Result<C::Settings> {
    read_table(&format!("{kind}.{}", C::NAME), toml::Value::Table(table), layers)
}
