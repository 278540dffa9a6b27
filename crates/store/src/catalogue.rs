//! The stores that a runner knows, by the scheme of their URI.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::local::Local;
use crate::memory::Memory;
use crate::store::Store;

/// What all stores are told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether an object is on the disk before it has its name, where the store is a folder.
    pub sync: bool,
}

/// A kind of store that is not built in.
pub trait Backend: Send + Sync {
    /// The schemes of its URIs: `s3`.
    fn schemes(&self) -> &'static [&'static str];

    /// The store of a URI. Touches neither disk nor network.
    ///
    /// # Errors
    /// What is wrong with the URI, without the password that may be in it.
    fn store(&self, uri: &str, options: &Options) -> Result<Arc<dyn Store>, String>;
}

/// The stores that a runner knows. A folder and `memory:` always are.
#[derive(Default)]
pub struct Stores(Vec<Box<dyn Backend>>);

impl Stores {
    /// Those that are built in.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, backend: impl Backend + 'static) -> Self {
        self.0.push(Box::new(backend));
        self
    }

    /// The store of a folder's path or a URI. Touches neither disk nor network.
    ///
    /// # Errors
    /// What is wrong with it, and which schemes there are.
    pub fn open(&self, uri: &str, options: &Options) -> Result<Arc<dyn Store>, String> {
        let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
        let backend = self.0.iter().find(|backend| backend.schemes().contains(&scheme));
        match (scheme, backend) {
            (_, Some(backend)) => backend.store(uri, options),
            ("memory", None) => Ok(Arc::new(Memory::default())),
            ("file", None) => match uri.strip_prefix("file://").filter(|path| path.starts_with('/')) {
                Some(path) => Ok(Arc::new(Local::new(PathBuf::from(path), options.sync))),
                None => Err("is not `file:///FOLDER`".to_owned()),
            },
            _ if uri.contains("://") => {
                Err(format!("no store is called `{scheme}` (known: {})", self.schemes().join(", ")))
            }
            _ => Ok(Arc::new(Local::new(Path::new(uri).to_owned(), options.sync))),
        }
    }

    fn schemes(&self) -> Vec<&'static str> {
        let mut all = vec!["file", "memory"];
        all.extend(self.0.iter().flat_map(|backend| backend.schemes()));
        all
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.schemes()).finish()
    }
}
