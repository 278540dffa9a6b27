//! The options of `dragline new`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct New {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Begin a project: a runner, a spider with a saved page and its test, settings.
    #[command(
        after_help = "Example:\n  dragline new project shop\n  cd shop && cargo test\n  cargo run -- replica books \
        --port 8000 &\n  cargo run -- crawl shop -a url=http://127.0.0.1:8000/ -o books.jsonl"
    )]
    Project {
        /// The project's name, and that of its first spider: letters, digits, `-`.
        name: String,
        /// What the spider is like.
        #[arg(long, value_name = "TEMPLATE", default_value = "basic")]
        template: Template,
        /// Use Dragline from this checkout, and not from crates.io; in a folder of a checkout, that one is used.
        #[arg(long, value_name = "DIR")]
        dragline: Option<PathBuf>,
    },
    /// Add a spider to the project of this folder, with a saved page and its test.
    #[command(after_help = "Example:\n  dragline new spider my-account --template login")]
    Spider {
        /// The spider's name: letters, digits, `-`.
        name: String,
        /// What the spider is like.
        #[arg(long, value_name = "TEMPLATE", default_value = "basic")]
        template: Template,
    },
}

/// What a new spider is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// List pages that lead to products, and to the next list.
    Basic,
    /// An account that is signed in to.
    Login,
    /// Links that say by their URLs what they lead to.
    Rules,
    /// A site whose sitemaps name its pages.
    Sitemap,
    /// A TOML file in place of Rust.
    Declarative,
}
