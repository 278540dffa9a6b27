//! Reading what may be damaged: a library that finds its own file impossible panics, and that is an answer too.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

/// One at a time: what a panic prints is held back for the whole process.
static CALM: Mutex<()> = Mutex::new(());

/// What `read` gives; none if it panicked. Nothing is printed then.
pub(super) fn calmly<T>(read: impl FnOnce() -> T) -> Option<T> {
    let _calm = CALM.lock().unwrap_or_else(PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    panic::set_hook(hook);
    result.ok()
}
