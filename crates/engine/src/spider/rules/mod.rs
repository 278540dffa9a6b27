//! Rules for spiders whose links say by themselves what they lead to: of a page's links, and of sitemaps.

mod sitemaps;

pub use sitemaps::{Level, SitemapRules};
