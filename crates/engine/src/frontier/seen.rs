//! The seen set: 64-bit fingerprints in a table that costs 9 to 18 bytes each.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashSet;
use url::Url;

use super::Fingerprinter;
use crate::message::Request;

/// The fingerprints of all requests that were ever queued. Shared: parser threads look, the frontier adds.
#[derive(Debug, Clone)]
pub struct Seen {
    fingerprinter: Fingerprinter,
    known: Arc<RwLock<HashSet<u64, BuildHasherDefault<AsItIs>>>>,
}

impl Seen {
    /// An empty set under a key.
    #[must_use]
    pub fn new(fingerprinter: Fingerprinter) -> Self {
        Self { fingerprinter, known: Arc::default() }
    }

    /// Whether a `GET` of this URL was queued before.
    #[must_use]
    pub fn has_get(&self, url: &Url) -> bool {
        let fingerprint = self.fingerprinter.get(url);
        self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&fingerprint)
    }

    /// Adds a request; false if it was there.
    pub(super) fn insert(&self, request: &Request) -> bool {
        let fingerprint = self.fingerprinter.request(request);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(fingerprint)
    }
}

/// Fingerprints are hashes already.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}
