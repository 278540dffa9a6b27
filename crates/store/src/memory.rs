//! A store in memory, for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use dragline::message::Body;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::StoreError;
use crate::name::Name;
use crate::store::{About, Existing, Put, Stat, Store};

/// Objects in memory. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    objects: Arc<Mutex<BTreeMap<Name, (Bytes, Stat)>>>,
}

impl Memory {
    fn objects(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, (Bytes, Stat)>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory:")
    }
}

#[async_trait]
impl Store for Memory {
    async fn open(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn stat(&self, name: &Name) -> Result<Option<Stat>, StoreError> {
        Ok(self.objects().get(name).map(|(_, stat)| stat.clone()))
    }

    async fn get(&self, name: &Name) -> Result<Option<Bytes>, StoreError> {
        Ok(self.objects().get(name).map(|(bytes, _)| bytes.clone()))
    }

    async fn put(&self, name: &Name, body: Body, _about: &About, existing: Existing) -> Result<Put, StoreError> {
        let bytes = body.into_bytes().map_err(|error| StoreError::new(self, error))?;
        let stat = Stat { size: bytes.len() as u64, modified: Some(SystemTime::now()) };
        let mut objects = self.objects();
        if existing == Existing::Keep && objects.contains_key(name) {
            return Ok(Put::Kept);
        }
        objects.insert(name.clone(), (bytes, stat));
        Ok(Put::Written)
    }

    async fn delete(&self, name: &Name) -> Result<bool, StoreError> {
        Ok(self.objects().remove(name).is_some())
    }

    fn list(&self, folder: &str) -> BoxStream<'static, Result<(Name, Stat), StoreError>> {
        let below = |name: &Name| {
            folder.is_empty() || name.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let found: Vec<_> = (self.objects().iter())
            .filter(|(name, _)| below(name))
            .map(|(name, (_, stat))| Ok((name.clone(), stat.clone())))
            .collect();
        stream::iter(found).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_a_store() {
        crate::conformance::run(Memory::default).await;
    }
}
