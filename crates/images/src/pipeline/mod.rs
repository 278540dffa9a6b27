//! The pipelines `images` and `files`: they fetch what an item names, keep what is whole, and write into the item what
//! became of each.
//!
//! A URL's way: [`wish`] reads it, [`table`] knows whether this run has asked for it, [`recall`] whether the store has it,
//! [`fetching`] asks its server, [`check`] looks at the bytes and makes of them what is to be made, [`keep`] gives them a
//! name of [`names`] and a row in the [`ledger`].

mod check;
mod fetching;
mod filter;
mod headers;
mod keep;
mod ledger;
mod media;
pub mod names;
mod opt_outs;
mod recall;
mod settings;
mod table;
pub(crate) mod wish;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use dragline::error::{Error, Result};
use dragline::message::Record;
use dragline::pipeline::{Pipeline, Verdict};
use dragline::registry::{Component, Context};
use dragline::settings::within;

use self::check::{Any, Checker, Pictures};
pub use self::filter::Filter;
pub use self::headers::HeaderPick;
use self::media::Media;
use self::names::Names;
pub use self::settings::{Checksum, Expires, FileFilter, FilesSettings, ImageLimits, OptOuts, Settings, ThumbBox};

/// The most segments of a template where pictures have thumbnails, which lie two folders deeper.
const DEPTH_WITH_THUMBS: usize = 6;

/// Fetches, checks and keeps images.
pub struct Images(Media);

/// Fetches and keeps files of any kind.
pub struct Files(Media);

impl Component for Images {
    const NAME: &'static str = "images";
    type Settings = Settings;

    fn build(settings: Settings, context: &Context) -> Result<Self> {
        let table = &context.table;
        let key = |name: &str| format!("{table}.{name}");
        within(&key("limits.max_side"), settings.limits.max_side, 1..=u32::MAX)?;
        within(&key("limits.max_pixels"), settings.limits.max_pixels, 1..=u64::MAX)?;
        within(&key("limits.max_alloc"), settings.limits.max_alloc.as_u64(), 1..=1 << 50)?;
        settings.filter.check(table)?;
        for (id, size) in &settings.thumbs {
            let thumb = key(&format!("thumbs.{id}"));
            if dragline_store::clean(id) != id.as_str() {
                return Err(Error::setting(&thumb, "cannot be the name of a folder"));
            }
            within(&format!("{thumb}.width"), size.width, 1..=u32::MAX)?;
            within(&format!("{thumb}.height"), size.height, 1..=u32::MAX)?;
        }
        if let Names::Template(template) = &settings.names
            && !settings.thumbs.is_empty()
            && template.depth() > DEPTH_WITH_THUMBS
        {
            let text =
                format!("has more than {DEPTH_WITH_THUMBS} parts, which leaves no room for the folders of thumbnails");
            return Err(Error::setting(&key("names"), text));
        }
        let checker = Checker::Images(Box::new(Pictures::new(&settings, Arc::clone(table))));
        Media::build(settings.common(), checker, context).map(Self)
    }
}

impl Component for Files {
    const NAME: &'static str = "files";
    type Settings = FilesSettings;

    fn build(settings: FilesSettings, context: &Context) -> Result<Self> {
        let checker = Checker::Files(Any::new(&settings));
        Media::build(settings.common(), checker, context).map(Self)
    }
}

/// What both have from [`Media`]. A pipeline is shown by the name of its table: one with a `type` has its own.
macro_rules! by_media {
    ($($pipeline:ident)+) => { $(
        impl fmt::Display for $pipeline {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0.name())
            }
        }

        #[async_trait]
        impl Pipeline for $pipeline {
            async fn open(&self) -> Result<()> {
                self.0.open().await
            }

            async fn process(&self, record: Record) -> Result<Verdict> {
                self.0.process(record).await
            }

            async fn close(&self) -> Result<()> {
                self.0.close().await;
                Ok(())
            }

            fn places(&self) -> Vec<PathBuf> {
                self.0.places()
            }
        }
    )+ };
}

by_media! { Images Files }
