//! The options of `gallery`.

use clap::Args;

use super::Configured;

#[derive(Debug, Args)]
pub(crate) struct Gallery {
    /// Where it listens; `gallery.bind`.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) bind: Option<String>,
    /// A name by which browsers reach it, beside those of this machine; may be given several times; `gallery.hosts`.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    /// The file of the token that others than this machine must have; it is made, and told once, if it is not there;
    /// `gallery.token_file`.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<String>,
    /// Which pictures browsers have from here: `auto`, those that their site does not let others show; `always`, all.
    #[arg(long, value_name = "WHICH")]
    pub(crate) copies: Option<String>,
    /// Opens it in the browser.
    #[arg(long)]
    pub(crate) open: bool,
    /// What is logged, as for `crawl`.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
}
