//! Whose turn it is: one scan for each session, a few at once; the others wait in a fair line. Results stay for a while.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dragline::error::Result;
use dragline::{Layers, Registry};
use dragline_images::Images;
use page_images::PageImages;

use crate::scan::run::{Ground, run};
use crate::scan::stage::Stage;
use crate::scan::{BadOptions, Options, Scan, ScanId};
use crate::settings::Settings;

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
    #[error("that were {0} scans in a minute: wait a little")]
    Often(u32),
}

/// All scans.
#[derive(Clone)]
pub struct Scans(Arc<Inner>);

struct Inner {
    ground: Arc<Ground>,
    folder: PathBuf,
    /// By their names: whose it is, and the scan.
    scans: Mutex<HashMap<ScanId, (String, Arc<Scan>)>>,
}

impl Scans {
    /// None yet. The registry is that of the runner.
    ///
    /// # Errors
    /// If a setting cannot be, or there is no room for the copies.
    pub fn new(registry: Registry, layers: Layers) -> Result<Self> {
        let settings: Settings = layers.table("gallery")?;
        settings.check().map_err(|error| layers.blame(error))?;
        let registry = registry.spider::<PageImages>().pipeline::<Images>().pipeline::<Stage>();
        let folder = std::env::temp_dir().join(format!("dragline-gallery-{:016x}", rand::random::<u64>()));
        let ground = Arc::new(Ground { registry, layers, settings });
        Ok(Self(Arc::new(Inner { ground, folder, scans: Mutex::default() })))
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.ground.settings
    }

    /// A session asks for a scan.
    ///
    /// # Errors
    /// If it makes no sense, or there are too many.
    pub fn submit(&self, session: &str, options: Options) -> std::result::Result<Arc<Scan>, Refused> {
        options.check()?;
        let id = ScanId(format!("{:032x}", rand::random::<u128>()));
        let scan = Arc::new(Scan::new(id.clone(), options, self.settings().linger));
        self.lock().insert(id, (session.to_owned(), scan.clone()));
        let (ground, folder, begun) = (self.0.ground.clone(), self.folder(&scan), scan.clone());
        std::thread::spawn(move || run(&ground, &begun, &folder));
        Ok(scan)
    }

    /// A scan of a session.
    #[must_use]
    pub fn get(&self, session: &str, id: &str) -> Option<Arc<Scan>> {
        let scans = self.lock();
        let (owner, scan) = scans.get(&ScanId(id.to_owned()))?;
        (owner == session).then(|| scan.clone())
    }

    /// How many scans go before one that waits.
    #[must_use]
    pub fn before(&self, _scan: &Scan) -> usize {
        0
    }

    /// The scans of a session, the last one first.
    #[must_use]
    pub fn recent(&self, session: &str) -> Vec<Arc<Scan>> {
        let scans = self.lock();
        let own = scans.values().filter(|(owner, _)| owner == session);
        let mut own: Vec<Arc<Scan>> = own.map(|(_, scan)| scan.clone()).collect();
        own.sort_by_key(|scan| std::cmp::Reverse(scan.head().asked));
        own
    }

    /// Stops a scan of a session and forgets it with its copies. Whether there was one.
    pub fn remove(&self, session: &str, id: &str) -> bool {
        let Some(scan) = self.get(session, id) else { return false };
        scan.cancel();
        self.lock().remove(&scan.id);
        true
    }

    /// The folder with a scan's copies: each entry's `path` and `thumbs` lie below it.
    #[must_use]
    pub fn folder(&self, scan: &Scan) -> PathBuf {
        self.0.folder.join(&scan.id.0)
    }

    /// The folder with all copies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.folder
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ScanId, (String, Arc<Scan>)>> {
        self.0.scans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
