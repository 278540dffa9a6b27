//! The bare floor that Dragline's crawls are measured against: the same work with the same libraries and 16 tasks, but
//! no engine. One program for each measured crawl, written as one would by hand, with nothing shared but the runtime.

use std::future::Future;
use std::num::NonZeroUsize;

use tokio::runtime::Builder;

/// How many tasks fetch at once.
pub const TASKS: usize = 16;

/// Runs the program on a runtime of so many threads: on the calling thread if it is one.
///
/// # Errors
/// Those of the program, and of the system if it gives no threads.
pub fn run(threads: NonZeroUsize, program: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    let mut builder = match threads.get() {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder.worker_threads(threads.get()).enable_all().build()?.block_on(program)
}
