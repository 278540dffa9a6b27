//! The frontier in memory: for crawls that need not survive. Queued requests are held in their written form.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::ledger::Ledger;
use super::{
    Admitted, Export, FeedId, Fingerprinter, Frontier, FrontierError, Lease, LeaseId, Order, Pace, Position, Progress,
    Renewal, Seen, Seq, Settled, Settlement, Want,
};
use crate::message::{Record, Request};

/// A frontier that lives and dies with the process.
pub struct Memory {
    seen: Seen,
    ledger: Mutex<Ledger>,
}

impl Memory {
    /// An empty frontier; `key` is the job's own key for fingerprints.
    #[must_use]
    pub fn new(order: Order, key: u64) -> Self {
        let seen = Seen::new(Fingerprinter::new(key));
        Self { seen: seen.clone(), ledger: Mutex::new(Ledger::new(order, seen)) }
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

#[async_trait]
impl Frontier for Memory {
    async fn submit(&self, requests: Vec<Request>) -> Result<Admitted, FrontierError> {
        Ok(self.lock().submit(requests))
    }

    async fn seed(&self, requests: Vec<Request>, last: bool) -> Result<Admitted, FrontierError> {
        Ok(self.lock().seed(requests, last))
    }

    async fn lease(&self, want: Want) -> Result<Vec<Lease>, FrontierError> {
        self.lock().lease(&want)
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<Settled, FrontierError> {
        let mut ledger = self.lock();
        let settled = ledger.settle(batch)?;
        let last = ledger.last_seq();
        ledger.outbox.is_durable_to(last);
        Ok(settled)
    }

    async fn renew(&self, leases: &[LeaseId]) -> Result<Vec<Renewal>, FrontierError> {
        Ok(self.lock().renew(leases))
    }

    async fn release(&self, lease: LeaseId, pace: Pace) -> Result<(), FrontierError> {
        self.lock().release(lease, pace);
        Ok(())
    }

    async fn drain(&self, after: Seq, limit: usize) -> Result<Vec<(Seq, Record)>, FrontierError> {
        Ok(self.lock().outbox.drain(after, limit))
    }

    async fn attach(&self, feeds: Vec<FeedId>) -> Result<Vec<Export>, FrontierError> {
        Ok(self.lock().outbox.attach(feeds))
    }

    async fn exported(&self, feed: &FeedId, upto: Seq, position: Position) -> Result<(), FrontierError> {
        self.lock().outbox.exported(feed, upto, position);
        Ok(())
    }

    async fn progress(&self) -> Result<Progress, FrontierError> {
        Ok(self.lock().progress())
    }

    async fn counts(&self) -> Result<Vec<(String, u64)>, FrontierError> {
        Ok(self.lock().stats.clone().into_iter().collect())
    }

    fn seen(&self) -> Option<Seen> {
        Some(self.seen.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_a_frontier() {
        super::super::conformance::run(|order| Memory::new(order, 42)).await;
    }
}
