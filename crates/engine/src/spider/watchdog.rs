//! Looks at the parser threads from outside: a step that blocks or loops is named while it still runs. It cannot be ended,
//! for Rust ends no thread; the other threads go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use url::Url;

use super::Runnable;
use crate::message::Sealed;
use crate::message::mask::Shown;
use crate::stats::Stats;

/// What a thread reads now.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Reading>>);

struct Reading {
    since: Instant,
    url: Url,
    step: Sealed,
    /// How long it is to have taken at the next line: twice as long each time.
    say_at: Duration,
}

/// The thread that looks. It ends when this is dropped.
pub(super) struct Watchdog {
    _stop: Sender<()>,
}

impl Slot {
    /// From here on the thread reads this.
    pub(super) fn begin(&self, url: &Url, step: &Sealed, slow: Duration) {
        *self.lock() = Some(Reading { since: Instant::now(), url: url.clone(), step: step.clone(), say_at: slow });
    }

    /// It has read it.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// What is to be said of it now, and whether for the first time.
    fn look(&self, slow: Duration) -> Option<(Url, Sealed, Duration, bool)> {
        let mut slot = self.lock();
        let reading = slot.as_mut()?;
        let taken = reading.since.elapsed();
        if taken < reading.say_at {
            return None;
        }
        let is_first = reading.say_at == slow;
        reading.say_at = taken.saturating_mul(2);
        Some((reading.url.clone(), reading.step.clone(), taken, is_first))
    }

    // what is written here is whole at every instant
    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watchdog {
    /// Looks at these threads: what takes longer than `slow` is a line in the log and counted as `parse/slow_count`.
    pub(super) fn start(
        slots: Vec<Arc<Slot>>,
        slow: Duration,
        spider: Arc<dyn Runnable>,
        stats: Arc<Stats>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(0);
        let every = (slow / 4).clamp(Duration::from_millis(10), Duration::from_secs(1));
        std::thread::Builder::new().name("dragline-watchdog".to_owned()).spawn(move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                for (url, step, taken, is_first) in slots.iter().filter_map(|slot| slot.look(slow)) {
                    // the author's own `Debug`, which may panic
                    let step = catch_unwind(AssertUnwindSafe(|| spider.describe(&step))).unwrap_or_default();
                    let seconds = taken.as_secs_f64();
                    tracing::warn!(url = %Shown(&url), step, "`parse` has taken {seconds:.1}s and goes on");
                    stats.add("parse/slow_count", u64::from(is_first));
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
