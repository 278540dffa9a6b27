//! Counters of hashes, in tables by host, so that parser threads seldom wait for each other; bounded: a table that is full
//! forgets.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Pages of a host.
    Pages,
    /// Hosts of a domain.
    Hosts,
    /// How many shapes lie between the start and this one.
    Level,
    /// A path's sets of names that are known.
    Names,
    /// How many those are.
    Sets,
    /// URLs that differ in what is passing only.
    Variants,
    /// Pages of a pattern that are the same bytes.
    Same,
    /// Pages of a pattern.
    Total,
    /// Patterns of which no more is fetched.
    Parked,
}

const KINDS: usize = 9;
const SHARDS: usize = 64;
/// Entries of a kind in all: 12 MB at most, if every kind were full 100 MB.
const MOST: usize = 1 << 19;

/// All counters.
#[derive(Debug, Default)]
pub(super) struct Tables {
    shards: Shards,
    lengths: [AtomicUsize; KINDS],
}

#[derive(Debug)]
struct Shards([Mutex<[Table; KINDS]>; SHARDS]);

impl Default for Shards {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

type Table = HashMap<u64, u32, BuildHasherDefault<AsItIs>>;

/// The counters of one host and those that share its table.
pub(super) struct Locked<'a> {
    tables: MutexGuard<'a, [Table; KINDS]>,
    lengths: &'a [AtomicUsize; KINDS],
}

impl Tables {
    /// The counters of a host or domain.
    pub(super) fn lock(&self, host: u64) -> Locked<'_> {
        let shard = &self.shards.0[(host >> 40) as usize % SHARDS];
        Locked { tables: shard.lock().unwrap_or_else(PoisonError::into_inner), lengths: &self.lengths }
    }
}

impl Locked<'_> {
    /// A counter, if it was ever set.
    pub(super) fn get(&self, kind: Kind, key: u64) -> Option<u32> {
        self.tables[kind as usize].get(&key).copied()
    }

    /// Sets a counter; where there is no room, the others of its kind in this table are forgotten.
    pub(super) fn set(&mut self, kind: Kind, key: u64, count: u32) {
        let (table, length) = (&mut self.tables[kind as usize], &self.lengths[kind as usize]);
        if table.insert(key, count).is_none() && length.fetch_add(1, Ordering::Relaxed) >= MOST {
            length.fetch_sub(table.len(), Ordering::Relaxed);
            table.clear();
        }
    }
}

/// Two hashes as one.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xD6E8_FEB8_6659_FD93);
    (product as u64) ^ ((product >> 64) as u64) ^ a.rotate_left(17)
}

/// Keys are hashes already.
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

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded() {
        let tables = Tables::default();
        for key in 0..3 * MOST as u64 {
            tables.lock(key << 40).set(Kind::Total, key, 1);
        }
        let held: usize =
            tables.shards.0.iter().map(|shard| shard.lock().expect("a lock")[Kind::Total as usize].len()).sum();
        assert!(held <= MOST && held == tables.lengths[Kind::Total as usize].load(Ordering::Relaxed), "{held}");
        // what is counted goes on being counted where there was no room
        tables.lock(1).set(Kind::Pages, 1, 7);
        assert_eq!(tables.lock(1).get(Kind::Pages, 1), Some(7));
    }
}
