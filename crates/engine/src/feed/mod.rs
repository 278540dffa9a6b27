//! Records kept: drained from the frontier's outbox in sequence, written to every feed.
//!
//! A feed is a *format* (records become bytes), a *compression* and a *place*. Files and standard output take bytes as
//! they come; what takes only whole objects (a bucket, Parquet) is gathered in a spool file first. After a crash each
//! feed is cut back to the last position that the frontier knows, and the records after it are written again.
//!
//! Every feed that can be read back runs [`conformance::run`].

mod begun;
mod catalogue;
mod charset;
mod compression;
pub mod conformance;
mod encoder;
mod fields;
mod file;
mod format;
mod lane;
mod name;
mod ours;
mod settings;
mod spool;
mod stdout;
mod volume;
mod writer;

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use catalogue::{Catalogue, Format, Open, Plan, Storage, Way};
pub use compression::Compression;
pub use encoder::Encoder;
pub use fields::{each_field, text};
pub use settings::{Mode, Settings};
pub use spool::{Convert, Store};
pub(crate) use writer::{Rules, Sync, Writer};

use crate::error::Result;
use crate::frontier::Position;
use crate::message::{ItemType, Record};
use crate::stats::Stats;

/// Something that records are written to.
///
/// ```
/// use std::fmt;
/// use dragline::feed::{Feed, Kept};
/// use dragline::frontier::Position;
/// use dragline::message::Record;
///
/// /// Counts records and keeps none; its position is the count.
/// struct Counter(u64);
///
/// impl fmt::Display for Counter {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         f.write_str("a counter")
///     }
/// }
///
/// #[async_trait::async_trait]
/// impl Feed for Counter {
///     async fn write(&mut self, batch: &[Record]) -> dragline::Result<()> {
///         self.0 += batch.len() as u64;
///         Ok(())
///     }
///     async fn sync(&mut self) -> dragline::Result<Kept> {
///         Ok(Kept { records: self.0, position: Position(self.0.to_string()) })
///     }
///     async fn rewind(&mut self, to: &Position) -> dragline::Result<()> {
///         self.0 = to.0.parse()?;
///         Ok(())
///     }
///     async fn finish(self: Box<Self>) -> dragline::Result<()> {
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Feed: Display + Send {
    /// Writes records; they are with the operating system when this returns, or at the next [`Feed::sync`] where they
    /// are compressed. A record that the format cannot take is counted and left out.
    ///
    /// # Errors
    /// The feed is not used again: it is opened anew and cut back to the last position.
    async fn write(&mut self, batch: &[Record]) -> Result<()>;

    /// Makes durable what was written, and says how far that goes.
    ///
    /// # Errors
    /// As [`Feed::write`]: what a failed sync has lost is not known.
    async fn sync(&mut self) -> Result<Kept>;

    /// Cuts the feed back to a position that it gave: what came later is forgotten.
    ///
    /// # Errors
    /// If the feed is not what it was at that position.
    async fn rewind(&mut self, to: &Position) -> Result<()>;

    /// No more records will come.
    ///
    /// # Errors
    /// If what was written cannot be completed.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// How far a feed is for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Of the records written since the feed was opened or rewound, so many are safe.
    pub records: u64,
    /// The place after them, to cut back to.
    pub position: Position,
}

/// What a feed may know of the crawl that it belongs to.
#[derive(Debug, Clone)]
pub struct Context {
    /// The spider's name: `{spider}`.
    pub spider: String,
    /// The job's name, or the run's where there is no job: `{job}`.
    pub job: String,
    /// When the job was first started: `{time}`. The same after a resume.
    pub started: Timestamp,
    /// The folder for spool files, made on first use.
    pub spool: PathBuf,
    /// The feed was open before: it is rewound before anything is written, and `mode` is no more asked.
    pub resuming: bool,
    /// The run before this one ended in order, so that a feed is exactly as that has left it.
    pub closed: bool,
    /// [`Feed::sync`] reaches the disk. A crawl that cannot be resumed gains nothing from that before its end.
    pub durable: bool,
    /// The kinds of items that the spider has declared.
    pub items: Arc<[ItemType]>,
    /// The crawl's figures.
    pub stats: Arc<Stats>,
}
