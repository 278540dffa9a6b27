//! What every answer is made of.

use crate::scans::Scans;

/// What every answer is made of.
pub(crate) struct App {
    pub(crate) scans: Scans,
}
