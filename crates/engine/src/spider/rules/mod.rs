//! Rules for spiders whose links say by themselves what they lead to: of a page's links, and of sitemaps.

mod links;
mod sitemaps;

pub use links::LinkRules;
pub use sitemaps::{Level, SitemapRules};
