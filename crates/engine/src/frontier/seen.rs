//! The seen set: 64-bit fingerprints in tables that cost 9 to 18 bytes each.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashSet;
use url::Url;

use super::Fingerprinter;
use crate::message::Request;

/// Tables: each grows by itself, so that no growth stands in anybody's way for long, however many are known.
const SHARDS: usize = 256;

/// The fingerprints of all requests that were ever queued. Shared: parser threads look, the frontier adds.
#[derive(Debug, Clone)]
pub struct Seen {
    fingerprinter: Fingerprinter,
    shards: Arc<[RwLock<Shard>]>,
}

type Shard = HashSet<u64, BuildHasherDefault<AsItIs>>;

impl Seen {
    /// An empty set under a key.
    #[must_use]
    pub fn new(fingerprinter: Fingerprinter) -> Self {
        Self { fingerprinter, shards: (0..SHARDS).map(|_| RwLock::default()).collect() }
    }

    /// Whether a `GET` of this URL was queued before.
    #[must_use]
    pub fn has_get(&self, url: &Url) -> bool {
        let fingerprint = self.fingerprinter.get(url);
        self.shard(fingerprint).read().unwrap_or_else(PoisonError::into_inner).contains(&fingerprint)
    }

    /// Adds a request; its fingerprint if it was not there.
    pub(super) fn insert(&self, request: &Request) -> Option<u64> {
        let fingerprint = self.fingerprinter.request(request);
        self.add(fingerprint).then_some(fingerprint)
    }

    /// Adds a fingerprint; false if it was there.
    pub(super) fn add(&self, fingerprint: u64) -> bool {
        self.shard(fingerprint).write().unwrap_or_else(PoisonError::into_inner).insert(fingerprint)
    }

    /// Adds many fingerprints, table by table: in any other order each would be far from the one before in memory.
    pub(super) fn add_all(&self, fingerprints: &mut Vec<u64>) {
        fingerprints.sort_unstable_by_key(|fingerprint| Self::place(*fingerprint));
        for some in fingerprints.chunk_by(|a, b| Self::place(*a) == Self::place(*b)) {
            self.shard(some[0]).write().unwrap_or_else(PoisonError::into_inner).extend(some);
        }
        fingerprints.clear();
    }

    /// Makes room for so many, as they are about to be added.
    pub(super) fn reserve(&self, count: usize) {
        for shard in &*self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).reserve(count / SHARDS + count / SHARDS / 16);
        }
    }

    fn shard(&self, fingerprint: u64) -> &RwLock<Shard> {
        &self.shards[Self::place(fingerprint)]
    }

    /// The tables use the lowest bits for the place and the highest as a tag; these lie between.
    fn place(fingerprint: u64) -> usize {
        (fingerprint >> 40) as usize % SHARDS
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
