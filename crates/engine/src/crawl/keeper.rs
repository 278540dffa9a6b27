//! What a job has beside its requests and records: the figures of its runs, and what middlewares want to find again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::downloader::Middleware;
use crate::error::{Error, Result};
use crate::feed;
use crate::frontier::{FeedId, Frontier, Memories};
use crate::stats::{Stat, Stats};

/// The name under which the figures are remembered.
const STATS: &str = "stats";
/// The name under which the feeds are.
const FEEDS: &str = "feeds";

/// Knows what is to be kept, and where it goes in the next run.
pub(super) struct Keeper {
    /// Those that the job had before; none if it is a new one.
    pub(super) before: Option<Vec<FeedId>>,
    /// The feeds of this run, then those that only earlier runs of the job have named.
    pub(super) feeds: Vec<feed::Settings>,
    pub(super) middlewares: Vec<Arc<dyn Middleware>>,
    pub(super) stats: Arc<Stats>,
}

impl Keeper {
    /// Gives everybody what a run before this one has left.
    pub(super) async fn recall(&mut self, frontier: &dyn Frontier) -> Result<()> {
        if let Some(kept) = frontier.remembered(FEEDS).await? {
            let known: Vec<feed::Settings> = serde_json::from_slice(&kept).unwrap_or_default();
            self.before = Some(known.iter().map(feed::Settings::id).collect());
            for feed in known {
                match self.feeds.iter().find(|named| named.id() == feed.id()) {
                    Some(named) if named.format() != feed.format() => {
                        let what = format!(
                            "writes `{}` as {}, and the job has begun it as {}: one file cannot be both",
                            feed.shown(),
                            named.format(),
                            feed.format()
                        );
                        return Err(Error::setting("feeds", what));
                    }
                    Some(_) => {}
                    None => self.feeds.push(feed),
                }
            }
        }
        if let Some(kept) = frontier.remembered(STATS).await? {
            let counts: BTreeMap<String, u64> = serde_json::from_slice(&kept).unwrap_or_default();
            counts.into_iter().for_each(|(name, count)| self.stats.set(name, Stat::Count(count)));
        }
        // these are exact, for they were committed with what they count
        for (name, count) in frontier.counts().await? {
            self.stats.set(name, Stat::Count(count));
        }
        for middleware in &self.middlewares {
            if let Some(kept) = frontier.remembered(&name(&**middleware)).await? {
                middleware.recall(&kept);
            }
        }
        Ok(())
    }
}

impl Keeper {
    /// The feeds that the job has got only now, after it has given items to others.
    pub(super) fn new_feeds(&self) -> impl Iterator<Item = &feed::Settings> {
        let before = self.before.as_deref().filter(|_| self.stats.count("item_scraped_count") > 0);
        self.feeds.iter().filter(move |feed| before.is_some_and(|before| !before.contains(&feed.id())))
    }
}

impl Memories for Keeper {
    fn memories(&self) -> Vec<(String, Bytes)> {
        let figures = self.stats.snapshot();
        let counts: BTreeMap<&str, u64> = (figures.iter())
            .filter_map(|(name, figure)| match figure {
                Stat::Count(count) if !is_of_the_run(name) => Some((name.as_ref(), *count)),
                _ => None,
            })
            .collect();
        let counts = Bytes::from(serde_json::to_vec(&counts).unwrap_or_default());
        // a password in a URI is not written down: such a feed is to be named again
        let feeds: Vec<_> = self.feeds.iter().filter(|feed| feed.shown() == feed.uri).collect();
        let feeds = Bytes::from(serde_json::to_vec(&feeds).unwrap_or_default());
        let kept = |middleware: &Arc<dyn Middleware>| Some((name(&**middleware), middleware.keep()?));
        [(STATS.to_owned(), counts), (FEEDS.to_owned(), feeds)]
            .into_iter()
            .chain(self.middlewares.iter().filter_map(kept))
            .collect()
    }
}

fn name(middleware: &dyn Middleware) -> String {
    format!("middlewares/{middleware}")
}

/// Figures that each run counts for itself: those of the process, and those that the frontier knows better.
fn is_of_the_run(name: &str) -> bool {
    name.starts_with("memusage/") || name.starts_with("requests/") && !name.starts_with("requests/failed_count/")
}
