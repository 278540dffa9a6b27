#![doc = include_str!("../ARCHITECTURE.md")]

// what the derives write begins with `::dragline`, here too
extern crate self as dragline;

pub mod message;

pub mod hosts;

pub mod frontier;

pub mod downloader;

pub mod page;

pub mod spider;

pub mod pipeline;

pub mod feed;

mod engine;

pub mod crawl;

pub mod error;
pub mod observer;
pub mod registry;
pub mod settings;
pub mod stats;

pub use crawl::{Crawl, Fetcher, Report, Stopper, Trial};
pub use error::{Error, Result};
pub use registry::Registry;
pub use settings::{Layers, Settings};

/// All that the author of a spider needs.
pub mod prelude {
    pub use async_trait::async_trait;
    pub use http::{HeaderValue, header};
    pub use serde::{Deserialize, Serialize};
    pub use url::Url;

    pub use crate::error::{Error, Result};
    pub use crate::message::{Failure, FailureKind, Item, ItemType, Method, Record, Request, Secret};
    pub use crate::page::{Extract, Link, Links, Loader, Node, Page, Selection};
    pub use crate::spider::{Level, LinkRules, Output, Session, SitemapRules, Spider};
}
