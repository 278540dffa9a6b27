//! Whose turn it is: one scan for each session, a few at once; the others wait in a fair line. Results stay for a while.

mod line;
mod own;
mod pace;
mod results;
mod space;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use dragline::error::{Error, Result};
use dragline::{Layers, Registry};
use dragline_images::Images;
use dragline_images::hotlink::Hotlink;
use page_images::PageImages;

use self::line::Line;
use self::pace::Pace;
use self::space::Space;
use crate::scan::run::{Ground, run};
use crate::scan::stage::Stage;
use crate::scan::{BadOptions, Options, Scan, ScanId, explain};
use crate::settings::Settings;

/// How long [`Scans::close`] waits for scans to end.
const GRACE: Duration = Duration::from_secs(2);

/// Why a scan was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// What was asked for makes no sense.
    #[error(transparent)]
    Bad(#[from] BadOptions),
    /// Too many scans wait.
    #[error("{0} scans are waiting already: try again in a minute")]
    Full(usize),
    /// The session has asked for too many in too short a time.
    #[error("that were {scans} scans in a minute: wait {seconds} s")]
    Often {
        /// How many it may begin in a minute.
        scans: u32,
        /// How long it has to wait until it may begin another one.
        seconds: u64,
    },
}

/// All scans.
#[derive(Clone)]
pub struct Scans(Arc<Inner>);

struct Inner {
    ground: Arc<Ground>,
    space: Space,
    state: Mutex<State>,
    /// A scan's thread has ended.
    ended: Condvar,
    /// Folders that nobody needs any more; whoever takes them away ends when this is gone.
    waste: Sender<PathBuf>,
}

struct State {
    slots: HashMap<ScanId, Slot>,
    line: Line,
    pace: Pace,
    /// Threads of scans.
    threads: usize,
    /// Nothing begins any more.
    is_closed: bool,
}

/// A scan, and whose it is.
struct Slot {
    session: String,
    scan: Arc<Scan>,
    at: At,
}

/// How far a scan is, as far as the line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Waiting,
    Running,
    Ended(Instant),
}

impl Scans {
    /// None yet. The registry is that of the runner.
    ///
    /// # Errors
    /// If a setting cannot be, or there is no room for the copies.
    pub fn new(registry: Registry, layers: Layers) -> Result<Self> {
        let settings: Settings = layers.table("gallery")?;
        settings.check().map_err(|error| layers.blame(error))?;
        let registry = registry.spider::<PageImages>().pipeline::<Images>().pipeline::<Hotlink>().pipeline::<Stage>();
        let space = Space::open(&settings.folder)?;
        let line = Line::new(settings.scans, settings.session_scans);
        let (slots, pace) = (HashMap::new(), Pace::default());
        let state = Mutex::new(State { slots, line, pace, threads: 0, is_closed: false });
        let ground = Arc::new(Ground { registry, layers, settings, served: OnceLock::new() });
        let (waste, wasted) = mpsc::channel();
        let inner = Arc::new(Inner { ground, space, state, ended: Condvar::new(), waste });
        let keeper = Arc::downgrade(&inner);
        let thread = thread::Builder::new().name("gallery-tidy".to_owned());
        thread.spawn(move || tidy(&keeper, &wasted)).map_err(Error::other)?;
        Ok(Self(inner))
    }

    /// The address that the gallery is served at: no scan leads there.
    pub fn served_at(&self, address: SocketAddr) {
        // the first one stays: nobody moves
        let _ = self.0.ground.served.set(address);
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.ground.settings
    }

    /// A session asks for a scan, which begins when its turn comes.
    ///
    /// # Errors
    /// If it makes no sense, or there are too many.
    pub fn submit(&self, session: &str, options: Options) -> std::result::Result<Arc<Scan>, Refused> {
        options.check()?;
        let settings = self.settings();
        own::check(&options, &settings.hosts, self.0.ground.served.get().copied())?;
        let mut state = self.0.lock();
        let (now, most) = (Instant::now(), settings.scans_per_minute);
        if let Some(wait) = state.pace.wait(session, most, now) {
            return Err(Refused::Often { scans: most, seconds: wait.as_secs() + 1 });
        }
        state.tidy_line();
        let waiting = state.line.len();
        if state.is_closed || waiting >= settings.queue && !state.line.is_free_for(session) {
            return Err(Refused::Full(waiting));
        }
        state.pace.note(session, now);
        let id = ScanId(format!("{:032x}", rand::random::<u128>()));
        let scan = Arc::new(Scan::new(id.clone(), options, settings.linger));
        let slot = Slot { session: session.to_owned(), scan: scan.clone(), at: At::Waiting };
        state.slots.insert(id.clone(), slot);
        state.line.enter(session, id);
        self.0.begin_next(&mut state);
        Ok(scan)
    }

    /// A scan of a session.
    #[must_use]
    pub fn get(&self, session: &str, id: &str) -> Option<Arc<Scan>> {
        let state = self.0.lock();
        let slot = state.slots.get(&ScanId(id.to_owned()))?;
        (slot.session == session).then(|| slot.scan.clone())
    }

    /// How many scans go before one that waits; 0 if it does not wait.
    #[must_use]
    pub fn before(&self, scan: &Scan) -> usize {
        let mut state = self.0.lock();
        state.tidy_line();
        state.line.before(&scan.id).unwrap_or_default()
    }

    /// The scans of a session, the last one first.
    #[must_use]
    pub fn recent(&self, session: &str) -> Vec<Arc<Scan>> {
        let state = self.0.lock();
        let own = state.slots.values().filter(|slot| slot.session == session);
        let mut own: Vec<Arc<Scan>> = own.map(|slot| slot.scan.clone()).collect();
        own.sort_by_cached_key(|scan| std::cmp::Reverse(scan.head().asked));
        own
    }

    /// Stops a scan of a session and forgets it with its copies. Whether there was one.
    pub fn remove(&self, session: &str, id: &str) -> bool {
        let mut state = self.0.lock();
        let id = ScanId(id.to_owned());
        if state.slots.get(&id).is_none_or(|slot| slot.session != session) {
            return false;
        }
        self.0.forget(&mut state, &id);
        self.0.begin_next(&mut state);
        true
    }

    /// The folder with a scan's copies: each entry's `path` and `thumbs` lie below it.
    #[must_use]
    pub fn folder(&self, scan: &Scan) -> PathBuf {
        self.0.folder(&scan.id)
    }

    /// The folder with all copies.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.0.space.root()
    }

    /// Stops all scans, waits for a moment until they have ended, and takes their copies away. Nothing begins any more.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.is_closed = true;
        state.line.retain(|_| false);
        let ids: Vec<ScanId> = state.slots.keys().cloned().collect();
        for slot in ids.iter().filter_map(|id| state.slots.remove(id)) {
            slot.scan.cancel();
        }
        // a poisoned lock still has the right count, and whatever hangs is left behind
        let waited = self.0.ended.wait_timeout_while(state, GRACE, |state| state.threads > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.0.space.clear();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        // each change is of plain fields, and is whole before anything can panic
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, id: &ScanId) -> PathBuf {
        self.space.root().join(&id.0)
    }

    /// Begins those whose turn has come.
    fn begin_next(self: &Arc<Self>, state: &mut State) {
        state.tidy_line();
        while let Some((session, id)) = state.line.next() {
            let Some(slot) = state.slots.get_mut(&id) else {
                state.line.leave(&session);
                continue;
            };
            slot.at = At::Running;
            let (inner, scan, name) = (self.clone(), slot.scan.clone(), session.clone());
            let thread = thread::Builder::new().name("gallery-scan".to_owned());
            match thread.spawn(move || inner.turn(&scan, &name)) {
                Ok(_) => state.threads += 1,
                Err(error) => {
                    tracing::error!(%error, "a scan cannot begin");
                    slot.scan.end(explain::internal());
                    slot.at = At::Ended(Instant::now());
                    state.line.leave(&session);
                }
            }
        }
        // those who are left have moved up
        for slot in state.line.ids().filter_map(|id| state.slots.get(id)) {
            slot.scan.touch();
        }
    }

    /// A scan on its own thread, whose place is given on whatever happens.
    fn turn(self: &Arc<Self>, scan: &Arc<Scan>, session: &str) {
        let folder = self.folder(&scan.id);
        self.take_turn(scan, session, || run(&self.ground, scan, &folder));
    }

    fn take_turn(self: &Arc<Self>, scan: &Arc<Scan>, session: &str, work: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("a scan has panicked");
            scan.end(explain::internal());
        }
        let mut state = self.lock();
        state.threads -= 1;
        state.line.leave(session);
        match state.slots.get_mut(&scan.id) {
            Some(slot) => slot.at = At::Ended(Instant::now()),
            None => self.waste(self.folder(&scan.id)),
        }
        if !state.is_closed {
            self.begin_next(&mut state);
        }
        drop(state);
        self.ended.notify_all();
    }

    /// Stops a scan and forgets it; its folder goes when its thread has ended.
    fn forget(&self, state: &mut State, id: &ScanId) {
        let Some(slot) = state.slots.remove(id) else { return };
        slot.scan.cancel();
        match slot.at {
            At::Waiting => state.line.retain(|waiting| waiting != id),
            At::Running => {}
            At::Ended(_) => self.waste(self.folder(id)),
        }
    }

    fn waste(&self, folder: PathBuf) {
        // it is there as long as we are
        let _ = self.waste.send(folder);
    }

    /// Forgets results that have been there for long enough, or are too many.
    fn expire(&self, now: Instant) {
        let mut state = self.lock();
        for id in results::expired(&state, &self.ground.settings, now) {
            self.forget(&mut state, &id);
        }
    }
}

impl State {
    /// Those who wait and have been stopped leave the line.
    fn tidy_line(&mut self) {
        let Self { slots, line, .. } = self;
        let mut stopped = Vec::new();
        for id in line.ids() {
            if slots.get(id).is_none_or(|slot| slot.scan.is_over()) {
                stopped.push(id.clone());
            }
        }
        if stopped.is_empty() {
            return;
        }
        line.retain(|id| !stopped.contains(id));
        for id in stopped {
            if let Some(slot) = slots.get_mut(&id) {
                slot.at = At::Ended(Instant::now());
            }
        }
    }
}

/// Takes away what nobody needs any more, until there are no scans.
fn tidy(inner: &Weak<Inner>, wasted: &mpsc::Receiver<PathBuf>) {
    let Some((leftovers, look)) = inner.upgrade().map(|inner| {
        let look = inner.ground.settings.expires / 10;
        (inner.space.leftovers(), look.clamp(Duration::from_millis(50), Duration::from_secs(10)))
    }) else {
        return;
    };
    leftovers.into_iter().for_each(space::Leftover::take_away);
    let mut next = Instant::now() + look;
    loop {
        match wasted.recv_timeout(next.saturating_duration_since(Instant::now())) {
            Ok(folder) => space::take_away(&folder),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                next = Instant::now() + look;
                let Some(inner) = inner.upgrade() else { return };
                inner.expire(Instant::now());
            }
        }
    }
}

#[cfg(test)]
mod tests;
