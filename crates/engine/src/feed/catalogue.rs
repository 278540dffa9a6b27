//! The formats and storages that a runner knows, and how a feed is made of its settings.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::encoder::Encoder;
use super::file::Files;
use super::format;
use super::settings::Settings;
use super::spool::{Convert, Folder, Shipping, Store};
use super::stdout::Stdout;
use super::{Context, Feed};
use crate::error::{Error, Result};
use crate::message::ItemType;

/// The formats and storages beside those of the engine.
#[derive(Default, Clone)]
pub struct Catalogue {
    formats: Vec<Format>,
    storages: Vec<Arc<dyn Storage>>,
}

/// A format that a crate of its own brings along.
#[derive(Clone)]
pub struct Format {
    /// Its name, which is also its first extension.
    pub name: &'static str,
    /// More extensions that mean it.
    pub extensions: &'static [&'static str],
    /// How it is made.
    pub way: Way,
}

/// How a format is made.
#[derive(Clone)]
pub enum Way {
    /// Of a whole batch.
    Whole(Arc<dyn Convert>),
    /// By a feed of its own, which writes to a path.
    Own(Arc<dyn Open>),
}

/// Makes feeds of its own kind.
#[async_trait]
pub trait Open: Send + Sync {
    /// What its figures are counted under: `SqliteFeed`.
    fn kind(&self) -> &'static str;

    /// Opens a feed at a path.
    ///
    /// # Errors
    /// If the place cannot be written to.
    async fn open(&self, path: &Path, settings: &Settings, context: &Context) -> Result<Box<dyn Feed>>;
}

/// Stores by the scheme of their URI.
pub trait Storage: Send + Sync {
    /// The schemes, each with what its figures are counted under: `("s3", "S3Feed")`.
    fn schemes(&self) -> &'static [(&'static str, &'static str)];

    /// The store that a URI lies in. Nothing is sent yet.
    ///
    /// # Errors
    /// If the URI or the environment does not tell where that is.
    fn store(&self, uri: &str) -> Result<Arc<dyn Store>>;
}

/// A feed that can be opened: its settings, held against what there is.
#[derive(Clone)]
pub struct Plan {
    pub(super) settings: Settings,
    /// The URI without `file://`.
    pub(super) uri: String,
    /// The format that is written, be it only into the spool folder.
    text: &'static str,
    way: Option<Way>,
    storage: Option<Arc<dyn Storage>>,
    kind: &'static str,
}

impl Catalogue {
    /// Adds a format.
    pub fn add_format(&mut self, format: Format) {
        self.formats.push(format);
    }

    /// Adds a storage.
    pub fn add_storage(&mut self, storage: Arc<dyn Storage>) {
        self.storages.push(storage);
    }

    /// Holds a feed's settings against what there is. Nothing is opened.
    ///
    /// # Errors
    /// If a name is unknown or a setting cannot be.
    pub fn plan(&self, settings: &Settings) -> Result<Plan> {
        let (text, way) = self.find(&settings.asked_format())?;
        settings.check()?;
        let uri = settings.uri.strip_prefix("file://").unwrap_or(&settings.uri).to_owned();
        let (mut storage, mut kind) = (None, "FileFeed");
        if let Some(scheme) = settings.scheme().filter(|scheme| *scheme != "file") {
            let (found, counted) = self.storage(scheme)?;
            (storage, kind) = (Some(found), counted);
        } else if uri == "-" {
            kind = "StdoutFeed";
        }
        if let Some(Way::Own(open)) = &way {
            kind = open.kind();
        }
        let plan = Plan { settings: settings.clone(), uri, text, way, storage, kind };
        plan.check()?;
        Ok(plan)
    }

    /// The text that is written for a format, and how it is made of that.
    fn find(&self, asked: &str) -> Result<(&'static str, Option<Way>)> {
        let is_meant = |name: &str, extensions: &[&str]| name == asked || extensions.contains(&asked);
        if let Some((name, _)) = format::NAMES.iter().find(|(name, extensions)| is_meant(name, extensions)) {
            return Ok((name, None));
        }
        let own = self.formats.iter().find(|format| is_meant(format.name, format.extensions));
        own.map(|format| ("jsonl", Some(format.way.clone()))).ok_or_else(|| Error::Unknown {
            what: "feed format",
            name: asked.to_owned(),
            known: format::NAMES
                .iter()
                .map(|(name, _)| *name)
                .chain(self.formats.iter().map(|format| format.name))
                .map(str::to_owned)
                .collect(),
        })
    }

    fn storage(&self, scheme: &str) -> Result<(Arc<dyn Storage>, &'static str)> {
        let all =
            || self.storages.iter().flat_map(|storage| storage.schemes().iter().map(move |known| (storage, known)));
        let found = all().find(|(_, (known, _))| *known == scheme);
        found.map(|(storage, (_, kind))| (storage.clone(), *kind)).ok_or_else(|| Error::Unknown {
            what: "feed storage",
            name: scheme.to_owned(),
            known: ["file"].into_iter().chain(all().map(|(_, (known, _))| *known)).map(str::to_owned).collect(),
        })
    }
}

impl Plan {
    /// The feed's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What its figures are counted under.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// What does not go together.
    fn check(&self) -> Result<()> {
        let refuse = |key: &str, what: &str| Err(Error::setting(key, format!("{what} (`{}`)", self.settings.shown())));
        let is_own = matches!(self.way, Some(Way::Own(_)));
        if self.way.is_some() && self.settings.compression().is_some() {
            return refuse("feeds.compression", "is not for this format, which has one of its own");
        }
        if self.way.is_some() && !self.settings.encoding.eq_ignore_ascii_case("utf-8") {
            return refuse("feeds.encoding", "is not for this format, which has one of its own");
        }
        if self.uri == "-" && (self.way.is_some() || self.settings.has_batches()) {
            return refuse("feeds.uri", "is the standard output, which takes neither batches nor this format");
        }
        if is_own && (self.storage.is_some() || self.settings.has_batches()) {
            return refuse("feeds.uri", "has to be one file on this machine for this format");
        }
        match &self.storage {
            Some(storage) => storage.store(&self.uri).map(drop),
            None => Ok(()),
        }
    }

    /// Opens the feed.
    ///
    /// # Errors
    /// If the place cannot be written to, or holds something else.
    pub async fn open(&self, context: &Context) -> Result<Box<dyn Feed>> {
        let folder: Arc<dyn Store> = Arc::new(Folder);
        let shipping = match (&self.way, &self.storage) {
            (Some(Way::Own(open)), _) => {
                let name = super::name::Name::parse(&self.uri)?.of(1, context);
                return open.open(Path::new(&name), &self.settings, context).await;
            }
            (None, None) if self.uri == "-" => {
                let compression = self.settings.compression();
                return Ok(Box::new(Stdout::new(self.encoder(context)?, compression, context.clone())));
            }
            (None, None) => None,
            (Some(Way::Whole(convert)), None) => Some(Shipping { store: folder, convert: Some(convert.clone()) }),
            (Some(Way::Whole(convert)), Some(storage)) => {
                Some(Shipping { store: storage.store(&self.uri)?, convert: Some(convert.clone()) })
            }
            (None, Some(storage)) => Some(Shipping { store: storage.store(&self.uri)?, convert: None }),
        };
        Ok(Box::new(Files::open(Arc::new(self.clone()), shipping, context).await?))
    }

    /// What makes bytes of records.
    pub(super) fn encoder(&self, context: &Context) -> Result<Encoder> {
        let kinds = &self.settings.kinds;
        let is_ours = |item: &&ItemType| kinds.is_empty() || kinds.iter().any(|kind| kind == item.kind);
        Ok(Encoder::new(self.text, &self.settings)?.declaring(context.items.iter().filter(is_ours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Mode;

    #[test]
    fn an_unknown_format_or_storage_names_what_there_is() {
        let plan = |flag: &str| Catalogue::default().plan(&Settings::from_flag(flag, Mode::Append));
        let error = |flag: &str| plan(flag).err().expect("refused").to_string();
        let unknown = "no feed format is called `jsonk` (known: jsonl, json, csv, xml; did you mean `json`?)";
        assert_eq!(error("photos.jsonk"), unknown);
        assert_eq!(error("s4://bucket/a.csv"), "no feed storage is called `s4` (known: file)");
        assert_eq!(plan("photos.csv.gz").ok().map(|plan| plan.text), Some("csv"));
        assert_eq!(plan("-").ok().map(|plan| plan.kind), Some("StdoutFeed"));
    }
}
