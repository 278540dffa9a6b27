//! The threads on which pictures are decoded: a fixed few, so that the memory for it is a fixed few pictures.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// Threads for work that takes a processor. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Workers {
    work: Sender<Work>,
}

/// The work panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

impl Workers {
    /// Starts so many threads. Their queue has no limit of its own: who gives work bounds it.
    pub(crate) fn start(threads: usize) -> io::Result<Self> {
        let (work, receiver): (_, Receiver<Work>) = crossbeam_channel::unbounded();
        for number in 0..threads.max(1) {
            let receiver = receiver.clone();
            let run = move || receiver.into_iter().for_each(|work| work());
            std::thread::Builder::new().name(format!("dragline-images-{number}")).spawn(run)?;
        }
        Ok(Self { work })
    }

    /// Does the work on one of the threads.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (sender, receiver) = oneshot::channel();
        let work = move || {
            if let Ok(done) = catch_unwind(AssertUnwindSafe(work)) {
                // who asked may have left
                let _ = sender.send(done);
            }
        };
        self.work.send(Box::new(work)).map_err(|_| Panicked)?;
        receiver.await.map_err(|_| Panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_own_work_and_no_thread() {
        let workers = Workers::start(1).expect("threads");
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
        assert_eq!(workers.run(|| -> u32 { std::panic::resume_unwind(Box::new("a decoder")) }).await, Err(Panicked));
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
    }
}
