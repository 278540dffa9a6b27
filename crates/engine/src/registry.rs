//! What there is by name: spiders, pipelines, middlewares. An explicit list; nothing registers itself.

mod layers;
mod provided;

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
use crate::spider::{Declaration, Erased, Runnable, Spider};
use crate::stats::Stats;

pub use self::provided::Provided;

/// The key by which a table of another name is a pipeline's: `[pipelines.covers] type = "images"`.
const TYPE: &str = "type";

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
    /// The table that it is made of, for messages: `pipelines.images`, or `pipelines.covers` if that is one's `type`.
    pub table: Arc<str>,
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
    /// What the runner provides: [`Registry::provide`].
    pub provided: Provided,
}

type Build<T> = Arc<dyn Fn(toml::Table, &Layers, &Context) -> Result<Arc<T>> + Send + Sync>;
type Check = Arc<dyn Fn(&str, toml::Table, &Layers) -> Result<()> + Send + Sync>;
type BuildSpider = Arc<dyn Fn(&Layers) -> Result<Arc<dyn Runnable>> + Send + Sync>;

/// The names that a runner knows. A clone is a registry of its own, to which more can be added.
#[derive(Clone)]
pub struct Registry {
    spiders: BTreeMap<Cow<'static, str>, Entry>,
    pipelines: BTreeMap<&'static str, Part<dyn Pipeline>>,
    middlewares: BTreeMap<&'static str, Part<dyn Middleware>>,
    feeds: Catalogue,
    provided: Provided,
}

struct Part<T: ?Sized> {
    build: Build<T>,
    /// Reads the settings and nothing else.
    check: Check,
}

#[derive(Clone)]
struct Entry {
    settings: Cow<'static, str>,
    items: Arc<[ItemType]>,
    build: BuildSpider,
    /// The file that it is declared in, if it has no Rust.
    declared: Option<(PathBuf, Arc<Declaration>)>,
}

// by hand: a derived one would want the pipeline itself to be copied
impl<T: ?Sized> Clone for Part<T> {
    fn clone(&self) -> Self {
        Self { build: self.build.clone(), check: self.check.clone() }
    }
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
        Self { spiders, pipelines, middlewares, feeds: Catalogue::default(), provided: Provided::default() }
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
        let build: BuildSpider = Arc::new(|layers| {
            let spider: S = layers.arguments(S::NAME)?;
            Ok(Arc::new(Erased(spider)))
        });
        let entry = Entry { settings: S::SETTINGS.into(), items: S::ITEMS.into(), build, declared: None };
        self.spiders.insert(S::NAME.into(), entry);
        self
    }

    /// Adds the spider that a file declares, and gives its name.
    ///
    /// # Errors
    /// If the file cannot be read, something in it makes no sense, or there is a spider of its name.
    pub fn declared(mut self, path: &Path) -> Result<(Self, String)> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| Error::Setting {
            key: String::new(),
            message: format!("spider file `{file}` cannot be read: {error}"),
        })?;
        let declaration = Arc::new(Declaration::parse(&file, &text)?);
        let name = declaration.name().to_owned();
        if self.spiders.contains_key(name.as_str()) {
            let message = format!("{file}: a spider is called `{name}` already; give this one another `name`");
            return Err(Error::Setting { key: "name".to_owned(), message });
        }
        let build: BuildSpider = {
            let declaration = declaration.clone();
            Arc::new(move |layers| {
                let given = layers.arguments(declaration.name())?;
                let spider = declaration.spider(&given).map_err(|error| layers.blame(error))?;
                Ok(Arc::new(Erased(spider)))
            })
        };
        let (settings, items) = (declaration.settings().into(), declaration.items().into());
        let declared = Some((path.to_owned(), declaration));
        self.spiders.insert(name.clone().into(), Entry { settings, items, build, declared });
        Ok((self, name))
    }

    /// Adds a pipeline.
    #[must_use]
    pub fn pipeline<C: Component + Pipeline>(mut self) -> Self {
        let build: Build<dyn Pipeline> = Arc::new(|table, layers, context| {
            let settings = own_settings::<C>(&context.table, table, layers)?;
            Ok(Arc::new(C::build(settings, context).map_err(|error| layers.blame(error))?))
        });
        let check: Check = Arc::new(|name, table, layers| own_settings::<C>(name, table, layers).map(drop));
        self.pipelines.insert(C::NAME, Part { build, check });
        self
    }

    /// Adds a middleware.
    #[must_use]
    pub fn middleware<C: Component + Middleware>(mut self) -> Self {
        let build: Build<dyn Middleware> = Arc::new(|table, layers, context| {
            let settings = own_settings::<C>(&context.table, table, layers)?;
            Ok(Arc::new(C::build(settings, context).map_err(|error| layers.blame(error))?))
        });
        let check: Check = Arc::new(|name, table, layers| own_settings::<C>(name, table, layers).map(drop));
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

    /// Adds something that components look for by its type: the stores that the images pipeline can write to.
    #[must_use]
    pub fn provide<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.provided.insert(value);
        self
    }

    /// What was added by [`Registry::provide`].
    #[must_use]
    pub fn provided(&self) -> &Provided {
        &self.provided
    }

    /// The formats and storages of feeds.
    #[must_use]
    pub fn feeds(&self) -> &Catalogue {
        &self.feeds
    }

    /// The names of all spiders, in alphabetical order.
    pub fn spiders(&self) -> impl Iterator<Item = &str> {
        self.spiders.keys().map(|name| &**name)
    }

    /// The settings that a spider brings along, as TOML.
    ///
    /// # Errors
    /// If there is no such spider.
    pub fn spider_settings(&self, name: &str) -> Result<&str> {
        Ok(&self.entry(name)?.settings)
    }

    /// The layers as they are for one spider: see [`Layers::for_spider`].
    ///
    /// # Errors
    /// If there is no such spider, or what it brings along is none of the settings.
    pub fn layers_for(&self, name: &str, layers: &Layers) -> Result<Layers> {
        let entry = self.entry(name)?;
        let Some((path, declaration)) = &entry.declared else { return layers.for_spider(name, &entry.settings) };
        let domains = declaration.domains(&layers.arguments(name)?)?;
        layers.for_declared(name, path, declaration.text(), &domains)
    }

    /// The file that a spider is declared in.
    pub(crate) fn declaration(&self, name: &str) -> Result<Option<Arc<Declaration>>> {
        Ok(self.entry(name)?.declared.as_ref().map(|(_, declaration)| declaration.clone()))
    }

    /// The kinds of items that a spider has declared.
    ///
    /// # Errors
    /// If there is no such spider.
    pub fn spider_items(&self, name: &str) -> Result<Arc<[ItemType]>> {
        Ok(self.entry(name)?.items.clone())
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
        let (component, table) = component_of(name, table, layers)?;
        let context = Context { table: format!("pipelines.{name}").into(), ..context.clone() };
        (find("pipeline", &self.pipelines, &component)?.build)(table, layers, &context)
    }

    pub(crate) fn build_middleware(
        &self,
        name: &str,
        table: toml::Table,
        layers: &Layers,
        context: &Context,
    ) -> Result<Arc<dyn Middleware>> {
        let context = Context { table: format!("middlewares.{name}").into(), ..context.clone() };
        (find("middleware", &self.middlewares, name)?.build)(table, layers, &context)
    }

    /// Makes sure that every name in the settings is that of something, and that every component's table can be read,
    /// whether or not this crawl uses it. The defaults have tables for components that a runner may do without.
    ///
    /// # Errors
    /// The key, its place, the nearest name.
    pub fn check(&self, layers: &Layers, settings: &Settings) -> Result<()> {
        for (name, table) in &settings.pipelines.each {
            let key = format!("pipelines.{name}");
            let (component, table) = component_of(name, table.clone(), layers)?;
            let part = if component == *name {
                known("pipeline", &self.pipelines, name, layers)?
            } else {
                let type_key = format!("{key}.{TYPE}");
                let found = find("pipeline", &self.pipelines, &component);
                Some(found.map_err(|error| layers.blame_on(&type_key, &error))?)
            };
            if let Some(part) = part {
                (part.check)(&key, table, layers)?;
            }
        }
        for (name, table) in &settings.middlewares {
            if let Some(part) = known("middleware", &self.middlewares, name, layers)? {
                (part.check)(&format!("middlewares.{name}"), table.clone(), layers)?;
            }
        }
        for name in settings.spiders.keys() {
            known("spider", &self.spiders, name, layers)?;
        }
        for name in &settings.pipelines.order {
            let table = settings.pipelines.each.get(name).cloned().unwrap_or_default();
            let (component, _) = component_of(name, table, layers)?;
            let unknown = |error| layers.blame_on("pipelines.order", &error);
            find("pipeline", &self.pipelines, &component).map_err(unknown)?;
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

fn find<'a, K: Borrow<str> + Ord, T>(what: &'static str, names: &'a BTreeMap<K, T>, name: &str) -> Result<&'a T> {
    names.get(name).ok_or_else(|| Error::Unknown {
        what,
        name: name.to_owned(),
        known: names.keys().map(|name| name.borrow().to_owned()).collect(),
    })
}

/// What a table belongs to; none for one that only the defaults have.
fn known<'a, K: Borrow<str> + Ord, T>(
    what: &'static str,
    names: &'a BTreeMap<K, T>,
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

fn own_settings<C: Component>(name: &str, table: toml::Table, layers: &Layers) -> Result<C::Settings> {
    read_table(name, toml::Value::Table(table), layers)
}

/// The pipeline that a table is for, its own name or its `type`, and the table without that key.
fn component_of(name: &str, mut table: toml::Table, layers: &Layers) -> Result<(String, toml::Table)> {
    match table.remove(TYPE) {
        None => Ok((name.to_owned(), table)),
        Some(toml::Value::String(component)) => Ok((component, table)),
        Some(_) => {
            let key = format!("pipelines.{name}.{TYPE}");
            Err(layers.blame(Error::setting(&key, "must be the name of a pipeline, such as \"images\"")))
        }
    }
}
