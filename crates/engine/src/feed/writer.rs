//! The task that takes records out of the outbox and writes them to every feed, a batch at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::Feed;
use crate::error::Result;
use crate::frontier::{FeedId, Frontier, Position, Seq};
use crate::message::Record;
use crate::stats::{Name, Stats};

/// Records taken out of the outbox at a time.
const BATCH: usize = 500;
/// Records gather for this long, so that a busy crawl writes many at once and a slow one is still seen to move.
const GATHER: Duration = Duration::from_millis(50);

/// All feeds of a crawl.
pub(crate) struct Writer {
    feeds: Vec<Open>,
    frontier: Arc<dyn Frontier>,
    stats: Arc<Stats>,
}

struct Open {
    id: FeedId,
    /// None is a crawl without feeds, whose records still leave the outbox.
    feed: Option<Box<dyn Feed>>,
    at: Seq,
}

impl Writer {
    /// Takes the feeds over and makes them known to the frontier.
    pub(crate) async fn new(
        feeds: Vec<(FeedId, Box<dyn Feed>)>,
        frontier: Arc<dyn Frontier>,
        stats: Arc<Stats>,
    ) -> Result<Self> {
        let mut open: Vec<_> = feeds.into_iter().map(|(id, feed)| Open { id, feed: Some(feed), at: Seq(0) }).collect();
        if open.is_empty() {
            open.push(Open { id: FeedId("none".to_owned()), feed: None, at: Seq(0) });
        }
        let exports = frontier.attach(open.iter().map(|open| open.id.clone()).collect()).await?;
        for (open, export) in open.iter_mut().zip(exports) {
            open.at = export.upto;
            if let (Some(feed), Some(position)) = (&mut open.feed, export.position) {
                feed.rewind(&position).await?;
            }
        }
        Ok(Self { feeds: open, frontier, stats })
    }

    /// Writes until `last` turns true and the outbox is empty.
    pub(crate) async fn run(mut self, wake: Arc<Notify>, mut last: watch::Receiver<bool>) -> Result<()> {
        loop {
            let finishing = *last.borrow();
            while self.write_batch().await? {}
            if finishing {
                return self.finish().await;
            }
            tokio::select! {
                () = wake.notified() => {
                    // gathering ends early when the crawl does
                    let _ = tokio::time::timeout(GATHER, last.wait_for(|last| *last)).await;
                }
                changed = last.changed() => if changed.is_err() {
                    return self.finish().await;
                }
            }
        }
    }

    /// Brings every feed one batch on; false once all are at the end.
    async fn write_batch(&mut self) -> Result<bool> {
        let mut more = false;
        for open in &mut self.feeds {
            let drained = self.frontier.drain(open.at, BATCH).await?;
            let Some((upto, _)) = drained.last() else { continue };
            let upto = *upto;
            more = true;
            let position = match &mut open.feed {
                Some(feed) => {
                    let records: Vec<Record> = drained.into_iter().map(|(_, record)| record).collect();
                    feed.write(&records).await?
                }
                None => Position::default(),
            };
            self.frontier.exported(&open.id, upto, position).await?;
            open.at = upto;
        }
        Ok(more)
    }

    async fn finish(self) -> Result<()> {
        for feed in self.feeds.into_iter().filter_map(|open| open.feed) {
            feed.finish().await?;
            self.stats.add(Name::from("feedexport/success_count"), 1);
        }
        Ok(())
    }
}
