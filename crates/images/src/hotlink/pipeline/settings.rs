//! `[pipelines.hotlink]`.

use std::time::Duration;

use bytesize::ByteSize;
use dragline::error::Result;
use dragline::settings::within;
use serde::{Deserialize, Serialize};

use crate::hotlink::{Robots, Settings};

/// `[pipelines.hotlink]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PipelineSettings {
    /// The item's field with the URLs of pictures.
    pub urls_field: String,
    /// The item's field for what is said of them.
    pub result_field: String,
    /// The item's field for what became of them, where `images` has written it: which of several URLs was taken.
    pub images_field: String,
    /// So many pictures of a directory with one and the same verdict speak for the others of it that were kept; 0 judges
    /// each.
    pub sample: usize,
    /// The most pictures whose verdict is remembered, so that none is judged on each page that shows it.
    pub max_known: usize,
    /// The longest body; a larger picture cannot be judged.
    pub max_body: ByteSize,
    /// From a request until the last byte of its answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The longest time that is waited for a host which asks for it, or whose turn does not come.
    #[serde(with = "humantime_serde")]
    pub patience: Duration,
    /// The longest time that looking at a picture may take.
    #[serde(with = "humantime_serde")]
    pub image_timeout: Duration,
    /// Threads that look at pictures.
    pub threads: usize,
}

impl Default for PipelineSettings {
    fn default() -> Self {
        let Settings { max_body, timeout, patience, image_timeout, threads, robots: _ } = Settings::default();
        Self {
            urls_field: "image_urls".to_owned(),
            result_field: "hotlink".to_owned(),
            images_field: "images".to_owned(),
            sample: 0,
            max_known: 2000,
            max_body: ByteSize(max_body),
            timeout,
            patience,
            image_timeout,
            threads,
        }
    }
}

impl PipelineSettings {
    /// How pictures are asked for, once each of these makes sense. `table` is for messages.
    pub(super) fn judging(&self, table: &str) -> Result<Settings> {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        let key = |name: &str| format!("{table}.{name}");
        let moment = Duration::from_millis(1);
        within(&key("max_known"), self.max_known, 0..=1 << 32)?;
        within(&key("max_body"), self.max_body.as_u64(), 1..=1 << 50)?;
        within(&key("timeout"), self.timeout, moment..=DAY)?;
        within(&key("patience"), self.patience, Duration::ZERO..=DAY)?;
        within(&key("image_timeout"), self.image_timeout, moment..=DAY)?;
        within(&key("threads"), self.threads, 1..=1024)?;
        Ok(Settings {
            max_body: self.max_body.as_u64(),
            timeout: self.timeout,
            patience: self.patience,
            image_timeout: self.image_timeout,
            threads: self.threads,
            robots: Robots::Obeyed,
        })
    }
}
