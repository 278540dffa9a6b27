//! The manifest as the pipeline uses it: what cannot be read or written there costs a line in the log, and no crawl.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dragline::stats::Stats;
use dragline_store::Store;
use dragline_store::manifest::{Manifest, ManifestError, Object, Visit};

/// The setting for none.
const OFF: &str = "off";

/// What earlier runs knew, or nothing.
#[derive(Debug)]
pub(super) struct Ledger {
    manifest: Option<Manifest>,
    /// There was none before this run, so that it knows what this run knows.
    is_new: bool,
    stats: Arc<Stats>,
    is_broken: AtomicBool,
}

/// What is known of a URL: what became of it, and the object that it led to.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) visit: Option<Visit>,
    pub(super) object: Option<Object>,
}

impl Ledger {
    /// The file that a setting means; none for no manifest.
    pub(super) fn place(setting: &str, store: &dyn Store) -> Option<PathBuf> {
        match (setting, store.root()) {
            (OFF, _) | ("", None) => None,
            ("", Some(root)) => Some(Manifest::beside(root)),
            (path, _) => Some(PathBuf::from(path)),
        }
    }

    /// No manifest.
    pub(super) fn none() -> Self {
        Self { manifest: None, is_new: true, stats: Arc::default(), is_broken: AtomicBool::new(false) }
    }

    /// Opens it, off the I/O thread.
    pub(super) async fn open(place: Option<PathBuf>, stats: Arc<Stats>) -> Self {
        let Some(path) = place else {
            return Self { stats, ..Self::none() };
        };
        let opened = tokio::task::spawn_blocking(move || {
            let is_new = !path.exists();
            if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
                // what cannot be made is what opening then says
                let _ = std::fs::create_dir_all(folder);
            }
            (Manifest::open(&path), is_new)
        });
        let mut ledger = Self { manifest: None, is_new: false, stats, is_broken: AtomicBool::new(false) };
        match opened.await {
            Ok((Ok(manifest), is_new)) => (ledger.manifest, ledger.is_new) = (Some(manifest), is_new),
            Ok((Err(error), _)) => ledger.complain(&error),
            Err(error) => ledger.complain(&error),
        }
        ledger
    }

    /// Whether it knows nothing that this run does not know.
    pub(super) fn is_new(&self) -> bool {
        self.is_new || self.manifest.is_none()
    }

    /// Whether there is one.
    pub(super) fn is_kept(&self) -> bool {
        self.manifest.is_some()
    }

    /// What is known of a URL.
    pub(super) async fn past(&self, url: &str) -> Past {
        let Some(manifest) = self.manifest.clone() else { return Past::default() };
        let url = url.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let Some(visit) = manifest.visit(&url)? else { return Ok(Past::default()) };
            let object = match &visit.name {
                Some(name) => manifest.object(name)?,
                None => None,
            };
            Ok::<_, ManifestError>(Past { visit: Some(visit), object })
        });
        match read.await {
            Ok(Ok(past)) => past,
            Ok(Err(error)) => {
                self.complain(&error);
                Past::default()
            }
            Err(error) => {
                self.complain(&error);
                Past::default()
            }
        }
    }

    /// What is known of an object.
    pub(super) async fn object(&self, name: &str) -> Option<Object> {
        let (manifest, name) = (self.manifest.clone()?, name.to_owned());
        match tokio::task::spawn_blocking(move || manifest.object(&name)).await.ok()? {
            Ok(object) => object,
            Err(error) => {
                self.complain(&error);
                None
            }
        }
    }

    /// Notes what became of a URL.
    pub(super) fn note(&self, visit: Visit, object: Option<Object>) {
        if let Some(manifest) = &self.manifest {
            manifest.note(visit, object);
        }
    }

    /// Waits until all that was noted is on the disk.
    pub(super) async fn close(&self) {
        let Some(manifest) = self.manifest.clone() else { return };
        match tokio::task::spawn_blocking(move || manifest.flush()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.complain(&error),
            Err(error) => self.complain(&error),
        }
    }

    /// Says once what is wrong, and counts the rest.
    fn complain(&self, error: &dyn std::error::Error) {
        self.stats.add("manifest/error_count", 1);
        if !self.is_broken.swap(true, Ordering::Relaxed) {
            let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            tracing::warn!("the manifest cannot be used, and the crawl goes on without what it knows: {error}{cause}");
        }
    }
}
