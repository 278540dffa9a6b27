//! What an answer may cost. Whoever writes an expression can write one that takes for ever, and whoever writes a page can
//! make one of an innocent expression (FAULTS, P09).

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Why an answer is not gone on with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// One node was asked for, and is there.
    Enough,
    /// It would take more than its steps, or its time.
    Spent,
    /// It has no answer: why.
    Told(String),
}

/// What looks at nodes says when it has seen enough.
pub(super) type Answer<T> = Result<T, Halt>;

/// Looks at the clock are this many steps apart.
const LOOK: u64 = 1 << 16;

/// The steps that are left, and until when. A step is a node that is looked at, or 64 bytes of text.
#[derive(Debug)]
pub(super) struct Budget {
    left: Cell<u64>,
    next_look: Cell<u64>,
    begin: Instant,
    time: Duration,
}

impl Budget {
    pub(super) fn new(steps: u64, time: Duration) -> Self {
        Self { left: Cell::new(steps), next_look: Cell::new(steps.saturating_sub(LOOK)), begin: Instant::now(), time }
    }

    #[inline]
    pub(super) fn take(&self, steps: u64) -> Answer<()> {
        let left = self.left.get().checked_sub(steps).ok_or(Halt::Spent)?;
        self.left.set(left);
        if left < self.next_look.get() {
            self.next_look.set(left.saturating_sub(LOOK));
            if self.begin.elapsed() > self.time {
                return Err(Halt::Spent);
            }
        }
        Ok(())
    }

    /// A text of so many bytes.
    #[inline]
    pub(super) fn take_text(&self, bytes: usize) -> Answer<()> {
        self.take(1 + bytes as u64 / 64)
    }
}
