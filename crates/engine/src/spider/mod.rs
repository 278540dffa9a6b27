//! One response to requests and records: what the author of a spider writes, and what runs it.

mod declared;
mod erased;
mod fill;
mod output;
mod parsers;
mod rules;
mod session;
mod traps;
mod watchdog;
mod written;

use std::fmt::Debug;
use std::time::Duration;

use bytesize::ByteSize;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use declared::Declaration;
pub(crate) use erased::{Erased, Runnable};
pub(crate) use fill::{Fill, FillNames};
pub(crate) use output::{Context, Parsed, Seeds};
pub use output::{Output, Target};
pub(crate) use parsers::{End, Job, Parsers, Plan, Read, STACK, Work, read};
pub use rules::{Level, LinkRules, SitemapRules};
pub use session::Session;
pub use traps::Settings as TrapSettings;
pub(crate) use traps::Traps;

use crate::error::Result;
use crate::message::{Failure, ItemType};
use crate::page::{Limits, Page, SitemapLimits};

/// `[spider]`: how pages are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Threads that parse pages; 0 means as many as there are processors.
    pub threads: usize,
    /// Links further from the start than this are not followed; 0 means no limit.
    pub max_depth: u32,
    /// The most nodes of a page's tree; the rest of the page is left out.
    pub max_nodes: usize,
    /// The deepest nesting of a page's elements; the rest of the page is left out.
    pub max_nesting: usize,
    /// The deepest nesting of elements of XML; the rest of the document is left out.
    pub max_xml_nesting: usize,
    /// The most attributes of a tag; the others are left out.
    pub max_attributes: usize,
    /// The longest value of an attribute; the rest of the value is left out.
    pub max_attribute: ByteSize,
    /// The longest that parsing a page may take; the rest of the page is left out. An XPath expression may take as long.
    #[serde(with = "humantime_serde")]
    pub parse_timeout: Duration,
    /// The most candidates of a page's pictures; the others are left out.
    pub max_pictures: usize,
    /// A page that takes longer than this to read is a line in the log, while it is still read.
    #[serde(with = "humantime_serde")]
    pub slow_parse: Duration,
    /// The largest sitemap, unpacked; a larger one is not read.
    pub max_sitemap: ByteSize,
    /// The most entries of a sitemap; the rest is left out.
    pub max_sitemap_urls: usize,
    /// The most indexes above a sitemap.
    pub max_sitemap_depth: u32,
    /// The most sitemaps of a host.
    pub max_sitemaps_per_host: u32,
    /// The most nodes that the answer to an XPath expression may look at; one that would take more fails the page.
    pub selector_budget: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threads: 0,
            max_depth: 0,
            max_nodes: 1_000_000,
            max_nesting: 512,
            max_xml_nesting: 256,
            max_attributes: 1000,
            max_attribute: ByteSize::mib(1),
            parse_timeout: Duration::from_secs(10),
            max_pictures: 2000,
            slow_parse: Duration::from_secs(5),
            max_sitemap: ByteSize::mib(50),
            max_sitemap_urls: 50_000,
            max_sitemap_depth: 2,
            max_sitemaps_per_host: 1000,
            selector_budget: 100_000_000,
        }
    }
}

impl Settings {
    /// What may come of a page.
    pub(crate) fn page_limits(&self, traps: &TrapSettings) -> Limits {
        let size = |bytes: ByteSize| usize::try_from(bytes.as_u64()).unwrap_or(usize::MAX);
        Limits {
            nodes: self.max_nodes,
            nesting: self.max_nesting,
            xml_nesting: self.max_xml_nesting,
            attributes: self.max_attributes,
            attribute_size: size(self.max_attribute),
            time: self.parse_timeout,
            pictures: self.max_pictures,
            links: if traps.enabled && traps.links_per_page > 0 { traps.links_per_page } else { usize::MAX },
            sitemap: SitemapLimits {
                bytes: size(self.max_sitemap),
                urls: self.max_sitemap_urls,
                depth: self.max_sitemap_depth,
                files: self.max_sitemaps_per_host,
            },
            steps: self.selector_budget,
        }
    }
}

/// A crawl's own part: where it begins, and what a page means.
///
/// The struct *is* the spider's arguments: its fields are the keys of `[spiders.NAME]` and of `-a key=value`.
///
/// ```
/// use dragline::prelude::*;
///
/// /// Follows the quotes of quotes.toscrape.com from page to page.
/// #[derive(Deserialize)]
/// struct Quotes {
///     url: Url,
/// }
///
/// #[derive(Debug, Serialize, Deserialize)]
/// enum Step {
///     List,
/// }
///
/// #[derive(Serialize, Item, Extract)]
/// struct Quote {
///     #[css("span.text")]
///     text: String,
///     #[css("small.author")]
///     author: String,
/// }
///
/// impl Spider for Quotes {
///     const NAME: &'static str = "quotes";
///     const ITEMS: &'static [ItemType] = &[ItemType::of::<Quote>()];
///     type Step = Step;
///
///     fn start(&self, out: &mut Output<Self>) {
///         out.follow(&self.url, Step::List);
///     }
///
///     fn parse(&self, Step::List: Step, page: &Page, out: &mut Output<Self>) -> Result<()> {
///         for quote in page.css("div.quote").iter() {
///             out.item(quote.extract::<Quote>()?);
///         }
///         if let Some(next) = page.css("li.next a").link_opt() {
///             out.follow(next, Step::List);
///         }
///         Ok(())
///     }
/// }
///
/// let page = Page::from_html("http://quotes.example/", r#"<div class="quote"><span class="text">Hm.</span>
///     <small class="author">A. Nonymous</small></div><li class="next"><a href="/page/2/">Next</a></li>"#);
/// let quotes = Quotes { url: page.url().clone() };
/// let mut out = Output::for_page(&page);
/// quotes.parse(Step::List, &page, &mut out)?;
/// assert_eq!(out.requests()[0].url.as_str(), "http://quotes.example/page/2/");
/// assert_eq!(out.records().len(), 1);
/// # Ok::<(), dragline::Error>(())
/// ```
pub trait Spider: DeserializeOwned + Send + Sync + 'static {
    /// The name by which it is run.
    const NAME: &'static str;

    /// TOML laid between the built-in defaults and the user's files: what this spider needs to be polite and right.
    const SETTINGS: &'static str = "";

    /// The kinds of items that it yields, for what must know them before the first one: `&[ItemType::of::<Book>()]`.
    const ITEMS: &'static [ItemType] = &[];

    /// What to do with the answer, and the data that it needs. Written down with the request.
    type Step: Debug + Serialize + DeserializeOwned + Send + 'static;

    /// Before the first request of every run, fresh or resumed: sign in here, and check that it worked.
    ///
    /// # Errors
    /// Ends the crawl: [`Error::SignIn`](crate::Error::SignIn) with what the site said.
    fn open(&self, session: &Session) -> impl Future<Output = Result<()>> + Send {
        let _ = session;
        async { Ok(()) }
    }

    /// The first requests of a job. Not called on resume.
    fn start(&self, out: &mut Output<Self>);

    /// One response, and the step that its request was sent for. Pure: no I/O, no clock.
    ///
    /// # Errors
    /// Count and log the page as failed; what was put out before stays.
    /// [`Error::SignedOut`](crate::Error::SignedOut) signs in again and sends the request again.
    fn parse(&self, step: Self::Step, page: &Page, out: &mut Output<Self>) -> Result<()>;

    /// A request that failed for good. Counted and logged either way.
    ///
    /// # Errors
    /// Are logged.
    fn failed(&self, step: Self::Step, failure: &Failure, out: &mut Output<Self>) -> Result<()> {
        let _ = (step, failure, out);
        Ok(())
    }
}
