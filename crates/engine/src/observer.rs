//! Watching a crawl from outside: for progress lines, dashboards and tests.

use url::Url;

use crate::message::{Failure, Record};

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Happening<'a> {
    /// The spider is signed in, and requests begin.
    Opened,
    /// A page was understood.
    Page {
        /// Its URL.
        url: &'a Url,
        /// How many requests it led to.
        requests: usize,
        /// How many records it gave.
        records: usize,
    },
    /// A request failed for good.
    Failed(&'a Failure),
    /// A record went through all pipelines.
    Record(&'a Record),
    /// The crawl has ended.
    Closed {
        /// `finished`, `shutdown`, …
        reason: &'a str,
    },
}

/// Is told what happens, on the engine's own thread: it must not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn observe(&self, happening: &Happening<'_>);
}
