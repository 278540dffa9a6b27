//! What a visitor may choose. The form, the API and the spider's arguments have the same names.

use serde::{Deserialize, Serialize};

use crate::settings::Copies;

/// What a visitor may choose. Nothing else of a crawl comes from the network: no path, no proxy, no header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The page; `https` is tried before `http` where it names neither.
    pub url: String,
    /// Pictures of the page's own host only.
    #[serde(default)]
    pub same_host: bool,
    /// The fewest pixels of a picture's shorter side; 0 takes all.
    #[serde(default)]
    pub min_side: u32,
    /// How many links away from the page to look, on its host: 0 or 1.
    #[serde(default)]
    pub depth: u32,
    /// Pictures of style sheets, too.
    #[serde(default = "yes")]
    pub css: bool,
    /// Pictures that a script would load once they are seen, too.
    #[serde(default = "yes")]
    pub lazy: bool,
    /// Which pictures the browser has from here; what the gallery does if it is not given.
    #[serde(default)]
    pub copies: Option<Copies>,
    /// Whether robots.txt is kept to. Only who runs the gallery on the own machine may say no.
    #[serde(default = "yes")]
    pub robots: bool,
}

/// Why options cannot be: the name of the one, and what is wrong with it, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` {what}")]
pub struct BadOptions {
    /// The option.
    pub name: &'static str,
    /// What is wrong with it.
    pub what: String,
}

/// The longest URL that somebody types in, in bytes.
const MAX_URL: usize = 8192;

impl Options {
    /// A scan of a page, and nothing else chosen.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            same_host: false,
            min_side: 0,
            depth: 0,
            css: true,
            lazy: true,
            copies: None,
            robots: true,
        }
    }

    /// Makes sure that they make sense.
    ///
    /// # Errors
    /// Names the first one that does not.
    pub fn check(&self) -> Result<(), BadOptions> {
        let bad = |name, what: &str| Err(BadOptions { name, what: what.to_owned() });
        if self.url.trim().is_empty() {
            return bad("url", "is missing: the address of a page is needed");
        }
        if self.url.len() > MAX_URL {
            return bad("url", "is longer than 8192 bytes");
        }
        if self.depth > 1 {
            return bad("depth", "is 0 for the page alone, or 1 for the pages that it links to");
        }
        if self.min_side > 100_000 {
            return bad("min_side", "is 100000 pixels at most");
        }
        Ok(())
    }
}

fn yes() -> bool {
    true
}
