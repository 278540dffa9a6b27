//! What every answer is made of.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::scans::Scans;

/// What every answer is made of.
pub(crate) struct App {
    pub(crate) scans: Scans,
    /// Archives that may be sent at once.
    pub(crate) archives: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(scans: Scans) -> Self {
        let archives = Arc::new(Semaphore::new(scans.settings().zips));
        Self { scans, archives }
    }
}
