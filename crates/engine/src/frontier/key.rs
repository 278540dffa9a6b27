//! The places of requests in the order in which they are taken: in their host's queue, or until they are due.

use std::time::{Duration, SystemTime};

use super::RequestId;

/// A place in the order: whatever comes first in it is to be taken first.
pub(super) type Key = [u8; 16];

/// Host, then priority from high to low, then rank: the smallest key is the next request.
pub(super) fn queue_key(host: u32, priority: i32, rank: u64) -> Key {
    // flips the order of signed numbers into the reverse order of unsigned ones
    let urgency = !(priority.cast_unsigned() ^ 0x8000_0000);
    let mut key = Key::default();
    key[..4].copy_from_slice(&host.to_be_bytes());
    key[4..8].copy_from_slice(&urgency.to_be_bytes());
    key[8..].copy_from_slice(&rank.to_be_bytes());
    key
}

/// The place before all requests of a host.
pub(super) fn first_key(host: u32) -> Key {
    let mut key = Key::default();
    key[..4].copy_from_slice(&host.to_be_bytes());
    key
}

pub(super) fn host_of(key: &Key) -> u32 {
    u32::from_be_bytes([key[0], key[1], key[2], key[3]])
}

/// The last half of a key is the request's number, in the queue and where it waits until it is due.
pub(super) fn rank_of(key: &Key) -> RequestId {
    RequestId(half(key, 8))
}

/// Milliseconds since the epoch, then the rank.
pub(super) fn delayed_key(due: SystemTime, rank: u64) -> Key {
    let since = due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut key = Key::default();
    key[..8].copy_from_slice(&u64::try_from(since.as_millis()).unwrap_or(u64::MAX).to_be_bytes());
    key[8..].copy_from_slice(&rank.to_be_bytes());
    key
}

pub(super) fn due_of(key: &Key) -> SystemTime {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(half(key, 0))).unwrap_or_else(SystemTime::now)
}

fn half(key: &Key, at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key[at..at + 8]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_by_host_urgency_and_rank() {
        let order = [
            queue_key(1, i32::MAX, 9),
            queue_key(1, 5, 9),
            queue_key(1, 0, 1),
            queue_key(1, 0, 2),
            queue_key(1, -1, 0),
            queue_key(1, i32::MIN, 0),
            queue_key(2, 7, 0),
        ];
        assert!(order.is_sorted());
        assert_eq!((host_of(&order[1]), rank_of(&order[1])), (1, RequestId(9)));
        let due = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        assert_eq!(due_of(&delayed_key(due, 7)), due);
    }
}
