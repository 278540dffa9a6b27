//! The options of `hotlink`.

use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;

use super::{Configured, duration};

#[derive(Debug, Args)]
pub(crate) struct Hotlink {
    /// Pictures, or pages whose pictures are meant.
    #[arg(value_name = "URL", required = true)]
    pub(crate) url: Vec<String>,
    /// The page that shows the pictures; then each URL is a picture. Without it, a picture's page is its site's front page.
    #[arg(long, value_name = "URL")]
    pub(crate) page: Option<String>,
    /// Print each verdict with its evidence as one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// The most pictures of a page.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) max: usize,
    /// The longest time that is waited for a host that asks for it.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) patience: Duration,
    /// From a request until the last byte of its answer.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// The most bytes of a picture; a larger one cannot be judged.
    #[arg(long, value_name = "SIZE", default_value = "32 MiB")]
    pub(crate) max_body: ByteSize,
    /// Keep to robots.txt, as a crawl does. It is for crawlers, and these URLs are asked for by you.
    #[arg(long, overrides_with = "no_robots")]
    pub(crate) robots: bool,
    /// Ask for no robots.txt, as is usual here; overrides an earlier `--robots`.
    #[arg(long, overrides_with = "robots")]
    pub(crate) no_robots: bool,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}
