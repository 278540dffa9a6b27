//! The task that lets every feed follow the outbox, each at its own pace.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Context;
use super::catalogue::Plan;
use super::lane::Lane;
use crate::error::{Error, Result};
use crate::frontier::{FeedId, Frontier};

/// Records gather for this long, so that a busy crawl writes many at once and a slow one is still seen to move.
const GATHER: Duration = Duration::from_millis(50);

/// When what was written has to be on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// When the crawl ends: one that dies is lost in any case.
    AtEnd,
    /// At least this often: a job that loses power writes so much again.
    Every(Duration),
    /// After every batch.
    Always,
}

/// How feeds are treated.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) sync: Sync,
    /// How long a feed may fail before the crawl ends.
    pub(crate) patience: Duration,
    /// How long it may fail once the crawl was told to stop.
    pub(crate) grace: Duration,
    pub(crate) stop: watch::Receiver<bool>,
}

/// All feeds of a crawl.
pub(crate) struct Writer {
    lanes: Vec<Lane>,
    rules: Rules,
    /// The spool folder of a crawl that leaves none.
    spool: Option<PathBuf>,
}

impl Writer {
    /// Makes the feeds known to the frontier and opens them where they stand.
    pub(crate) async fn open(
        plans: Vec<Plan>,
        context: &Context,
        frontier: Arc<dyn Frontier>,
        rules: Rules,
    ) -> Result<Self> {
        let context = Context { durable: rules.sync != Sync::AtEnd, ..context.clone() };
        let lane = |id, plan| Lane::new(id, plan, context.clone(), frontier.clone(), rules.sync, rules.patience);
        let mut lanes: Vec<Lane> = plans.into_iter().map(|plan| lane(plan.settings().id(), Some(plan))).collect();
        if lanes.is_empty() {
            lanes.push(lane(FeedId("none".to_owned()), None));
        }
        let exports = frontier.attach(lanes.iter().map(|lane| lane.id.clone()).collect()).await?;
        // from now on no record goes anywhere without a place to cut back to
        frontier.flush().await?;
        let spool = (!context.durable).then_some(context.spool);
        for (lane, export) in lanes.iter_mut().zip(exports) {
            if let Err(error) = lane.begin(export.upto, export.position).await {
                clear(spool).await;
                return Err(error);
            }
        }
        Ok(Self { lanes, rules, spool })
    }

    /// Writes until `last` turns true and the outbox is empty. If one feed gives up, the others are brought to an end.
    pub(crate) async fn run(self, wake: Arc<Notify>, mut last: watch::Receiver<bool>) -> Result<()> {
        let (more, _) = watch::channel(0_u64);
        let (end, ending) = watch::channel(false);
        let (give_up, _) = watch::channel(None);
        let mut lanes = JoinSet::new();
        for lane in self.lanes {
            lanes.spawn(lane.run(more.subscribe(), ending.clone(), give_up.subscribe()));
        }
        let (mut stop, mut over) = (self.rules.stop, last.clone());
        let mut result = Ok(());
        loop {
            let (is_open, is_patient) = (!*end.borrow(), give_up.borrow().is_none());
            tokio::select! {
                ended = lanes.join_next() => match ended {
                    None => break,
                    Some(Ok(Ok(()))) => {}
                    Some(ended) => {
                        let error = ended.unwrap_or_else(|_| Err(Error::other("the feed writer panicked")));
                        result = result.and(error);
                        end.send_replace(true);
                    }
                },
                () = wake.notified(), if is_open => {
                    // gathering ends early when the crawl does
                    let _ = tokio::time::timeout(GATHER, said(&mut over)).await;
                    more.send_modify(|count| *count += 1);
                }
                () = said(&mut last), if is_open => { end.send_replace(true); }
                () = said(&mut stop), if is_patient => {
                    give_up.send_replace(Some(Instant::now() + self.rules.grace));
                }
            }
        }
        clear(self.spool).await;
        result
    }
}

/// Removes the spool folder of a crawl that leaves none; it may never have been made.
async fn clear(spool: Option<PathBuf>) {
    if let Some(spool) = spool {
        let _ = tokio::fs::remove_dir_all(spool).await;
    }
}

/// Waits until it is true, or nobody is left to say so.
async fn said(what: &mut watch::Receiver<bool>) {
    let _ = what.wait_for(|what| *what).await;
}
