//! The options of `gallery`.

use clap::Args;

use super::Configured;

#[derive(Debug, Args)]
pub(crate) struct Gallery {
    /// Where it listens; `gallery.bind`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
    /// Which pictures browsers have from here: `auto`, those that their site does not let others show; `always`, all.
    #[arg(long, value_name = "WHICH")]
    pub(crate) copies: Option<String>,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}
