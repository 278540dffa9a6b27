//! The threads on which pictures are decoded: a fixed few, so that the memory for it is a fixed few pictures.
//!
//! A decoder cannot be stopped. One that takes longer than its deadline is abandoned with its thread, and another
//! thread takes the place; a process abandons four at most.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

/// As many threads may be lost to decoders that do not end, in a process.
const MOST_ABANDONED: usize = 4;

/// Threads for work that takes a processor. They end when this is dropped and their work is done.
#[derive(Debug)]
pub struct Workers {
    work: Sender<Work>,
    crew: Arc<Crew>,
}

/// Why there is no result. [`Lost::name`] is the stable name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The work panicked.
    #[error("the decoder panicked")]
    Panicked,
    /// The work took longer than its deadline.
    #[error("the decoder did not end in time and was abandoned")]
    TimedOut,
    /// Every thread is held by a decoder that does not end.
    #[error("no thread is left for it: decoders that do not end hold them all (see `image_timeout`); start again")]
    NoneLeft,
}

impl Lost {
    /// The stable name, as it stands in stats and items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Panicked => "image_panic",
            Self::TimedOut => "image_timeout",
            Self::NoneLeft => "image_no_thread",
        }
    }
}

impl Workers {
    /// Starts so many threads. A deadline counts from when a thread takes the work. The queue has no limit of its own:
    /// who gives work bounds it.
    ///
    /// # Errors
    /// If the system has no thread left.
    pub fn start(threads: usize, deadline: Duration) -> io::Result<Self> {
        static ABANDONED: AtomicUsize = AtomicUsize::new(0);
        Self::start_counting(threads, deadline, &ABANDONED)
    }

    fn start_counting(threads: usize, deadline: Duration, abandoned: &'static AtomicUsize) -> io::Result<Self> {
        let (work, queue) = crossbeam_channel::unbounded();
        let (begun, watched) = crossbeam_channel::unbounded();
        let crew = Arc::new(Crew { queue, begun, at_work: AtomicUsize::new(0), abandoned });
        for _ in 0..threads.max(1) {
            crew.hire()?;
        }
        let watched_crew = Arc::downgrade(&crew);
        thread::Builder::new()
            .name("dragline-images-watch".to_owned())
            .spawn(move || watch(&watched, deadline, &watched_crew))?;
        Ok(Self { work, crew })
    }

    /// Does the work on one of the threads. Needs no runtime of its own.
    ///
    /// # Errors
    /// If the work panicked, did not end in time, or no thread is left to do it.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Lost> {
        let (sender, receiver) = oneshot::channel();
        // either the work answers or the watch does
        let asker = Arc::new(Mutex::new(Some(sender)));
        let answer = move |answer: Result<T, Lost>| {
            let asker = asker.lock().unwrap_or_else(PoisonError::into_inner).take();
            // who asked may have left
            asker.map(|asker| asker.send(answer));
        };
        let lose = answer.clone();
        let task = move || answer(catch_unwind(AssertUnwindSafe(work)).map_err(|_| Lost::Panicked));
        let work = Work { task: Box::new(task), lose: Arc::new(move |lost| lose(Err(lost))) };
        // the crew holds a receiver
        self.work.send(work).map_err(|_| Lost::NoneLeft)?;
        self.crew.refuse_if_none_left();
        receiver.await.map_err(|_| Lost::NoneLeft)?
    }
}

struct Work {
    task: Box<dyn FnOnce() + Send>,
    lose: Arc<dyn Fn(Lost) + Send + Sync>,
}

/// What the threads have in common. The watch holds it weakly, and ends with the last of them.
#[derive(Debug)]
struct Crew {
    queue: Receiver<Work>,
    begun: Sender<Begun>,
    /// Threads that will come back to the queue.
    at_work: AtomicUsize,
    abandoned: &'static AtomicUsize,
}

/// Work that a thread has taken.
struct Begun {
    at: Instant,
    lose: Arc<dyn Fn(Lost) + Send + Sync>,
    over: Arc<Over>,
}

/// How a piece of work ended. Who sets `decided` first, the thread or the watch, decides.
#[derive(Default)]
struct Over {
    decided: AtomicBool,
    /// The watch has put another thread in the place of this one.
    replaced: Mutex<bool>,
}

impl Crew {
    fn hire(self: &Arc<Self>) -> io::Result<()> {
        let crew = self.clone();
        self.at_work.fetch_add(1, Ordering::SeqCst);
        let hired = thread::Builder::new().name("dragline-images".to_owned()).spawn(move || crew.serve());
        if hired.is_err() {
            self.at_work.fetch_sub(1, Ordering::SeqCst);
        }
        hired.map(drop)
    }

    fn serve(&self) {
        for Work { task, lose } in &self.queue {
            let over = Arc::new(Over::default());
            // the watch ends after the threads
            let _ = self.begun.send(Begun { at: Instant::now(), lose, over: over.clone() });
            task();
            if over.decided.swap(true, Ordering::SeqCst) {
                // the watch counted this thread out
                if *over.replaced.lock().unwrap_or_else(PoisonError::into_inner) {
                    self.abandoned.fetch_sub(1, Ordering::SeqCst);
                    return;
                }
                self.at_work.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn abandon(self: &Arc<Self>, over: &Over) {
        let mut replaced = over.replaced.lock().unwrap_or_else(PoisonError::into_inner);
        if over.decided.swap(true, Ordering::SeqCst) {
            return;
        }
        self.at_work.fetch_sub(1, Ordering::SeqCst);
        let most = |abandoned: usize| (abandoned < MOST_ABANDONED).then_some(abandoned + 1);
        if self.abandoned.fetch_update(Ordering::SeqCst, Ordering::SeqCst, most).is_ok() {
            *replaced = self.hire().is_ok();
            if !*replaced {
                self.abandoned.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.refuse_if_none_left();
    }

    /// Work that no thread will take is answered, not kept waiting.
    fn refuse_if_none_left(&self) {
        if self.at_work.load(Ordering::SeqCst) == 0 {
            self.queue.try_iter().for_each(|work| (work.lose)(Lost::NoneLeft));
        }
    }
}

/// Looks at each piece of work once, at its deadline. All have the same, so the order in which they began is that of
/// their deadlines.
fn watch(begun: &Receiver<Begun>, deadline: Duration, crew: &Weak<Crew>) {
    for Begun { at, lose, over } in begun {
        if over.decided.load(Ordering::SeqCst) {
            continue;
        }
        thread::sleep(deadline.saturating_sub(at.elapsed()));
        if let Some(crew) = crew.upgrade().filter(|_| !over.decided.load(Ordering::SeqCst)) {
            crew.abandon(&over);
            lose(Lost::TimedOut);
        }
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

impl std::fmt::Debug for Begun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Begun").field("at", &self.at).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);
    const SHORT: Duration = Duration::from_millis(20);

    fn counter() -> &'static AtomicUsize {
        Box::leak(Box::new(AtomicUsize::new(0)))
    }

    #[tokio::test]
    async fn i05_a_panic_costs_its_own_work_and_no_thread() {
        let workers = Workers::start(1, LONG).expect("threads");
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
        let panics = || -> u32 { std::panic::resume_unwind(Box::new("a decoder")) };
        assert_eq!(workers.run(panics).await, Err(Lost::Panicked));
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
    }

    #[tokio::test]
    async fn i05_work_that_does_not_end_costs_its_thread_and_another_takes_the_place() {
        let abandoned = counter();
        let workers = Workers::start_counting(1, SHORT, abandoned).expect("threads");
        let (release, hang) = mpsc::channel::<()>();
        assert_eq!(workers.run(move || hang.recv().is_ok()).await, Err(Lost::TimedOut));
        assert_eq!(abandoned.load(Ordering::SeqCst), 1);
        assert_eq!(workers.run(|| 6 * 7).await, Ok(42));
        // a thread that comes back after all is no longer counted
        drop(release);
        while abandoned.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
        assert_eq!(workers.crew.at_work.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn i05_when_all_threads_hang_work_is_refused_until_one_comes_back() {
        let workers = Workers::start_counting(1, SHORT, counter()).expect("threads");
        let mut releases = Vec::new();
        for _ in 0..=MOST_ABANDONED {
            let (release, hang) = mpsc::channel::<()>();
            releases.push(release);
            assert_eq!(workers.run(move || hang.recv().is_ok()).await, Err(Lost::TimedOut));
        }
        assert_eq!(workers.run(|| 6 * 7).await, Err(Lost::NoneLeft));
        releases.clear();
        while workers.run(|| 6 * 7).await != Ok(42) {
            thread::yield_now();
        }
    }
}
