//! Room on the disks: the crawl waits while one of them is nearly full, and ends when it has stayed so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::Space;
use crate::error::SpaceError;

/// How often the disks are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Looks at the disks until it is dropped.
pub(super) async fn watch(places: Vec<PathBuf>, min_free: ByteSize, patience: Duration, say: watch::Sender<Space>) {
    if min_free.as_u64() == 0 {
        return std::future::pending().await;
    }
    let mut low_since: Option<Instant> = None;
    loop {
        // once it was low, twice as much is to be free before it goes on
        let wanted = if low_since.is_some() { 2 * min_free.as_u64() } else { min_free.as_u64() };
        let low = places.iter().find(|place| free(place).is_some_and(|free| free < wanted));
        match (low, low_since) {
            (Some(place), None) => {
                tracing::warn!(place = %place.display(), %min_free, "the disk is nearly full; the crawl waits for room");
                low_since = Some(Instant::now());
                say.send_replace(Space::Low);
            }
            (Some(place), Some(since)) if since.elapsed() >= patience => {
                say.send_replace(Space::Gone(SpaceError { path: place.clone(), min_free, patience }));
                return std::future::pending().await;
            }
            (None, Some(_)) => {
                tracing::info!("the disk has room again");
                low_since = None;
                say.send_replace(Space::Enough);
            }
            _ => {}
        }
        tokio::time::sleep(LOOK.min(patience.max(Duration::from_millis(10)))).await;
    }
}

/// The bytes that are free for us on the disk of a place, or of the folder that it will lie in.
#[cfg(unix)]
fn free(place: &Path) -> Option<u64> {
    place.ancestors().find_map(|place| {
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        let there = rustix::fs::statvfs(place).ok()?;
        there.f_bavail.checked_mul(there.f_frsize)
    })
}

/// Nobody tells.
#[cfg(not(unix))]
fn free(_place: &Path) -> Option<u64> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_not_there_yet_lies_on_the_disk_of_its_folder() {
        assert!(free(Path::new("/no/such/folder")).is_some());
        assert!(free(Path::new("no-such-folder/images")).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_is_told() {
        let (say, mut hear) = watch::channel(Space::Enough);
        let patience = Duration::from_secs(600);
        let watching = tokio::spawn(watch(vec![".".into()], ByteSize::pib(1000), patience, say));
        hear.wait_for(|space| *space == Space::Low).await.expect("low");
        let begin = Instant::now();
        hear.wait_for(|space| matches!(space, Space::Gone(_))).await.expect("gone");
        assert!(begin.elapsed() >= patience);
        watching.abort();
    }
}
